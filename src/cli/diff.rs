//! `holdpoint diff`: what was reviewed beside what was executed, and what was done otherwise than planned.

use std::path::PathBuf;

use clap::Args;

use crate::cli::failure::{BADLY, Failure, USAGE};
use crate::cli::log::{bundle, failure};
use crate::cli::tell;
use crate::domain::difference;
use crate::domain::journal::Journal;
use crate::domain::report::ReportError;
use crate::domain::run::event::Event;
use crate::domain::run::review::{REVIEWED, Review, ReviewFinding};
use crate::domain::tame;
use crate::engine::seal::{Bundle, Desk, SealError, review};

/// `holdpoint diff`
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 the reviewed bytes were executed, 1 others, or nobody reviewed them."
)]
pub struct DiffArgs {
    /// The run: its id, a part of it, or its directory.
    pub run: String,
    /// The runbook as it was reviewed, where the run has not kept it: it must be what the reviewer signed.
    #[arg(long, value_name = "FILE")]
    pub reviewed: Option<PathBuf>,
}

/// Prints the comparison.
///
/// # Errors
/// The run cannot be read, or the file given is not what the reviewer signed.
pub fn diff(args: &DiffArgs) -> Result<u8, Failure> {
    let bundle = bundle(&args.run)?;
    let journal = bundle.journal().map_err(|e| failure(&e))?;
    let journal =
        Journal::read(&journal).map_err(|e| failure(&SealError::Report(ReportError::from(e))))?;
    let review = journal.entries.iter().find_map(|e| match &e.event {
        Event::RunbookReviewed(review) => Some(review.as_ref().clone()),
        _ => None,
    });
    let review = review.unwrap_or_default();
    tell(&tame::line(format!(
        "As the run was opened: {}.",
        review.said()
    )));
    let same = compare(&bundle, &review, args)?;
    tell("\nExecuted otherwise than planned:\n");
    tell(&deviations(&bundle).map_err(|e| failure(&e))?);
    Ok(if same { 0 } else { BADLY })
}

/// Returns whether the reviewed bytes were executed.
fn compare(bundle: &Bundle, review: &Review, args: &DiffArgs) -> Result<bool, Failure> {
    let executed = bundle
        .read("runbook.yaml")
        .map_err(|e| Failure::world(&e))?;
    let given = args.reviewed.as_ref().map(std::fs::read).transpose();
    let given = given.map_err(|e| Failure::new(USAGE, format!("--reviewed: {e}")))?;
    let armour = bundle.read("runbook.yaml.sig").ok();
    let is_reviewed = |bytes: &[u8]| {
        armour
            .as_ref()
            .is_some_and(|a| review::is_reviewed(&Desk::this(), a, bytes))
    };
    if let Some(given) = &given
        && !is_reviewed(given)
    {
        return Err(Failure::new(
            USAGE,
            "the file given with --reviewed is not what the reviewer signed",
        ));
    }
    if is_reviewed(&executed) {
        tell("The runbook that was executed is, byte for byte, the one that was signed.");
        return Ok(review.finding == ReviewFinding::Valid);
    }
    let kept = || {
        bundle
            .read(REVIEWED)
            .ok()
            .filter(|bytes| is_reviewed(bytes))
    };
    match given.or_else(kept) {
        Some(reviewed) => {
            let [before, after] = [&reviewed, &executed].map(|b| String::from_utf8_lossy(b));
            let lines = difference::lines(&before, &after);
            tell(&format!(
                "\n{}",
                difference::unified(&lines, "reviewed", "executed").trim_end()
            ));
        }
        None if armour.is_some() => {
            tell("The reviewed text is not at hand: give it with --reviewed FILE.");
        }
        None => {}
    }
    Ok(false)
}

/// The log says it already, told from the journal.
fn deviations(bundle: &Bundle) -> Result<String, SealError> {
    let record = bundle.tell()?;
    let from = record
        .find("\n## Deviations\n")
        .map_or(0, |at| at + "\n## Deviations\n".len());
    let section = &record[from..];
    let end = section.find("\n## ").unwrap_or(section.len());
    Ok(section[..end].trim().to_owned())
}
