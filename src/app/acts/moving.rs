//! Where the keyboard goes: panes, rows, pages, the cursor in the checklist.

use crate::app::checklist;
use crate::app::keys::Action;
use crate::app::model::{Model, Pane, Purpose, Zoom};
use crate::app::monitor;
use crate::app::monitor::acts::Cleared;
use crate::app::shown;
use crate::domain::run::state::Route;
use crate::domain::runbook::model::{Place, StepId};

/// Rows that a page moves by.
const PAGE: isize = 10;

/// Rows that a key moves the step's text by.
const STEP_ROWS: isize = 3;

pub(super) fn moved(model: &mut Model, action: Action) {
    match action {
        Action::Back
            if model.focus == Pane::Monitor
                && monitor::acts::clear_filter(model) == Cleared::Filter => {}
        Action::Back => {
            model.zoom = Zoom::Shared;
            if model.purpose != Purpose::Monitor {
                model.focus = Pane::Checklist;
            }
        }
        Action::NextPane => model.focus = next_pane(model, 1),
        Action::PreviousPane => model.focus = next_pane(model, 2),
        Action::Zoom => {
            model.zoom = match model.zoom {
                Zoom::Shared => Zoom::Full,
                Zoom::Full => Zoom::Shared,
            };
        }
        Action::Follow => {
            if model.purpose != Purpose::Monitor {
                model.focus = Pane::Checklist;
            }
            model.checklist.selected = None;
            model.output.above_end = 0;
        }
        Action::StepUp => shown::move_step(model, -STEP_ROWS),
        Action::StepDown => shown::move_step(model, STEP_ROWS),
        Action::Up => move_by(model, -1),
        Action::Down => move_by(model, 1),
        Action::PageUp => move_by(model, -PAGE),
        Action::PageDown => move_by(model, PAGE),
        Action::Home => move_by(model, -1_000_000),
        Action::End => move_by(model, 1_000_000),
        _ => {}
    }
}

fn next_pane(model: &Model, by: usize) -> Pane {
    let panes = [Pane::Checklist, Pane::Output, Pane::Monitor];
    let at = panes.iter().position(|p| *p == model.focus).unwrap_or(0);
    panes[(at + by) % panes.len()]
}

fn move_by(model: &mut Model, rows: isize) {
    match model.focus {
        Pane::Checklist => move_in_checklist(model, rows),
        // Where nothing was printed, the step's own text is all there is.
        Pane::Output if model.output.name.is_empty() => shown::move_step(model, rows),
        Pane::Output => model.output.scroll(-rows),
        Pane::Monitor => monitor::acts::move_by(model, rows),
    }
}

/// The cursor goes over every step of the way, in shut phases too, so that each can be looked at.
fn move_in_checklist(model: &mut Model, rows: isize) {
    let entered = |place| match place {
        Place::Phase(_) => model.run.route != Route::Later || model.book.is_later(place),
        Place::Path(_) if model.run.route == Route::Later => false,
        Place::Path(at) => model
            .book
            .rollback
            .get(at)
            .is_some_and(|p| model.run.rollbacks.iter().any(|r| r.path == p.name)),
    };
    let all: Vec<&StepId> = model
        .book
        .steps
        .iter()
        .filter(|s| entered(s.place))
        .map(|s| &s.id)
        .collect();
    let shown = checklist::shown(&model.book, &model.run, &model.checklist);
    let at = shown
        .and_then(|id| all.iter().position(|other| *other == id))
        .unwrap_or(0);
    let to = at
        .saturating_add_signed(rows)
        .min(all.len().saturating_sub(1));
    model.checklist.selected = all.get(to).map(|id| (*id).clone());
}
