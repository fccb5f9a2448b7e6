//! A connection that only looks, whatever the family of its server.

use std::time::Duration;

use crate::domain::ready::{Arguments, Check, Family, Table};
use crate::engine::database::error::{DatabaseError, SqlError};
use crate::engine::database::postgres;

/// A connection that only looks.
pub enum Looker {
    /// To PostgreSQL.
    Postgres(Box<postgres::Looker>),
}

impl Looker {
    /// Opens a connection called `app_name` to where `url` leads.
    ///
    /// # Errors
    /// Why the server cannot be reached or asked.
    pub async fn open(url: &str, app_name: &str) -> Result<Self, DatabaseError> {
        let dsn = postgres::Dsn::read(url)?;
        let looker = postgres::Looker::open(&dsn, app_name).await?;
        Ok(Self::Postgres(Box::new(looker)))
    }

    /// Returns the family of the server.
    pub fn family(&self) -> Family {
        match self {
            Self::Postgres(_) => Family::Postgres,
        }
    }

    /// Returns where it leads and what it is: `billing on db1:5432, PostgreSQL 15`.
    pub fn place(&self) -> String {
        match self {
            Self::Postgres(looker) => looker.place(),
        }
    }

    /// Asks one question for no longer than `limit`.
    ///
    /// # Errors
    /// The server's own account.
    pub async fn rows(&mut self, sql: &str, limit: Duration) -> Result<Table, SqlError> {
        match self {
            Self::Postgres(looker) => looker.rows(sql, None, limit).await,
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
        match self {
            Self::Postgres(looker) => {
                let major = looker.major();
                let Some(sql) = check.statement(major) else {
                    let said = format!("{} does not know version {major}", check.name);
                    return Err(not_for(said));
                };
                let sql = arguments.put_into(sql);
                looker.rows(&sql, check.search_path.as_deref(), limit).await
            }
        }
    }
}
