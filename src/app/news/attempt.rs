//! What a supervisor says of its attempt.

use crate::app::message::Effect;
use crate::app::model::{Model, Retrial, Tone};
use crate::app::monitor::said::Heard;
use crate::app::update::append;
use crate::domain::attempt::{Ended, Outcome};
use crate::domain::run::event::{AlarmRaised, Event, Finished};
use crate::domain::run::next;
use crate::domain::run::state::{CancelState, Retries, Stand};
use crate::domain::run::values::lasts;
use crate::domain::runbook::model::{Level, Step, StepId};
use crate::domain::signal::AttemptNews;
use regex::Regex;

/// The outcome of a step that has no supervisor: a watch.
pub(super) fn by_hand(model: &Model, step: &StepId, ended: Ended, summary: String) -> Outcome {
    Outcome {
        duration_ms: model.running_ms(step),
        ..Outcome::of(ended, summary)
    }
}

pub(super) fn finish(
    model: &mut Model,
    step: &StepId,
    attempt: u32,
    outcome: Outcome,
) -> Vec<Effect> {
    let peaks = model.monitor.peaks;
    append(
        model,
        vec![Event::StepFinished(Finished {
            step: step.clone(),
            attempt,
            outcome,
            peaks,
        })],
    )
}

/// Takes in news of an attempt.
pub fn attempt(model: &mut Model, news: AttemptNews) -> Vec<Effect> {
    match news {
        AttemptNews::Output {
            name,
            bytes,
            skipped,
        } => {
            if name == model.output.name {
                model.output.take(&bytes, skipped);
            }
            Vec::new()
        }
        AttemptNews::Ended {
            step,
            attempt,
            outcome,
            tail,
        } => ended(model, &step, attempt, *outcome, &tail),
        AttemptNews::Lost { step, attempt, why } if runs(model, &step, attempt) => {
            append(model, vec![Event::StepInterrupted { step, attempt, why }])
        }
        AttemptNews::NeverBegan { step, attempt, why } if runs(model, &step, attempt) => {
            let outcome = by_hand(model, &step, Ended::NotStarted, why);
            finish(model, &step, attempt, outcome)
        }
        AttemptNews::Swept { step, attempt, why } if doubts(model, &step, attempt) => {
            model.say(Tone::Warning, why.clone());
            append(model, vec![Event::StepInterrupted { step, attempt, why }])
        }
        AttemptNews::Lost { .. } | AttemptNews::NeverBegan { .. } | AttemptNews::Swept { .. } => {
            Vec::new()
        }
        AttemptNews::Verified {
            step,
            answer,
            detail,
        } => {
            model.say(Tone::Active, format!("verify: {detail}"));
            append(
                model,
                vec![Event::StepVerified {
                    step,
                    answer,
                    detail,
                }],
            )
        }
        AttemptNews::Matched { step, line } => {
            let title = model
                .book
                .step(&step)
                .map_or(step.to_string(), |s| s.title.clone());
            let rule = format!("{title} says");
            if model.monitor.hear(&rule, model.now.mono_ms) == Heard::Again {
                return Vec::new();
            }
            model.say(Tone::Danger, format!("alarm: {rule}: {line}"));
            let raised = AlarmRaised {
                rule,
                level: Level::Critical,
                seen: line,
                blocker: String::new(),
                during: model.run.running().map(|(id, _)| id.clone()).collect(),
            };
            append(model, vec![Event::AlarmRaised(raised)])
        }
    }
}

/// Whether this very attempt is the one that the journal has as running: news of any other is old.
pub(super) fn runs(model: &Model, step: &StepId, attempt: u32) -> bool {
    model
        .run
        .record(step)
        .is_some_and(|r| r.stand == Stand::Running && r.attempts == attempt)
}

fn doubts(model: &Model, step: &StepId, attempt: u32) -> bool {
    let record = model.run.record(step);
    record.is_some_and(|r| r.stand == Stand::InDoubt && r.attempts == attempt)
}

pub(super) fn ended(
    model: &mut Model,
    id: &StepId,
    attempt: u32,
    mut outcome: Outcome,
    tail: &str,
) -> Vec<Effect> {
    if !runs(model, id, attempt) {
        return Vec::new();
    }
    let Some(step) = model.book.step(id).cloned() else {
        return Vec::new();
    };
    let asked = model.cancel_of(id) == CancelState::Asked;
    if step.background.is_some() && asked && outcome.ended == Ended::Cancelled {
        outcome.ended = Ended::Passed;
        let why = model.cancelled_because(id);
        outcome.summary = format!("stopped: {why}");
    }
    let retrial = retrial(model, &step, attempt, &outcome, tail);
    // What ran beside does not take away the retry of another step.
    if retrial.is_some() || model.retry.as_ref().is_some_and(|r| r.step == *id) {
        model.retry = retrial;
    }
    if let Some(retry) = model.retry.as_ref().filter(|r| r.step == *id) {
        let text = format!(
            "{} failed; {} in {} s (Enter stops that)",
            step.title,
            retry.reason,
            (retry.due_ms - model.now.mono_ms) / 1000
        );
        model.say(Tone::Warning, text);
    }
    finish(model, id, attempt, outcome)
}

/// Takes the retries of the failed step at hand up again after its driver died while one was pending; the whole wait
/// begins anew.
pub fn retry_anew(model: &mut Model, tail: impl Fn(&Outcome) -> String) {
    let Some(id) = next::current(&model.book, &model.run).cloned() else {
        return;
    };
    let (Some(step), Some(record)) = (model.book.step(&id).cloned(), model.run.record(&id)) else {
        return;
    };
    if record.retries == Retries::Stopped {
        return;
    }
    if let (Stand::Failed, Some(outcome)) = (&record.stand, &record.outcome) {
        model.retry = retrial(model, &step, record.attempts, outcome, &tail(outcome));
    }
}

/// Whether a failed step is run again by itself, and when.
fn retrial(
    model: &Model,
    step: &Step,
    attempt: u32,
    outcome: &Outcome,
    tail: &str,
) -> Option<Retrial> {
    let retry = step.retry.as_ref()?;
    match outcome.ended {
        Ended::Failed { .. } | Ended::TimedOut => {}
        Ended::Passed | Ended::Warned | Ended::Cancelled | Ended::NotStarted => return None,
    }
    // attempts are counted over the whole run: a person who retries by hand does not start the count anew
    if attempt > retry.times {
        return None;
    }
    if let Some(pattern) = &retry.only_if {
        let pattern = Regex::new(pattern).ok()?;
        if !pattern.is_match(tail) && !pattern.is_match(&outcome.summary) {
            return None;
        }
    }
    let wait = lasts(&model.book, &model.run, &retry.wait)?;
    let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    let reason = format!(
        "retry {attempt} of {}, after: {}",
        retry.times, outcome.summary
    );
    Some(Retrial {
        step: step.id.clone(),
        due_ms: model.now.mono_ms.saturating_add(wait),
        reason,
    })
}
