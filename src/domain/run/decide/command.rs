//! What may be asked for, and how it is refused.

use crate::domain::run::event::{
    BackendActed, Checkpoint, Confirmed, Finding, HoldReason, NoteKind,
};
use crate::domain::runbook::model::StepId;
use thiserror::Error;

/// What may be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Run the automated step.
    Start(StartStep),
    /// Say that the manual step is done.
    Confirm(ConfirmStep),
    /// Choose the way.
    Decide(DecideStep),
    /// Take a role's signature in.
    Sign(Box<Checkpoint>),
    /// Leave the step at hand out.
    Skip {
        /// The step.
        step: StepId,
        /// The reason.
        reason: String,
    },
    /// Accept a failed step, because its runbook says `on_failure: continue`.
    Accept {
        /// The step.
        step: StepId,
    },
    /// Write something down.
    Note {
        /// What kind.
        kind: NoteKind,
        /// The text.
        text: String,
        /// The step that is shown.
        step: Option<StepId>,
    },
    /// Start no further step.
    Hold {
        /// Why.
        why: HoldReason,
    },
    /// Let steps start again.
    Release {
        /// What was typed to go on on another server than it must be.
        typed: String,
    },
    /// Stop a running step.
    Cancel {
        /// The step.
        step: StepId,
        /// The reason.
        reason: String,
    },
    /// Say what a step in doubt was.
    Resolve {
        /// The step.
        step: StepId,
        /// What it was.
        finding: Finding,
        /// How that was found out.
        how: String,
    },
    /// Enter a way back.
    EnterRollback {
        /// The path's name.
        path: String,
        /// The reason.
        reason: String,
        /// What was typed to override a point of no return.
        typed: String,
    },
    /// The end of a way back is reached.
    EndRollback {
        /// The path's name.
        path: String,
    },
    /// Act on a session.
    Act(BackendActed),
    /// Send a statement by hand.
    ManualSql {
        /// The statement.
        sql: String,
        /// The reason.
        reason: String,
    },
    /// End the run.
    Close {
        /// A remark.
        remark: String,
        /// The server's clock less ours, in milliseconds.
        clock_offset_ms: Option<i64>,
    },
}

/// Starting an automated step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartStep {
    /// The step.
    pub step: StepId,
    /// What is run, one line, secrets blotted out.
    pub command: String,
    /// Sent to the server as `application_name`.
    pub app_name: String,
    /// What was typed to allow it.
    pub typed: String,
    /// Why it is run again.
    pub reason: String,
    /// Milliseconds since 1970.
    pub now_ms: i64,
}

/// Saying that a manual step is done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConfirmStep {
    /// What is said of it.
    pub said: Option<Confirmed>,
    /// How many of its boxes are ticked.
    pub ticked: usize,
    /// Milliseconds since 1970.
    pub now_ms: i64,
}

/// Choosing the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecideStep {
    /// The step.
    pub step: StepId,
    /// Which choice, counted from zero.
    pub choice: usize,
    /// The reason, where one was given.
    pub reason: String,
    /// Milliseconds that the question was on screen.
    pub seen_ms: u64,
}

/// Why a command was refused. The text is shown to the operator as it is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Refusal(pub String);

pub(super) fn refuse<T>(text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(text.into()))
}
