//! How the monitor looks at PostgreSQL.

use std::time::{Duration, Instant};

use sqlx::Connection as _;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::domain::run::event::TargetSeen;
use crate::domain::sample::model::{Sample, Server};
use crate::domain::sample::news::{MonitorNews, Watched, Wishes};
use crate::domain::sample::own::MONITOR_NAME;
use crate::engine::database::error::DatabaseError;
use crate::engine::database::monitor::{self, Budget, Connection, LIMIT, Source};
use crate::engine::database::postgres::connect::{Link, ask, connect};
use crate::engine::database::postgres::dialect::Dialect;
use crate::engine::database::postgres::dsn::Dsn;
use crate::engine::database::postgres::identity::who;
use crate::engine::database::postgres::names::Names;
use crate::engine::database::postgres::processes::Processes;
use crate::engine::database::postgres::rights::Rights;
use crate::engine::database::postgres::sessions::Waits;
use crate::engine::database::postgres::slow::SlowReader;
use crate::engine::database::postgres::{server, sessions, trouble};

const SETTINGS: &[(&str, &str)] = &[
    ("lock_timeout", "500ms"),
    ("statement_timeout", "2s"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("default_transaction_read_only", "on"),
    ("search_path", "pg_catalog"),
    ("jit", "off"),
    ("plan_cache_mode", "force_generic_plan"),
];

const FOR_VALUES: &[(&str, &str)] = &[
    ("default_transaction_read_only", "on"),
    ("lock_timeout", "500ms"),
    ("statement_timeout", "4s"),
];

const FOR_SLOW: &[(&str, &str)] = &[
    // A size opens its table: a lock asked for in between would have us stand in the queue, before others even.
    ("lock_timeout", "10ms"),
    ("statement_timeout", "2s"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("default_transaction_read_only", "on"),
    ("search_path", "pg_catalog"),
    ("jit", "off"),
];

/// Watches a server until the sender of `wishes` is gone.
///
/// `news` is called from this task; it must not block. The first news is [`MonitorNews::Identity`] or
/// [`MonitorNews::Lost`].
pub async fn observe(
    dsn: Dsn,
    plan: Watched,
    wishes: watch::Receiver<Wishes>,
    news: impl Fn(MonitorNews) + Send + Sync,
) {
    monitor::observe(dsn, plan, wishes, news).await;
}

/// What is remembered over one connection.
pub struct Eye {
    rights: Rights,
    dialect: Dialect,
    names: Names,
    waits: Waits,
    processes: Processes,
    /// When the server was started; empty: not read yet.
    instance: String,
}

impl Connection for Link {
    async fn ask(
        &mut self,
        sql: &str,
        limit: Duration,
    ) -> Result<Vec<Vec<Option<String>>>, DatabaseError> {
        ask(self, sql, limit).await
    }

    fn questions(&self) -> u32 {
        self.questions
    }

    async fn close(self) {
        let _ = timeout(LIMIT, self.conn.close()).await;
    }
}

impl Source for Dsn {
    type Link = Link;
    type Eye = Eye;
    type Slow = SlowReader;

    async fn acquaint(&self) -> Result<(Link, TargetSeen), DatabaseError> {
        let mut link = connect(self, MONITOR_NAME, SETTINGS).await?;
        settings_hold(&mut link).await?;
        let seen = who(&mut link).await?;
        // No conversion: a statement's text in another encoding would fail the whole refresh.
        ask(&mut link, "SET client_encoding = 'SQL_ASCII'", LIMIT).await?;
        Ok((link, seen))
    }

    async fn for_values(&self) -> Result<Link, DatabaseError> {
        connect(self, MONITOR_NAME, FOR_VALUES).await
    }

    async fn for_slow(&self) -> Result<Link, DatabaseError> {
        let mut link = connect(self, MONITOR_NAME, FOR_SLOW).await?;
        ask(&mut link, "SET client_encoding = 'SQL_ASCII'", LIMIT).await?;
        Ok(link)
    }

    async fn open_eye(&self, link: &mut Link) -> Result<Eye, DatabaseError> {
        let rights = Rights::ask(link, LIMIT).await?;
        Ok(Eye {
            processes: Processes::of(&rights.own),
            dialect: Dialect::of(rights.version),
            rights,
            names: Names::default(),
            waits: Waits::default(),
            instance: String::new(),
        })
    }

    async fn look(
        eye: &mut Eye,
        link: &mut Link,
        budget: &Budget<'_>,
    ) -> Result<(Sample, Duration), DatabaseError> {
        let began = Instant::now();
        let (dialect, rights) = (&eye.dialect, &eye.rights);
        let answer = sessions::ask(link, dialect, rights, budget, eye.waits, LIMIT).await?;
        let mut sample = sessions::sample(&answer, &eye.rights, &mut eye.names);
        let waiting = sample.counts.blocked > 0 || sample.sessions.iter().any(|s| s.n_blockers > 0);
        eye.waits = if waiting {
            Waits::Likely
        } else {
            Waits::Unlikely
        };
        let took = began.elapsed();
        if eye.names.ask(link, LIMIT).await {
            sample = sessions::sample(&answer, &eye.rights, &mut eye.names);
        }
        eye.processes.join(&mut sample, budget.processes);
        Ok((sample, took))
    }

    async fn server(
        eye: &mut Eye,
        link: &mut Link,
        before: Option<&Server>,
    ) -> Result<Server, DatabaseError> {
        let (server, instance) = server::ask(link, &eye.dialect, before, LIMIT).await?;
        // What stands between may change the server beneath a connection: that is a connection lost, and who answers is asked anew.
        if !eye.instance.is_empty() && eye.instance != instance {
            return Err(trouble::another_server(&eye.instance, &instance));
        }
        eye.instance = instance;
        Ok(server)
    }

    fn notes(eye: &Eye) -> Vec<String> {
        eye.rights.notes()
    }
}

/// A pooler may take our settings and keep them to itself: then the next statement runs on another session without them.
async fn settings_hold(link: &mut Link) -> Result<(), DatabaseError> {
    let (name, wanted) = SETTINGS[0];
    let sql = format!("SELECT pg_catalog.current_setting('{name}')");
    let is = ask(link, &sql, LIMIT).await?;
    match is.into_iter().flatten().next().flatten() {
        Some(is) if is == wanted => Ok(()),
        is => Err(trouble::pooler(&format!(
            "{name} is {}, asked for was {wanted}",
            is.unwrap_or_default()
        ))),
    }
}
