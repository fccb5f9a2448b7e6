//! What is left of an attempt on the server: found by its mark, stopped, and confirmed gone.

use std::time::{Duration, Instant};

use crate::domain::sample::own::CONTROL_NAME;
use crate::engine::database::error::{DatabaseError, Trouble};
use crate::engine::database::mysql::connect::{Link, ask, connect};
use crate::engine::database::mysql::dsn::Dsn;
use crate::engine::database::mysql::mark;
use crate::engine::database::seen::Swept;

/// How long one question may take.
const LIMIT: Duration = Duration::from_secs(5);
/// How often is looked whether it is gone.
const LOOK: Duration = Duration::from_millis(50);
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
    let names = [app_name.to_owned()];
    let found = marked(&mut link, &names).await?;
    let mut swept = Swept {
        left: found.clone(),
        found,
        ..Swept::default()
    };
    for (round, how) in ["query", "connection"].into_iter().enumerate() {
        for id in swept.left.clone() {
            kill(&mut link, how, id).await?;
            match round {
                0 => swept.cancelled.push(id),
                _ => swept.terminated.push(id),
            }
        }
        let began = Instant::now();
        while !swept.left.is_empty() && began.elapsed() < grace {
            tokio::time::sleep(LOOK).await;
            swept.left = marked(&mut link, &names).await?;
        }
    }
    Ok(swept)
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
