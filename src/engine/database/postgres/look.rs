//! Looking: one question after another, each in a transaction of its own that can neither write nor wait for long.

use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row as _};
use tokio::time::timeout;

use crate::domain::ready::Table;
use crate::domain::tame;
use crate::engine::database::error::{DatabaseError, SqlError};
use crate::engine::database::postgres::connect::{Link, ask, connect, text};
use crate::engine::database::postgres::dsn::Dsn;
use crate::engine::database::postgres::trouble;

const LIMIT: Duration = Duration::from_secs(5);
/// The server ends the question itself first; a network that is gone does not.
const GRACE: Duration = Duration::from_secs(5);

/// A connection that only looks.
pub struct Looker {
    link: Link,
    database: String,
    major: u32,
}

impl Looker {
    /// Opens a connection called `app_name`.
    ///
    /// # Errors
    /// Why the server cannot be reached or asked.
    pub async fn open(dsn: &Dsn, app_name: &str) -> Result<Self, DatabaseError> {
        // Nothing else is set: a check may ask for the session's own timeouts.
        let mut link = connect(dsn, app_name, &[]).await?;
        let sql = "select pg_catalog.current_setting('server_version_num'), pg_catalog.current_database()";
        let row = ask(&mut link, sql, LIMIT).await?;
        let mut row = row.into_iter().flatten().map(Option::unwrap_or_default);
        let version = row.next().and_then(|v| v.parse::<u32>().ok());
        Ok(Self {
            link,
            major: version.unwrap_or_default() / 10_000,
            database: row.next().map(tame::line).unwrap_or_default(),
        })
    }

    /// Returns where it leads and what it is: `billing on db1:5432, PostgreSQL 15`.
    pub fn place(&self) -> String {
        let (database, address) = (&self.database, &self.link.address);
        format!("{database} on {address}, PostgreSQL {}", self.major)
    }

    /// Returns the server's major version: 15.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// Asks one question for no longer than `limit`.
    ///
    /// # Errors
    /// The server's own account; where it did not answer, a code-less one.
    pub async fn rows(
        &mut self,
        sql: &str,
        search_path: Option<&str>,
        limit: Duration,
    ) -> Result<Table, SqlError> {
        match timeout(limit + GRACE, self.asked(sql, search_path, limit)).await {
            Ok(answer) => answer,
            Err(_) => Err(SqlError {
                message: format!("no answer within {} s", limit.as_secs()),
                ..SqlError::default()
            }),
        }
    }

    async fn asked(
        &mut self,
        sql: &str,
        search_path: Option<&str>,
        limit: Duration,
    ) -> Result<Table, SqlError> {
        let path = search_path.map_or_else(String::new, |path| {
            format!("; set local search_path = {path}")
        });
        let begin = format!(
            "begin transaction read only; set local statement_timeout = {}; set local lock_timeout = '2s'{path}",
            limit.as_millis()
        );
        self.send(begin).await?;
        let seen = self.send(sql.to_owned()).await;
        self.send("rollback".to_owned()).await?;
        seen
    }

    async fn send(&mut self, sql: String) -> Result<Table, SqlError> {
        let query = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut self.link.conn);
        let rows = query.await.map_err(|e| trouble::statement(&e))?;
        Ok(table(&rows))
    }
}

fn table(rows: &[PgRow]) -> Table {
    let columns = rows.first().map(|row| {
        let names = row.columns().iter().map(sqlx::Column::name);
        names.map(str::to_owned).collect()
    });
    let texts = |row: &PgRow| (0..row.len()).map(|at| text(row, at)).collect();
    Table {
        columns: columns.unwrap_or_default(),
        rows: rows.iter().map(texts).collect(),
    }
}
