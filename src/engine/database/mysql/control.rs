//! Acting on other sessions: `KILL QUERY`, `KILL CONNECTION`, and a closer look at one. On a connection of its own.

use std::time::{Duration, Instant};

use crate::domain::run::event::{ActOutcome, BackendAct};
use crate::domain::sample::own::CONTROL_NAME;
use crate::engine::database::error::{DatabaseError, Trouble};
use crate::engine::database::mysql::connect::{Brand, Link, ask, connect};
use crate::engine::database::mysql::dsn::Dsn;
use crate::engine::database::mysql::rights::tells_threads;
use crate::engine::database::mysql::row::{Row, fetch};

/// How long the outcome of an act is waited for.
const WATCH: Duration = Duration::from_secs(5);
/// How long one question may take.
pub(super) const LIMIT: Duration = Duration::from_secs(5);
/// How often is looked whether it is gone.
const LOOK: Duration = Duration::from_millis(50);
/// Seconds by which two readings of the server's start may differ: it tells whole seconds.
const ROUNDING: i64 = 2;

/// The connection that acts on other sessions.
pub struct Control {
    dsn: Dsn,
    link: Option<Opened>,
}

/// An open connection, and where it lists sessions: as the monitor does, for what is to be the same must be named the same.
struct Opened {
    link: Link,
    sessions: &'static str,
}

/// What was found of a session before and after an act.
struct Backend {
    /// `SERVER_START USER@HOST`, as the monitor writes it.
    start: String,
    /// `Sleep`, `Query`, …
    command: String,
    /// Which statement it runs.
    statement: String,
    ms: u64,
}

impl Control {
    /// Connects, so that the connection is there when new ones are no longer let in.
    ///
    /// # Errors
    /// Why it cannot be reached.
    pub async fn open(dsn: &Dsn) -> Result<Self, DatabaseError> {
        Ok(Self {
            dsn: dsn.clone(),
            link: Some(opened(dsn).await?),
        })
    }

    /// Returns a control that connects when it is first needed.
    pub fn closed(dsn: &Dsn) -> Self {
        Self {
            dsn: dsn.clone(),
            link: None,
        }
    }

    /// Sees to it that the connection stands: one that has broken is opened again.
    ///
    /// # Errors
    /// Why it cannot be reached.
    pub async fn keep(&mut self) -> Result<(), DatabaseError> {
        self.fetch("SELECT 1").await.map(drop)
    }

    /// Asks; a connection that has broken is opened again once, for what is asked here may be asked twice.
    pub(super) async fn fetch(&mut self, sql: &str) -> Result<Vec<Row>, DatabaseError> {
        if let Some(opened) = &mut self.link {
            match fetch(&mut opened.link, sql, LIMIT).await {
                Err(e) if e.kind != Trouble::Refused => self.link = None,
                answered => return answered,
            }
        }
        let opened = self.link.insert(opened(&self.dsn).await?);
        fetch(&mut opened.link, sql, LIMIT).await
    }

    /// Returns whose server it is; asked of an open connection.
    pub(super) fn brand(&self) -> Brand {
        self.link
            .as_ref()
            .map_or(Brand::MariaDb, |opened| opened.link.version.brand)
    }

    /// Acts on the session `pid` that began as `backend_start` says, and watches what becomes of it.
    pub async fn act(&mut self, pid: i32, backend_start: &str, act: BackendAct) -> ActOutcome {
        match self.try_act(pid, backend_start, act).await {
            Ok(outcome) => outcome,
            Err(error) => refused(&error.said),
        }
    }

    async fn try_act(
        &mut self,
        pid: i32,
        backend_start: &str,
        act: BackendAct,
    ) -> Result<ActOutcome, DatabaseError> {
        let Some(before) = self.backend(pid).await? else {
            return Ok(ActOutcome::AlreadyGone);
        };
        if !is_same(&before.start, backend_start) {
            return Ok(ActOutcome::AlreadyGone);
        }
        if act == BackendAct::Cancel && before.command == "Sleep" {
            return Ok(refused(
                "there is no statement to cancel: it is idle; terminate ends it",
            ));
        }
        let how = match act {
            BackendAct::Cancel => "QUERY",
            BackendAct::Terminate => "CONNECTION",
        };
        let began = Instant::now();
        // A number is not given out twice before the server is started anew: between the look and the act it stays the same.
        match self.fetch(&format!("KILL {how} {pid}")).await {
            Ok(_) => self.watch(pid, &before, act, began).await,
            Err(e) if e.said.ends_with("(1094)") => Ok(ActOutcome::AlreadyGone),
            Err(e) if e.said.ends_with("(1095)") => Ok(refused(&format!(
                "{}: it needs {}",
                e.said,
                match self.brand() {
                    Brand::MariaDb => "CONNECTION ADMIN",
                    Brand::MySql => "CONNECTION_ADMIN or SUPER",
                }
            ))),
            Err(e) => Err(e),
        }
    }

