//! What is left on the database server of an attempt that was stopped, or whose supervisor was killed.

use std::env;
use std::fs;
use std::time::Duration;

use crate::domain::attempt::{Assignment, Work};
use crate::engine::attempt::files::{self, Files};
use crate::engine::attempt::sql::address;
use crate::engine::attempt::state::{AttemptState, state};
use crate::engine::database::mysql::{self, Tool};
use crate::engine::database::target::{at_work, cancel_application};
use crate::engine::database::{DatabaseError, Dsn, Swept};

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

/// Returns the names of the step's earlier attempts whose supervisors were killed.
fn lost_attempts(files: &Files, assignment: &Assignment) -> Vec<String> {
    let Some((step, _)) = files.name().rsplit_once('.') else {
        return Vec::new();
    };
    let names = (1..assignment.attempt).map(|n| format!("{step}.{n}"));
    names
        .filter(|name| matches!(state(files.run_dir(), name), AttemptState::Lost { .. }))
        .collect()
}

/// Writes down from where on a server's sessions may be those of the attempt's tool, where the server knows no
/// `application_name`. Where it cannot be asked nothing is written: a stop then says that nothing is known.
pub async fn note_tool(files: &Files, assignment: &Assignment) {
    let Some(Dsn::MySql(dsn)) = shell_target(assignment) else {
        return;
    };
    let user = assignment.sessions_of.as_deref();
    if let Ok(Ok(tool)) = tokio::time::timeout(LIMIT, mysql::tool_from_now(&dsn, user)).await
        && let Ok(json) = serde_json::to_vec(&tool)
    {
        files::write_whole(&files.tool(), &json).ok();
    }
}

fn tool(files: &Files) -> Option<Tool> {
    serde_json::from_slice(&fs::read(files.tool()).ok()?).ok()
}

/// Returns the database of a command, where it has one.
fn shell_target(assignment: &Assignment) -> Option<Dsn> {
    match &assignment.work {
        Work::Shell(_) => address(url_env(assignment)?).ok(),
        Work::Sql(_) | Work::Http(_) | Work::Ready(_) => None,
    }
}

/// Returns why the step must not run again now, as a sentence: a session of an attempt whose supervisor was killed
/// works on at the server, which does not notice that its client is gone.
pub async fn still_at_work(files: &Files, assignment: &Assignment) -> Option<String> {
    let (prefix, _) = assignment.app_name.rsplit_once('.')?;
    let lost = lost_attempts(files, assignment);
    let number = |name: &String| Some(name.rsplit_once('.')?.1.to_owned());
    let names: Vec<String> = lost
        .iter()
        .filter_map(number)
        .map(|n| format!("{prefix}.{n}"))
        .collect();
    if names.is_empty() {
        return None;
    }
    let dsn = address(url_env(assignment)?).ok()?;
    let asked = async {
        let mut pids = at_work(&dsn, &names).await?;
        if let (Dsn::MySql(dsn), Work::Shell(_)) = (&dsn, &assignment.work) {
            for name in lost_attempts(files, assignment) {
                let earlier = Files::new(files.run_dir(), &name);
                if let Some(tool) = earlier.and_then(|files| tool(&files)) {
                    pids.extend(mysql::tool_sessions(dsn, &tool).await?);
                }
            }
        }
        Ok::<_, DatabaseError>(pids)
    };
    let found = tokio::time::timeout(LIMIT, asked).await;
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
pub async fn sessions(files: &Files, assignment: &Assignment) -> Option<Sessions> {
    let url_env = url_env(assignment)?;
    let dsn = match address(url_env) {
        Ok(dsn) => dsn,
        Err(why) => return Some(unsure(&why)),
    };
    if let (Dsn::MySql(dsn), Work::Shell(_)) = (&dsn, &assignment.work) {
        return Some(tool_stopped(files, dsn, assignment).await);
    }
    let swept =
        tokio::time::timeout(LIMIT, cancel_application(&dsn, &assignment.app_name, GRACE)).await;
    Some(match swept {
        Err(_) => unsure("the server did not answer in time"),
        Ok(Err(err)) => unsure(&err.said),
        Ok(Ok(swept)) => said(&swept),
    })
}

/// A tool's sessions carry no name of ours: those of the user that the runbook names are stopped, others only told.
async fn tool_stopped(files: &Files, dsn: &mysql::Dsn, assignment: &Assignment) -> Sessions {
    let Some(tool) = tool(files) else {
        return unsure("it was not known which sessions were there before it began");
    };
    if assignment.sessions_of.is_some() {
        let swept = tokio::time::timeout(LIMIT, mysql::cancel_tool(dsn, &tool, GRACE)).await;
        return match swept {
            Err(_) => unsure("the server did not answer in time"),
            Ok(Err(err)) => unsure(&err.said),
            Ok(Ok(swept)) => said(&swept),
        };
    }
    let user = &tool.user;
    match tokio::time::timeout(LIMIT, mysql::tool_sessions(dsn, &tool)).await {
        Err(_) => unsure("the server did not answer in time"),
        Ok(Err(err)) => unsure(&err.said),
        Ok(Ok(ids)) if ids.is_empty() => {
            Sessions::Gone(format!("no session that {user} began since is at work"))
        }
        Ok(Ok(ids)) => {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            unsure(&format!(
                "{user} is at work in sessions that began since, which may be its own: {}; with `sessions: {{user: {user}}}` in the step they are stopped",
                ids.join(", ")
            ))
        }
    }
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
