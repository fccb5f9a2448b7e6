//! What may happen next: an operator's command becomes events, or is refused.

use thiserror::Error;

use crate::domain::journal::Entry;
use crate::domain::run::event::{
    BackendActed, Closed, Confirmed, Event, Finding, HoldReason, NoteKind, Started, Status,
};
use crate::domain::run::next::{self, Next, Wait};
use crate::domain::run::schedule;
use crate::domain::run::state::{Route, RunState, Stand};
use crate::domain::run::verdict;
use crate::domain::runbook::model::{
    Action, Danger, Evidence, Protection, Runbook, Skipping, Step, StepId, WayBack,
};

/// What must be typed to go back after a point of no return.
pub const OVERRIDE: &str = "go back anyway";

/// What must be typed to let a run go on on another server than it must be.
pub const THERE: &str = "go on there anyway";

/// What may be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Run the automated step.
    Start(StartStep),
    /// Say that the manual step is done.
    Confirm(ConfirmStep),
    /// Choose the way.
    Decide(DecideStep),
    /// Leave the step at hand out.
    Skip {
        /// The step.
        step: StepId,
        /// The reason.
        reason: String,
    },
    /// Accept a failed step, because its runbook says `on_failure: continue`.
    Accept {
        /// The step.
        step: StepId,
    },
    /// Write something down.
    Note {
        /// What kind.
        kind: NoteKind,
        /// The text.
        text: String,
        /// The step that is shown.
        step: Option<StepId>,
    },
    /// Start no further step.
    Hold {
        /// Why.
        why: HoldReason,
    },
    /// Let steps start again.
    Release {
        /// What was typed to go on on another server than it must be.
        typed: String,
    },
    /// Stop a running step.
    Cancel {
        /// The step.
        step: StepId,
        /// The reason.
        reason: String,
    },
    /// Say what a step in doubt was.
    Resolve {
        /// The step.
        step: StepId,
        /// What it was.
        finding: Finding,
        /// How that was found out.
        how: String,
    },
    /// Enter a way back.
    EnterRollback {
        /// The path's name.
        path: String,
        /// The reason.
        reason: String,
        /// What was typed to override a point of no return.
        typed: String,
    },
    /// The end of a way back is reached.
    EndRollback {
        /// The path's name.
        path: String,
    },
    /// Act on a session.
    Act(BackendActed),
    /// Send a statement by hand.
    ManualSql {
        /// The statement.
        sql: String,
        /// The reason.
        reason: String,
    },
    /// End the run.
    Close {
        /// A remark.
        remark: String,
        /// The server's clock less ours, in milliseconds.
        clock_offset_ms: Option<i64>,
    },
}

/// Starting an automated step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartStep {
    /// The step.
    pub step: StepId,
    /// What is run, one line, secrets blotted out.
    pub command: String,
    /// Sent to the server as `application_name`.
    pub app_name: String,
    /// What was typed to allow it.
    pub typed: String,
    /// Why it is run again.
    pub reason: String,
    /// Milliseconds since 1970.
    pub now_ms: i64,
}

/// Saying that a manual step is done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConfirmStep {
    /// What is said of it.
    pub said: Option<Confirmed>,
    /// How many of its boxes are ticked.
    pub ticked: usize,
    /// Milliseconds since 1970.
    pub now_ms: i64,
}

/// Choosing the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecideStep {
    /// The step.
    pub step: StepId,
    /// Which choice, counted from zero.
    pub choice: usize,
    /// The reason, where one was given.
    pub reason: String,
    /// Milliseconds that the question was on screen.
    pub seen_ms: u64,
}

/// Why a command was refused. The text is shown to the operator as it is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Refusal(pub String);

fn refuse<T>(text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(text.into()))
}

