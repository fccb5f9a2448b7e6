//! `holdpoint sign`: adds a signature to the log of a closed run.

use clap::{Args, ValueEnum};

use crate::cli::failure::{Failure, USAGE};
use crate::cli::log::{bundle, failure};
use crate::cli::tell;
use crate::domain::report::signoff::Decision;
use crate::domain::tame;
use crate::engine::seal::{Approval, Desk, SealError, append_signoff, find};

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
pub struct SignArgs {
    /// The run: its id, a part of it, its directory, or its log.
    pub run: String,
    /// The role that you sign in: one that the runbook asks for.
    #[arg(long, value_name = "ROLE")]
    pub role: String,
    /// What you decide.
    #[arg(long, value_enum, default_value = "approve")]
    pub decision: Said,
    /// What is to be remarked; needed for a rejection.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub remark: String,
    /// The SSH key to sign with: a file, or the fingerprint of one in the agent.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Your printed name; git's `user.name` by default.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Who you are in lists of signers; git's `user.email` by default.
    #[arg(long, value_name = "IDENTITY")]
    pub identity: Option<String>,
}

/// Adds a signature.
///
/// # Errors
/// The run is open, its log is not what its journal tells, the role is unknown, there is no key, the disk refuses.
pub fn sign(args: &SignArgs) -> Result<u8, Failure> {
    if args.decision == Said::Reject && args.remark.trim().is_empty() {
        return Err(Failure::new(USAGE, "say why it is rejected: --remark TEXT"));
    }
    let desk = Desk::this();
    let bundle = bundle(&args.run)?;
    let key = find(&desk, args.key.as_deref()).map_err(|e| refused(&e))?;
    let approval = Approval {
        role: args.role.clone(),
        decision: decision(args),
        remark: args.remark.trim().to_owned(),
        name: args.name.clone().unwrap_or_else(|| desk.name()),
        identity: args.identity.clone().unwrap_or_else(|| desk.identity()),
        key,
    };
    tell(&tame::line(format!(
        "{} <{}> signs with key {} ({})",
        approval.name,
        approval.identity,
        approval.key.fingerprint(),
        approval.key.source()
    )));
    let signed = append_signoff(&desk, &bundle, &approval).map_err(|e| refused(&e))?;
    tell(&tame::line(format!(
        "{}: {} at {}, in {}",
        signed.role,
        signed.decision.word(),
        signed.said_at(),
        bundle.log.display()
    )));
    Ok(0)
}

fn decision(args: &SignArgs) -> Decision {
    match (args.decision, args.remark.trim().is_empty()) {
        (Said::Reject, _) => Decision::Rejected,
        (Said::Approve, true) => Decision::Approved,
        (Said::Approve, false) => Decision::ApprovedWithRemarks,
    }
}

/// What the caller can mend by calling otherwise is wrong usage.
fn refused(error: &SealError) -> Failure {
    let mut failure = failure(error);
    if matches!(
        error,
        SealError::UnknownRole { .. } | SealError::SeveralKeys { .. }
    ) {
        failure.code = USAGE;
    }
    failure
}
