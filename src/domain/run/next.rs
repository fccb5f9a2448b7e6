//! What comes next: which step the run is at, and what it waits for.

use crate::domain::run::event::{HoldReason, Mode};
use crate::domain::run::later;
use crate::domain::run::schedule;
use crate::domain::run::state::{Route, RunState, Stand};
use crate::domain::runbook::model::{
    Action, Danger, OnFailure, Place, Runbook, Start, Step, StepId,
};

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// This automated step may start by itself.
    Start(StepId),
    /// This failed step is accepted by itself: its runbook says `on_failure: continue`.
    Accept(StepId),
    /// The end of this rollback path is reached.
    PathEnded(String),
    /// Something must happen first.
    Wait(Wait),
    /// Every step is settled: the run can be closed.
    Finished,
}

/// What a run waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// The running step.
    Running(StepId),
    /// A person who does the manual step, or decides.
    Person(StepId),
    /// A key that starts the automated step.
    Key(StepId, KeyWhy),
    /// A person who says which item of the group is done.
    ChooseItem(Vec<StepId>),
    /// A person who says what to do about the failed step.
    Failure(StepId),
    /// A person who finds out whether the step took effect.
    Doubt(StepId),
    /// The clock: milliseconds since 1970 before which the step does not start.
    Clock(StepId, i64),
    /// A person who lets steps start again.
    Held(HoldReason),
    /// Nothing: the run is closed.
    Closed,
}

/// Why an automated step waits for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyWhy {
    /// It can do harm.
    Danger,
    /// Its runbook says `manual: true`.
    ByHand,
    /// It takes the whole terminal.
    Terminal,
    /// The run goes step by step.
    StepByStep,
}

/// Whether nothing is left to do about `step`.
pub fn settled(run: &RunState, step: &StepId) -> bool {
    match run.stand(step) {
        Stand::Done | Stand::Accepted | Stand::Skipped => true,
        Stand::Waiting | Stand::Running | Stand::InDoubt | Stand::Failed => false,
    }
}

/// Returns why `step` does not apply to this run; `None`: it does.
pub fn omitted(book: &Runbook, run: &RunState, step: &StepId) -> Option<String> {
    if run.was_started(step) {
        return None;
    }
    let step = book.step(step)?;
    if !step.only.is_empty() && !step.only.contains(&run.opened.target) {
        return Some(format!("only for {}", step.only.join(", ")));
    }
    let unmet = step
        .condition
        .iter()
        .find(|(name, value)| run.opened.parameters.get(*name) != Some(*value));
    if let Some((name, value)) = unmet {
        return Some(format!("only if {name} is {value}"));
    }
    if let Some(undone) = step
        .undoes
        .as_ref()
        .filter(|undone| !run.was_started(undone))
    {
        let title = book
            .step(undone)
            .map_or(undone.as_str(), |s| s.title.as_str());
        return Some(format!(
            "“{title}” was never started: there is nothing to undo"
        ));
    }
    let chosen = book.choices(&step.id).iter().find_map(|branches| {
        let mut others = branches.iter().filter(|b| !b.contains(&step.id)).flatten();
        others.find(|other| run.was_started(other))
    })?;
    let title = book
        .step(chosen)
        .map_or(chosen.as_str(), |s| s.title.as_str());
    Some(format!("“{title}” was chosen instead"))
}

/// Returns the steps of the way that the run goes, in order.
pub fn route<'a>(book: &'a Runbook, run: &RunState) -> impl Iterator<Item = &'a Step> {
    let back = match &run.route {
        Route::Back { path } => book.path(path).map(|(place, _)| place),
        Route::Forward | Route::Later => None,
    };
    let (forward, later) = match run.route {
        Route::Forward => (true, false),
        Route::Later => (false, true),
        Route::Back { .. } => (false, false),
    };
    book.steps.iter().filter(move |step| match step.place {
        Place::Phase(_) if book.is_later(step.place) => later,
        Place::Phase(_) => forward,
        Place::Path(_) => Some(step.place) == back,
    })
}

/// Returns the first step on the way that is not settled and applies; background steps that run are passed. Of later
/// duties it is the one that goes on by itself, else that of the duty that is due first.
pub fn current<'a>(book: &'a Runbook, run: &RunState) -> Option<&'a StepId> {
    if run.route == Route::Later {
        let heads = later::heads(book, run);
        let by_itself = heads.iter().find(|s| {
            let stand = run.stand(&s.id);
            let starts = *stand == Stand::Waiting && s.is_automated() && key_why(run, s).is_none();
            *stand == Stand::Running || starts && !early(run, s)
        });
        return by_itself.or(heads.first()).map(|s| &s.id);
    }
    route(book, run)
        .find(|step| {
            let beside = step.background.is_some() && *run.stand(&step.id) == Stand::Running;
            !beside && !settled(run, &step.id) && omitted(book, run, &step.id).is_none()
        })
        .map(|step| &step.id)
}

