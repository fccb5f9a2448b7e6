//! The run as it stands: a fold over its journal, and nothing else.

mod fold;
mod records;

use std::collections::BTreeMap;

use crate::domain::journal::Entry;
use crate::domain::run::event::{Amended, Closed, HoldReason, Opened, Operator, TargetSeen};
use crate::domain::runbook::model::StepId;

pub use records::{
    AlarmRecord, CancelState, NoteRecord, Retries, RollbackRecord, Route, Stand, StepRecord,
};

/// The run as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunState {
    /// How it began.
    pub opened: Opened,
    /// Milliseconds since 1970 of its first record; 0 before it.
    pub opened_ms: i64,
    /// Who drives.
    pub operator: Operator,
    /// The server as last seen.
    pub target: Option<TargetSeen>,
    /// The server that the run belongs to: the last one in which nothing differed, or that a person let it go on on.
    pub accepted: Option<TargetSeen>,
    /// Every step that was touched.
    pub steps: BTreeMap<StepId, StepRecord>,
    /// Which way it goes.
    pub route: Route,
    /// The ways back that were entered, oldest first.
    pub rollbacks: Vec<RollbackRecord>,
    /// Why no further step starts, where none does.
    pub hold: Option<HoldReason>,
    /// Every alarm, oldest first.
    pub alarms: Vec<AlarmRecord>,
    /// Every note, oldest first.
    pub notes: Vec<NoteRecord>,
    /// Captured values that are not secret.
    pub values: BTreeMap<String, String>,
    /// Captured secret values: the attempt's name that keeps each, as step and attempt.
    pub secret_values: BTreeMap<String, (StepId, u32)>,
    /// Statements sent by hand.
    pub manual_sql: u32,
    /// How it ended.
    pub closed: Option<Closed>,
    /// Milliseconds since 1970 at which its later duties were last taken up; `None`: they were not yet.
    pub later_ms: Option<i64>,
    /// What was taken over from the edited runbook, oldest first; the last one is executed.
    pub amendments: Vec<Amended>,
    /// The number of the last record.
    pub last_seq: u64,
}

/// Returns milliseconds since 1970 of a journal's time; 0 where it cannot be read.
pub fn epoch_ms(t: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(t).map_or(0, |t| t.timestamp_millis())
}

impl RunState {
    /// Returns the state after all `entries`.
    pub fn fold<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        entries.into_iter().fold(Self::default(), |mut run, entry| {
            run.apply(entry);
            run
        })
    }

    /// Whether nothing of it is recorded any more: it is closed, and its later duties were not taken up.
    pub fn is_over(&self) -> bool {
        self.closed.is_some() && self.route != Route::Later
    }

    /// Returns where `step` stands.
    pub fn stand(&self, step: &StepId) -> &Stand {
        static WAITING: Stand = Stand::Waiting;
        self.steps
            .get(step)
            .map_or(&WAITING, |record| &record.stand)
    }

    /// Returns what is known of `step`.
    pub fn record(&self, step: &StepId) -> Option<&StepRecord> {
        self.steps.get(step)
    }

    /// Whether `step` was ever started, confirmed or decided: it may have had an effect.
    pub fn was_started(&self, step: &StepId) -> bool {
        self.steps
            .get(step)
            .is_some_and(|r| r.attempts > 0 || matches!(r.stand, Stand::Done | Stand::InDoubt))
    }

    /// Returns the steps that run, with their attempts.
    pub fn running(&self) -> impl Iterator<Item = (&StepId, u32)> {
        self.steps
            .iter()
            .filter(|(_, r)| r.stand == Stand::Running)
            .map(|(id, r)| (id, r.attempts))
    }

    /// Returns the alarms that hold, oldest first.
    pub fn holding(&self) -> impl Iterator<Item = &AlarmRecord> {
        self.alarms.iter().filter(|a| a.cleared_ms.is_none())
    }

    /// Returns the digest of the runbook that is executed, and those of the files that it names.
    pub fn executes(&self) -> (&str, &BTreeMap<String, String>) {
        match self.amendments.last() {
            Some(amended) => (&amended.sha256, &amended.files),
            None => (&self.opened.runbook_sha256, &self.opened.files),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::run::event::{Event, Finding, Started, Status};

    fn entries(events: Vec<Event>) -> Vec<Entry> {
        let entry = |(i, event)| Entry {
            seq: i as u64 + 1,
            t: format!("2026-11-20T09:18:{:02}.000Z", i % 60),
            mono_ms: i as u64,
            by: "dana@example.com".into(),
            event,
        };
        events.into_iter().enumerate().map(entry).collect()
    }

    fn started(step: &str, attempt: u32) -> Event {
        let step = StepId::new(step);
        Event::StepStarted(Started {
            step,
            attempt,
            command: String::new(),
            app_name: String::new(),
            typed: String::new(),
            reason: String::new(),
        })
    }

    #[test]
    fn folding_in_two_halves_cut_anywhere_is_folding_once() {
        let step = StepId::new("a");
        let entries = entries(vec![
            started("a", 1),
            Event::StepInterrupted {
                step: step.clone(),
                attempt: 1,
                why: "gone".into(),
            },
            Event::StepResolved {
                step: step.clone(),
                attempt: 1,
                finding: Finding::NotDone,
                how: "looked".into(),
            },
            started("a", 2),
            Event::Held {
                why: HoldReason::Operator,
            },
            Event::Released,
            Event::StepSkipped {
                step,
                reason: "r".into(),
            },
            Event::RollbackEntered {
                path: "p".into(),
                reason: "x".into(),
            },
            Event::RollbackFinished { path: "p".into() },
            Event::RunClosed(Closed {
                status: Status::RolledBack,
                remark: String::new(),
                clock_offset_ms: None,
            }),
        ]);
        let whole = RunState::fold(&entries);
        for cut in 0..=entries.len() {
            let mut run = RunState::fold(&entries[..cut]);
            entries[cut..].iter().for_each(|e| run.apply(e));
            assert_eq!(run, whole);
        }
    }

    #[test]
    fn an_attempt_in_doubt_is_neither_done_nor_waiting() {
        let step = StepId::new("a");
        let doubt = Event::StepInterrupted {
            step: step.clone(),
            attempt: 1,
            why: "gone".into(),
        };
        let run = RunState::fold(&entries(vec![started("a", 1), doubt]));
        assert_eq!(run.stand(&step), &Stand::InDoubt);
        assert!(run.was_started(&step));
    }
}
