//! What stands on the screen: whose output is followed, and since when a question can be read.

use crate::app::checklist;
use crate::app::message::Effect;
use crate::app::model::Model;
use crate::app::output::Output;
use crate::domain::run::next;
use crate::domain::runbook::model::StepId;

/// Asks for the output of the step that is shown, where it is another than before.
pub fn follow(model: &mut Model) -> Vec<Effect> {
    let name = attempt_shown(model).unwrap_or_default();
    if name == model.output.name {
        return Vec::new();
    }
    model.output = Output::of(&name);
    vec![Effect::Follow { name }]
}

fn attempt_shown(model: &Model) -> Option<String> {
    let id = checklist::shown(&model.book, &model.run, &model.checklist)?;
    let record = model.run.record(id).filter(|r| r.attempts > 0)?;
    Some(model.book.step(id)?.attempt_name(record.attempts))
}

/// Notes that the model as it stands is on the screen: from now on its questions can be read.
pub fn drawn(model: &mut Model) {
    let now = model.now.mono_ms;
    if let Some(dialog) = &mut model.dialog {
        dialog.shown_ms.get_or_insert(now);
    }
    let waits = next::waits_for_person(&model.book, &model.run).cloned();
    let shown = checklist::shown(&model.book, &model.run, &model.checklist).cloned();
    if let Some(step) = waits.filter(|w| Some(w) == shown.as_ref()) {
        model.shown.entry(step).or_insert(now);
    }
}

/// Returns for how many milliseconds the question of `step` has been on the screen.
pub fn seen_ms(model: &Model, step: &StepId) -> u64 {
    model
        .shown
        .get(step)
        .map_or(0, |since| model.now.mono_ms.saturating_sub(*since))
}
