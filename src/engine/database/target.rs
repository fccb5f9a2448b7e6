//! A server of any family: what its address says decides who is asked.

use std::fmt;
use std::time::Duration;

use tokio::sync::watch;

use crate::domain::attempt::SqlWork;
use crate::domain::ready::Family;
use crate::domain::run::event::{ActOutcome, BackendAct, TargetSeen};
use crate::domain::runbook::sql::Quoting;
use crate::domain::sample::detail::SessionDetail;
use crate::domain::sample::news::{MonitorNews, Watched, Wishes};
use crate::engine::database::error::{DatabaseError, SqlError};
use crate::engine::database::seen::{SqlSeen, Swept};
use crate::engine::database::{mysql, postgres};

/// Where a server is and how to log in. Printed it is `user@host:port/database`, never a password.
#[derive(Clone, PartialEq, Eq)]
pub enum Dsn {
    /// PostgreSQL.
    Postgres(Box<postgres::Dsn>),
    /// MySQL or MariaDB.
    MySql(Box<mysql::Dsn>),
}

impl Dsn {
    /// Reads an address: `mysql://` and `mariadb://` lead to that family, everything else to PostgreSQL, whose
    /// environment may say it all.
    ///
    /// # Errors
    /// What cannot be read, without the address.
    pub fn read(text: &str) -> Result<Self, DatabaseError> {
        if mysql::is_address(text) {
            return mysql::Dsn::read(text).map(|dsn| Self::MySql(Box::new(dsn)));
        }
        postgres::Dsn::read(text).map(|dsn| Self::Postgres(Box::new(dsn)))
    }

    /// Returns the family of the server.
    pub fn family(&self) -> Family {
        match self {
            Self::Postgres(_) => Family::Postgres,
            Self::MySql(_) => Family::MySql,
        }
    }
}

impl fmt::Display for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres(dsn) => dsn.fmt(f),
            Self::MySql(dsn) => dsn.fmt(f),
        }
    }
}

impl fmt::Debug for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dsn({self})")
    }
}

/// The connection that acts on other sessions.
pub enum Control {
    /// To PostgreSQL.
    Postgres(Box<postgres::Control>),
    /// To MySQL or MariaDB.
    MySql(Box<mysql::Control>),
}

impl Control {
    /// Connects, so that the connection is there when new ones are no longer let in.
    ///
    /// # Errors
    /// Why it cannot be reached.
    pub async fn open(dsn: &Dsn) -> Result<Self, DatabaseError> {
        Ok(match dsn {
            Dsn::Postgres(dsn) => Self::Postgres(Box::new(postgres::Control::open(dsn).await?)),
            Dsn::MySql(dsn) => Self::MySql(Box::new(mysql::Control::open(dsn).await?)),
        })
    }

    /// Returns a control that connects when it is first needed.
    pub fn closed(dsn: &Dsn) -> Self {
        match dsn {
            Dsn::Postgres(dsn) => Self::Postgres(Box::new(postgres::Control::closed(dsn))),
            Dsn::MySql(dsn) => Self::MySql(Box::new(mysql::Control::closed(dsn))),
        }
    }

    /// Sees to it that the connection stands: one that has broken is opened again.
    ///
    /// # Errors
    /// Why it cannot be reached.
    pub async fn keep(&mut self) -> Result<(), DatabaseError> {
        match self {
            Self::Postgres(control) => control.keep().await,
            Self::MySql(control) => control.keep().await,
        }
    }

    /// Cancels the statement of, or ends, the session `pid` if it is still the one that began at `backend_start`
    /// (as the sample has it), then watches for some seconds whether it is gone.
    pub async fn act(&mut self, pid: i32, backend_start: &str, act: BackendAct) -> ActOutcome {
        match self {
            Self::Postgres(control) => control.act(pid, backend_start, act).await,
            Self::MySql(control) => control.act(pid, backend_start, act).await,
        }
    }

    /// Looks at the session `pid`; `None`: it has ended.
    ///
    /// # Errors
    /// Why the server cannot be asked.
    pub async fn detail(&mut self, pid: i32) -> Result<Option<SessionDetail>, DatabaseError> {
        match self {
            Self::Postgres(control) => control.detail(pid).await,
            Self::MySql(control) => control.detail(pid).await,
        }
    }
}

/// Watches a server until the sender of `wishes` is gone; `news` is called from this task and must not block.
pub async fn observe(
    dsn: Dsn,
    plan: Watched,
    wishes: watch::Receiver<Wishes>,
    news: impl Fn(MonitorNews) + Send + Sync,
) {
    match dsn {
        Dsn::Postgres(dsn) => postgres::observe(*dsn, plan, wishes, news).await,
        Dsn::MySql(dsn) => mysql::observe(*dsn, plan, wishes, news).await,
    }
}

/// Connects and asks the server who it is.
///
/// # Errors
/// Why it cannot be reached or asked, with a hint.
pub async fn identify(dsn: &Dsn) -> Result<TargetSeen, DatabaseError> {
    match dsn {
        Dsn::Postgres(dsn) => postgres::identify(dsn).await,
        Dsn::MySql(dsn) => mysql::identify(dsn).await,
    }
}

/// Returns by which rules the server at `dsn` reads quotes in `text`; it is asked only where it matters.
///
/// # Errors
/// Why it cannot be reached or asked.
pub async fn quoting(dsn: &Dsn, text: &str) -> Result<Quoting, DatabaseError> {
    match dsn {
        Dsn::Postgres(_) => Ok(Quoting::Postgres),
        Dsn::MySql(dsn) => mysql::mode(dsn, text).await.map(Quoting::MySql),
    }
}

/// Runs `work` on a session of its own that is known as `app_name`; every line of output goes to `out`.
///
/// Dropped before its end it stops its statement on the server in the background; who must know that it is gone calls
/// [`cancel_application`] and waits.
///
/// # Errors
/// The server's own account; where it could not be asked, a code-less one that says why.
pub async fn run_statements(
    dsn: &Dsn,
    work: &SqlWork,
    app_name: &str,
    out: &mut (dyn FnMut(&str) + Send),
) -> Result<SqlSeen, SqlError> {
    match dsn {
        Dsn::Postgres(dsn) => postgres::run_statements(dsn, work, app_name, out).await,
        Dsn::MySql(dsn) => mysql::run_statements(dsn, work, app_name, out).await,
    }
}

/// Stops every session known as `app_name`; returns once they are confirmed gone, or not within twice `grace`.
///
/// # Errors
/// Why the server cannot be reached or asked, or that this role may not stop them.
pub async fn cancel_application(
    dsn: &Dsn,
    app_name: &str,
    grace: Duration,
) -> Result<Swept, DatabaseError> {
    match dsn {
        Dsn::Postgres(dsn) => postgres::cancel_application(dsn, app_name, grace).await,
        Dsn::MySql(dsn) => mysql::cancel_application(dsn, app_name, grace).await,
    }
}

/// Returns the sessions known as one of `names` that are at work.
///
/// # Errors
/// Why the server cannot be reached or asked.
pub async fn at_work(dsn: &Dsn, names: &[String]) -> Result<Vec<i64>, DatabaseError> {
    match dsn {
        Dsn::Postgres(dsn) => postgres::at_work(dsn, names).await,
        Dsn::MySql(dsn) => mysql::at_work(dsn, names).await,
    }
}
