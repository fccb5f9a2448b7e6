//! What happens by itself: the next step starts, a failed one is tried again, what runs beside ends with its phase.

use crate::app::message::Effect;
use crate::app::model::{Identified, Model, Purpose, Recording, Tone};
use crate::app::step;
use crate::app::update;
use crate::domain::run::assign::{self, AssignError};
use crate::domain::run::decide::{self, Command, StartStep};
use crate::domain::run::event::ENDED_WITH_PART;
use crate::domain::run::next::{self, Next, Wait};
use crate::domain::run::state::CancelState;
use crate::domain::run::values::Values;
use crate::domain::runbook::model::{Action, BackgroundEnd, Identity, Step, StepId};

/// Why no step starts while the server has not said who it is.
pub const UNIDENTIFIED: &str =
    "the server has not said yet who it is: wait for the monitor, or see what it says";

/// What must be typed to start a step although nobody knows whether the server is what it must be.
pub const UNSEEN: &str = "start without the server";

/// Does what happens by itself. Nothing does while a record is on its way to the disk.
pub fn advance(model: &mut Model) -> Vec<Effect> {
    let ready = model.purpose == Purpose::Drive
        && model.pending == 0
        && model.recording == Recording::Saved;
    if !ready || model.run.opened.run.is_empty() || model.run.is_over() {
        return Vec::new();
    }
    if let Some(effects) = end_background(model) {
        return effects;
    }
    match next::next(&model.book, &model.run, model.now.wall_ms) {
        Next::Start(step) if may_start(model, &step) => {
            start(model, &step, String::new(), String::new())
        }
        Next::Accept(step) if model.retry.is_none() => {
            update::command(model, Command::Accept { step })
        }
        Next::PathEnded(path) => update::command(model, Command::EndRollback { path }),
        Next::Wait(Wait::Failure(step)) => again(model, &step),
        Next::Start(_) | Next::Accept(_) | Next::Wait(_) | Next::Finished => Vec::new(),
    }
}

/// Whether the server may be worked on: on the connection as it is, it said who it is. Before it was ever seen that is
/// waited for only where the runbook says what it must be.
pub fn may_touch_target(model: &Model) -> bool {
    let asked = model
        .book
        .target(&model.run.opened.target)
        .is_some_and(|t| t.must_be != Identity::default());
    match model.identified {
        Identified::Yes => true,
        Identified::Lost => false,
        Identified::No => !asked && model.run.accepted.is_none(),
    }
}

/// Whether the step may start by itself: one that only looks, and not at the database, harms no server that is gone.
pub fn may_start(model: &Model, id: &StepId) -> bool {
    let looks = |step: &Step| {
        matches!(step.action, Action::Check(_) | Action::Http(_)) && step.only_looks()
    };
    let elsewhere = model.identified == Identified::Lost && model.book.step(id).is_some_and(looks);
    elsewhere || may_touch_target(model)
}

/// Asks for `step` to be started.
pub fn start(model: &mut Model, id: &StepId, typed: String, reason: String) -> Vec<Effect> {
    match try_start(model, id, typed, reason) {
        Ok(effects) => effects,
        Err(why) => {
            model.say(Tone::Warning, why);
            Vec::new()
        }
    }
}

/// Asks for `step` to be started.
///
/// # Errors
/// The refusal, in the operator's words.
pub fn try_start(
    model: &mut Model,
    id: &StepId,
    typed: String,
    reason: String,
) -> Result<Vec<Effect>, String> {
    let Some(step) = model.book.step(id).cloned() else {
        return Ok(Vec::new());
    };
    if !may_start(model, id) {
        let gated = decide::gate(&model.book, &model.run, &step).is_some();
        if gated || model.identified != Identified::Lost {
            return Err(UNIDENTIFIED.into());
        }
        if typed.trim() != UNSEEN {
            return Err(format!(
                "the server does not answer, and whoever answers next may be another: wait, or type `{UNSEEN}`"
            ));
        }
    }
    let around = step::surroundings(model);
    let values = Values::new(&model.book, &model.run, &around);
    let attempt = model.run.record(id).map_or(0, |r| r.attempts) + 1;
    let ready = match &step.action {
        Action::Watch(watch) => assign::length_ms(&values, Some(&watch.length))
            .map(drop)
            .map_err(Into::into),
        _ => assign::assign(&values, &[], &model.run.opened.run, &step, attempt).map(drop),
    };
    ready.map_err(|e: AssignError| format!("step {}: {e}", step.number))?;
    let command = assign::command_line(&values, &step);
    let app_name = assign::app_name(&model.run.opened.run, &step, attempt);
    let now_ms = model.now.wall_ms;
    let start = StartStep {
        step: id.clone(),
        command,
        app_name,
        typed,
        reason,
        now_ms,
    };
    update::try_command(model, Command::Start(start))
}

/// Runs a failed step again when its time has come.
fn again(model: &mut Model, step: &StepId) -> Vec<Effect> {
    let due = model
        .retry
        .as_ref()
        .filter(|r| r.step == *step && r.due_ms <= model.now.mono_ms);
    let Some(retrial) = due.cloned() else {
        return Vec::new();
    };
    if model.run.hold.is_some() || !may_start(model, step) {
        return Vec::new();
    }
    model.retry = None;
    let typed = model
        .run
        .record(step)
        .map(|r| r.typed.clone())
        .filter(|typed| typed != UNSEEN)
        .unwrap_or_default();
    start(model, step, typed, retrial.reason)
}

/// Asks the first background step whose time has come to end.
fn end_background(model: &mut Model) -> Option<Vec<Effect>> {
    let at = next::current(&model.book, &model.run)
        .and_then(|id| model.book.step(id))
        .map(|s| s.place);
    let over = |step: &Step| match step.background.as_ref().map(|b| b.until) {
        Some(BackgroundEnd::Phase) => at != Some(step.place),
        Some(BackgroundEnd::Run) => at.is_none(),
        None => false,
    };
    let ended = model.run.running().map(|(id, _)| id.clone()).find(|id| {
        let asked = model
            .run
            .record(id)
            .is_some_and(|r| r.cancel == CancelState::Asked);
        !asked && model.book.step(id).is_some_and(over)
    })?;
    Some(update::command(
        model,
        Command::Cancel {
            step: ended,
            reason: ENDED_WITH_PART.into(),
        },
    ))
}
