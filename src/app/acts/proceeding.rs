//! Enter: whatever the run waits for is put to the operator.

use crate::app::acts::open;
use crate::app::autopilot;
use crate::app::dialog::Dialog;
use crate::app::message::Effect;
use crate::app::model::{Identified, Model, Tone};
use crate::app::questions;
use crate::app::update;
use crate::domain::run::event::Event;
use crate::domain::run::next::{self, Next, Wait};
use crate::domain::run::state::Route;
use crate::domain::runbook::model::StepId;

/// Enter: whatever the run waits for is put to the operator as a question.
pub fn proceed(model: &mut Model) -> Vec<Effect> {
    if model.pending > 0 {
        // What Enter means may be another thing a moment later.
        model.say(
            Tone::Quiet,
            "the last entry is being saved: press Enter again",
        );
        return Vec::new();
    }
    if model.run.is_over() {
        let dialog = questions::sign(model);
        return open(model, dialog);
    }
    let next = next_up(model);
    model.checklist.selected = None;
    let dialog = match next {
        Next::Finished => Some(questions::close(model)),
        Next::Start(id) if !autopilot::may_start(model, &id) => {
            if model.identified == Identified::Lost {
                model.book.step(&id).map(|s| questions::start(model, s))
            } else {
                model.say(Tone::Warning, autopilot::UNIDENTIFIED);
                None
            }
        }
        Next::Wait(Wait::Failure(id)) => return after_failure(model, &id),
        Next::Start(_) | Next::Accept(_) | Next::PathEnded(_) => None,
        Next::Wait(wait) => waiting(model, wait),
    };
    dialog.map_or_else(Vec::new, |d| open(model, d))
}

/// What comes next; later duties may be done in any order, so there it is that of the step under the cursor.
fn next_up(model: &Model) -> Next {
    let now = model.now.wall_ms;
    let chosen = (model.checklist.selected.as_ref()).filter(|_| model.run.route == Route::Later);
    let chosen = chosen.filter(|id| next::may_be_next(&model.book, &model.run, id));
    match chosen.and_then(|id| model.book.step(id)) {
        Some(step) => next::next_of(&model.book, &model.run, step, now),
        None => next::next(&model.book, &model.run, now),
    }
}

/// A person is at it: nothing is tried again behind their back, after a crash neither.
fn after_failure(model: &mut Model, id: &StepId) -> Vec<Effect> {
    let Some(step) = model.book.step(id).cloned() else {
        return Vec::new();
    };
    model.dialog = Some(questions::after_failure(model, &step));
    if model.retry.take().is_none() {
        return Vec::new();
    }
    let attempt = model.run.record(id).map_or(0, |r| r.attempts);
    let step = id.clone();
    update::append(model, vec![Event::RetryStopped { step, attempt }])
}

fn waiting(model: &mut Model, wait: Wait) -> Option<Dialog> {
    let book = std::sync::Arc::clone(&model.book);
    let step = |id: &StepId| book.step(id);
    match wait {
        Wait::Running(id) => {
            let text = wait_for(model, &id);
            model.say(Tone::Plain, text);
            None
        }
        Wait::Person(id) => Some(questions::for_person(model, step(&id)?)),
        Wait::Key(id, _) => Some(questions::start(model, step(&id)?)),
        Wait::ChooseItem(heads) => Some(questions::choose_item(model, &heads)),
        Wait::Failure(id) => Some(questions::after_failure(model, step(&id)?)),
        Wait::Doubt(id) => Some(questions::after_doubt(model, step(&id)?)),
        Wait::Clock(id, at) => {
            let title = step(&id).map(|s| s.title.clone()).unwrap_or_default();
            let left = (at - model.now.wall_ms) / 1000;
            model.say(
                Tone::Warning,
                format!("“{title}” does not start before its time: {left} s to go"),
            );
            None
        }
        Wait::Held(why) => Some(questions::release(model, &why)),
        Wait::Closed => None,
    }
}

pub(super) fn wait_for(model: &Model, id: &StepId) -> String {
    let title = model
        .book
        .step(id)
        .map(|s| s.title.as_str())
        .unwrap_or_default();
    format!("“{title}” is running: wait for its end, or cancel it with x")
}
