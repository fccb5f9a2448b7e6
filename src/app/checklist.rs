//! The checklist: which rows there are, and where the cursor stands.

use crate::domain::attempt::Ended;
use crate::domain::run::next;
use crate::domain::run::schedule;
use crate::domain::run::state::{Route, RunState, Stand};
use crate::domain::runbook::model::{Item, Place, Runbook, StepId};

/// Where the cursor stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checklist {
    /// The step that the cursor stands on; `None`: it follows the run.
    pub selected: Option<StepId>,
}

/// One row of the checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// How deep it stands below its phase: 0 a phase or path, 1 a step in it.
    pub depth: usize,
    /// What it says.
    pub text: String,
    /// What kind of row.
    pub kind: RowKind,
}

/// What kind of row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowKind {
    /// A phase, or a rollback path.
    Part {
        /// Steps settled.
        done: usize,
        /// Steps that apply.
        all: usize,
        /// Whether its steps are shown.
        fold: Fold,
        /// Whether it is the part that the run is in.
        here: Here,
        /// Milliseconds since 1970 until which it is due, where it is a later duty.
        due_ms: Option<i64>,
    },
    /// A group within a phase.
    Group,
    /// A step.
    Step {
        /// Which.
        id: StepId,
        /// Its mark.
        mark: Mark,
    },
}

/// Whether a part's steps are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// They are.
    Open,
    /// They are not: all are settled, or they are to come.
    Shut,
}

/// Whether the run is in a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Here {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// The mark of a step; each differs by its sign, never by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// To come.
    ToCome,
    /// It runs.
    Running,
    /// It waits for a person.
    WaitsForYou,
    /// Done.
    Done,
    /// Done, and it had a warning to give.
    Warned,
    /// Failed.
    Failed,
    /// Failed and accepted.
    Accepted,
    /// Left out.
    Skipped,
    /// It may have run.
    InDoubt,
    /// It does not apply.
    NotApplicable,
}

/// What every row asks for, found out once a frame.
struct Now<'a> {
    book: &'a Runbook,
    run: &'a RunState,
    waits: Option<&'a StepId>,
    at: Option<Place>,
}

impl<'a> Now<'a> {
    fn of(book: &'a Runbook, run: &'a RunState) -> Self {
        Self {
            book,
            run,
            waits: next::waits_for_person(book, run),
            at: place_at(book, run),
        }
    }
}

/// Returns the mark of `step`.
pub fn mark(book: &Runbook, run: &RunState, step: &StepId) -> Mark {
    mark_now(&Now::of(book, run), step)
}

fn mark_now(now: &Now, step: &StepId) -> Mark {
    let (book, run) = (now.book, now.run);
    match run.stand(step) {
        Stand::Running => Mark::Running,
        Stand::InDoubt => Mark::InDoubt,
        Stand::Done if warned(run, step) => Mark::Warned,
        Stand::Done => Mark::Done,
        Stand::Failed => Mark::Failed,
        Stand::Accepted => Mark::Accepted,
        Stand::Skipped => Mark::Skipped,
        Stand::Waiting if next::omitted(book, run, step).is_some() => Mark::NotApplicable,
        Stand::Waiting if now.waits == Some(step) => Mark::WaitsForYou,
        Stand::Waiting if waits_too(now, step) => Mark::WaitsForYou,
        Stand::Waiting => Mark::ToCome,
    }
}

/// Of later duties each has a step at hand.
fn waits_too(now: &Now, step: &StepId) -> bool {
    now.run.route == Route::Later
        && next::may_be_next(now.book, now.run, step)
        && now.book.step(step).is_some_and(|s| !s.is_automated())
}

fn warned(run: &RunState, step: &StepId) -> bool {
    let outcome = run.record(step).and_then(|r| r.outcome.as_ref());
    outcome.is_some_and(|o| o.ended == Ended::Warned)
}

