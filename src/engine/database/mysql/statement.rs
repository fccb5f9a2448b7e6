//! Statements as they are written, one after the other; everything comes back as text.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection as _, Either};
use tokio::time::sleep;

use crate::domain::attempt::SqlWork;
use crate::domain::runbook::model::{Access, Transaction};
use crate::domain::sample::own::CONTROL_NAME;
use crate::domain::statements::mysql::Mode;
use crate::domain::statements::{Statement, mysql};
use crate::engine::database::dropped::OnDrop;
use crate::engine::database::error::{DatabaseError, SqlError};
use crate::engine::database::mysql::connect::{Brand, Link, ask, connect, rows, text};
use crate::engine::database::mysql::dsn::Dsn;
use crate::engine::database::mysql::{sweep, trouble};
use crate::engine::database::seen::SqlSeen;
use crate::engine::database::telling::Telling;

/// How long the question for the session's `sql_mode` may take.
const MODE_LIMIT: Duration = Duration::from_secs(5);
/// Warnings of one statement that are told.
const WARNINGS: usize = 20;
/// Statements that count the rows they touch.
const COUNTING: &[&str] = &["INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD"];
/// These read what the statement before them left in the session: asking for warnings between them would spoil it.
const LOOKING_BACK: &[&str] = &[
    "row_count",
    "found_rows",
    "diagnostics",
    "warnings",
    "errors",
    "warning_count",
    "error_count",
];

/// Runs `work` on a connection of its own that is marked `app_name`; every line of output goes to `out`.
///
/// Dropped before its end it stops its statement on the server, from another connection and in the background;
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
    let mut link = None;
    let mut mode = Mode::default();
    if mode_matters(&work.text) {
        let opened = link.insert(connect(dsn, app_name, &[]).await?);
        mode = asked_mode(opened).await?;
    }
    let statements = mysql::split_as(&work.text, mode);
    if let Some(why) = refusal(work, &statements) {
        return Err(why);
    }
    let mut link = match link {
        Some(link) => link,
        None => connect(dsn, app_name, &[]).await?,
    };
    for set in settings(work, link.version.brand) {
        let sent = rows(&mut link.conn, &set).await;
        sent.map_err(|e| trouble::statement(&e))?;
    }
    let (server, id) = (dsn.clone(), link.id);
    let guard = OnDrop::of(async move { stop(&server, id).await });
    let mut session = Session {
        telling: Telling::new(out, work.row_cap),
        transaction: work.transaction,
        // MariaDB keeps the time of every kind of statement, MySQL that of questions alone.
        watch: work
            .statement_timeout_ms
            .filter(|_| link.version.brand == Brand::MySql)
            .map(|ms| (dsn, link.id, Duration::from_millis(ms))),
        looks_back: LOOKING_BACK
            .iter()
            .any(|word| work.text.to_ascii_lowercase().contains(word)),
    };
    let ended = session.run(&mut link.conn, &statements).await;
    guard.disarm();
    let seen = session.telling.seen;
    ended?;
    // The answers are in: a goodbye that is not heard changes nothing.
    let _ = link.conn.close().await;
    Ok(seen)
}

/// Returns what of the `sql_mode` that a new session gets changes how `text` is read.
///
/// # Errors
/// Why the server cannot be reached or asked.
pub async fn mode(dsn: &Dsn, text: &str) -> Result<Mode, DatabaseError> {
    if !mode_matters(text) {
        return Ok(Mode::default());
    }
    let mut link = connect(dsn, CONTROL_NAME, &[]).await?;
    let mode = asked_mode(&mut link).await?;
    // The answer is in: a goodbye that is not heard changes nothing.
    let _ = link.conn.close().await;
    Ok(mode)
}

/// Without a backslash every mode ends quotes at the same places.
fn mode_matters(text: &str) -> bool {
    text.contains('\\')
}

async fn asked_mode(link: &mut Link) -> Result<Mode, DatabaseError> {
    let rows = ask(link, "select @@session.sql_mode", MODE_LIMIT).await?;
    let first = rows.first().map(|row| cell(row, 0));
    Ok(Mode::read(first.unwrap_or_default()))
}

