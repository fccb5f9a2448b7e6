//! What is said of the whole run.

use crate::domain::runbook::model::{Protection, StepId};
use crate::domain::tame;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a run began.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Opened {
    /// `holdpoint-journal/1`
    pub format: String,
    /// holdpoint's version.
    pub tool: String,
    /// SHA-256 of the binary.
    pub tool_sha256: String,
    /// The run's id, which is its directory's name.
    pub run: String,
    /// The change it belongs to, where one was given.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub change: String,
    /// The runbook's title.
    pub title: String,
    /// SHA-256 of the runbook as executed.
    pub runbook_sha256: String,
    /// Where it was read from.
    pub runbook_path: String,
    /// Its git commit, with `-dirty` where the file differs from it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub runbook_git: String,
    /// The target's name; empty: none.
    pub target: String,
    /// How carefully the target is treated.
    pub protection: Option<Protection>,
    /// What kind of run.
    pub mode: Mode,
    /// The parameters' values, without the secret ones.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// Seconds since 1970 of the planned start, where one was given.
    #[serde(default)]
    pub planned_start: Option<i64>,
    /// The run before it in this ledger, and its head.
    #[serde(default)]
    pub prev_run: Option<(String, String)>,
    /// The machine.
    pub host: String,
    /// The account on that machine.
    pub os_user: String,
    /// Minutes east of UTC on the operator's clock.
    pub utc_offset_min: i32,
    /// The machine's boot.
    pub boot_id: String,
    /// The process.
    pub pid: u32,
    /// The files that the runbook names, with their SHA-256.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
}

/// Changes that were taken over from the edited runbook.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Amended {
    /// The directory in the run's directory that holds what is executed from now on: `amendment-1`, with `runbook.yaml`
    /// and `files` as the run's own directory has them.
    pub dir: String,
    /// SHA-256 of the runbook before.
    pub before: String,
    /// SHA-256 of the runbook from now on.
    pub sha256: String,
    /// The reason, required.
    pub reason: String,
    /// What is different, one sentence each.
    pub changes: Vec<String>,
    /// The files that it names, with their SHA-256.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
}

/// What kind of run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Automated steps start by themselves.
    #[default]
    Autopilot,
    /// Every step waits for a key.
    StepByStep,
    /// Nothing is touched.
    Rehearsal,
    /// Without a screen.
    Unattended,
}

/// Who drives.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Operator {
    /// As printed: `Dana Kovač`.
    pub name: String,
    /// As in the trust file: `dana@example.com`.
    pub identity: String,
    /// `SHA256:…`; empty: no key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Where the key comes from: `agent`, a file's path.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key_source: String,
}

/// A server, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TargetSeen {
    /// `PostgreSQL 15.18`
    pub version: String,
    /// The database's name.
    pub database: String,
    /// `host:port` or the socket's directory.
    pub address: String,
    /// The database user.
    pub user: String,
    /// `primary` or `standby`.
    pub role: String,
    /// PostgreSQL's system identifier; empty where it may not be read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub system_identifier: String,
    /// The server's clock less ours, in milliseconds.
    pub clock_offset_ms: i64,
    /// What differs from `must_be`; empty: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<String>,
}

/// A signature over the journal so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Why: `open`.
    pub reason: String,
    /// What was signed: `holdpoint-head RUN SEQ HASH\n`.
    pub text: String,
    /// The armoured signature.
    pub signature: String,
    /// By whom.
    pub identity: String,
    /// The step in which a role signed; `None`: the operator signed the records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Box<StepSigned>>,
}

/// A role's word in the window: that the run may go on, or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepSigned {
    /// The step.
    pub step: StepId,
    /// The role.
    pub role: String,
    /// The printed name.
    pub name: String,
    /// The key's fingerprint.
    pub key: String,
    /// What was decided.
    pub word: SignedWord,
    /// What was remarked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
    /// Milliseconds that the question was on screen.
    pub seen_ms: u64,
}

/// What a role decided in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignedWord {
    /// The run may go on.
    Approved,
    /// It may not.
    Rejected,
}

impl SignedWord {
    /// Returns the word that is signed and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
        }
    }
}

impl StepSigned {
    /// Returns what is signed behind the line with the journal's head: a line for each thing said.
    pub fn text(&self, identity: &str) -> String {
        let mut text = String::new();
        for (name, value) in [
            ("step", self.step.as_str()),
            ("role", &self.role),
            ("decision", self.word.word()),
            ("name", &self.name),
            ("identity", identity),
            ("remark", &self.remark),
        ] {
            if !value.is_empty() {
                text.push_str(&format!("{name}: {}\n", tame::line(value)));
            }
        }
        text
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// The verdict.
    pub status: Status,
    /// What the operator said to it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
    /// The server's clock less ours, in milliseconds.
    #[serde(default)]
    pub clock_offset_ms: Option<i64>,
}

/// The verdict of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Every required step was done and every check passed.
    Success,
    /// Some were not.
    Partial,
    /// A way back was walked to its end.
    RolledBack,
    /// It was given up before anything was changed.
    Aborted,
}

impl Status {
    /// Returns the word of the log's verdict.
    pub fn word(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Partial => "PARTIAL",
            Self::RolledBack => "ROLLED BACK",
            Self::Aborted => "ABORTED",
        }
    }
}
