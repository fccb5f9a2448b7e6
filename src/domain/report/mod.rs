//! The signed markdown log: told from the runbook, the journal and the outputs alone, the same bytes every time.

use thiserror::Error;

use crate::domain::journal::{Journal, JournalError};
use crate::domain::runbook::model::Runbook;
use crate::domain::tame;

mod attempts;
mod checks;
mod clocks;
mod deviations;
mod effect;
pub mod html;
pub mod later;
pub mod page;
mod people;
mod proof;
pub mod scan;
pub mod signoff;
mod steps;
mod story;
pub mod time;
pub mod timeline;
mod verdict;

#[cfg(test)]
mod everywhere;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;

pub use clocks::{Jump, jumps};
use page::Page;
use story::Story;
pub use story::{Files, is_digest, is_output, kept_as};

/// The format's name, in the first lines of the log.
pub const FORMAT: &str = "holdpoint-log/1";

/// The headline behind which nothing but signature blocks stands.
pub const SIGNOFFS: &str = "## Sign-offs";

/// Why no log can be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReportError {
    /// The journal cannot be read.
    #[error("the journal cannot be told: {0}")]
    Journal(#[from] JournalError),
    /// It does not begin with an opened run.
    #[error("the journal does not begin with an opened run: there is nothing to tell")]
    NotOpened,
}

/// A log as the journal tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The log as it stands before anybody signs it: up to and including the headline of the sign-offs.
    pub record: String,
    /// How many deviations it lists.
    pub deviations: usize,
}

/// Returns the log as it stands before anybody signs it.
///
/// `files` reads a file of the run directory by its relative path; it is asked for files in `output/` only.
///
/// # Errors
/// A journal that is broken, or that does not begin with an opened run.
pub fn render(book: &Runbook, journal: &[u8], files: Files) -> Result<Told, ReportError> {
    let read = Journal::read(journal)?;
    let story = Story::tell(book, &read, journal, files).ok_or(ReportError::NotOpened)?;
    let deviations = deviations::list(&story);
    let mut page = Page::default();
    preamble(&mut page, &story);
    verdict::section(&mut page, &story, deviations.len());
    deviations::section(&mut page, &story, &deviations);
    checks::section(&mut page, &story);
    steps::section(&mut page, &story);
    attempts::section(&mut page, &story);
    people::section(&mut page, &story);
    later::section(&mut page, &story);
    effect::section(&mut page, &story);
    proof::section(&mut page, &story);
    page.say(SIGNOFFS);
    Ok(Told {
        record: page.finish(),
        deviations: deviations.len(),
    })
}

fn preamble(page: &mut Page, story: &Story) {
    page.head(
        1,
        format!("Deployment log: {}", tame::cell(&story.opened.title)),
    );
    page.line(format!(
        "Format `{FORMAT}`. Each signature at the end covers every byte above it. Text in"
    ));
    page.line("blocks whose lines begin with `|` is copied from commands or people; it is never a");
    page.line("statement by holdpoint. \"dana for quinn\" means dana typed it; only a signature proves quinn.");
    page.line(format!(
        "Times are UTC; the operator's clock showed {}.",
        time::zone(story.opened.utc_offset_min)
    ));
}
