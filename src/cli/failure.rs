//! What goes wrong before or beside a run: one message with its causes and hints, and an exit code.

use std::error::Error;
use std::fmt::Write as _;

use crate::domain::runbook::problem::Problems;
use crate::engine::rundir::RunDirError;
use crate::engine::store::StoreError;

/// Exit code: it ended badly.
pub const BADLY: u8 = 1;
/// Exit code: it was called wrongly.
pub const USAGE: u8 = 2;
/// Exit code: the runbook is not valid.
pub const INVALID: u8 = 3;
/// Exit code: the world (disk, database) stands in the way.
pub const WORLD: u8 = 4;
/// Exit code: it waits for a person.
pub const WAITS: u8 = 5;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// What and why.
    pub said: String,
    /// The causes beneath.
    pub causes: Vec<String>,
    /// What to do now.
    pub hints: Vec<String>,
}

impl Failure {
    /// Returns a failure that ends with `code`.
    pub fn new(code: u8, said: impl Into<String>) -> Self {
        Self {
            code,
            said: said.into(),
            causes: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// Returns it with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Returns a failure of the world.
    pub fn world(error: &dyn Error) -> Self {
        let mut failure = Self::new(WORLD, error.to_string());
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if !failure.said.contains(&text) {
                failure.causes.push(text);
            }
            source = cause.source();
        }
        failure
    }

    /// Returns what is printed on standard error.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if !self.said.is_empty() {
            let _ = writeln!(text, "error: {}", self.said);
        }
        for cause in &self.causes {
            let _ = writeln!(text, "caused by: {cause}");
        }
        for hint in self.hints.iter().filter(|h| !h.is_empty()) {
            let _ = writeln!(text, "hint: {hint}");
        }
        text
    }
}

impl From<RunDirError> for Failure {
    fn from(error: RunDirError) -> Self {
        match error {
            RunDirError::NoSuchRun { .. } | RunDirError::Ambiguous { .. } => {
                Self::new(USAGE, error.to_string())
            }
            RunDirError::Driven { .. } | RunDirError::NoHome => Self::new(WORLD, error.to_string()),
            RunDirError::Io { .. } => {
                Self::world(&error).hint("HOLDPOINT_DATA names another data directory")
            }
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::world(&error)
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::new(
            INVALID,
            format!("the runbook is not valid\n\n{}", problems.render()),
        )
    }
}
