//! The start screen: the runbooks at hand, and the runs that can be taken up again.

use std::path::PathBuf;

/// One thing that can be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// What it is.
    pub title: String,
    /// More about it: the path, what the run waits for.
    pub detail: String,
    /// What opening it means.
    pub open: Open,
}

/// What opening means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Open {
    /// A new run of this runbook.
    Runbook(PathBuf),
    /// This markdown checklist, imported first.
    Checklist(PathBuf),
    /// This run goes on.
    Run(String),
    /// This run, which somebody else drives, is followed.
    Follow(String),
    /// The demonstration.
    Demo,
}

/// The start screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StartScreen {
    /// What can be opened: runs to be resumed first, then runbooks, then the demonstration.
    pub openings: Vec<Opening>,
    /// Which one the cursor stands on.
    pub cursor: usize,
    /// One line for the operator.
    pub notice: String,
}

/// What a key means there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartKey {
    /// Move down by so many rows; up when negative.
    Move(isize),
    /// Open what the cursor stands on.
    Open,
    /// Leave.
    Leave,
}

impl StartScreen {
    /// Takes a key in; returns what is to be opened, where something is.
    pub fn update(&mut self, key: &StartKey) -> Option<Open> {
        match key {
            StartKey::Move(by) => {
                let last = self.openings.len().saturating_sub(1);
                self.cursor = self.cursor.saturating_add_signed(*by).min(last);
                None
            }
            StartKey::Open => self.openings.get(self.cursor).map(|o| o.open.clone()),
            StartKey::Leave => None,
        }
    }
}