/// Returns the checklist's rows: every phase, the steps of the open ones, and the rollback path that was entered.
pub fn rows(book: &Runbook, run: &RunState, selected: Option<&StepId>) -> Vec<Row> {
    let mut rows = Vec::new();
    let now = Now::of(book, run);
    let parts = book
        .phases
        .iter()
        .enumerate()
        .map(|(i, p)| (Place::Phase(i), &p.title, &p.items));
    let entered = run.rollbacks.iter().filter_map(|r| {
        let (place, path) = book.path(&r.path)?;
        Some((place, &path.title, &path.items))
    });
    // What is done later has a sitting of its own, and there is nothing else in it.
    let later = run.route == Route::Later;
    let all = parts.chain(entered);
    for (place, title, items) in all.filter(|(place, ..)| !later || book.is_later(*place)) {
        let here = if now.at == Some(place) {
            Here::Yes
        } else {
            Here::No
        };
        let chosen = selected
            .and_then(|id| book.step(id))
            .is_some_and(|s| s.place == place);
        let fold = if here == Here::Yes || chosen {
            Fold::Open
        } else {
            Fold::Shut
        };
        let (done, all) = count(book, run, place);
        if all == 0 && book.is_later(place) {
            continue;
        }
        rows.push(Row {
            depth: 0,
            text: title.clone(),
            kind: RowKind::Part {
                done,
                all,
                fold,
                here,
                due_ms: due_ms(book, run, place),
            },
        });
        if fold == Fold::Open {
            item_rows(&now, items, 1, &mut rows);
        }
    }
    rows
}

fn item_rows(now: &Now, items: &[Item], depth: usize, rows: &mut Vec<Row>) {
    for item in items {
        match item {
            Item::Step(at) => {
                let Some(step) = now.book.steps.get(*at) else {
                    continue;
                };
                let kind = RowKind::Step {
                    id: step.id.clone(),
                    mark: mark_now(now, &step.id),
                };
                rows.push(Row {
                    depth,
                    text: step.title.clone(),
                    kind,
                });
            }
            Item::Group(group) => {
                rows.push(Row {
                    depth,
                    text: group.title.clone(),
                    kind: RowKind::Group,
                });
                item_rows(now, &group.items, depth + 1, rows);
            }
        }
    }
}

fn due_ms(book: &Runbook, run: &RunState, place: Place) -> Option<i64> {
    let Place::Phase(at) = place else { return None };
    let due = book.phases.get(at)?.later?;
    Some(schedule::start_ms(run) + due.seconds * 1_000)
}

/// Returns the part that the run is in.
fn place_at(book: &Runbook, run: &RunState) -> Option<Place> {
    let at = next::current(book, run)
        .and_then(|id| book.step(id))
        .map(|s| s.place);
    let last = match &run.route {
        Route::Back { path } => book.path(path).map(|(place, _)| place),
        Route::Forward | Route::Later => {
            let last = next::route(book, run).last();
            last.map(|step| step.place)
        }
    };
    at.or(last)
}

/// Returns how many steps of `place` are settled, and how many apply.
pub fn count(book: &Runbook, run: &RunState, place: Place) -> (usize, usize) {
    let applying = book
        .steps_in(place)
        .filter(|s| next::omitted(book, run, &s.id).is_none());
    applying.fold((0, 0), |(done, all), step| {
        (done + usize::from(next::settled(run, &step.id)), all + 1)
    })
}

/// Returns the step that is shown: the selected one, else the one that the run is at.
pub fn shown<'a>(book: &'a Runbook, run: &'a RunState, list: &'a Checklist) -> Option<&'a StepId> {
    let beside = |id: &StepId| book.step(id).is_some_and(|s| s.background.is_some());
    let running = || run.running().map(|(id, _)| id);
    list.selected
        .as_ref()
        .or_else(|| running().find(|id| !beside(id)))
        .or_else(|| next::current(book, run))
        .or_else(|| running().next())
        .or_else(|| next::route(book, run).last().map(|s| &s.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::run::fixture::{book, run};

    #[test]
    fn a_long_checklist_costs_as_much_a_row_as_a_short_one() {
        let steps = |n: usize| -> String {
            let step = |i| format!("      - {{step: s{i}, id: s{i}, check: 'true'}}\n");
            (0..n).map(step).collect()
        };
        let groups = "      - group: G\n        choose: one\n        steps:\n          - {step: x, id: x, check: 'true'}\n          - {step: y, id: y, check: 'true'}\n";
        let long = format!(
            "phases:\n  - phase: One\n    steps:\n{}{groups}",
            steps(4_000)
        );
        let (book, run) = (book(&long), run("prod", vec![]));
        let begun = std::time::Instant::now();
        let rows = rows(&book, &run, None);
        assert_eq!(rows.len(), 4_004);
        // Quadratic it would take over ten seconds in a debug build.
        let took = begun.elapsed();
        assert!(took < std::time::Duration::from_secs(2), "{took:?}");
    }
}
