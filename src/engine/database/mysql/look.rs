//! Looking: one question after another on a session that can neither write nor wait for long.

use std::time::Duration;

use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Row as _};
use tokio::time::timeout;

use crate::domain::ready::Table;
use crate::domain::tame;
use crate::engine::database::error::{DatabaseError, SqlError};
use crate::engine::database::mysql::connect::{Brand, FRESH, Link, ask, connect, text};
use crate::engine::database::mysql::dsn::Dsn;
use crate::engine::database::mysql::{grants, trouble};

const LIMIT: Duration = Duration::from_secs(5);
/// The server ends the question itself first; a network that is gone does not.
const GRACE: Duration = Duration::from_secs(5);
/// What a session of this user's begins with, kept for the check that asks for it.
const THEIRS: &str = "set @their_lock_wait_timeout = @@lock_wait_timeout, @their_innodb_lock_wait_timeout = @@innodb_lock_wait_timeout";
/// Asked for by the check of rights.
const RIGHTS: &str = "@their_rights";
/// Ours.
const SETTINGS: &[(&str, &str)] = &[
    ("transaction_read_only", "1"),
    ("lock_wait_timeout", "2"),
    ("innodb_lock_wait_timeout", "2"),
];

/// A connection that only looks.
pub struct Looker {
    link: Link,
    database: String,
}

impl Looker {
    /// Opens a connection called `app_name`.
    ///
    /// # Errors
    /// Why the server cannot be reached or asked.
    pub async fn open(dsn: &Dsn, app_name: &str) -> Result<Self, DatabaseError> {
        let mut link = connect(dsn, app_name, &[]).await?;
        ask(&mut link, THEIRS, LIMIT).await?;
        for (key, value) in SETTINGS {
            let key = match (link.version.brand, *key) {
                (Brand::MariaDb, "transaction_read_only") => "tx_read_only",
                (_, key) => key,
            };
            ask(&mut link, &format!("set session {key} = {value}"), LIMIT).await?;
        }
        if link.version.keeps_copies() {
            ask(&mut link, FRESH, LIMIT).await?;
        }
        Ok(Self {
            link,
            database: tame::line(&dsn.database),
        })
    }

    /// Returns where it leads and what it is: `billing on db1:3306, MariaDB 10.11.19`.
    pub fn place(&self) -> String {
        let address = &self.link.address;
        let name = self.link.version.name();
        match self.database.as_str() {
            "" => format!("{address}, {name}"),
            database => format!("{database} on {address}, {name}"),
        }
    }

    /// Returns the version that a check's statement is chosen by: 10011 of MariaDB 10.11, 800 of MySQL 8.0.
    pub fn release(&self) -> u32 {
        let [major, minor, _] = self.link.version.parts;
        match self.link.version.brand {
            Brand::MariaDb => major * 1000 + minor,
            Brand::MySql => major * 100 + minor,
        }
    }

    /// Asks one question for no longer than `limit`.
    ///
    /// # Errors
    /// The server's own account; where it did not answer, a code-less one.
    pub async fn rows(&mut self, sql: &str, limit: Duration) -> Result<Table, SqlError> {
        let (key, value) = match self.link.version.brand {
            Brand::MariaDb => ("max_statement_time", limit.as_secs_f64().to_string()),
            Brand::MySql => ("max_execution_time", limit.as_millis().to_string()),
        };
        let asked = async {
            self.send(format!("set session {key} = {value}")).await?;
            if sql.contains(RIGHTS) {
                self.note_rights().await?;
            }
            self.send(sql.to_owned()).await
        };
        match timeout(limit + GRACE, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(SqlError {
                message: format!("no answer within {} s", limit.as_secs()),
                ..SqlError::default()
            }),
        }
    }

    /// Keeps what this user may do in the session's variables.
    async fn note_rights(&mut self) -> Result<(), SqlError> {
        let now = self
            .send("select database(), current_role()".to_owned())
            .await?;
        let now = now.rows.into_iter().next().unwrap_or_default();
        let [database, roles] = [0, 1].map(|at| now.get(at).cloned().flatten().unwrap_or_default());
        // MariaDB tells of the roles that are switched on by itself.
        let show = match self.link.version.brand {
            Brand::MySql if !matches!(roles.as_str(), "" | "NONE") => {
                format!("show grants for current_user() using {roles}")
            }
            Brand::MySql | Brand::MariaDb => "show grants".to_owned(),
        };
        let lines = self.send(show).await?.rows;
        let lines: Vec<String> = lines.into_iter().flatten().flatten().collect();
        let known: Vec<&str> = grants::known().collect();
        let mut held = grants::held(&lines, &database);
        // They become part of a statement.
        held.retain(|name| {
            name.chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_'))
        });
        let [held, known] = [held.join(","), known.join(",")];
        let set = format!("set {RIGHTS} = '{held}', @known_rights = '{known}'");
        self.send(set).await.map(drop)
    }

    async fn send(&mut self, sql: String) -> Result<Table, SqlError> {
        let query = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut self.link.conn);
        let rows = query.await.map_err(|e| trouble::statement(&e))?;
        Ok(table(&rows))
    }
}

fn table(rows: &[MySqlRow]) -> Table {
    let columns = rows.first().map(|row| {
        let names = row.columns().iter().map(sqlx::Column::name);
        names.map(str::to_owned).collect()
    });
    let texts = |row: &MySqlRow| (0..row.len()).map(|at| text(row, at)).collect();
    Table {
        columns: columns.unwrap_or_default(),
        rows: rows.iter().map(texts).collect(),
    }
}
