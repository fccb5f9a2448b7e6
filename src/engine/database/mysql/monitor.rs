//! How the monitor looks at MySQL and MariaDB.

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
use crate::engine::database::mysql::connect::{Brand, FRESH, Link, ask, connect};
use crate::engine::database::mysql::dsn::Dsn;
use crate::engine::database::mysql::identity::who;
use crate::engine::database::mysql::rights::Rights;
use crate::engine::database::mysql::row::SIGN;
use crate::engine::database::mysql::sessions::Memory;
use crate::engine::database::mysql::slow::SlowReader;
use crate::engine::database::mysql::{server, sessions};

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
    memory: Memory,
}

impl Connection for Link {
    async fn ask(
        &mut self,
        sql: &str,
        limit: Duration,
    ) -> Result<Vec<Vec<Option<String>>>, DatabaseError> {
        ask(self, &format!("{SIGN}{sql}"), limit).await
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
        let mut link = quiet(self, Duration::from_secs(2)).await?;
        let seen = who(&mut link).await?;
        Ok((link, seen))
    }

    async fn for_values(&self) -> Result<Link, DatabaseError> {
        quiet(self, Duration::from_secs(4)).await
    }

    async fn for_slow(&self) -> Result<Link, DatabaseError> {
        let mut link = quiet(self, Duration::from_secs(2)).await?;
        if link.version.brand == Brand::MariaDb {
            // A size opens its table: of one that somebody holds for himself the name alone is told, at once.
            ask(&mut link, "SET SESSION lock_wait_timeout = 0", LIMIT).await?;
        }
        if link.version.keeps_copies() {
            ask(&mut link, FRESH, LIMIT).await?;
        }
        Ok(link)
    }

    async fn open_eye(&self, link: &mut Link) -> Result<Eye, DatabaseError> {
        Ok(Eye {
            rights: Rights::ask(link, LIMIT).await?,
            memory: Memory::default(),
        })
    }

    async fn look(
        eye: &mut Eye,
        link: &mut Link,
        budget: &Budget<'_>,
    ) -> Result<(Sample, Duration), DatabaseError> {
        let began = Instant::now();
        let sample = sessions::look(link, &eye.rights, &mut eye.memory, budget, LIMIT).await?;
        Ok((sample, began.elapsed()))
    }

    async fn server(
        eye: &mut Eye,
        link: &mut Link,
        before: Option<&Server>,
    ) -> Result<Server, DatabaseError> {
        server::ask(link, &eye.rights, before, LIMIT).await
    }

    fn notes(eye: &Eye) -> Vec<String> {
        eye.rights.notes()
    }
}

/// Opens a connection that writes nothing and waits neither for a lock nor for a long answer.
pub(super) async fn quiet(dsn: &Dsn, longest: Duration) -> Result<Link, DatabaseError> {
    let mut link = connect(dsn, MONITOR_NAME, &[("lock_wait_timeout", "1")]).await?;
    let settings = match link.version.brand {
        Brand::MariaDb => format!(
            "max_statement_time = {}, tx_read_only = 1",
            longest.as_secs()
        ),
        Brand::MySql => format!(
            "max_execution_time = {}, transaction_read_only = 1",
            longest.as_millis()
        ),
    };
    // The engine tells times in the system's zone.
    let set = format!(
        "SET SESSION {settings}, SESSION innodb_lock_wait_timeout = 1, SESSION time_zone = 'SYSTEM'"
    );
    ask(&mut link, &set, LIMIT).await?;
    Ok(link)
}
