//! What is left of an attempt on the server: found by its mark, stopped, and confirmed gone.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::domain::sample::own::CONTROL_NAME;
use crate::engine::database::error::{DatabaseError, Trouble};
use crate::engine::database::mysql::connect::{Link, ask, connect};
use crate::engine::database::mysql::dsn::Dsn;
use crate::engine::database::mysql::mark;
use crate::engine::database::seen::Swept;

/// How long one question may take.
const LIMIT: Duration = Duration::from_secs(5);
/// How often is looked whether it is gone. The engine shows its transactions from a copy, and makes a new one only when
/// nobody has looked for a tenth of a second: who asks more often sees the same for ever.
const LOOK: Duration = Duration::from_millis(150);
/// There is no such connection any more.
const NO_SUCH_THREAD: &str = "(1094)";

/// Stops the statement of the session marked `app_name`; when it is still there after `grace` its connection is ended.
/// Returns once it is confirmed gone, or not within a further `grace`.
///
/// # Errors
/// Why the server cannot be reached or asked, or that this user may not stop it.
pub async fn cancel_application(
    dsn: &Dsn,
    app_name: &str,
    grace: Duration,
) -> Result<Swept, DatabaseError> {
    let mut link = connect(dsn, CONTROL_NAME, &[]).await?;
    stop_all(&mut link, &Whose::Marked(&[app_name.to_owned()]), grace).await
}

/// Stops the sessions of a tool, in the same way.
///
/// # Errors
/// As [`cancel_application`].
pub async fn cancel_tool(dsn: &Dsn, tool: &Tool, grace: Duration) -> Result<Swept, DatabaseError> {
    let mut link = connect(dsn, CONTROL_NAME, &[]).await?;
    stop_all(&mut link, &Whose::Tools(tool), grace).await
}

/// Returns the sessions of a tool that are at work: within a statement or a transaction.
///
/// # Errors
/// Why the server cannot be reached or asked.
pub async fn tool_sessions(dsn: &Dsn, tool: &Tool) -> Result<Vec<i64>, DatabaseError> {
    let mut link = connect(dsn, CONTROL_NAME, &[]).await?;
    found(&mut link, &Whose::Tools(tool)).await
}

/// A tool whose sessions carry no name: they are those of a user, from the same machine, that began after it did.
/// Connections are numbered in the order in which they come, so that no clock is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// The database user.
    pub user: String,
    /// The last connection before it began.
    pub after: u64,
}

/// Returns the tool that is about to begin; its user is `user`, else the one that the address names.
///
/// # Errors
/// Why the server cannot be reached or asked.
pub async fn tool_from_now(dsn: &Dsn, user: Option<&str>) -> Result<Tool, DatabaseError> {
    let link = connect(dsn, CONTROL_NAME, &[]).await?;
    Ok(Tool {
        user: user.unwrap_or(&dsn.user).to_owned(),
        after: link.id,
    })
}

/// Whose sessions are meant.
enum Whose<'a> {
    Marked(&'a [String]),
    Tools(&'a Tool),
}

async fn stop_all(
    link: &mut Link,
    whose: &Whose<'_>,
    grace: Duration,
) -> Result<Swept, DatabaseError> {
    let all = found(link, whose).await?;
    let mut swept = Swept {
        left: all.clone(),
        found: all,
        ..Swept::default()
    };
    for (round, how) in ["query", "connection"].into_iter().enumerate() {
        for id in swept.left.clone() {
            kill(link, how, id).await?;
            match round {
                0 => swept.cancelled.push(id),
                _ => swept.terminated.push(id),
            }
        }
        let began = Instant::now();
        while !swept.left.is_empty() && began.elapsed() < grace {
            tokio::time::sleep(LOOK).await;
            swept.left = found(link, whose).await?;
        }
    }
    Ok(swept)
}

async fn found(link: &mut Link, whose: &Whose<'_>) -> Result<Vec<i64>, DatabaseError> {
    let tool = match whose {
        Whose::Marked(names) => return marked(link, names).await,
        Whose::Tools(tool) => tool,
    };
    let (user, after) = (mark::quoted(&tool.user), tool.after);
    let rows = ask(
        link,
        &format!(
            "select p.id from information_schema.processlist p \
             join information_schema.processlist me on me.id = connection_id() \
             left join information_schema.innodb_trx t on t.trx_mysql_thread_id = p.id \
             where p.id > {after} and p.id <> me.id and p.user = {user} \
             and substring_index(p.host, ':', 1) = substring_index(me.host, ':', 1) \
             and (p.command not in ('Sleep', 'Daemon') or t.trx_id is not null)"
        ),
        LIMIT,
    )
    .await?;
    let ids = rows.into_iter().flatten().flatten();
    Ok(ids.filter_map(|id| id.parse().ok()).collect())
}

/// Returns the sessions marked with one of `names`: a marked session is at work as long as it is there.
///
/// # Errors
/// Why the server cannot be reached or asked.
pub async fn at_work(dsn: &Dsn, names: &[String]) -> Result<Vec<i64>, DatabaseError> {
    let mut link = connect(dsn, CONTROL_NAME, &[]).await?;
    marked(&mut link, names).await
}

async fn marked(link: &mut Link, names: &[String]) -> Result<Vec<i64>, DatabaseError> {
    let found = mark::holders(link, names, LIMIT).await?;
    let ids = found
        .into_iter()
        .filter_map(|(id, _)| i64::try_from(id).ok());
    Ok(ids.collect())
}

/// Stops the statement (`query`), or ends the connection (`connection`), of the session `id`.
pub(super) async fn kill(link: &mut Link, how: &str, id: i64) -> Result<(), DatabaseError> {
    match ask(link, &format!("kill {how} {id}"), LIMIT).await {
        Err(e) if e.kind == Trouble::Refused && e.said.ends_with(NO_SUCH_THREAD) => Ok(()),
        answered => answered.map(drop),
    }
}
