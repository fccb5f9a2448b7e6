//! What may happen next: an operator's command becomes events, or is refused.

mod command;
mod steps;
mod ways;
mod whole;

use crate::domain::run::decide::command::refuse;
use crate::domain::run::decide::steps::{
    accept, begins_choice, cancel, confirm_step, resolve, sign_step, skip, start_step,
};
use crate::domain::run::decide::ways::{decide_way, enter_rollback};
use crate::domain::run::decide::whole::{close, release};
use crate::domain::run::event::{Event, HoldReason};
use crate::domain::run::next;
use crate::domain::run::state::{Route, RunState};
use crate::domain::runbook::model::{Runbook, Step, StepId};

pub use command::{Command, ConfirmStep, DecideStep, Refusal, StartStep};
pub use steps::{evidence_word, gate, may_sign};
pub use ways::{OVERRIDE, half_decided, past_return};
pub use whole::{THERE, elsewhere};

/// Returns the events that `command` leads to, or why it may not be.
///
/// # Errors
/// The refusal, in the operator's words.
pub fn decide(book: &Runbook, run: &RunState, command: Command) -> Result<Vec<Event>, Refusal> {
    if run.is_over() {
        return refuse(
            "the run is closed: its record no longer changes; `holdpoint sign` adds sign-offs and addenda",
        );
    }
    match command {
        Command::Start(start) => start_step(book, run, start),
        Command::Confirm(confirm) => confirm_step(book, run, confirm),
        Command::Decide(way) => decide_way(book, run, &way),
        Command::Sign(point) => sign_step(book, run, *point),
        Command::Skip { step, reason } => skip(book, run, &step, &reason),
        Command::Accept { step } => accept(book, run, step),
        Command::Note { text, .. } if text.trim().is_empty() => {
            refuse("an empty note says nothing: type what is worth knowing")
        }
        Command::Note { kind, text, step } => Ok(vec![Event::Note { kind, text, step }]),
        Command::Hold { why } => match &run.hold {
            Some(held) if *held == why => Ok(Vec::new()),
            _ => Ok(vec![Event::Held { why }]),
        },
        Command::Release { typed } => release(run, &typed),
        Command::Cancel { step, reason } => cancel(book, run, step, reason),
        Command::Resolve { step, finding, how } => resolve(book, run, step, finding, how),
        Command::EnterRollback {
            path,
            reason,
            typed,
        } => enter_rollback(book, run, path, reason, &typed),
        Command::EndRollback { path } => Ok(vec![Event::RollbackFinished { path }]),
        Command::Act(act) if act.reason.trim().is_empty() => {
            refuse("say why: the reason goes into the record")
        }
        Command::Act(act) => Ok(vec![Event::BackendActed(act)]),
        Command::ManualSql { sql, .. } if sql.trim().is_empty() => {
            refuse("there is no statement to send")
        }
        Command::ManualSql { sql, reason } => Ok(vec![Event::ManualSql {
            number: run.manual_sql + 1,
            sql,
            reason,
        }]),
        Command::Close {
            remark,
            clock_offset_ms,
        } => close(book, run, remark, clock_offset_ms),
    }
}

fn named<'a>(book: &'a Runbook, id: &StepId) -> Result<&'a Step, Refusal> {
    book.step(id)
        .ok_or_else(|| Refusal(format!("the runbook has no step `{id}`")))
}

/// The step at hand, which is the only one that may be touched; else what comes first.
fn at_hand<'a>(book: &'a Runbook, run: &RunState, id: &StepId) -> Result<&'a Step, Refusal> {
    let step = named(book, id)?;
    if let Some((running, _)) = run
        .running()
        .find(|(other, _)| book.step(other).is_some_and(|s| s.background.is_none()))
    {
        let title = &named(book, running)?.title;
        return refuse(if running == id {
            format!("“{title}” is running: wait for its end, or cancel it with x")
        } else {
            format!("“{title}” is running: one step at a time")
        });
    }
    if let Some(why) = next::omitted(book, run, id) {
        return refuse(format!("step {} does not apply here: {why}", step.number));
    }
    if book.is_later(step.place) && run.route != Route::Later {
        return refuse(format!(
            "step {} is a later duty: it is done after the run is closed, by `holdpoint resume`",
            step.number
        ));
    }
    match next::current(book, run) {
        Some(_) if run.route == Route::Later && next::may_be_next(book, run, id) => Ok(step),
        None => {
            refuse("every step is settled: there is nothing left to do but to end the run with C")
        }
        Some(open) if open == id || begins_choice(book, run, id) => Ok(step),
        Some(_) if next::settled(run, id) => {
            refuse(format!("step {} is settled already", step.number))
        }
        Some(open) => {
            let open = named(book, open)?;
            refuse(format!(
                "step {} comes first: finish it, then return to step {}",
                open.number, step.number
            ))
        }
    }
}

fn not_held(run: &RunState) -> Result<(), Refusal> {
    match &run.hold {
        None => Ok(()),
        Some(HoldReason::Operator) => refuse("the run is on hold: let it go on with p"),
        Some(HoldReason::Alarm { rule }) => refuse(format!(
            "held by the alarm `{rule}`: look at it, then let the run go on with p"
        )),
        Some(HoldReason::Identity { differs }) => refuse(format!(
            "this is not the server it must be: {}; settle that, then let the run go on with p",
            differs.join("; ")
        )),
    }
}
