//! The bar that says what Enter does now: the one thing on the screen that calls.

use ratatui::text::Line;

use crate::app::checklist::shown;
use crate::app::model::{Model, Pane, Purpose};
use crate::app::step::describe;
use crate::domain::run::next;
use crate::ui::text::pad;
use crate::ui::theme::Theme;

/// Returns the bar that says `enter`.
pub fn bar(theme: &Theme, enter: &str, room: usize) -> Line<'static> {
    let text = format!(" {} {enter}", theme.glyphs.marks.running);
    Line::styled(pad(&text, room, theme.glyphs.ellipsis), theme.call)
}

/// Returns what Enter does now, as a sentence; `None`: nothing.
pub fn sentence(model: &Model) -> Option<String> {
    let enter = in_checklist(model)?;
    Some(match model.focus {
        Pane::Checklist | Pane::Output => enter,
        Pane::Monitor => format!("f leaves the monitor; then {enter}"),
    })
}

fn in_checklist(model: &Model) -> Option<String> {
    if model.purpose != Purpose::Drive {
        return None;
    }
    if model.run.is_over() {
        return Some("Enter opens what is left to do: the log and its signature".to_owned());
    }
    let shown = shown(&model.book, &model.run, &model.checklist)?;
    let here = describe(model, model.book.step(shown)?).enter;
    if !here.is_empty() {
        return Some(here);
    }
    let beside = |id| model.book.step(id).is_some_and(|s| s.background.is_some());
    if model.run.running().any(|(id, _)| !beside(id)) {
        return None;
    }
    match next::current(&model.book, &model.run) {
        None if model.run.closed.is_some() => {
            Some("nothing more is to be done now: Enter signs what was done".to_owned())
        }
        None => Some("every step is settled: Enter ends the run".to_owned()),
        Some(id) if id == shown => None,
        Some(id) => {
            let step = model.book.step(id)?;
            Some(format!("Enter goes on with {} {}", step.number, step.title))
        }
    }
}
