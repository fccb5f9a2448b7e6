//! `holdpoint sign`: adds a sign-off, or an addendum, to the log of a closed run.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use clap::{ArgGroup, Args, ValueEnum};

use crate::cli::failure::{Failure, USAGE};
use crate::cli::log::{bundle, failure};
use crate::cli::person::{PersonArgs, refused, signer};
use crate::cli::tell;
use crate::domain::report::signoff::{self, Decision};
use crate::domain::tame;
use crate::engine::seal::{
    Approval, Desk, Signer, append_addendum, append_later, append_signoff, permitted, review,
    serial,
};
use crate::runtime::seal::TRUST_ENV;

/// Bytes of an addendum that are read at most.
const LARGEST: u64 = 1 << 20;

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Said {
    /// The record is approved.
    Approve,
    /// It is not.
    Reject,
}

/// `holdpoint sign`
#[derive(Debug, Clone, Args)]
#[command(group = ArgGroup::new("what").required(true).args(["role", "addendum", "later"]))]
pub struct SignArgs {
    /// The run: its id, a part of it, its directory, or its log.
    pub run: String,
    /// The role that you sign in: one that the runbook asks for.
    #[arg(long, value_name = "ROLE")]
    pub role: Option<String>,
    /// What you decide.
    #[arg(
        long,
        value_enum,
        default_value = "approve",
        conflicts_with = "addendum"
    )]
    pub decision: Said,
    /// What is to be remarked; needed for a rejection.
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true,
        conflicts_with = "addendum"
    )]
    pub remark: String,
    /// Add the text of this file to the record instead, `-` for standard input: a correction, or what came out later.
    /// Nothing above it is touched.
    #[arg(long, value_name = "FILE")]
    pub addendum: Option<String>,
    /// Sign what was done of the later duties and is not signed yet: an addendum that is told from its records.
    #[arg(long, conflicts_with_all = ["decision", "remark"])]
    pub later: bool,
    /// Who signs.
    #[command(flatten)]
    pub person: PersonArgs,
}

/// Adds a signature.
///
/// # Errors
/// The run is open, its log is not what its journal tells, the role is unknown, there is no key, the disk refuses.
pub fn sign(args: &SignArgs) -> Result<u8, Failure> {
    if args.decision == Said::Reject && args.remark.trim().is_empty() {
        return Err(Failure::new(USAGE, "say why it is rejected: --remark TEXT"));
    }
    let text = args.addendum.as_deref().map(read).transpose()?;
    let desk = Desk::this();
    let bundle = bundle(&args.run)?;
    if let Some(notice) = serial(&desk, &bundle).map_err(|e| failure(&e))? {
        tell(&notice);
    }
    let signer = signer(&desk, &args.person)?;
    if args.later || text.is_some() {
        allowed(&desk, &signer, signoff::addendum::NAMESPACE, "--role ROLE")?;
    }
    let said = if args.later {
        let added = append_later(&desk, &bundle, &signer).map_err(|e| refused(&e))?;
        let Some(added) = added else {
            tell("nothing was done of the later duties that is not signed already");
            return Ok(0);
        };
        format!("addendum at {}", added.said_at())
    } else if let Some(text) = text {
        let added = append_addendum(&desk, &bundle, &signer, &text).map_err(|e| refused(&e))?;
        format!("addendum at {}", added.said_at())
    } else {
        let role = args.role.clone().unwrap_or_default();
        // A role that the runbook does not have is refused as that.
        if bundle.book().is_ok_and(|book| book.roles.contains(&role)) {
            allowed(
                &desk,
                &signer,
                &signoff::namespace(&role),
                &format!("--role '{role}'"),
            )?;
        }
        let approval = Approval {
            role,
            decision: decision(args),
            remark: args.remark.trim().to_owned(),
            signer,
        };
        let signed = append_signoff(&desk, &bundle, &approval).map_err(|e| refused(&e))?;
        let (role, decision) = (&signed.role, signed.decision.word());
        format!(
            "{role}: {decision} at {}, meaning: {}",
            signed.said_at(),
            signed.meaning
        )
    };
    tell(&tame::line(format!("{said}, in {}", bundle.log.display())));
    Ok(0)
}

/// The list of signers at hand lets them: a signature that it does not allow would make the record fail for good.
fn allowed(desk: &Desk, signer: &Signer, namespace: &str, part: &str) -> Result<(), Failure> {
    let named = std::env::var_os(TRUST_ENV).map(Into::into);
    let list = review::list_for(desk, Path::new("."), named);
    let (key, identity) = (&signer.key, &signer.identity);
    permitted(list.as_deref(), key, identity, namespace).map_err(|e| {
        let add = format!("holdpoint trust add {identity} KEY.pub {part}");
        refused(&e)
            .hint(format!("who keeps the list adds them: {}", add.trim_end()))
            .hint(format!(
                "if another list counts: {TRUST_ENV}=FILE holdpoint sign …"
            ))
    })
}

fn read(file: &str) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let read = if file == "-" {
        std::io::stdin().lock().take(LARGEST).read_to_end(&mut text)
    } else {
        fs::File::open(file).and_then(|f| f.take(LARGEST).read_to_end(&mut text))
    };
    match read {
        Ok(_) => Ok(text),
        Err(e) => Err(Failure::new(USAGE, format!("--addendum {file}: {e}"))),
    }
}

fn decision(args: &SignArgs) -> Decision {
    match (args.decision, args.remark.trim().is_empty()) {
        (Said::Reject, _) => Decision::Rejected,
        (Said::Approve, true) => Decision::Approved,
        (Said::Approve, false) => Decision::ApprovedWithRemarks,
    }
}
