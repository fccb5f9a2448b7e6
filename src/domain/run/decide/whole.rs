//! Commands to the whole run: letting it go on, closing it.

use crate::domain::run::decide::command::{Refusal, refuse};
use crate::domain::run::decide::named;
use crate::domain::run::event::{Closed, Event, Status};
use crate::domain::run::state::RunState;
use crate::domain::run::verdict;
use crate::domain::runbook::model::Runbook;

/// What must be typed to let a run go on on another server than it must be.
pub const THERE: &str = "go on there anyway";

/// Returns what differs on the server as it was last seen, unless a person let the run go on there.
pub fn elsewhere(run: &RunState) -> &[String] {
    match &run.target {
        Some(seen) if run.accepted.as_ref() != Some(seen) => &seen.differs,
        Some(_) | None => &[],
    }
}

pub(super) fn release(run: &RunState, typed: &str) -> Result<Vec<Event>, Refusal> {
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

pub(super) fn close(
    book: &Runbook,
    run: &RunState,
    remark: String,
    clock_offset_ms: Option<i64>,
) -> Result<Vec<Event>, Refusal> {
    if run.closed.is_some() {
        return refuse(
            "the run is closed already: its later duties are signed when you leave, with q",
        );
    }
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
