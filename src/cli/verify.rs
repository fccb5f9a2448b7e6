//! `holdpoint verify`: whether a log is the record that was signed, by people whom the verifier's list names.

use std::path::PathBuf;

use clap::Args;

use crate::cli::failure::Failure;
use crate::cli::log::bundle;
use crate::cli::tell;
use crate::engine::seal::Desk;
use crate::engine::seal::verify::{Posted, Question, verify as look};

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
    /// For programs.
    #[arg(long)]
    pub json: bool,
}

/// Prints what verifying finds; returns 0 verified, 1 failed, 2 incomplete.
///
/// # Errors
/// There is no log, or a list that was named cannot be used.
pub fn verify(args: &VerifyArgs) -> Result<u8, Failure> {
    let unusable = |mut failure: Failure| {
        failure.code = UNUSABLE;
        failure
    };
    let bundle = bundle(&args.log).map_err(unusable)?;
    let question = Question {
        trust: args.trust.clone(),
        revoked: args.revoked.clone(),
        heads: args.heads.clone(),
    };
    let report = look(&Desk::this(), &bundle.log, &question)
        .map_err(|e| Failure::new(UNUSABLE, e.to_string()))?;
    let text = if args.json {
        report.json()
    } else {
        report.text()
    };
    tell(text.trim_end());
    Ok(report.exit_code())
}
