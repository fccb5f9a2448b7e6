//! What happened at a moment: alarms, decisions, acts at the database, notes, the run's own turns.

use crate::domain::journal::Entry;
use crate::domain::report::story::Story;
use crate::domain::report::time;
use crate::domain::report::timeline::{Bar, Look, at};
use crate::domain::run::event::{BackendAct, BackendActed, Event, HoldReason, NoteKind};
use crate::domain::runbook::model;
use crate::domain::sample::words::lasting;

/// Something that happened at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: i64,
    /// The same, as the log's clock shows it.
    pub clock: String,
    /// What kind.
    pub sort: Sort,
    /// What, in words.
    pub text: String,
}

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Something went otherwise than planned.
    Alarm,
    /// A person chose, or acted.
    Decision,
    /// The run itself: held, resumed, left, closed.
    Run,
}

impl Sort {
    /// Returns its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Alarm => "alarm",
            Self::Decision => "decision",
            Self::Run => "run",
        }
    }
}

/// Returns every mark, in the order of the journal.
pub fn list(story: &Story) -> Vec<Mark> {
    let mark = |entry| {
        let (sort, text) = told(story, entry)?;
        Some(Mark {
            at: at(entry)?,
            clock: story.clock(entry),
            sort,
            text,
        })
    };
    story.entries().iter().filter_map(mark).collect()
}

/// Returns every alarm for as long as it held, those that never cleared until `end`.
pub fn alarms(story: &Story, end: i64) -> Vec<Bar> {
    let each = story.run.alarms.iter().map(|alarm| {
        let to = alarm.cleared_ms.unwrap_or(end).max(alarm.raised_ms);
        let lasted = u64::try_from(to - alarm.raised_ms).unwrap_or(0);
        let held = match alarm.cleared_ms {
            Some(_) => format!("held for {}", time::took(lasted)),
            None => "still held at the end".to_owned(),
        };
        Bar {
            from: alarm.raised_ms,
            to,
            look: match alarm.raised.level {
                model::Level::Warning => Look::Warned,
                model::Level::Critical => Look::Failed,
            },
            word: alarm.raised.rule.clone(),
            told: format!("{}: {}, {held}", alarm.raised.rule, alarm.raised.seen),
        }
    });
    each.collect()
}

fn told(story: &Story, entry: &Entry) -> Option<(Sort, String)> {
    let by = &entry.by;
    let number = |step: &model::StepId| {
        let step = story.book.step(step).map(|s| s.number.as_str());
        step.unwrap_or("?").to_owned()
    };
    let (sort, text) = match &entry.event {
        Event::AlarmRaised(raised) => (
            Sort::Alarm,
            format!("alarm {}: {}", raised.rule, raised.seen),
        ),
        Event::TargetLost { why } => (
            Sort::Alarm,
            format!("connection to the database lost: {why}"),
        ),
        Event::StepInterrupted { step, .. } => (
            Sort::Alarm,
            format!("step {}: nobody knows how it ended", number(step)),
        ),
        Event::RollbackEntered { path, reason } => (
            Sort::Alarm,
            format!("way back {path} entered by {by}: {reason}"),
        ),
        Event::StepDecided { step, choice, .. } => (
            Sort::Decision,
            format!("step {}: {by} decided: {choice}", number(step)),
        ),
        Event::StepSkipped { step, reason } => (
            Sort::Decision,
            format!("step {} skipped by {by}: {reason}", number(step)),
        ),
        Event::StepAccepted { step, reason } => (
            Sort::Decision,
            format!("step {} accepted as it is by {by}: {reason}", number(step)),
        ),
        Event::StepResolved { step, how, .. } => (
            Sort::Decision,
            format!("step {} resolved by {by}: {how}", number(step)),
        ),
        Event::CancelAsked { step, reason, .. } => (
            Sort::Decision,
            format!("{by} asked step {} to stop: {reason}", number(step)),
        ),
        Event::BackendActed(acted) => (Sort::Decision, act(by, acted)),
        Event::ManualSql { number, reason, .. } => (
            Sort::Decision,
            format!("manual SQL {number} by {by}: {reason}"),
        ),
        Event::Note { kind, text, .. } => match kind {
            NoteKind::Deviation => (Sort::Alarm, format!("deviation noted by {by}: {text}")),
            NoteKind::Remark => (Sort::Run, format!("note by {by}: {text}")),
        },
        Event::Held { why } => held(by, why),
        Event::Released => (Sort::Run, format!("released by {by}")),
        Event::RollbackFinished { path } => {
            (Sort::Run, format!("way back {path} walked to its end"))
        }
        Event::RunLeft { how } => (Sort::Run, format!("the driver left: {how}")),
        Event::RunResumed { reason, .. } => (Sort::Run, format!("resumed by {by}: {reason}")),
        Event::JournalRecovered { .. } => (Sort::Alarm, "journal recovered".to_owned()),
        Event::RetryStopped { step, .. } => (
            Sort::Decision,
            format!("automatic retry of step {} stopped by {by}", number(step)),
        ),
        Event::Suspended { for_ms } => (
            Sort::Alarm,
            format!("the machine was suspended for {}", lasting(*for_ms)),
        ),
        Event::RunbookAmended(amended) => (
            Sort::Decision,
            format!("runbook amended by {by}: {}", amended.reason),
        ),
        Event::RunClosed(closed) => (
            Sort::Run,
            format!("closed by {by}: {}", closed.status.word()),
        ),
        Event::Unknown { kind, .. } => (Sort::Run, format!("a record of an unknown type: {kind}")),
        Event::RunOpened(_)
        | Event::Operator(_)
        | Event::Target(_)
        | Event::Checkpoint(_)
        | Event::RunbookReviewed(_)
        | Event::StepStarted(_)
        | Event::StepFinished(_)
        | Event::StepVerified { .. }
        | Event::StepConfirmed(_)
        | Event::AlarmCleared { .. }
        | Event::BackendResult { .. }
        | Event::ManualSqlResult { .. }
        | Event::WitnessPosted { .. } => return None,
    };
    Some((sort, text.trim_end_matches([':', ' ']).to_owned()))
}

fn held(by: &str, why: &HoldReason) -> (Sort, String) {
    match why {
        HoldReason::Operator => (Sort::Run, format!("held by {by}")),
        HoldReason::Alarm { rule } => (Sort::Alarm, format!("held by the alarm {rule}")),
        HoldReason::Identity { differs } => (
            Sort::Alarm,
            format!(
                "held: the server is not what it must be: {}",
                differs.join("; ")
            ),
        ),
    }
}

fn act(by: &str, acted: &BackendActed) -> String {
    let did = match acted.act {
        BackendAct::Cancel => "cancelled the statement of",
        BackendAct::Terminate => "ended",
    };
    format!(
        "{by} {did} session {} ({}): {}",
        acted.pid, acted.user, acted.reason
    )
}
