//! The clocks of a window: planned start, time left, how late, and until when going back still fits.

use std::collections::BTreeMap;

use crate::domain::run::next;
use crate::domain::run::state::{Route, RunState, Stand};
use crate::domain::run::values::lasts;
use crate::domain::runbook::model::{Action, Place, Runbook, Step, StepId};

/// The clocks at one moment. All times are milliseconds since 1970, all lengths milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Clocks {
    /// T-0.
    pub start: i64,
    /// The window's end.
    pub window_end: Option<i64>,
    /// When going on or back must be decided.
    pub decide_by: Option<i64>,
    /// When the last step will have ended, if all go on as planned; `None`: nothing is known of how long they take.
    pub forecast_end: Option<i64>,
    /// How far behind the plan the step at hand is; negative: ahead of it. `None`: the plan says nothing of it.
    pub late_ms: Option<i64>,
    /// The last moment at which the applicable way back still ends within the window.
    pub rollback_by: Option<i64>,
}

/// How long steps took elsewhere, in milliseconds.
pub type Known = BTreeMap<StepId, u64>;

/// Returns milliseconds since 1970 of T-0: the planned start, else the run's opening.
pub fn start_ms(run: &RunState) -> i64 {
    run.opened.planned_start.map_or(run.opened_ms, |s| s * 1000)
}

/// Returns the moment before which `step` does not start.
pub fn earliest_ms(run: &RunState, step: &Step) -> Option<i64> {
    step.not_before
        .map(|offset| start_ms(run) + offset.seconds * 1000)
}

/// Returns how long `step` is thought to take: as seen elsewhere, else as written; in milliseconds.
pub fn takes_ms(book: &Runbook, run: &RunState, step: &Step, known: &Known) -> Option<u64> {
    known
        .get(&step.id)
        .copied()
        .or_else(|| planned_ms(book, run, step))
}

/// Returns how long the runbook says that `step` takes, in milliseconds; a watch takes as long as it watches.
pub fn planned_ms(book: &Runbook, run: &RunState, step: &Step) -> Option<u64> {
    let watched = match &step.action {
        Action::Watch(watch) => Some(&watch.length),
        _ => None,
    };
    let length = step.takes.as_ref().or(watched)?;
    lasts(book, run, length).map(millis)
}

fn millis(length: std::time::Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

fn signed(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

/// Returns the clocks at `now`.
pub fn clocks(book: &Runbook, run: &RunState, known: &Known, now: i64) -> Clocks {
    let start = start_ms(run);
    if run.route == Route::Later {
        return Clocks {
            start,
            ..Clocks::default()
        };
    }
    let window_end = book.window.map(|w| start + signed(millis(w.length)));
    let decide_by = book
        .window
        .and_then(|w| w.decide_by)
        .map(|o| start + o.seconds * 1000);
    let left = left_ms(book, run, known, now);
    let way_back = shortest_way_back(book, run, known);
    Clocks {
        start,
        window_end,
        decide_by,
        forecast_end: left.map(|left| now + left),
        late_ms: late_ms(book, run, start, now),
        rollback_by: window_end
            .zip(way_back)
            .map(|(end, back)| end - signed(back)),
    }
}

/// What is left of the running step and of those to come.
fn left_ms(book: &Runbook, run: &RunState, known: &Known, now: i64) -> Option<i64> {
    let mut total = None;
    for step in next::route(book, run) {
        if next::settled(run, &step.id) || next::omitted(book, run, &step.id).is_some() {
            continue;
        }
        let Some(takes) = takes_ms(book, run, step, known).map(signed) else {
            continue;
        };
        let gone = match run.record(&step.id) {
            Some(r) if r.stand == Stand::Running => r.started_ms.map_or(0, |s| (now - s).max(0)),
            Some(_) | None => 0,
        };
        total = Some(total.unwrap_or(0) + (takes - gone).max(0));
    }
    total
}

/// A phase that should have begun and has not makes the run late; one begun too early, early.
fn late_ms(book: &Runbook, run: &RunState, start: i64, now: i64) -> Option<i64> {
    run.opened.planned_start?;
    let Place::Phase(at) = book.step(next::current(book, run)?)?.place else {
        return None;
    };
    let planned = start + book.phases.get(at)?.at?.seconds * 1000;
    let begun = book
        .steps_in(Place::Phase(at))
        .filter_map(|s| run.record(&s.id)?.started_ms)
        .min();
    Some(begun.unwrap_or(now) - planned)
}

/// How long the quickest way back takes that applies and whose steps say how long they take.
fn shortest_way_back(book: &Runbook, run: &RunState, known: &Known) -> Option<u64> {
    let paths = (0..book.rollback.len()).map(Place::Path);
    paths
        .filter_map(|place| {
            let applying = book
                .steps_in(place)
                .filter(|s| applies_if_all_is_done(run, s));
            let lengths: Vec<u64> = applying
                .filter_map(|s| takes_ms(book, run, s, known))
                .collect();
            (!lengths.is_empty()).then(|| lengths.iter().sum())
        })
        .min()
}

/// A way back is judged as if every step to come had been started: it must fit whenever it is needed.
fn applies_if_all_is_done(run: &RunState, step: &Step) -> bool {
    step.only.is_empty() || step.only.contains(&run.opened.target)
}
