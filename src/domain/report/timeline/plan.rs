//! When each step was to run: what the runbook's own times say.

use std::time::Duration;

use crate::domain::report::story::Story;
use crate::domain::report::timeline::at;
use crate::domain::run::event::Event;
use crate::domain::run::schedule;
use crate::domain::runbook::model::{Place, Step};

/// Returns for each step of the runbook, in order, from when until when it was to run; `None`: nothing says how long it
/// takes.
pub fn planned(story: &Story) -> Vec<Option<(i64, i64)>> {
    let start = schedule::start_ms(&story.run);
    let mut clock = start;
    let mut place = None;
    let mut all = Vec::with_capacity(story.book.steps.len());
    for step in &story.book.steps {
        if place != Some(step.place) {
            place = Some(step.place);
            clock = begin(story, step.place, start).unwrap_or(clock);
        }
        if let Some(offset) = step.not_before {
            clock = clock.max(start.saturating_add(offset.seconds.saturating_mul(1_000)));
        }
        all.push(length(story, step).map(|length| {
            let from = clock;
            clock = clock.saturating_add(length);
            (from, clock)
        }));
    }
    all
}

/// A phase begins at its own time, a way back when it was entered.
fn begin(story: &Story, place: Place, start: i64) -> Option<i64> {
    match place {
        Place::Phase(at) => {
            let offset = story.book.phases.get(at)?.at?;
            Some(start.saturating_add(offset.seconds.saturating_mul(1_000)))
        }
        Place::Path(path) => {
            let name = &story.book.rollback.get(path)?.name;
            let entered = |event: &Event| matches!(event, Event::RollbackEntered { path, .. } if path == name);
            story
                .entries()
                .iter()
                .find(|e| entered(&e.event))
                .and_then(at)
        }
    }
}

fn length(story: &Story, step: &Step) -> Option<i64> {
    let length = schedule::planned_ms(story.book, &story.run, step)?;
    Some(i64::try_from(length).unwrap_or(i64::MAX))
}

fn millis(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

/// Returns the window's end.
pub fn window_end(story: &Story) -> Option<i64> {
    let window = story.book.window?;
    Some(schedule::start_ms(&story.run).saturating_add(millis(window.length)))
}
