//! The verdict that a run would get if it ended now.

use crate::domain::run::event::Status;
use crate::domain::run::next;
use crate::domain::run::state::{Route, RunState, Stand};
use crate::domain::runbook::model::{Place, Runbook};

/// Returns the verdict: computed, never chosen.
pub fn status(book: &Runbook, run: &RunState) -> Status {
    if !anything_changed(book, run) {
        return Status::Aborted;
    }
    if matches!(run.route, Route::Back { .. }) {
        let finished = run
            .rollbacks
            .last()
            .is_some_and(|r| r.finished_ms.is_some());
        return if finished && all_well(book, run, is_back) {
            Status::RolledBack
        } else {
            Status::Partial
        };
    }
    let whole = next::current(book, run).is_none();
    if whole && all_well(book, run, |place| !is_back(place)) {
        Status::Success
    } else {
        Status::Partial
    }
}

fn is_back(place: Place) -> bool {
    matches!(place, Place::Path(_))
}

/// Whether a step that can change something was started, or a statement was sent by hand.
fn anything_changed(book: &Runbook, run: &RunState) -> bool {
    let changing = book
        .steps
        .iter()
        .any(|step| step.is_automated() && !step.only_looks() && run.was_started(&step.id));
    let all_by_hand = book
        .steps
        .iter()
        .filter(|s| !s.is_automated())
        .any(|s| run.was_started(&s.id));
    let has_automated = book
        .steps
        .iter()
        .any(|s| s.is_automated() && !s.only_looks());
    changing || run.manual_sql > 0 || (all_by_hand && !has_automated)
}

/// Whether no step among `places` was accepted as failed, or left out after it had failed.
fn all_well(book: &Runbook, run: &RunState, places: impl Fn(Place) -> bool) -> bool {
    book.steps
        .iter()
        .filter(|s| places(s.place))
        .all(|step| match run.record(&step.id) {
            Some(record) => match record.stand {
                Stand::Done | Stand::Waiting => true,
                Stand::Skipped => record.outcome.is_none(),
                Stand::Running | Stand::InDoubt | Stand::Failed | Stand::Accepted => false,
            },
            None => true,
        })
}