/// Returns the events that `command` leads to, or why it may not be.
///
/// # Errors
/// The refusal, in the operator's words.
pub fn decide(book: &Runbook, run: &RunState, command: Command) -> Result<Vec<Event>, Refusal> {
    if run.closed.is_some() {
        return refuse(
            "the run is closed: its record no longer changes; `holdpoint sign` adds sign-offs and addenda",
        );
    }
    match command {
        Command::Start(start) => start_step(book, run, start),
        Command::Confirm(confirm) => confirm_step(book, run, confirm),
        Command::Decide(way) => decide_way(book, run, &way),
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
    match next::current(book, run) {
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

/// Whether `id` is one of the first steps of a `choose: one` group that waits for a choice.
fn begins_choice(book: &Runbook, run: &RunState, id: &StepId) -> bool {
    matches!(next::next(book, run, i64::MAX), Next::Wait(Wait::ChooseItem(heads)) if heads.contains(id))
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

fn not_before(run: &RunState, step: &Step, now_ms: i64) -> Result<(), Refusal> {
    match schedule::earliest_ms(run, step) {
        Some(at) if at > now_ms => {
            let left = (at - now_ms + 59_999) / 60_000;
            refuse(format!(
                "step {} does not start before its time: {left} min to go",
                step.number
            ))
        }
        _ => Ok(()),
    }
}

fn start_step(book: &Runbook, run: &RunState, start: StartStep) -> Result<Vec<Event>, Refusal> {
    let step = at_hand(book, run, &start.step)?;
    not_held(run)?;
    if !step.is_automated() {
        return refuse(format!(
            "step {} is done by hand: do it, then confirm it",
            step.number
        ));
    }
    not_before(run, step, start.now_ms)?;
    match run.stand(&step.id) {
        Stand::InDoubt => {
            return refuse(format!(
                "step {} may have run: first say what you found (Enter)",
                step.number
            ));
        }
        Stand::Waiting
        | Stand::Running
        | Stand::Done
        | Stand::Failed
        | Stand::Accepted
        | Stand::Skipped => {}
    }
    if let Some(expected) = gate(book, run, step)
        && start.typed.trim() != expected
    {
        return refuse(format!(
            "type `{expected}` to run step {} there",
            step.number
        ));
    }
    let attempt = run.record(&step.id).map_or(0, |r| r.attempts) + 1;
    Ok(vec![Event::StepStarted(Started {
        step: start.step,
        attempt,
        command: start.command,
        app_name: start.app_name,
        typed: start.typed,
        reason: start.reason,
    })])
}

/// Returns what must be typed before `step` may start: the target's name, for what can do harm on a protected one.
pub fn gate(book: &Runbook, run: &RunState, step: &Step) -> Option<String> {
    let target = book.target(&run.opened.target)?;
    (step.danger == Danger::High && target.protect == Protection::Protected)
        .then(|| target.name.clone())
}

fn confirm_step(
    book: &Runbook,
    run: &RunState,
    confirm: ConfirmStep,
) -> Result<Vec<Event>, Refusal> {
    let Some(said) = confirm.said else {
        return refuse("nothing was said");
    };
    let step = at_hand(book, run, &said.step)?;
    not_held(run)?;
    let Action::Confirm(asked) = &step.action else {
        return refuse(format!(
            "step {} is automated: it confirms itself by its result",
            step.number
        ));
    };
    not_before(run, step, confirm.now_ms)?;
    if confirm.ticked < asked.items.len() {
        return refuse(format!(
            "{} of {} boxes are ticked: tick each with space",
            confirm.ticked,
            asked.items.len()
        ));
    }
    match step.evidence {
        Evidence::Text | Evidence::Link | Evidence::File if said.answer.trim().is_empty() => {
            refuse(format!(
                "step {} asks for {}",
                step.number,
                evidence_word(step.evidence)
            ))
        }
        Evidence::File if said.file_sha256.is_empty() => {
            refuse("the file could not be read: give a path that exists")
        }
        Evidence::None | Evidence::Text | Evidence::Link | Evidence::File | Evidence::Show => {
            Ok(vec![Event::StepConfirmed(said)])
        }
    }
}

/// Returns what kind of evidence a step asks for, in words.
pub fn evidence_word(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Text => "a sentence on what you saw",
        Evidence::Link => "a link",
        Evidence::File => "the path of a file",
        Evidence::None | Evidence::Show => "nothing",
    }
}

fn decide_way(book: &Runbook, run: &RunState, way: &DecideStep) -> Result<Vec<Event>, Refusal> {
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

fn skip(book: &Runbook, run: &RunState, id: &StepId, reason: &str) -> Result<Vec<Event>, Refusal> {
    let step = at_hand(book, run, id)?;
    if step.skipping == Skipping::Forbidden {
        return refuse(format!(
            "step {} is critical: it may not be skipped; do it, or go back",
            step.number
        ));
    }
    if *run.stand(id) == Stand::InDoubt {
        return refuse(format!(
            "step {} may have run: first say what you found (Enter)",
            step.number
        ));
    }
    if reason.trim().is_empty() {
        return refuse("say why it is left out: the reason goes into the record");
    }
    Ok(vec![Event::StepSkipped {
        step: id.clone(),
        reason: reason.to_owned(),
    }])
}

fn accept(book: &Runbook, run: &RunState, step: StepId) -> Result<Vec<Event>, Refusal> {
    at_hand(book, run, &step)?;
    Ok(vec![Event::StepAccepted {
        step,
        reason: "its runbook says `on_failure: continue`".into(),
    }])
}

/// Returns what differs on the server as it was last seen, unless a person let the run go on there.
pub fn elsewhere(run: &RunState) -> &[String] {
    match &run.target {
        Some(seen) if run.accepted.as_ref() != Some(seen) => &seen.differs,
        Some(_) | None => &[],
    }
}

fn release(run: &RunState, typed: &str) -> Result<Vec<Event>, Refusal> {
    if !elsewhere(run).is_empty() && typed.trim() != THERE {
        return refuse(format!(
            "this is not the server it must be: settle that, or type `{THERE}`"
        ));
    }
    match run.hold {
        Some(_) => Ok(vec![Event::Released]),
        None => refuse("the run is not on hold"),
    }
}

fn cancel(
    book: &Runbook,
    run: &RunState,
    step: StepId,
    reason: String,
) -> Result<Vec<Event>, Refusal> {
    match run.record(&step) {
        Some(record) if record.stand == Stand::Running => Ok(vec![Event::CancelAsked {
            step,
            attempt: record.attempts,
            reason,
        }]),
        _ => refuse(format!(
            "step {} is not running: there is nothing to cancel",
            named(book, &step)?.number
        )),
    }
}

fn resolve(
    book: &Runbook,
    run: &RunState,
    step: StepId,
    finding: Finding,
    how: String,
) -> Result<Vec<Event>, Refusal> {
    let number = &named(book, &step)?.number;
    let Some(record) = run.record(&step).filter(|r| r.stand == Stand::InDoubt) else {
        return refuse(format!("step {number} is not in doubt"));
    };
    if how.trim().is_empty() {
        return refuse("say how you found out: it goes into the record");
    }
    Ok(vec![Event::StepResolved {
        step,
        attempt: record.attempts,
        finding,
        how,
    }])
}

fn enter_rollback(
    book: &Runbook,
    run: &RunState,
    path: String,
    reason: String,
    typed: &str,
) -> Result<Vec<Event>, Refusal> {
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

fn close(
    book: &Runbook,
    run: &RunState,
    remark: String,
    clock_offset_ms: Option<i64>,
) -> Result<Vec<Event>, Refusal> {
    if let Some((id, _)) = run.running().next() {
        let title = &named(book, id)?.title;
        return refuse(format!(
            "“{title}” is running: cancel it with x, or wait for its end, then end the run"
        ));
    }
    let status = verdict::status(book, run);
    if status != Status::Success && status != Status::RolledBack && remark.trim().is_empty() {
        return refuse("the run ends before its end: say why, the reason goes into the record");
    }
    Ok(vec![Event::RunClosed(Closed {
        status,
        remark,
        clock_offset_ms,
    })])
}
