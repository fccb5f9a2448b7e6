//! What happened. Events are facts: they are only ever appended.

mod database;
mod run;
mod step;

use crate::domain::run::review::Review;
use crate::domain::runbook::model::StepId;
use serde::{Deserialize, Serialize};

pub use database::{ActOutcome, AlarmRaised, BackendAct, BackendActed, SqlEnd};
pub use run::{
    Amended, Checkpoint, Closed, Mode, Opened, Operator, SignedWord, Status, StepSigned, TargetSeen,
};
pub use step::{Answer, Confirmed, Finding, Finished, HoldReason, NoteKind, Peaks, Started};

/// The reason written down when a background step is ended because its time has come.
pub const ENDED_WITH_PART: &str = "its part of the run has ended";

/// The reason written down when an alarm has a step stopped.
pub fn asked_by_alarm(rule: &str) -> String {
    format!("the alarm `{rule}` asks for it")
}

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
    /// Whether somebody reviewed what is executed.
    #[serde(rename = "runbook.review")]
    RunbookReviewed(Box<Review>),
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
    /// A person took over from the automatic retry of a failed step: it is not run again by itself.
    #[serde(rename = "step.retry_stopped")]
    RetryStopped {
        /// The step.
        step: StepId,
        /// The attempt that failed.
        attempt: u32,
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
        /// What came back.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        receipt: String,
        /// Who was told: `runbook`, `config`.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        sink: String,
        /// Why it was not told; empty: it was.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        error: String,
    },
    /// Bytes after the last line end were set aside.
    #[serde(rename = "journal.recovered")]
    JournalRecovered {
        /// How many.
        bytes: u64,
        /// Their digest.
        sha256: String,
    },
    /// The machine stood still, and everything on it.
    #[serde(rename = "machine.suspended")]
    Suspended {
        /// Milliseconds.
        for_ms: u64,
    },
    /// Changes of steps that were not started yet were taken over from the edited runbook.
    #[serde(rename = "runbook.amended")]
    RunbookAmended(Amended),
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
                | Self::Suspended { .. }
                | Self::WitnessPosted { .. }
        )
    }
}