    async fn watch(
        &mut self,
        pid: i32,
        before: &Backend,
        act: BackendAct,
        began: Instant,
    ) -> Result<ActOutcome, DatabaseError> {
        loop {
            let now = self.backend(pid).await?;
            let after_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            let gone = now.is_none_or(|now| {
                let another = now.command == "Sleep"
                    || now.statement != before.statement
                    || now.ms < before.ms;
                act == BackendAct::Cancel && another
            });
            if gone {
                return Ok(ActOutcome::Gone { after_ms });
            }
            if began.elapsed() >= WATCH {
                return Ok(ActOutcome::StillThere { after_ms });
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn backend(&mut self, pid: i32) -> Result<Option<Backend>, DatabaseError> {
        let rows = self
            .fetch(&format!(
                "SELECT p.USER, p.HOST, p.COMMAND, p.TIME * 1000 AS ms, SHA2(p.INFO, 256) AS statement, \
                        UNIX_TIMESTAMP() - (SELECT VARIABLE_VALUE FROM {} WHERE VARIABLE_NAME = 'Uptime') AS started \
                 FROM {} p WHERE p.ID = {pid}",
                self.status(),
                self.sessions()
            ))
            .await?;
        Ok(rows.first().map(|row| Backend {
            start: format!(
                "{} {}@{}",
                row.long("started").unwrap_or_default(),
                row.text("USER"),
                row.text("HOST")
            ),
            command: row.text("COMMAND"),
            statement: row.raw("statement"),
            ms: row.unsigned("ms").unwrap_or_default(),
        }))
    }

    fn status(&self) -> &'static str {
        match self.brand() {
            Brand::MariaDb => "information_schema.GLOBAL_STATUS",
            Brand::MySql => "performance_schema.global_status",
        }
    }

    fn sessions(&self) -> &'static str {
        self.link.as_ref().map_or(PLAIN, |opened| opened.sessions)
    }
}

const PLAIN: &str = "information_schema.PROCESSLIST";
/// There the host has no port.
const THREADS: &str = "(SELECT PROCESSLIST_ID AS ID, PROCESSLIST_USER AS USER, PROCESSLIST_HOST AS HOST, \
         PROCESSLIST_COMMAND AS COMMAND, PROCESSLIST_TIME AS TIME, PROCESSLIST_INFO AS INFO FROM performance_schema.threads)";

async fn opened(dsn: &Dsn) -> Result<Opened, DatabaseError> {
    let mut link = connect(dsn, CONTROL_NAME, &[("lock_wait_timeout", "1")]).await?;
    // A closer look reads times that the engine tells in the system's zone.
    ask(&mut link, "SET SESSION time_zone = 'SYSTEM'", LIMIT).await?;
    let threads = link.version.brand == Brand::MySql && tells_threads(&mut link, LIMIT).await?;
    let sessions = if threads { THREADS } else { PLAIN };
    Ok(Opened { link, sessions })
}

/// Whether two starts are of one session: the server's own start is told in whole seconds.
fn is_same(a: &str, b: &str) -> bool {
    let parts = |text: &str| {
        let (start, who) = text.split_once(' ')?;
        Some((start.parse::<i64>().ok()?, who.to_owned()))
    };
    match (parts(a), parts(b)) {
        (Some((a, of_a)), Some((b, of_b))) => of_a == of_b && (a - b).abs() <= ROUNDING,
        _ => false,
    }
}

fn refused(why: &str) -> ActOutcome {
    ActOutcome::Refused {
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_the_same_where_server_and_client_are() {
        assert!(is_same(
            "1700000000 app@10.0.0.1:5",
            "1700000001 app@10.0.0.1:5"
        ));
        assert!(!is_same(
            "1700000000 app@10.0.0.1:5",
            "1700000000 app@10.0.0.1:6"
        ));
        assert!(!is_same(
            "1700000000 app@10.0.0.1:5",
            "1700000009 app@10.0.0.1:5"
        ));
        assert!(!is_same("", ""));
    }
}
