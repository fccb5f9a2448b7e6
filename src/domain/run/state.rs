//! The run as it stands: a fold over its journal, and nothing else.

use std::collections::BTreeMap;

use crate::domain::attempt::{Ended, Outcome};
use crate::domain::journal::Entry;
use crate::domain::run::event::{
    AlarmRaised, Amended, Answer, Checkpoint, Closed, Event, Finding, HoldReason, NoteKind, Opened,
    Operator, Peaks, SignedWord, Started, TargetSeen,
};
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

    /// Takes one record in.
    pub fn apply(&mut self, entry: &Entry) {
        let at = epoch_ms(&entry.t);
        self.last_seq = entry.seq;
        match &entry.event {
            Event::RunOpened(opened) => {
                self.opened = (**opened).clone();
                self.opened_ms = at;
            }
            Event::Operator(operator) => self.operator = operator.clone(),
            Event::Target(seen) => {
                if seen.differs.is_empty() {
                    self.accepted = Some(seen.clone());
                }
                self.target = Some(seen.clone());
            }
            Event::StepStarted(started) => self.started(started, at),
            Event::StepFinished(finished) => {
                self.finished(&finished.step, &finished.outcome, finished.peaks, at);
            }
            Event::StepInterrupted { step, why, .. } => self.settle(step, Stand::InDoubt, why, at),
            Event::StepResolved {
                step, finding, how, ..
            } => match finding {
                Finding::Done => self.settle(step, Stand::Done, how, at),
                Finding::NotDone => self.settle(step, Stand::Failed, how, at),
            },
            Event::StepVerified {
                step,
                answer,
                detail,
            } => {
                self.touch(step).verified = Some((*answer, detail.clone()));
            }
            Event::StepConfirmed(confirmed) => {
                self.settle(&confirmed.step, Stand::Done, "", at);
                self.touch(&confirmed.step)
                    .answer
                    .clone_from(&confirmed.answer);
            }
            Event::StepDecided { step, choice, .. } => {
                self.settle(step, Stand::Done, "", at);
                self.touch(step).answer.clone_from(choice);
            }
            Event::StepSkipped { step, reason } => self.settle(step, Stand::Skipped, reason, at),
            Event::StepAccepted { step, reason } => self.settle(step, Stand::Accepted, reason, at),
            Event::CancelAsked { step, reason, .. } => {
                let record = self.touch(step);
                record.cancel = CancelState::Asked;
                if record.stand == Stand::Running {
                    record.why.clone_from(reason);
                }
            }
            Event::RetryStopped { step, .. } => self.touch(step).retries = Retries::Stopped,
            Event::RunbookAmended(amended) => self.amendments.push(amended.clone()),
            Event::RunLeft { .. } => self.left(),
            // The record of the window is closed for good: what is done now are its later duties.
            Event::RunResumed { .. } if self.closed.is_some() => {
                self.route = Route::Later;
                self.later_ms = Some(at);
                self.hold = None;
            }
            Event::RunResumed { .. } => {}
            Event::Note { kind, text, step } => {
                self.notes.push(NoteRecord {
                    at_ms: at,
                    kind: *kind,
                    text: text.clone(),
                    step: step.clone(),
                });
            }
            Event::Held { why } => self.hold = Some(why.clone()),
            Event::Released => {
                self.hold = None;
                self.accepted.clone_from(&self.target);
            }
            Event::AlarmRaised(raised) => self.alarms.push(AlarmRecord {
                raised: raised.clone(),
                raised_ms: at,
                cleared_ms: None,
            }),
            Event::AlarmCleared { rule, .. } => self.cleared(rule, at),
            Event::ManualSql { number, .. } => self.manual_sql = *number,
            Event::RollbackEntered { path, reason } => self.entered(path, reason, at),
            Event::RollbackFinished { path } => self.walked(path, at),
            Event::RunClosed(closed) => self.closed = Some(closed.clone()),
            Event::Checkpoint(point) => self.signed(point, at),
            Event::RunbookReviewed(_)
            | Event::BackendActed(_)
            | Event::BackendResult { .. }
            | Event::ManualSqlResult { .. }
            | Event::TargetLost { .. }
            | Event::WitnessPosted { .. }
            | Event::JournalRecovered { .. }
            | Event::Suspended { .. }
            | Event::Unknown { .. } => {}
        }
    }

    fn started(&mut self, started: &Started, at: i64) {
        let record = self.touch(&started.step);
        *record = StepRecord {
            stand: Stand::Running,
            attempts: started.attempt,
            started_ms: Some(at),
            peaks: record.peaks,
            typed: started.typed.clone(),
            ..StepRecord::default()
        };
    }

    fn signed(&mut self, point: &Checkpoint, at: i64) {
        let Some(signed) = &point.step else { return };
        match signed.word {
            SignedWord::Approved => {
                self.settle(&signed.step, Stand::Done, "", at);
                let who = format!("{} ({})", signed.name, point.identity);
                self.touch(&signed.step).answer = who;
            }
            SignedWord::Rejected => {
                let remark = match signed.remark.as_str() {
                    "" => String::new(),
                    remark => format!(": {remark}"),
                };
                let why = format!("rejected by {} as {}{remark}", signed.name, signed.role);
                self.settle(&signed.step, Stand::Failed, &why, at);
            }
        }
    }

    /// Whoever leaves has seen what failed: only a driver that died leaves a retry to the next.
    fn left(&mut self) {
        let failed = self.steps.values_mut().filter(|r| r.stand == Stand::Failed);
        failed.for_each(|r| r.retries = Retries::Stopped);
    }

    /// Returns the digest of the runbook that is executed, and those of the files that it names.
    pub fn executes(&self) -> (&str, &BTreeMap<String, String>) {
        match self.amendments.last() {
            Some(amended) => (&amended.sha256, &amended.files),
            None => (&self.opened.runbook_sha256, &self.opened.files),
        }
    }

    fn cleared(&mut self, rule: &str, at: i64) {
        let open = |a: &&mut AlarmRecord| a.raised.rule == rule && a.cleared_ms.is_none();
        for alarm in self.alarms.iter_mut().filter(open) {
            alarm.cleared_ms = Some(at);
        }
    }

    fn entered(&mut self, path: &str, reason: &str, at: i64) {
        self.route = Route::Back {
            path: path.to_owned(),
        };
        self.rollbacks.push(RollbackRecord {
            path: path.to_owned(),
            reason: reason.to_owned(),
            entered_ms: at,
            finished_ms: None,
        });
    }

    fn walked(&mut self, path: &str, at: i64) {
        let open = |r: &&mut RollbackRecord| r.path == path && r.finished_ms.is_none();
        for record in self.rollbacks.iter_mut().filter(open) {
            record.finished_ms = Some(at);
        }
    }

    fn touch(&mut self, step: &StepId) -> &mut StepRecord {
        self.steps.entry(step.clone()).or_default()
    }

    fn settle(&mut self, step: &StepId, stand: Stand, why: &str, at: i64) {
        let record = self.touch(step);
        record.stand = stand;
        why.clone_into(&mut record.why);
        record.ended_ms = Some(at);
    }

    fn finished(&mut self, step: &StepId, outcome: &Outcome, peaks: Peaks, at: i64) {
        let stand = match outcome.ended {
            Ended::Passed | Ended::Warned => Stand::Done,
            // It stands where it stood: it starts as it would have started, by itself or by a key.
            Ended::NotStarted if outcome.never_launched() => Stand::Waiting,
            Ended::Failed { .. } | Ended::TimedOut | Ended::Cancelled | Ended::NotStarted => {
                Stand::Failed
            }
        };
        if stand == Stand::Done {
            self.values.extend(outcome.values.clone());
            let attempt = self.touch(step).attempts;
            let secrets = outcome
                .secret_values
                .iter()
                .map(|name| (name.clone(), (step.clone(), attempt)));
            self.secret_values.extend(secrets);
        }
        self.settle(step, stand, &outcome.summary, at);
        let record = self.touch(step);
        record.outcome = Some(outcome.clone());
        record.peaks = peaks;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::run::event::{Started, Status};

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
