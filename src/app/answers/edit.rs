//! Moving and typing within a dialog.

use crate::app::dialog::{Dialog, Need, Part, Tick};
use crate::app::message::Effect;
use crate::app::model::Model;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Takes pasted text in: it fills a field, and never answers anything.
pub fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    if let Some(dialog) = &mut model.dialog
        && let Part::Field(at) = dialog.focus
        && let Some(field) = dialog.fields.get_mut(at)
    {
        match field.need {
            Need::Exactly(_) => dialog.problem = Some("this must be typed, not pasted".into()),
            Need::Optional | Need::Required => {
                // Terminals send the line ends of what is pasted as carriage returns.
                field
                    .area
                    .insert_str(text.replace("\r\n", "\n").replace('\r', "\n"));
            }
        }
    }
    Vec::new()
}

pub(super) fn type_key(dialog: &mut Dialog, key: KeyEvent) {
    let Part::Field(at) = dialog.focus else {
        return;
    };
    let Some(field) = dialog.fields.get_mut(at) else {
        return;
    };
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('j') if ctrl => field.area.insert_newline(),
        KeyCode::Char('c') if ctrl => {}
        _ => {
            field.area.input(key);
        }
    }
}

fn parts(dialog: &Dialog) -> Vec<Part> {
    let mut parts = Vec::new();
    if !dialog.boxes.is_empty() {
        parts.push(Part::Boxes);
    }
    if !dialog.choices.is_empty() {
        parts.push(Part::Choices);
    }
    parts.extend((0..dialog.fields.len()).map(Part::Field));
    if parts.is_empty() {
        parts.push(Part::Sentences);
    }
    parts
}

pub(super) fn move_part(dialog: &mut Dialog, by: isize) {
    let parts = parts(dialog);
    let at = parts.iter().position(|p| *p == dialog.focus).unwrap_or(0);
    let count = isize::try_from(parts.len()).unwrap_or(1);
    let to = (isize::try_from(at).unwrap_or(0) + by).rem_euclid(count);
    dialog.focus = parts[usize::try_from(to).unwrap_or(0)];
    if dialog.focus == Part::Boxes {
        dialog.cursor = 0; // a choice stays made while its reason is typed
    }
}

pub(super) fn move_cursor(dialog: &mut Dialog, by: isize) {
    let count = match dialog.focus {
        Part::Boxes => dialog.boxes.len(),
        Part::Choices => dialog.choices.len(),
        Part::Sentences | Part::Field(_) => {
            let by = i16::try_from(by).unwrap_or(0);
            dialog.scroll = dialog.scroll.saturating_add(by).max(0);
            return;
        }
    };
    dialog.cursor = dialog
        .cursor
        .saturating_add_signed(by)
        .min(count.saturating_sub(1));
}

pub(super) fn tick(dialog: &mut Dialog) {
    if let Some(item) = dialog.boxes.get_mut(dialog.cursor) {
        item.tick = match item.tick {
            Tick::Open => Tick::Ticked,
            Tick::Ticked => Tick::Open,
        };
    }
}

pub(super) fn unfilled(dialog: &Dialog) -> Option<String> {
    let picked = dialog
        .choices
        .get(dialog.cursor)
        .filter(|_| dialog.focus == Part::Choices || !dialog.choices.is_empty());
    if let Some(refused) = picked.and_then(|offer| offer.refused.clone()) {
        return Some(refused);
    }
    dialog.fields.iter().find_map(|field| {
        let text = field.area.lines().join("\n");
        match &field.need {
            Need::Required if text.trim().is_empty() => {
                Some(format!("“{}” is needed", field.label))
            }
            Need::Exactly(expected) if text.trim() != expected => {
                Some(format!("it says `{}`, not `{expected}`", text.trim()))
            }
            Need::Optional | Need::Required | Need::Exactly(_) => None,
        }
    })
}

pub(super) fn field(dialog: &Dialog, at: usize) -> String {
    dialog
        .fields
        .get(at)
        .map(|f| f.area.lines().join("\n").trim().to_owned())
        .unwrap_or_default()
}

/// The text of the field that asks for exact words.
pub(super) fn typed(dialog: &Dialog) -> String {
    let exact = dialog
        .fields
        .iter()
        .find(|f| matches!(f.need, Need::Exactly(_)));
    exact
        .map(|f| f.area.lines().join("\n").trim().to_owned())
        .unwrap_or_default()
}
