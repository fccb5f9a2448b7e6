//! Statements as they are written, by the simple protocol: everything comes back as text.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection as _, Either, Row as _};
use tokio::sync::mpsc::UnboundedReceiver;
use tracing::instrument::WithSubscriber as _;

use crate::domain::attempt::SqlWork;
use crate::domain::runbook::model::{Access, Transaction};
use crate::domain::statements::{Statement, split};
use crate::engine::database::error::{DatabaseError, SqlError};
use crate::engine::database::postgres::connect::{Link, ask, connect, text};
use crate::engine::database::postgres::control::{CancelDropped, cancel_dropped};
use crate::engine::database::postgres::dsn::Dsn;
use crate::engine::database::postgres::{notice, trouble};
use crate::engine::database::seen::SqlSeen;

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
        return Err(plain(why));
    }
    if statements.is_empty() {
        return Err(plain("there is no statement in the text"));
    }
    let settings = settings(work);
    let settings: Vec<_> = settings.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let link = connect(dsn, app_name, &settings).await;
    let mut link = link.map_err(|e| unreached(&e))?;
    let guard = guard(dsn, &mut link).await.map_err(|e| unreached(&e))?;
    let mut conn = link.conn;
    let (layer, mut notices) = notice::listener();
    let mut session = Session {
        out,
        cap: work.row_cap,
        seen: SqlSeen::default(),
    };
    let told = session.run(&mut conn, work, &statements, &mut notices);
    let ended = told.with_subscriber(layer).await;
    guard.disarm();
    session.tell_notices(&mut notices);
    ended?;
    let seen = session.seen;
    // The answers are in: a goodbye that is not heard changes nothing.
    let _ = conn.close().await;
    Ok(seen)
}

/// The session's own pid is asked for before the first statement: afterwards it cannot be asked any more.
async fn guard(dsn: &Dsn, link: &mut Link) -> Result<CancelDropped, DatabaseError> {
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

fn plain(why: &str) -> SqlError {
    SqlError {
        message: why.to_owned(),
        ..SqlError::default()
    }
}

fn unreached(error: &DatabaseError) -> SqlError {
    SqlError {
        message: error.said.clone(),
        hint: Some(error.hint.clone()).filter(|hint| !hint.is_empty()),
        ..SqlError::default()
    }
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
    out: &'a mut (dyn FnMut(&str) + Send),
    cap: u64,
    seen: SqlSeen,
}

type Notices = UnboundedReceiver<String>;

impl Session<'_> {
    async fn run(
        &mut self,
        conn: &mut PgConnection,
        work: &SqlWork,
        statements: &[Statement<'_>],
        notices: &mut Notices,
    ) -> Result<(), SqlError> {
        match work.transaction {
            Transaction::AsWritten => {
                self.send(conn, &work.text, 0, statements, notices).await?;
            }
            Transaction::One => {
                bare(conn, "begin").await?;
                self.send(conn, &work.text, 0, statements, notices).await?;
                bare(conn, "commit").await?;
            }
            Transaction::Each => {
                for one in statements {
                    let only = std::slice::from_ref(one);
                    self.send(conn, one.text, one.start, only, notices).await?;
                }
            }
        }
        left_open(conn).await
    }

    /// Sends `text`, which begins `start` characters into the whole.
    async fn send(
        &mut self,
        conn: &mut PgConnection,
        text: &str,
        start: usize,
        statements: &[Statement<'_>],
        notices: &mut Notices,
    ) -> Result<(), SqlError> {
        let mut stream = sqlx::raw_sql(AssertSqlSafe(text.to_owned())).fetch_many(conn);
        let mut names = statements.iter();
        let mut rows = 0;
        loop {
            let item = tokio::select! {
                biased;
                Some(line) = notices.recv() => {
                    (self.out)(&line);
                    continue;
                }
                item = stream.try_next() => item,
            };
            // What was said while the answer was on its way stands before it.
            self.tell_notices(notices);
            match item.map_err(|e| moved(trouble::statement(&e), start))? {
                Some(Either::Right(row)) => {
                    self.row(&row, rows);
                    rows += 1;
                }
                Some(Either::Left(done)) => {
                    self.done(names.next(), rows, done.rows_affected());
                    rows = 0;
                }
                None => return Ok(()),
            }
        }
    }

    fn row(&mut self, row: &PgRow, before: u64) {
        if before == 0 {
            self.seen.first_value = text(row, 0);
            let names: Vec<&str> = row.columns().iter().map(sqlx::Column::name).collect();
            self.tell(&names.join(" | "));
        }
        if before < self.cap {
            let cells = (0..row.len()).map(|at| text(row, at).unwrap_or_default());
            self.tell(&cells.collect::<Vec<_>>().join(" | "));
        } else if before == self.cap {
            let cap = self.cap;
            self.tell(&format!(
                "… more than {cap} rows: the rest is counted, not written"
            ));
        }
    }

    fn done(&mut self, statement: Option<&Statement<'_>>, rows: u64, touched: u64) {
        let name = statement.map_or_else(|| "statement".to_owned(), Statement::name);
        let returns = rows > 0 || statement.is_some_and(Statement::returns_rows);
        self.seen.rows = if returns { rows } else { touched };
        if returns && rows == 0 {
            self.seen.first_value = None;
        }
        let count = match self.seen.rows {
            1 => "1 row".to_owned(),
            n => format!("{n} rows"),
        };
        let counts = ["INSERT", "UPDATE", "DELETE", "MERGE", "COPY"].contains(&name.as_str());
        self.seen.tag = match (returns, counts || touched > 0) {
            (true, _) => format!("{name}: {count}"),
            (false, true) => format!("{name}: {count} touched"),
            (false, false) => format!("{name}: done"),
        };
        self.seen.statements += 1;
        let tag = format!("({})", self.seen.tag);
        self.tell(&tag);
    }

    fn tell(&mut self, text: &str) {
        for line in text.split('\n') {
            (self.out)(line.trim_end_matches('\r'));
        }
    }

    fn tell_notices(&mut self, notices: &mut Notices) {
        while let Ok(line) = notices.try_recv() {
            (self.out)(&line);
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
            ..plain("the text leaves a transaction open, so nothing of it was kept")
        }),
        Ok(_) => Ok(()),
        Err(error) => match trouble::statement(&error) {
            failed if failed.code == "25P02" => Err(plain(
                "the text leaves a failed transaction open, so nothing of it was kept",
            )),
            other => Err(other),
        },
    }
}
