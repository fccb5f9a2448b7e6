//! The verdict that a run would get if it ended now.

use crate::domain::run::event::Status;
use crate::domain::run::next;
use crate::domain::run::state::{Route, RunState, Stand};
use crate::domain::runbook::model::{Action, Place, Runbook};

/// Returns the verdict: computed, never chosen.
pub fn status(book: &Runbook, run: &RunState) -> Status {
    let whole = next::current(book, run).is_none();
    if !anything_changed(book, run) {
        let looked = whole && only_looks(book) && run.route == Route::Forward;
        return if looked && all_well(book, run, |place| !is_back(place)) {
            Status::Success
        } else {
            Status::Aborted
        };
    }
    if matches!(run.route, Route::Back { .. }) {
        let finished = run
            .rollbacks
            .last()
            .is_some_and(|r| r.finished_ms.is_some());
        return if finished && all_well(book, run, is_back) && none_left_out(book, run) {
            Status::RolledBack
        } else {
            Status::Partial
        };
    }
    if whole && all_well(book, run, |place| !is_back(place)) {
        Status::Success
    } else {
        Status::Partial
    }
}

fn is_back(place: Place) -> bool {
    matches!(place, Place::Path(_))
}

/// Whether no step of `book`'s phases can change anything.
fn only_looks(book: &Runbook) -> bool {
    let mut forward = book
        .steps
        .iter()
        .filter(|s| !is_back(s.place) && !book.is_later(s.place));
    forward.all(|s| !s.is_automated() || s.only_looks())
}

/// Whether every step of the ways back that were entered was done: one that a person left out undid nothing.
fn none_left_out(book: &Runbook, run: &RunState) -> bool {
    let mut back = book.steps.iter().filter(|s| is_back(s.place));
    back.all(|s| *run.stand(&s.id) != Stand::Skipped)
}

/// Whether anything was done that can change something: a step of a program, a step by hand (nobody knows better than
/// the person that it changed nothing), a statement by hand.
fn anything_changed(book: &Runbook, run: &RunState) -> bool {
    let mut steps = book.steps.iter();
    let changing = steps.any(|step| match step.action {
        Action::Decide(_) | Action::Sign(_) => false,
        _ => !step.only_looks() && run.was_started(&step.id),
    });
    changing || run.manual_sql > 0
}

/// Whether no step among `places` was accepted as failed, or left out after it had been begun.
fn all_well(book: &Runbook, run: &RunState, places: impl Fn(Place) -> bool) -> bool {
    book.steps
        .iter()
        .filter(|s| places(s.place))
        .all(|step| match run.record(&step.id) {
            Some(record) => match record.stand {
                Stand::Done | Stand::Waiting => true,
                Stand::Skipped => record.attempts == 0,
                Stand::Running | Stand::InDoubt | Stand::Failed | Stand::Accepted => false,
            },
            None => true,
        })
}
