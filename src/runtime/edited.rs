//! The runbook's file after the run has begun: whether it was edited since, and what of that may be taken over.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::domain::difference;
use crate::domain::run::amend::amend;
use crate::domain::run::event::Amended;
use crate::domain::run::review::ReviewFinding;
use crate::domain::run::state::RunState;
use crate::domain::runbook::model::Demand;
use crate::engine::seal::Desk;
use crate::runtime::opening::{self, Source};

/// A runbook's file that is not what its run executes.
#[derive(Debug, Clone)]
pub struct Edited {
    /// The file.
    pub path: PathBuf,
    /// What is different, as a unified diff, tamed.
    pub diff: String,
    /// What stands in it now, or why it cannot be executed.
    pub now: Result<Source, String>,
}

/// Changes that are taken over: what is kept, and what is recorded.
#[derive(Debug, Clone)]
pub struct Amendment {
    /// What is executed from now on.
    pub source: Source,
    /// What is recorded.
    pub event: Amended,
}

/// Compares the file that the run was opened with, as it is now, with `executed`; `None`: it is the same, or gone.
pub fn edited(executed: &Source, run: &RunState) -> Option<Edited> {
    let path = Path::new(&run.opened.runbook_path);
    let bytes = std::fs::read(path).ok()?;
    let now = opening::read(path).map_err(|e| e.to_string());
    let same_files = now.as_ref().is_ok_and(|now| now.files == executed.files);
    if bytes == executed.bytes && same_files {
        return None;
    }
    let mut diff = unified("runbook.yaml", &executed.bytes, &bytes);
    if let Ok(now) = &now {
        let names: BTreeSet<&String> = executed.files.keys().chain(now.files.keys()).collect();
        for name in names {
            let of = |source: &Source| source.files.get(name).cloned().unwrap_or_default();
            diff.push_str(&unified(name, &of(executed), &of(now)));
        }
    }
    Some(Edited {
        path: path.to_owned(),
        diff,
        now,
    })
}

/// Returns the differences, the executed bytes first; empty: there are none.
fn unified(name: &str, executed: &[u8], now: &[u8]) -> String {
    let (executed, now) = (
        String::from_utf8_lossy(executed),
        String::from_utf8_lossy(now),
    );
    let lines = difference::lines(&executed, &now);
    if lines.is_empty() {
        return String::new();
    }
    difference::unified(
        &lines,
        &format!("{name} (executed)"),
        &format!("{name} (the file now)"),
    )
}

impl Edited {
    /// Returns the amendment that takes the changes over.
    ///
    /// # Errors
    /// The file cannot be executed, or what is different may not be taken over: one sentence each.
    pub fn amendment(&self, executed: &Source, run: &RunState) -> Result<Amendment, Vec<String>> {
        let source = self.now.clone().map_err(|why| vec![why])?;
        let mut changes = amend(&executed.book, &source.book, run)?;
        let review = opening::reviewed(&Desk::this(), &source, &run.opened.target, None).review;
        match (review.finding, review.demand) {
            (ReviewFinding::Valid, _) => changes.push(review.said()),
            (_, Demand::Welcome) => {}
            (_, Demand::Demanded) => {
                return Err(vec![format!(
                    "the target demands a reviewed runbook, and {}: have it reviewed, see `holdpoint approve`",
                    review.said()
                )]);
            }
        }
        let dir = format!("amendment-{}", run.amendments.len() + 1);
        let (before, _) = run.executes();
        let event = Amended {
            before: before.to_owned(),
            sha256: crate::domain::digest::sha256_hex(&source.bytes),
            files: opening::digests(&source),
            dir,
            reason: String::new(),
            changes,
        };
        Ok(Amendment { source, event })
    }
}
