//! How dialogs are filled in and answered. A key that came before the question could be read answers nothing.

mod edit;
mod meaning;

use crate::app::answers::edit::{move_cursor, move_part, tick, type_key, unfilled};
use crate::app::answers::meaning::meant;
use crate::app::dialog::{Dialog, Intent, Part};
use crate::app::inspect;
use crate::app::keys::{self, Action, Scope};
use crate::app::message::{Came, Effect};
use crate::app::model::{Model, Tone};
use crossterm::event::{KeyCode, KeyEvent};

pub use edit::paste;
pub use meaning::{digested, signed};

/// Milliseconds that a question must have been on the screen before Enter answers it.
const READABLE_MS: u64 = 300;

/// Milliseconds within which a key follows another only when it was pasted.
const BURST_MS: u64 = 20;

/// Milliseconds between two Enters for the second to count: a held key repeats sooner.
const APART_MS: u64 = 700;

/// Takes a key in while a dialog lies on top.
pub fn key(model: &mut Model, key: KeyEvent, at_ms: u64, came: Came) -> Vec<Effect> {
    let Some(dialog) = &mut model.dialog else {
        return Vec::new();
    };
    let typed_before = dialog.typed_ms.replace(at_ms);
    dialog.problem = None;
    let in_field = matches!(dialog.focus, Part::Field(_));
    let action = keys::lookup(Scope::Dialog, key);
    if !matches!(action, Some(Action::PageUp | Action::PageDown)) && dialog.focus != Part::Sentences
    {
        dialog.scroll = 0; // what the keyboard is at comes into sight again
    }
    match action {
        Some(Action::Answer) => return enter(model, at_ms, typed_before, came),
        Some(Action::Dismiss) => model.dialog = None,
        Some(Action::NextPart) => move_part(dialog, 1),
        Some(Action::PreviousPart) => move_part(dialog, -1),
        Some(Action::PageUp) if dialog.focus == Part::Sentences => {
            dialog.scroll = dialog.scroll.saturating_sub(10).max(0);
        }
        Some(Action::PageUp) => dialog.scroll = dialog.scroll.saturating_sub(10),
        Some(Action::PageDown) => dialog.scroll = dialog.scroll.saturating_add(10),
        Some(Action::Up | Action::Down) if !in_field => {
            move_cursor(dialog, if key.code == KeyCode::Up { -1 } else { 1 });
        }
        Some(Action::Tick) if dialog.focus == Part::Boxes => tick(dialog),
        Some(act @ (Action::CancelSession | Action::TerminateSession))
            if matches!(dialog.intent, Intent::Session(_)) =>
        {
            return inspect::act_on(model, act);
        }
        _ => type_key(dialog, key),
    }
    Vec::new()
}

/// Shows `lines` to be read.
pub fn read(model: &mut Model, title: &str, lines: Vec<String>) {
    let mut dialog = Dialog::new(title, Intent::Read);
    dialog.sentences = lines.into_iter().map(|l| (Tone::Plain, l)).collect();
    model.dialog = Some(dialog);
}

fn enter(model: &mut Model, at_ms: u64, typed_before: Option<u64>, came: Came) -> Vec<Effect> {
    let Some(dialog) = &mut model.dialog else {
        return Vec::new();
    };
    if !matches!(
        dialog.intent,
        Intent::Read | Intent::Help | Intent::Text(_) | Intent::Session(_)
    ) {
        let readable = dialog
            .shown_ms
            .is_some_and(|shown| at_ms >= shown + READABLE_MS);
        let last = model.entered_ms.replace(at_ms);
        let apart = last.is_none_or(|last| at_ms >= last + APART_MS);
        let by_hand =
            came == Came::Alone && typed_before.is_none_or(|typed| at_ms > typed + BURST_MS);
        if !(readable && apart && by_hand) {
            dialog.problem =
                Some("that was too quick to be an answer: read it, then press Enter".into());
            return Vec::new();
        }
    }
    answer(model)
}

/// Does what the dialog's answer means, or says what is wrong with it.
fn answer(model: &mut Model) -> Vec<Effect> {
    let Some(mut dialog) = model.dialog.take() else {
        return Vec::new();
    };
    if let Some(problem) = unfilled(&dialog) {
        dialog.problem = Some(problem);
        model.dialog = Some(dialog);
        return Vec::new();
    }
    match meant(model, &dialog) {
        Ok(effects) => effects,
        Err(problem) => {
            dialog.problem = Some(problem);
            model.dialog = Some(dialog);
            Vec::new()
        }
    }
}