/// Whether `step` has a time of its own that had not come when the later duties were taken up.
fn early(run: &RunState, step: &Step) -> bool {
    schedule::earliest_ms(run, step) > run.later_ms
}

/// Whether `id` may be done next: it is the step at hand, or that of another later duty.
pub fn may_be_next(book: &Runbook, run: &RunState, id: &StepId) -> bool {
    match run.route {
        Route::Later => later::heads(book, run).iter().any(|s| s.id == *id),
        Route::Forward | Route::Back { .. } => current(book, run) == Some(id),
    }
}

/// Returns the step that waits for a person, where one does.
pub fn waits_for_person<'a>(book: &'a Runbook, run: &RunState) -> Option<&'a StepId> {
    let step = book.step(current(book, run)?)?;
    let asks =
        !step.is_automated() || key_why(run, step).is_some() || choosing(book, run, step).is_some();
    (asks && run.hold.is_none()).then_some(&step.id)
}

fn key_why(run: &RunState, step: &Step) -> Option<KeyWhy> {
    let interactive = matches!(&step.action, Action::Run(shell) if shell.terminal == crate::domain::runbook::model::Terminal::Whole);
    if step.danger == Danger::High {
        Some(KeyWhy::Danger)
    } else if interactive {
        Some(KeyWhy::Terminal)
    } else if step.start == Start::ByHand {
        Some(KeyWhy::ByHand)
    } else if run.opened.mode == Mode::StepByStep {
        Some(KeyWhy::StepByStep)
    } else {
        None
    }
}

/// Returns what comes next at `now_ms` (milliseconds since 1970).
pub fn next(book: &Runbook, run: &RunState, now_ms: i64) -> Next {
    if run.is_over() {
        return Next::Wait(Wait::Closed);
    }
    let beside = |id: &StepId| book.step(id).is_some_and(|s| s.background.is_some());
    if let Some((id, _)) = run.running().find(|(id, _)| !beside(id)) {
        return Next::Wait(Wait::Running(id.clone()));
    }
    let Some(id) = current(book, run).cloned() else {
        return match &run.route {
            Route::Back { path }
                if run
                    .rollbacks
                    .iter()
                    .any(|r| r.path == *path && r.finished_ms.is_none()) =>
            {
                Next::PathEnded(path.clone())
            }
            Route::Back { .. } | Route::Forward | Route::Later => Next::Finished,
        };
    };
    match book.step(&id) {
        Some(step) => next_of(book, run, step, now_ms),
        None => Next::Finished,
    }
}

/// Returns what comes next of `step`, which is at hand, at `now_ms` (milliseconds since 1970).
pub fn next_of(book: &Runbook, run: &RunState, step: &Step, now_ms: i64) -> Next {
    let id = step.id.clone();
    match run.stand(&id) {
        Stand::InDoubt => return Next::Wait(Wait::Doubt(id)),
        Stand::Failed if step.on_failure == OnFailure::Continue => return Next::Accept(id),
        Stand::Failed => return Next::Wait(Wait::Failure(id)),
        Stand::Waiting | Stand::Running | Stand::Done | Stand::Accepted | Stand::Skipped => {}
    }
    if let Some(why) = &run.hold {
        return Next::Wait(Wait::Held(why.clone()));
    }
    untouched(book, run, step, now_ms)
}

/// Returns what there is to choose from before `step`: what each item of the outermost `choose: one` group around it
/// of which nothing was begun starts with. Where only one item applies there is no choice.
fn choosing(book: &Runbook, run: &RunState, step: &Step) -> Option<Vec<StepId>> {
    (0..book.choices(&step.id).len()).find_map(|depth| {
        let heads = heads(book, run, step, depth);
        (heads.len() > 1).then_some(heads)
    })
}

/// Returns the first steps that apply of the choice at `depth` around `step`; an item that is a choice itself gives its own.
fn heads(book: &Runbook, run: &RunState, step: &Step, depth: usize) -> Vec<StepId> {
    let Some(branches) = book.choices(&step.id).get(depth) else {
        return vec![step.id.clone()];
    };
    if branches.iter().flatten().any(|id| run.was_started(id)) {
        return Vec::new();
    }
    let applies = |id: &&StepId| !settled(run, id) && omitted(book, run, id).is_none();
    let firsts = branches
        .iter()
        .filter_map(|b| book.step(b.iter().find(applies)?));
    firsts
        .flat_map(|first| heads(book, run, first, depth + 1))
        .collect()
}

fn untouched(book: &Runbook, run: &RunState, step: &Step, now_ms: i64) -> Next {
    let id = step.id.clone();
    if let Some(heads) = choosing(book, run, step) {
        return Next::Wait(Wait::ChooseItem(heads));
    }
    if let Some(at) = schedule::earliest_ms(run, step).filter(|at| *at > now_ms) {
        return Next::Wait(Wait::Clock(id, at));
    }
    match key_why(run, step) {
        _ if !step.is_automated() => Next::Wait(Wait::Person(id)),
        Some(why) => Next::Wait(Wait::Key(id, why)),
        None => Next::Start(id),
    }
}
