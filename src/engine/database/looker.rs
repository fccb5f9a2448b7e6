//! A connection that only looks, whatever the family of its server.

use std::time::Duration;

use crate::domain::ready::{Arguments, Check, Family, Table};
use crate::engine::database::error::{DatabaseError, SqlError};
use crate::engine::database::target::Dsn;
use crate::engine::database::{mysql, postgres};

/// A connection that only looks.
pub enum Looker {
    /// To PostgreSQL.
    Postgres(Box<postgres::Looker>),
    /// To MySQL or MariaDB.
    MySql(Box<mysql::Looker>),
}

impl Looker {
    /// Opens a connection called `app_name` to where `url` leads.
    ///
    /// # Errors
    /// Why the server cannot be reached or asked.
    pub async fn open(url: &str, app_name: &str) -> Result<Self, DatabaseError> {
        Ok(match Dsn::read(url)? {
            Dsn::Postgres(dsn) => {
                Self::Postgres(Box::new(postgres::Looker::open(&dsn, app_name).await?))
            }
            Dsn::MySql(dsn) => Self::MySql(Box::new(mysql::Looker::open(&dsn, app_name).await?)),
        })
    }

    /// Returns the family of the server.
    pub fn family(&self) -> Family {
        match self {
            Self::Postgres(_) => Family::Postgres,
            Self::MySql(_) => Family::MySql,
        }
    }

    /// Returns where it leads and what it is: `billing on db1:5432, PostgreSQL 15`.
    pub fn place(&self) -> String {
        match self {
            Self::Postgres(looker) => looker.place(),
            Self::MySql(looker) => looker.place(),
        }
    }

    /// Asks one question for no longer than `limit`.
    ///
    /// # Errors
    /// The server's own account.
    pub async fn rows(&mut self, sql: &str, limit: Duration) -> Result<Table, SqlError> {
        match self {
            Self::Postgres(looker) => looker.rows(sql, None, limit).await,
            Self::MySql(looker) => looker.rows(sql, limit).await,
        }
    }

    /// Asks a ready check with `arguments` for no longer than `limit`.
    ///
    /// # Errors
    /// The server's own account; a code-less one where the check is not for this server.
    pub async fn check(
        &mut self,
        check: &Check,
        arguments: &Arguments<'_>,
        limit: Duration,
    ) -> Result<Table, SqlError> {
        let not_for = |said: String| SqlError {
            message: said,
            ..SqlError::default()
        };
        if check.family != self.family() {
            let (name, theirs, own) = (check.name, check.family, self.family());
            return Err(not_for(format!("{name} is for {theirs}; this is {own}")));
        }
        let release = match self {
            Self::Postgres(looker) => looker.major(),
            Self::MySql(looker) => looker.release(),
        };
        let Some(sql) = check.statement(release) else {
            let (name, place) = (check.name, self.place());
            return Err(not_for(format!(
                "{name} does not know the version of {place}"
            )));
        };
        let sql = arguments.put_into(sql);
        match self {
            Self::Postgres(looker) => looker.rows(&sql, check.search_path.as_deref(), limit).await,
            Self::MySql(looker) => looker.rows(&sql, limit).await,
        }
    }
}
