//! What happened. Events are facts: they are only ever appended.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::attempt::Outcome;
use crate::domain::runbook::model::{Level, Protection, StepId};

/// Something that happened during a run; in the journal `{"type": …, "data": …}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Event {
    /// The first record.
    #[serde(rename = "run.opened")]
    RunOpened(Box<Opened>),
    /// Who drives.
    #[serde(rename = "operator")]
    Operator(Operator),
    /// Which server it runs against, as the server says it.
    #[serde(rename = "target")]
    Target(TargetSeen),
    /// Somebody's signature over the journal so far.
    #[serde(rename = "checkpoint")]
    Checkpoint(Checkpoint),
    /// An automated step is about to be handed to its supervisor, or a watch began.
    #[serde(rename = "step.started")]
    StepStarted(Started),
    /// It ended.
    #[serde(rename = "step.finished")]
    StepFinished(Finished),
    /// After a crash nobody knows how it ended: it may have run.
    #[serde(rename = "step.interrupted")]
    StepInterrupted {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// What is known.
        why: String,
    },
    /// What a person found out about a step that may have run.
    #[serde(rename = "step.resolved")]
    StepResolved {
        /// The step.
        step: StepId,
        /// The attempt in doubt.
        attempt: u32,
        /// What it was.
        finding: Finding,
        /// By which check, or the reason given.
        how: String,
    },
    /// A step's `verify` question was asked.
    #[serde(rename = "step.verified")]
    StepVerified {
        /// The step.
        step: StepId,
        /// What the world said.
        answer: Answer,
        /// Expected and seen.
        detail: String,
    },
    /// A person says that a manual step is done.
    #[serde(rename = "step.confirmed")]
    StepConfirmed(Confirmed),
    /// A person chose the way.
    #[serde(rename = "step.decided")]
    StepDecided {
        /// The step.
        step: StepId,
        /// The title of the choice.
        choice: String,
        /// Where it leads.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        go_to: Option<String>,
        /// The reason, where one was given.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
        /// Milliseconds that the question was on screen.
        seen_ms: u64,
    },
    /// A step was left out by a person.
    #[serde(rename = "step.skipped")]
    StepSkipped {
        /// The step.
        step: StepId,
        /// The reason, required.
        reason: String,
    },
    /// A failed step was accepted as it is by a person (or by `on_failure: continue`).
    #[serde(rename = "step.accepted")]
    StepAccepted {
        /// The step.
        step: StepId,
        /// The reason.
        reason: String,
    },
    /// Somebody asked a running step to stop.
    #[serde(rename = "step.cancel_asked")]
    CancelAsked {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
        /// The reason.
        reason: String,
    },
    /// Somebody wrote something down.
    #[serde(rename = "note")]
    Note {
        /// What kind.
        kind: NoteKind,
        /// The text.
        text: String,
        /// The step that was shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<StepId>,
    },
    /// No further step starts.
    #[serde(rename = "run.held")]
    Held {
        /// Why.
        why: HoldReason,
    },
    /// Steps start again.
    #[serde(rename = "run.released")]
    Released,
    /// A rule began to hold.
    #[serde(rename = "alert")]
    AlarmRaised(AlarmRaised),
    /// It no longer holds.
    #[serde(rename = "alert.cleared")]
    AlarmCleared {
        /// The rule, as written.
        rule: String,
        /// Milliseconds for which it held.
        lasted_ms: u64,
    },
    /// A session's statement was, or was to be, cancelled; or the session terminated.
    #[serde(rename = "backend.acted")]
    BackendActed(BackendActed),
    /// The outcome of the act before.
    #[serde(rename = "backend.result")]
    BackendResult {
        /// The session.
        pid: i32,
        /// Its start, as the server printed it.
        backend_start: String,
        /// What came of it.
        outcome: ActOutcome,
    },
    /// A statement by hand, about to be sent.
    #[serde(rename = "manual_sql")]
    ManualSql {
        /// Counted from one within the run.
        number: u32,
        /// The statement.
        sql: String,
        /// The reason, where one was given.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// Its result.
    #[serde(rename = "manual_sql.result")]
    ManualSqlResult {
        /// The number of the statement.
        number: u32,
        /// The command tag or row count, or the error.
        result: String,
        /// Whether it was an error.
        ended: SqlEnd,
        /// Milliseconds.
        duration_ms: u64,
    },
    /// The connection to the server was lost.
    #[serde(rename = "target.lost")]
    TargetLost {
        /// What was said.
        why: String,
    },
    /// A way back was entered.
    #[serde(rename = "rollback.entered")]
    RollbackEntered {
        /// The path's name.
        path: String,
        /// The reason.
        reason: String,
    },
    /// It was walked to its end.
    #[serde(rename = "rollback.finished")]
    RollbackFinished {
        /// The path's name.
        path: String,
    },
    /// The head was told to somebody outside.
    #[serde(rename = "witness.posted")]
    WitnessPosted {
        /// The record whose digest was posted.
        seq: u64,
        /// The digest.
        head: String,
        /// What came back, or the error.
        receipt: String,
    },
    /// Bytes after the last line end were set aside.
    #[serde(rename = "journal.recovered")]
    JournalRecovered {
        /// How many.
        bytes: u64,
        /// Their digest.
        sha256: String,
    },
    /// Another process took the run up again.
    #[serde(rename = "run.resumed")]
    RunResumed {
        /// Where.
        host: String,
        /// That machine's boot.
        boot_id: String,
        /// Its process.
        pid: u32,
        /// Why, where another driver was taken over.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// The driver left; steps that run go on.
    #[serde(rename = "run.left")]
    RunLeft {
        /// By key, signal, hang-up.
        how: String,
    },
    /// The last record.
    #[serde(rename = "run.closed")]
    RunClosed(Closed),
    /// An event of a type that this version does not know; never written by it.
    #[serde(skip)]
    Unknown {
        /// Its type.
        kind: String,
        /// Its data.
        data: serde_json::Value,
    },
}

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
}

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

impl Event {
    /// Whether it is what the program saw by itself, and not what an operator did or asked for.
    pub fn is_observation(&self) -> bool {
        matches!(
            self,
            Self::Target(_)
                | Self::TargetLost { .. }
                | Self::AlarmRaised(_)
                | Self::AlarmCleared { .. }
                | Self::StepInterrupted { .. }
                | Self::StepVerified { .. }
                | Self::BackendResult { .. }
                | Self::JournalRecovered { .. }
                | Self::WitnessPosted { .. }
        )
    }
}
