//! What engines may tell. What monitors tell stands in `domain::sample`.

use crate::domain::attempt::Outcome;
use crate::domain::run::event::{Answer, SqlEnd};
use crate::domain::runbook::model::StepId;

/// News of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptNews {
    /// Bytes of the followed attempt's output.
    Output {
        /// The attempt's name, as `06.1`.
        name: String,
        /// What came.
        bytes: Vec<u8>,
        /// Bytes that were jumped over before it.
        skipped: u64,
    },
    /// It ended.
    Ended {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// How.
        outcome: Box<Outcome>,
        /// The end of its output, for what only a glance at it decides (`retry: {only_if: …}`).
        tail: String,
    },
    /// Its supervisor is gone and left no result: it may have run.
    Lost {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// What is known.
        why: String,
    },
    /// Its supervisor is gone, and what it had left running was to be ended.
    Swept {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// What became of it.
        why: String,
    },
    /// It provably never began.
    NeverBegan {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// Why.
        why: String,
    },
    /// Its `verify` question was answered.
    Verified {
        /// The step.
        step: StepId,
        /// The answer.
        answer: Answer,
        /// Expected and seen.
        detail: String,
    },
    /// A line of a background step matched its `alarm_on`.
    Matched {
        /// The step.
        step: StepId,
        /// The line, tamed.
        line: String,
    },
}

/// How a statement by hand ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementEnd {
    /// Its number.
    pub number: u32,
    /// What was printed: rows, notices, the error; tamed.
    pub lines: Vec<String>,
    /// The command tag or row count, or the error, as one line.
    pub result: String,
    /// Whether it was an error.
    pub ended: SqlEnd,
    /// Milliseconds.
    pub duration_ms: u64,
}
