//! What stands on the screen: whose output is followed, and since when a question can be read.

use crate::app::checklist;
use crate::app::message::Effect;
use crate::app::model::Model;
use crate::app::output::Output;
use crate::domain::run::next;
use crate::domain::runbook::model::StepId;

/// How far what is on the screen can be moved, in rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extents {
    /// The dialog, up from where it stands by itself.
    pub dialog_up: u16,
    /// The dialog, down from there.
    pub dialog_down: u16,
    /// The step's text, from its beginning.
    pub step: u16,
}

/// Which step's text was moved, and how far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moved {
    step: Option<StepId>,
    rows: u16,
}

/// Returns by how many rows the shown step's text is moved.
pub fn step_moved(model: &Model) -> u16 {
    let shown = checklist::shown(&model.book, &model.run, &model.checklist);
    let same = model.step_moved.step.as_ref() == shown;
    if same { model.step_moved.rows } else { 0 }
}

/// Moves the shown step's text by `rows`, down when positive.
pub fn move_step(model: &mut Model, rows: isize) {
    let by = i16::try_from(rows.clamp(-10_000, 10_000)).unwrap_or_default();
    let rows = step_moved(model).saturating_add_signed(by);
    let step = checklist::shown(&model.book, &model.run, &model.checklist).cloned();
    model.step_moved = Moved { step, rows };
}

/// Takes back what was moved past an end: the next key moves from where the eye is.
pub fn laid(model: &mut Model, extents: Extents) {
    model.step_moved.rows = model.step_moved.rows.min(extents.step);
    if let Some(dialog) = &mut model.dialog {
        let to_row = |rows: u16| i16::try_from(rows).unwrap_or(i16::MAX);
        let (up, down) = (to_row(extents.dialog_up), to_row(extents.dialog_down));
        dialog.scroll = dialog.scroll.clamp(-up, down);
    }
}

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
