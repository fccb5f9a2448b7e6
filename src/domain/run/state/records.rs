//! What the fold keeps of steps, ways back, alarms and notes.

use crate::domain::attempt::Outcome;
use crate::domain::run::event::{AlarmRaised, Answer, NoteKind, Peaks};
use crate::domain::runbook::model::StepId;

/// Where one step stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Stand {
    /// Nobody has touched it.
    #[default]
    Waiting,
    /// Its supervisor is on it, or its watch goes on.
    Running,
    /// Nobody knows whether it took effect: it may have run.
    InDoubt,
    /// It is done.
    Done,
    /// It failed.
    Failed,
    /// It failed and was accepted as it is.
    Accepted,
    /// It was left out.
    Skipped,
}

/// All that is known of one step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StepRecord {
    /// Where it stands.
    pub stand: Stand,
    /// Attempts started; the last one's number.
    pub attempts: u32,
    /// Milliseconds since 1970 at which it was last started.
    pub started_ms: Option<i64>,
    /// Milliseconds since 1970 at which it was settled, whichever way.
    pub ended_ms: Option<i64>,
    /// How its last attempt ended.
    pub outcome: Option<Outcome>,
    /// One sentence on why it stands where it stands: the failure, the reason of the skip or the cancel, the doubt.
    pub why: String,
    /// What the operator answered or chose.
    pub answer: String,
    /// The last answer to its `verify` question.
    pub verified: Option<(Answer, String)>,
    /// The worst that the database felt, over all attempts' last.
    pub peaks: Peaks,
    /// Whether somebody asked the running attempt to stop.
    pub cancel: CancelState,
    /// What the operator typed to allow the last attempt.
    pub typed: String,
    /// Whether it may be run again by itself, where its runbook says so.
    pub retries: Retries,
}

impl StepRecord {
    /// Whether its `verify` question was asked since its last attempt began, and holds.
    pub fn holds(&self) -> bool {
        matches!(self.verified, Some((Answer::Holds, _)))
    }
}

/// Whether a failed step may be run again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Retries {
    /// It may.
    #[default]
    Go,
    /// A person has taken over, or has left: nothing is tried again behind their back.
    Stopped,
}

/// Whether a running attempt was asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CancelState {
    /// Nobody asked.
    #[default]
    NotAsked,
    /// Somebody did.
    Asked,
}

/// Which way the run goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Route {
    /// Through the phases.
    #[default]
    Forward,
    /// Along a rollback path.
    Back {
        /// The path's name.
        path: String,
    },
    /// Through the later duties: the run was closed, and taken up again.
    Later,
}

/// One way back that was entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollbackRecord {
    /// The path's name.
    pub path: String,
    /// The reason given.
    pub reason: String,
    /// Milliseconds since 1970 at which it was entered.
    pub entered_ms: i64,
    /// Milliseconds since 1970 at which its end was reached.
    pub finished_ms: Option<i64>,
}

/// An alarm that was raised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmRecord {
    /// What was raised.
    pub raised: AlarmRaised,
    /// Milliseconds since 1970.
    pub raised_ms: i64,
    /// Milliseconds since 1970; `None`: it still holds.
    pub cleared_ms: Option<i64>,
}

/// Something that somebody wrote down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteRecord {
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// What kind.
    pub kind: NoteKind,
    /// The text.
    pub text: String,
    /// The step that was shown.
    pub step: Option<StepId>,
}
