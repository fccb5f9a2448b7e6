//! What was seen and done on the server.

use crate::domain::runbook::model::{Level, StepId};
use serde::{Deserialize, Serialize};

/// A rule began to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmRaised {
    /// The rule, as written.
    pub rule: String,
    /// How bad.
    pub level: Level,
    /// What was seen: `blocked 7`.
    pub seen: String,
    /// Who blocks, where somebody does: `pid 4711 cron, idle in transaction for 14 min`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub blocker: String,
    /// The steps that ran.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub during: Vec<StepId>,
}

/// An act on a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackendActed {
    /// What.
    pub act: BackendAct,
    /// The session.
    pub pid: i32,
    /// Its start, as the server printed it: a pid may be used again.
    pub backend_start: String,
    /// `user`
    pub user: String,
    /// `application_name`
    pub application: String,
    /// The beginning of its statement, secrets blotted out.
    pub query: String,
    /// Milliseconds that its transaction had lasted.
    #[serde(default)]
    pub xact_ms: Option<u64>,
    /// The reason.
    pub reason: String,
}

/// What is done to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackendAct {
    /// Its statement is cancelled.
    Cancel,
    /// It is ended.
    Terminate,
}

/// What came of an act on a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActOutcome {
    /// The statement (or session) was gone after so many milliseconds.
    Gone {
        /// Milliseconds.
        after_ms: u64,
    },
    /// The signal was sent, and it was still there after so many milliseconds.
    StillThere {
        /// Milliseconds.
        after_ms: u64,
    },
    /// The session had ended before.
    AlreadyGone,
    /// The server refused, or could not be asked.
    Refused {
        /// What it said.
        why: String,
    },
}

/// How a statement by hand ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SqlEnd {
    /// As it should.
    Ok,
    /// With an error.
    Error,
}
