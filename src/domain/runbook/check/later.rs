//! Later duties: what may stand in a phase that is done after the run was closed.

use crate::domain::runbook::model::{
    Action, Danger, OnFailure, Place, Runbook, Start, Step, WayBack,
};
use crate::domain::runbook::read::Reader;
use crate::domain::units;

/// Checks the later phases and their steps.
pub(super) fn check(reader: &mut Reader, book: &Runbook) {
    for (phase, at) in std::mem::take(&mut reader.later) {
        times(reader, book, phase, &at);
        order(reader, book, phase, &at);
    }
    for (i, step) in book.steps.iter().enumerate() {
        if book.is_later(step.place) {
            only_looks(reader, i, step);
            no_way_back(reader, i, step);
        }
        leads(reader, book, i, step);
    }
}

fn times(reader: &mut Reader, book: &Runbook, phase: usize, at: &std::ops::Range<usize>) {
    let Some(phase) = book.phases.get(phase) else {
        return;
    };
    let Some(due) = phase.later else { return };
    let end = book.window.map(|w| w.length.as_secs());
    let end = end.and_then(|s| i64::try_from(s).ok()).unwrap_or(0);
    if due.seconds <= end {
        let hint = "`later` is for what is due hours or days after the window; take it out for an ordinary phase";
        let message = "it is due before the window has ended";
        reader.error(at.clone(), message, Some(hint.into()));
    } else if phase.at.is_some_and(|begin| begin >= due) {
        let message = format!("it is due at {}, before it begins", units::offset_text(due));
        let hint = "`at` says from when it can be done, `later` until when";
        reader.error(at.clone(), message, Some(hint.into()));
    }
}

fn order(reader: &mut Reader, book: &Runbook, phase: usize, at: &std::ops::Range<usize>) {
    let ordinary = |p: &crate::domain::runbook::model::Phase| p.later.is_none();
    if book.phases.iter().skip(phase).any(ordinary) {
        let hint = "put it behind every phase of the window";
        let message = "a phase of the window stands behind this later one";
        reader.error(at.clone(), message, Some(hint.into()));
    } else if !book.phases.iter().any(ordinary) {
        let hint = "a run needs a phase without `later`";
        let message = "there is nothing to do before it";
        reader.error(at.clone(), message, Some(hint.into()));
    }
}

/// Weeks later nobody stands by: nothing dangerous is done then, and nothing is changed by itself.
fn only_looks(reader: &mut Reader, i: usize, step: &Step) {
    if step.danger == Danger::High {
        let at = reader.marks[i].key("danger");
        let hint = "what can do harm needs a window: make it a runbook of its own";
        reader.error(at, "a later duty does no harm", Some(hint.into()));
    }
    let changes = step.is_automated() && !step.only_looks();
    if changes && step.start != Start::ByHand {
        let at = reader.marks[i].at.clone();
        let hint = "say `manual: true`, or `check` (`read_only: true`) for what only looks";
        let message = "a later duty changes nothing by itself";
        reader.error(at, message, Some(hint.into()));
    }
    if step.background.is_some() {
        let at = reader.marks[i].key("background");
        reader.error(at, "nothing runs beside a later duty", None);
    }
}

fn no_way_back(reader: &mut Reader, i: usize, step: &Step) {
    let hint = || Some("going back after the window is a run of its own".into());
    if step.way_back == WayBack::Closed {
        let at = reader.marks[i].key("point_of_no_return");
        reader.error(at, "a later duty has no point of no return", hint());
    }
    if matches!(step.on_failure, OnFailure::Offer(_)) {
        let at = reader.marks[i].value("on_failure");
        reader.error(at, "a later duty leads to no way back", hint());
    }
}

/// No decision leads over the end of the window, in neither direction.
fn leads(reader: &mut Reader, book: &Runbook, i: usize, step: &Step) {
    let Action::Decide(choices) = &step.action else {
        return;
    };
    for to in choices.iter().filter_map(|c| c.go_to.as_deref()) {
        let there = match book.path(to) {
            Some((place, _)) => Some(place),
            None => book
                .steps
                .iter()
                .find(|s| s.id.as_str() == to)
                .map(|s| s.place),
        };
        let Some(there) = there else { continue };
        let over = match (step.place, there) {
            _ if book.is_later(step.place) => there != step.place,
            (Place::Phase(_), there) => book.is_later(there),
            (Place::Path(_), _) => false,
        };
        if over {
            let at = reader.marks[i].value("decide");
            let message = format!("the choice leads over the end of the window, to `{to}`");
            let hint = "later duties are taken up by themselves; going back after the window is a run of its own";
            reader.error(at, message, Some(hint.into()));
        }
    }
}
