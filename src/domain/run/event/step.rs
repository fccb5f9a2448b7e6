//! What is said of a step.

use crate::domain::attempt::Outcome;
use crate::domain::runbook::model::StepId;
use serde::{Deserialize, Serialize};

/// A step is about to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The step.
    pub step: StepId,
    /// Counted from one.
    pub attempt: u32,
    /// What is run, one line, secrets blotted out.
    pub command: String,
    /// Sent to the server as `application_name`.
    pub app_name: String,
    /// What the operator typed to allow it, where that was asked for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub typed: String,
    /// Why it is run again, where it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// A step has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// The step.
    pub step: StepId,
    /// The attempt.
    pub attempt: u32,
    /// How.
    pub outcome: Outcome,
    /// What the database felt meanwhile.
    pub peaks: Peaks,
}

/// The worst that the monitor saw during a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Peaks {
    /// Samples taken; 0: nothing is known.
    pub samples: u64,
    /// Sessions that waited for a lock.
    pub blocked: u32,
    /// Milliseconds that one of them had waited.
    pub longest_wait_ms: u64,
    /// Sessions that waited for one of ours.
    pub blocked_by_us: u32,
    /// Milliseconds that the longest transaction had lasted.
    pub longest_transaction_ms: u64,
    /// Connections.
    pub connections: u32,
    /// Bytes by which a replica lagged.
    #[serde(default)]
    pub lag_bytes: Option<u64>,
}

/// A person says that a manual step is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// The step.
    pub step: StepId,
    /// The evidence or text typed; for a file its path.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub answer: String,
    /// The digest of the file given as evidence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file_sha256: String,
    /// Milliseconds that the question was on screen.
    pub seen_ms: u64,
    /// For whom, where it is not the operator's own word.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub on_behalf_of: String,
}

/// What a person found out about an attempt in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// It had run to its end.
    Done,
    /// It had not taken effect: it may be run again.
    NotDone,
}

/// The answer of a `verify` question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It holds.
    Holds,
    /// It does not hold.
    DoesNotHold,
    /// It could not be asked.
    Unknown,
}

/// What kind of note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoteKind {
    /// Something worth knowing.
    Remark,
    /// Something that was not as planned; counted.
    Deviation,
}

/// Why no further step starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// The operator asked for it.
    Operator,
    /// An alarm asked for it.
    Alarm {
        /// The rule.
        rule: String,
    },
    /// The server is not what it must be.
    Identity {
        /// What differs.
        differs: Vec<String>,
    },
}
