//! What comes in: records that are on disk, attempts that end, samples, results.

mod attempt;
mod journal;
mod server;

use crate::app::answers;
use crate::app::message::Effect;
use crate::app::model::{Model, Purpose, Recording, Tone};
use crate::app::monitor::{Link, said};
use crate::app::news::attempt::{by_hand, finish};
use crate::app::questions;
use crate::domain::attempt::Ended;
use crate::domain::run::state::Route;
use crate::domain::run::values::lasts;
use crate::domain::runbook::model::Action;
use std::time::Duration;

pub use attempt::{attempt, retry_anew};
pub use journal::{journaled, wishes};
pub use server::{acted, monitor, statement};

/// What time alone brings about: a watch ends, well or not.
pub fn passing(model: &mut Model) -> Vec<Effect> {
    if model.purpose != Purpose::Drive || model.recording != Recording::Saved {
        return Vec::new();
    }
    if !model.run.is_over() {
        let over = said::over(model);
        if !over.is_empty() {
            return over;
        }
    }
    let watches = model.run.running().find_map(|(id, attempt)| {
        let step = model.book.step(id)?;
        let Action::Watch(watch) = &step.action else {
            return None;
        };
        let length = lasts(&model.book, &model.run, &watch.length)?;
        Some((id.clone(), attempt, watch.fail_on, length))
    });
    let Some((id, attempt, fail_on, length)) = watches else {
        return Vec::new();
    };
    let before = model.begun.get(&id).map_or(0, |begun| begun.alarms);
    // A line that a step printed is said once; only a rule of the monitor goes on holding.
    let lasts = |rule: &str| model.book.monitor.alarms.iter().any(|r| r.text == rule);
    let mut alarms = model.run.alarms.iter().enumerate();
    let alarm = alarms.find(|(at, a)| {
        fail_on.is_some_and(|level| a.raised.level >= level)
            && (*at >= before || (a.cleared_ms.is_none() && lasts(&a.raised.rule)))
    });
    if let Some((_, alarm)) = alarm {
        let summary = format!("alarm: {} ({})", alarm.raised.seen, alarm.raised.rule);
        let outcome = by_hand(
            model,
            &id,
            Ended::Failed {
                exit: None,
                signal: None,
            },
            summary,
        );
        return finish(model, &id, attempt, outcome);
    }
    if u128::from(model.running_ms(&id)) < length.as_millis() {
        return Vec::new();
    }
    let (ended, summary) = watched(model, length);
    let outcome = by_hand(model, &id, ended, summary);
    finish(model, &id, attempt, outcome)
}

/// How a watch ends that no alarm ended: nobody watched where the server never answered.
fn watched(model: &Model, length: Duration) -> (Ended, String) {
    let (length, samples) = (length.as_secs(), model.monitor.peaks.samples);
    match model.monitor.link {
        Link::None => (
            Ended::Passed,
            format!("watched for {length} s without an alarm"),
        ),
        _ if samples > 0 => (
            Ended::Passed,
            format!("watched for {length} s without an alarm, {samples} samples"),
        ),
        Link::Unasked { .. } | Link::Connecting | Link::Live | Link::Lost { .. } => (
            Ended::Failed {
                exit: None,
                signal: None,
            },
            format!("the server said nothing for {length} s: nobody could watch it"),
        ),
    }
}

/// Takes in whether the log was written.
pub fn sealed(model: &mut Model, result: Result<Vec<String>, String>) -> Vec<Effect> {
    match result {
        Ok(lines) if model.run.route == Route::Later => {
            model.unsigned = 0;
            answers::read(model, "It is signed", lines);
            Vec::new()
        }
        Ok(lines) => {
            answers::read(model, "The log is written", lines);
            Vec::new()
        }
        Err(why) => {
            model.say(Tone::Danger, why);
            model.dialog = Some(questions::sign(model));
            Vec::new()
        }
    }
}
