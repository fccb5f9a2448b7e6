//! Commands that choose the way: decisions and rollback paths.

use crate::domain::journal::Entry;
use crate::domain::run::decide::command::{DecideStep, Refusal, refuse};
use crate::domain::run::decide::{at_hand, named, not_held};
use crate::domain::run::event::Event;
use crate::domain::run::next;
use crate::domain::run::state::{Route, RunState};
use crate::domain::runbook::model::{Action, Runbook, Step, StepId, WayBack};

/// What must be typed to go back after a point of no return.
pub const OVERRIDE: &str = "go back anyway";

pub(super) fn decide_way(
    book: &Runbook,
    run: &RunState,
    way: &DecideStep,
) -> Result<Vec<Event>, Refusal> {
    let step = at_hand(book, run, &way.step)?;
    not_held(run)?;
    let Action::Decide(choices) = &step.action else {
        return refuse(format!("step {} leaves nothing to decide", step.number));
    };
    let Some(choice) = choices.get(way.choice) else {
        return refuse("there is no such choice");
    };
    let mut events = vec![Event::StepDecided {
        step: way.step.clone(),
        choice: choice.title.clone(),
        go_to: choice.go_to.clone(),
        reason: way.reason.clone(),
        seen_ms: way.seen_ms,
    }];
    let Some(go_to) = &choice.go_to else {
        return Ok(events);
    };
    if book.path(go_to).is_some() {
        if let Some(passed) = past_return(book, run) {
            return refuse(format!(
                "step {} was the point of no return: choose another way, or go back with R, which asks for an override",
                passed.number
            ));
        }
        let reason = entered_because(&way.reason, &choice.title);
        events.push(Event::RollbackEntered {
            path: go_to.clone(),
            reason,
        });
        return Ok(events);
    }
    events.extend(passed_over(book, run, step, go_to, &choice.title)?);
    Ok(events)
}

/// Returns what is missing of the last decision, where whoever made it died before all of it was written.
pub fn half_decided(book: &Runbook, run: &RunState, entries: &[Entry]) -> Vec<Event> {
    let acts = |entry: &&Entry| {
        matches!(
            entry.event,
            Event::StepStarted(_)
                | Event::StepFinished(_)
                | Event::StepConfirmed(_)
                | Event::StepDecided { .. }
                | Event::RollbackEntered { .. }
        )
    };
    let last = entries.iter().rev().find(acts).map(|entry| &entry.event);
    let Some(Event::StepDecided {
        step,
        choice,
        go_to: Some(go_to),
        reason,
        ..
    }) = last
    else {
        return Vec::new();
    };
    if book.path(go_to).is_some() {
        return vec![Event::RollbackEntered {
            path: go_to.clone(),
            reason: entered_because(reason, choice),
        }];
    }
    book.step(step)
        .and_then(|from| passed_over(book, run, from, go_to, choice).ok())
        .unwrap_or_default()
}

fn entered_because(reason: &str, choice: &str) -> String {
    if reason.trim().is_empty() {
        format!("decided: {choice}")
    } else {
        reason.to_owned()
    }
}

/// The steps between a decision and the step that it leads to are left out, and say why.
fn passed_over(
    book: &Runbook,
    run: &RunState,
    from: &Step,
    go_to: &str,
    choice: &str,
) -> Result<Vec<Event>, Refusal> {
    let goal = named(book, &StepId::new(go_to))?;
    if goal.ordinal <= from.ordinal {
        return refuse(format!(
            "“{choice}” leads back to step {}: a run only goes forward, or along a way back",
            goal.number
        ));
    }
    let between =
        next::route(book, run).filter(|s| s.ordinal > from.ordinal && s.ordinal < goal.ordinal);
    let open = between.filter(|s| !next::settled(run, &s.id));
    Ok(open
        .map(|s| Event::StepSkipped {
            step: s.id.clone(),
            reason: format!("passed over: “{choice}” was decided"),
        })
        .collect())
}

pub(super) fn enter_rollback(
    book: &Runbook,
    run: &RunState,
    path: String,
    reason: String,
    typed: &str,
) -> Result<Vec<Event>, Refusal> {
    if run.route == Route::Later {
        return refuse("the window is over: going back now is a run of its own");
    }
    let Some((_, found)) = book.path(&path) else {
        return refuse(format!("there is no way back called `{path}`"));
    };
    if matches!(&run.route, Route::Back { path: on } if *on == path && run.rollbacks.iter().any(|r| r.path == path && r.finished_ms.is_none()))
    {
        return refuse(format!("“{}” is the way that the run is on", found.title));
    }
    if let Some((id, _)) = run
        .running()
        .find(|(id, _)| book.step(id).is_some_and(|s| s.background.is_none()))
    {
        let title = &named(book, id)?.title;
        return refuse(format!(
            "“{title}” is running: cancel it with x, or wait for its end, then go back"
        ));
    }
    if reason.trim().is_empty() {
        return refuse("say why: the reason goes into the record");
    }
    if let Some(step) = past_return(book, run)
        && typed.trim() != OVERRIDE
    {
        return refuse(format!(
            "step {} was the point of no return: type `{OVERRIDE}` to go back all the same",
            step.number
        ));
    }
    Ok(vec![Event::RollbackEntered { path, reason }])
}

/// Returns the point of no return that was passed, where one was.
pub fn past_return<'a>(book: &'a Runbook, run: &RunState) -> Option<&'a Step> {
    book.steps
        .iter()
        .find(|s| s.way_back == WayBack::Closed && run.was_started(&s.id))
}
