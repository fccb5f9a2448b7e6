//! `holdpoint verify`: whether a log is the record that was signed, by people whom the verifier's list names.

use std::io::Write as _;
use std::path::PathBuf;

use chrono::Utc;
use clap::Args;

use crate::cli::failure::Failure;
use crate::cli::log::bundle;
use crate::cli::tell;
use crate::domain::report::time;
use crate::engine::clock;
use crate::engine::seal::Desk;
use crate::engine::seal::trust::upward;
use crate::engine::seal::verify::{
    About, Posted, Question, Roots, VerifyError, examine, page, read,
};

/// Exit code of this command: it was called wrongly, or a file cannot be read.
pub const UNUSABLE: u8 = 3;

/// `holdpoint verify`
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 verified, 1 failed, 2 incomplete (a signature or the list of signers is missing), 3 nothing to verify."
)]
pub struct VerifyArgs {
    /// The log, its directory, or a run's id or a part of it.
    pub log: String,
    /// The list of trusted signers (OpenSSH's `allowed_signers`); holdpoint's own or git's by default. Never the one
    /// that came with the log.
    #[arg(long, value_name = "FILE", env = "HOLDPOINT_TRUST")]
    pub trust: Option<PathBuf>,
    /// Revoked keys: a list that `ssh-keygen -k` made, or public keys one per line.
    #[arg(long, value_name = "FILE")]
    pub revoked: Option<PathBuf>,
    /// A head that was posted elsewhere: `13:3f2a90ab…`. May be given several times.
    #[arg(long = "head", value_name = "SEQ:HASH")]
    pub heads: Vec<Posted>,
    /// What each line is there against, too.
    #[arg(long, conflicts_with = "json")]
    pub explain: bool,
    /// Write the verdict as one page of markdown, to be filed; `-` prints it instead of the lines.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// For programs.
    #[arg(long)]
    pub json: bool,
}

/// Prints what verifying finds; returns 0 verified, 1 failed, 2 incomplete.
///
/// # Errors
/// There is no log, or a list that was named cannot be used, or the page cannot be written.
pub fn verify(args: &VerifyArgs) -> Result<u8, Failure> {
    look(args).map_err(|mut failure| {
        failure.code = UNUSABLE;
        failure
    })
}

fn look(args: &VerifyArgs) -> Result<u8, Failure> {
    let unusable = |e: VerifyError| Failure::new(UNUSABLE, e.to_string());
    let bundle = bundle(&args.log)?;
    let desk = Desk::this();
    let question = Question {
        trust: args.trust.clone(),
        revoked: args.revoked.clone(),
        heads: args.heads.clone(),
    };
    let roots = Roots::find(&desk, &question).map_err(unusable)?;
    let log = read(&roots, &bundle).map_err(unusable)?;
    let found = examine(&roots, &bundle, Some(&log), &question);
    if let Some(file) = &args.report {
        let page = page(&found, &roots, &bundle, &question, &about());
        if file.as_os_str() == "-" {
            tell(page.trim_end());
            return Ok(found.report.exit_code());
        }
        std::fs::write(file, page)
            .map_err(|e| Failure::new(UNUSABLE, format!("{}: {e}", file.display())))?;
    }
    let report = &found.report;
    let text = match (args.json, args.explain) {
        (true, _) => report.json(),
        (false, true) => report.explained(),
        (false, false) => report.text(),
    };
    tell(text.trim_end());
    if !args.json && !roots.named() {
        at_hand();
    }
    Ok(report.exit_code())
}

/// Names the list of the repository that one stands in: it is never taken by itself, as it might have come with the log.
pub fn at_hand() {
    let here = std::env::current_dir().ok();
    if let Some(list) = here.and_then(|dir| upward(&dir)) {
        let list = list.display();
        let _ = writeln!(
            std::io::stderr(),
            "hint: there is a list at {list}; if it is one that you trust: --trust {list}"
        );
    }
}

fn about() -> About {
    About {
        at: time::whole(Utc::now(), clock::utc_offset_min()),
        by: format!("{} on {}", clock::os_user(), clock::host()),
    }
}
