//! `holdpoint audit`: every run below a directory, whether its record is what was signed, and whether none is missing.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use clap::Args;

use crate::cli::failure::Failure;
use crate::cli::tell;
use crate::cli::verify::{UNUSABLE, at_hand};
use crate::domain::audit::{Audit, Record, table};
use crate::engine::rundir;
use crate::engine::seal::verify::{Question, Roots, VerifyError};
use crate::engine::seal::{Desk, gather};

/// `holdpoint audit`
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 every run is there and verified, 1 one failed, is missing, was rewritten or lies there twice,
2 one is incomplete (a sign-off or the list of signers is missing, a run's outcome is unknown), 3 nothing to audit."
)]
pub struct AuditArgs {
    /// The directory of runs, to any depth of four; your own runs by default.
    pub dir: Option<PathBuf>,
    /// The list of trusted signers, as for `verify`.
    #[arg(long, value_name = "FILE", env = "HOLDPOINT_TRUST")]
    pub trust: Option<PathBuf>,
    /// Revoked keys, as for `verify`.
    #[arg(long, value_name = "FILE")]
    pub revoked: Option<PathBuf>,
    /// Only runs opened since: `2026-11-01` or `2026-11-01T20:00:00Z`. The chain is followed through the older ones too.
    #[arg(long, value_name = "DATE", value_parser = since)]
    pub since: Option<DateTime<Utc>>,
    /// A table for spreadsheets, one run a line, missing ones among them.
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// For programs.
    #[arg(long)]
    pub json: bool,
}

fn since(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(chrono::NaiveTime::MIN).and_utc());
    }
    let bad = |_| "a date is written 2026-11-01, a time 2026-11-01T20:00:00Z".to_owned();
    DateTime::parse_from_rfc3339(text)
        .map(|t| t.to_utc())
        .map_err(bad)
}

/// Prints every run and what was found; returns 0 all well, 1 failed, 2 incomplete.
///
/// # Errors
/// The directory or a list cannot be read.
pub fn audit(args: &AuditArgs) -> Result<u8, Failure> {
    let unusable = |e: VerifyError| Failure::new(UNUSABLE, e.to_string());
    let dir = match &args.dir {
        Some(dir) => dir.clone(),
        None => rundir::runs_dir()?,
    };
    let question = Question {
        trust: args.trust.clone(),
        revoked: args.revoked.clone(),
        heads: Vec::new(),
    };
    let desk = Desk::this();
    let roots = Roots::find(&desk, &question).map_err(unusable)?;
    let runs = gather(&dir, &roots).map_err(unusable)?;
    if runs.is_empty() {
        let said = format!("there is no run in {}", dir.display());
        return Err(Failure::new(UNUSABLE, said));
    }
    let since = args
        .since
        .map(|t| t.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
    let audit = Audit::of(runs, since.as_deref());
    let text = match (args.json, args.csv) {
        (true, _) => table::json(&audit),
        (false, true) => table::csv(&audit),
        (false, false) => table::text(&audit),
    };
    tell(text.trim_end());
    if !args.csv && !args.json && !roots.named() {
        at_hand();
    }
    Ok(match audit.verdict() {
        Record::Verified => 0,
        Record::Failed => 1,
        Record::Incomplete => 2,
    })
}
