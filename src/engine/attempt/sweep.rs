//! What is left on the database server of an attempt that was stopped, or whose supervisor was killed.

use std::env;
use std::time::Duration;

use crate::domain::attempt::{Assignment, Work};
use crate::engine::attempt::files::Files;
use crate::engine::attempt::sql::address;
use crate::engine::attempt::state::{AttemptState, state};
use crate::engine::database::Swept;
use crate::engine::database::target::{at_work, cancel_application};

/// How long a session may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(3);
/// How long all of it may take: a server that hangs must not keep the report back.
const LIMIT: Duration = Duration::from_secs(20);

/// What became of the server's sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sessions {
    /// They are gone, or there were none: a sentence.
    Gone(String),
    /// They may still run: a sentence.
    Unsure(String),
}

/// Returns where the connection string stands; `None`: a target without a database has none.
fn url_env(assignment: &Assignment) -> Option<&String> {
    match &assignment.work {
        Work::Sql(work) => Some(&work.url_env),
        Work::Ready(work) => Some(&work.url_env),
        Work::Shell(_) | Work::Http(_) => assignment
            .url_env
            .as_ref()
            .filter(|name| env::var_os(name).is_some()),
    }
}

/// Returns why the step must not run again now, as a sentence: a session of an attempt whose supervisor was killed
/// works on at the server, which does not notice that its client is gone.
pub async fn still_at_work(files: &Files, assignment: &Assignment) -> Option<String> {
    let (prefix, _) = assignment.app_name.rsplit_once('.')?;
    let (step, _) = files.name().rsplit_once('.')?;
    let lost = (1..assignment.attempt).filter(|n| {
        let state = state(files.run_dir(), &format!("{step}.{n}"));
        matches!(state, AttemptState::Lost { .. })
    });
    let names: Vec<String> = lost.map(|n| format!("{prefix}.{n}")).collect();
    if names.is_empty() {
        return None;
    }
    let dsn = address(url_env(assignment)?).ok()?;
    let found = tokio::time::timeout(LIMIT, at_work(&dsn, &names)).await;
    let pids = match found {
        Ok(Ok(pids)) if pids.is_empty() => return None,
        Ok(Ok(pids)) => pids,
        Ok(Err(err)) => return Some(format!("whether an earlier attempt still works on the server cannot be told: {}", err.said)),
        Err(_) => return Some("whether an earlier attempt still works on the server cannot be told: it did not answer in time".into()),
    };
    let pids: Vec<String> = pids.iter().map(ToString::to_string).collect();
    Some(format!(
        "an earlier attempt, whose supervisor was killed, is still at work on the server (session {}): wait for its end, or cancel it, and look again what it did",
        pids.join(", ")
    ))
}

/// Cancels the attempt's own server sessions and waits until they are gone; `None`: it has no database.
pub async fn sessions(assignment: &Assignment) -> Option<Sessions> {
    let url_env = url_env(assignment)?;
    let dsn = match address(url_env) {
        Ok(dsn) => dsn,
        Err(why) => return Some(unsure(&why)),
    };
    let swept =
        tokio::time::timeout(LIMIT, cancel_application(&dsn, &assignment.app_name, GRACE)).await;
    Some(match swept {
        Err(_) => unsure("the server did not answer in time"),
        Ok(Err(err)) => unsure(&err.said),
        Ok(Ok(swept)) => said(&swept),
    })
}

fn unsure(why: &str) -> Sessions {
    Sessions::Unsure(format!(
        "its server sessions could not be confirmed gone: {why}"
    ))
}

fn said(swept: &Swept) -> Sessions {
    if !swept.left.is_empty() {
        let pids: Vec<String> = swept.left.iter().map(ToString::to_string).collect();
        return unsure(&format!("still there: pid {}", pids.join(", ")));
    }
    let count = match swept.found.len() {
        0 => return Sessions::Gone("no server session of it is left".into()),
        1 => "1 server session".to_owned(),
        n => format!("{n} server sessions"),
    };
    let how = match (swept.cancelled.is_empty(), swept.terminated.is_empty()) {
        (false, true) => "cancelled",
        (true, false) => "terminated",
        (false, false) => "cancelled, then terminated",
        (true, true) => "ended by itself",
    };
    Sessions::Gone(format!("{count} {how}, confirmed gone"))
}
