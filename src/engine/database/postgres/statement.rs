//! Statements as they are written, by the simple protocol: everything comes back as text.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Either};
use tokio::sync::mpsc::UnboundedReceiver;
use tracing::instrument::WithSubscriber as _;

use crate::domain::attempt::SqlWork;
use crate::domain::runbook::model::{Access, Transaction};
use crate::domain::statements::{Statement, split};
use crate::engine::database::dropped::OnDrop;
use crate::engine::database::error::{DatabaseError, SqlError};
use crate::engine::database::postgres::connect::{Link, ask, connect, text};
use crate::engine::database::postgres::control::cancel_dropped;
use crate::engine::database::postgres::dsn::Dsn;
use crate::engine::database::postgres::{notice, trouble};
use crate::engine::database::seen::SqlSeen;
use crate::engine::database::telling::Telling;

/// Statements that count the rows they touch.
const COUNTING: &[&str] = &["INSERT", "UPDATE", "DELETE", "MERGE", "COPY"];

/// Runs `work` on a connection of its own called `app_name`; every line of output goes to `out`.
///
/// Dropped before its end it cancels its statement on the server, from another connection and in the background;
/// who must know that it is gone calls `cancel_application` and waits.
///
/// # Errors
/// The server's own account; where it could not be asked, a code-less one that says why.
pub async fn run_statements(
    dsn: &Dsn,
    work: &SqlWork,
    app_name: &str,
    out: &mut (dyn FnMut(&str) + Send),
) -> Result<SqlSeen, SqlError> {
    let statements = split(&work.text);
    if let Some(why) = statements.iter().find_map(Statement::refusal) {
        return Err(SqlError::ours(why));
    }
    if statements.is_empty() {
        return Err(SqlError::ours("there is no statement in the text"));
    }
    let settings = settings(work);
    let settings: Vec<_> = settings.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let mut link = connect(dsn, app_name, &settings).await?;
    let guard = guard(dsn, &mut link).await?;
    let mut conn = link.conn;
    let (layer, notices) = notice::listener();
    let mut session = Session {
        telling: Telling::new(out, work.row_cap),
        notices,
    };
    let told = session.run(&mut conn, work, &statements);
    let ended = told.with_subscriber(layer).await;
    guard.disarm();
    session.tell_notices();
    ended?;
    let seen = session.telling.seen;
    // The answers are in: a goodbye that is not heard changes nothing.
    let _ = conn.close().await;
    Ok(seen)
}

/// The session's own pid is asked for before the first statement: afterwards it cannot be asked any more.
async fn guard(dsn: &Dsn, link: &mut Link) -> Result<OnDrop, DatabaseError> {
    let sql = "SELECT pid, backend_start::text FROM \
               pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid())";
    let row = ask(link, sql, Duration::from_secs(5)).await?;
    let mut row = row.into_iter().flatten().flatten();
    let pid = row.next().and_then(|pid| pid.parse().ok());
    Ok(cancel_dropped(
        dsn,
        pid.unwrap_or_default(),
        row.next().unwrap_or_default(),
    ))
}

fn settings(work: &SqlWork) -> Vec<(&'static str, String)> {
    let mut settings = Vec::new();
    let mut set = |key, ms: Option<u64>| settings.extend(ms.map(|ms| (key, format!("{ms}ms"))));
    set("lock_timeout", work.lock_timeout_ms);
    set("statement_timeout", work.statement_timeout_ms);
    if work.access == Access::ReadOnly {
        settings.push(("default_transaction_read_only", "on".to_owned()));
    }
    settings
}

struct Session<'a> {
    telling: Telling<'a>,
    notices: UnboundedReceiver<String>,
}

impl Session<'_> {
    async fn run(
        &mut self,
        conn: &mut PgConnection,
        work: &SqlWork,
        statements: &[Statement<'_>],
    ) -> Result<(), SqlError> {
        match work.transaction {
            Transaction::AsWritten => {
                self.send(conn, &work.text, 0, statements).await?;
            }
            Transaction::One => {
                bare(conn, "begin").await?;
                self.send(conn, &work.text, 0, statements).await?;
                bare(conn, "commit").await?;
            }
            Transaction::Each => {
                for one in statements {
                    let only = std::slice::from_ref(one);
                    self.send(conn, one.text, one.start, only).await?;
                }
            }
        }
        left_open(conn).await
    }

    /// Sends `sql`, which begins `start` characters into the whole.
    async fn send(
        &mut self,
        conn: &mut PgConnection,
        sql: &str,
        start: usize,
        statements: &[Statement<'_>],
    ) -> Result<(), SqlError> {
        let mut stream = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_many(conn);
        let mut names = statements.iter();
        loop {
            let item = tokio::select! {
                biased;
                Some(line) = self.notices.recv() => {
                    self.telling.line(&line);
                    continue;
                }
                item = stream.try_next() => item,
            };
            // What was said while the answer was on its way stands before it.
            self.tell_notices();
            match item.map_err(|e| moved(trouble::statement(&e), start))? {
                Some(Either::Right(row)) => self.telling.row(&row, text),
                Some(Either::Left(done)) => self.done(names.next(), done.rows_affected()),
                None => return Ok(()),
            }
        }
    }

    fn done(&mut self, statement: Option<&Statement<'_>>, touched: u64) {
        let name = statement.map_or_else(|| "statement".to_owned(), Statement::name);
        let returns = statement.is_some_and(Statement::returns_rows);
        let counts = COUNTING.contains(&name.as_str());
        self.telling.done(&name, returns, counts, touched);
    }

    fn tell_notices(&mut self) {
        while let Ok(line) = self.notices.try_recv() {
            self.telling.line(&line);
        }
    }
}

fn moved(mut error: SqlError, start: usize) -> SqlError {
    error.position = error.position.map(|at| at + start);
    error
}

async fn bare(conn: &mut PgConnection, sql: &'static str) -> Result<(), SqlError> {
    let sent = sqlx::raw_sql(sql).execute(conn).await;
    sent.map(drop).map_err(|e| trouble::statement(&e))
}

/// A transaction that the text leaves open would be rolled back without a word when the connection ends.
///
/// Outside of one, a statement's transaction begins with the statement itself; asking so is no error in the server's log.
async fn left_open(conn: &mut PgConnection) -> Result<(), SqlError> {
    let asked = "select pg_catalog.now() <> pg_catalog.statement_timestamp()";
    match sqlx::raw_sql(asked).fetch_one(conn).await {
        Ok(row) if text(&row, 0).as_deref() == Some("t") => Err(SqlError {
            hint: Some("end it with `commit;`".to_owned()),
            ..SqlError::ours("the text leaves a transaction open, so nothing of it was kept")
        }),
        Ok(_) => Ok(()),
        Err(error) => match trouble::statement(&error) {
            failed if failed.code == "25P02" => Err(SqlError::ours(
                "the text leaves a failed transaction open, so nothing of it was kept",
            )),
            other => Err(other),
        },
    }
}