/// What cannot hold is refused before anything is sent.
fn refusal(work: &SqlWork, statements: &[Statement<'_>]) -> Option<SqlError> {
    if let Some(why) = statements.iter().find_map(mysql::refusal) {
        return Some(SqlError::ours(why));
    }
    if statements.is_empty() {
        return Some(SqlError::ours("there is no statement in the text"));
    }
    let committing = statements.iter().find(|s| mysql::commits(s));
    if let (Transaction::One, Some(statement)) = (work.transaction, committing) {
        let name = mysql::name(statement);
        return Some(SqlError {
            hint: Some("take `transaction: true` away, and what the statements before it did stays; or make it a step of its own".to_owned()),
            position: Some(beginning(statement)),
            ..SqlError::ours(&format!(
                "`transaction: true` cannot hold: MySQL and MariaDB commit with {name}, whatever comes after it"
            ))
        });
    }
    mysql::leaves_open(statements).then(|| SqlError {
        hint: Some("end it with `commit;`".to_owned()),
        ..SqlError::ours("the text leaves a transaction open, so the server would take it back: nothing was sent")
    })
}

/// Returns what is set for the session. Lock waits are counted in whole seconds here, at least one.
fn settings(work: &SqlWork, brand: Brand) -> Vec<String> {
    let mut settings = Vec::new();
    if let Some(ms) = work.lock_timeout_ms {
        let seconds = ms.div_ceil(1000).max(1);
        settings.push(format!("set session lock_wait_timeout = {seconds}"));
        settings.push(format!("set session innodb_lock_wait_timeout = {seconds}"));
    }
    if let Some(ms) = work.statement_timeout_ms {
        settings.push(match brand {
            #[expect(clippy::cast_precision_loss, reason = "it is a limit of time")]
            Brand::MariaDb => format!("set session max_statement_time = {}", ms as f64 / 1000.0),
            Brand::MySql => format!("set session max_execution_time = {ms}"),
        });
    }
    if work.access == Access::ReadOnly {
        settings.push("set session transaction read only".to_owned());
    }
    settings
}

/// Returns the place of a statement's first word, in characters counted from one.
fn beginning(statement: &Statement<'_>) -> usize {
    let blank = statement.text.chars().take_while(|c| c.is_whitespace());
    statement.start + blank.count() + 1
}

struct Session<'a> {
    telling: Telling<'a>,
    transaction: Transaction,
    watch: Option<(&'a Dsn, u64, Duration)>,
    looks_back: bool,
}

impl Session<'_> {
    async fn run(
        &mut self,
        conn: &mut MySqlConnection,
        statements: &[Statement<'_>],
    ) -> Result<(), SqlError> {
        let one = self.transaction == Transaction::One;
        if one {
            bare(conn, "start transaction").await?;
        }
        for (number, statement) in statements.iter().enumerate() {
            let sent = self.send(conn, statement).await;
            let last = number + 1 == statements.len();
            if !self.looks_back || last && sent.is_ok() {
                self.tell_warnings(conn).await;
            }
            if let Err(error) = sent {
                return Err(self.placed(error, statement, number));
            }
        }
        if one {
            bare(conn, "commit").await?;
        }
        Ok(())
    }

    /// Says where it failed, and what is done all the same: every statement before it stands by itself.
    fn placed(&mut self, error: SqlError, statement: &Statement<'_>, before: usize) -> SqlError {
        let done = match (self.transaction, before) {
            (Transaction::One, _) => "nothing of the text was kept: it was one transaction",
            (_, 0) => return at(error, statement),
            _ => {
                "what the statements before it did is done, except for what an open transaction of the text's own took back"
            }
        };
        at(error, statement).with_detail(done)
    }

    async fn send(
        &mut self,
        conn: &mut MySqlConnection,
        statement: &Statement<'_>,
    ) -> Result<(), SqlError> {
        let watch = self.watch;
        let limit = watch.map_or(Duration::MAX, |(_, _, limit)| limit);
        let over = sleep(limit);
        tokio::pin!(over);
        let mut late = false;
        let mut stream =
            sqlx::raw_sql(AssertSqlSafe(statement.text.trim_start().to_owned())).fetch_many(conn);
        loop {
            let item = tokio::select! {
                item = stream.try_next() => item,
                () = &mut over, if !late => {
                    late = true;
                    if let Some((dsn, id, _)) = watch {
                        stop(dsn, id).await;
                    }
                    continue;
                }
            };
            match item {
                Ok(Some(Either::Right(row))) => self.telling.row(&row, text),
                Ok(Some(Either::Left(done))) => self.done(statement, done.rows_affected()),
                Ok(None) => return Ok(()),
                Err(error) if late => {
                    let ms = limit.as_millis();
                    return Err(SqlError {
                        message: format!("stopped after {ms} ms (statement_timeout)"),
                        ..trouble::statement(&error)
                    });
                }
                Err(error) => return Err(trouble::statement(&error)),
            }
        }
    }

    fn done(&mut self, statement: &Statement<'_>, touched: u64) {
        let name = mysql::name(statement);
        let returns = mysql::returns_rows(statement);
        let counts = COUNTING.contains(&name.as_str());
        self.telling.done(&name, returns, counts, touched);
    }

    /// Tells what the server noted about the last statement; where it cannot be asked nothing is missing but that.
    async fn tell_warnings(&mut self, conn: &mut MySqlConnection) {
        let Ok(warnings) = rows(conn, "show warnings").await else {
            return;
        };
        for row in warnings.iter().take(WARNINGS) {
            let [level, number, message] = [0, 1, 2].map(|at| cell(row, at));
            if level != "Error" {
                self.telling
                    .text(&format!("{}: {message} ({number})", level.to_uppercase()));
            }
        }
        if let Some(more) = warnings.len().checked_sub(WARNINGS + 1) {
            self.telling.text(&format!("… and {} more", more + 1));
        }
    }
}

fn cell(row: &[Option<String>], at: usize) -> &str {
    row.get(at).and_then(Option::as_deref).unwrap_or_default()
}

/// Points at the line that the server named (`… at line 3`, counted within the statement), else at the statement.
fn at(mut error: SqlError, statement: &Statement<'_>) -> SqlError {
    let named = error.message.rsplit_once(" at line ");
    let line: Option<usize> = named.and_then(|(_, number)| number.parse().ok());
    // The server counts from the first word on.
    let text = statement.text.trim_start();
    let lines = text.split('\n').take(line.unwrap_or(1).saturating_sub(1));
    let before: usize = lines.map(|line| line.chars().count() + 1).sum();
    error.position = Some(beginning(statement) + before);
    error
}

async fn bare(conn: &mut MySqlConnection, sql: &'static str) -> Result<(), SqlError> {
    let sent = sqlx::raw_sql(sql).execute(conn).await;
    sent.map(drop).map_err(|e| trouble::statement(&e))
}

async fn stop(dsn: &Dsn, id: u64) {
    let Ok(id) = i64::try_from(id) else { return };
    let stopped = async {
        let mut link = connect(dsn, CONTROL_NAME, &[]).await?;
        sweep::kill(&mut link, "query", id).await
    };
    if let Err(error) = stopped.await {
        tracing::warn!(%error, id, "a statement was not stopped");
    }
}
