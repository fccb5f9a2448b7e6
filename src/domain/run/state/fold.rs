//! One record of the journal taken in: what it changes in the run as it stands.

use crate::domain::attempt::{Ended, Outcome};
use crate::domain::journal::Entry;
use crate::domain::run::event::{Checkpoint, Event, Finding, Peaks, SignedWord, Started};
use crate::domain::run::state::records::{
    AlarmRecord, CancelState, NoteRecord, Retries, RollbackRecord, Route, Stand, StepRecord,
};
use crate::domain::run::state::{RunState, epoch_ms};
use crate::domain::runbook::model::StepId;

impl RunState {
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
