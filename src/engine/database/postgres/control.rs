//! Acting on other sessions: cancel, terminate, and a closer look at one. On a connection of its own, opened early and kept.

use std::time::{Duration, Instant};

use crate::domain::run::event::{ActOutcome, BackendAct};
use crate::domain::sample::own::CONTROL_NAME;
use crate::engine::database::dropped::OnDrop;
use crate::engine::database::error::{DatabaseError, Trouble};
use crate::engine::database::postgres::connect::{Link, ask, connect};
use crate::engine::database::postgres::dsn::Dsn;
use crate::engine::database::seen::Swept;

/// How long the outcome of an act is waited for.
const WATCH: Duration = Duration::from_secs(5);
/// How long one question may take.
const LIMIT: Duration = Duration::from_secs(5);
/// How often is looked whether it is gone.
const LOOK: Duration = Duration::from_millis(50);

const SETTINGS: &[(&str, &str)] = &[
    ("default_transaction_read_only", "on"),
    ("lock_timeout", "500ms"),
    ("statement_timeout", "4s"),
    ("search_path", "pg_catalog"),
    ("jit", "off"),
];

/// The connection that acts on other sessions.
pub struct Control {
    dsn: Dsn,
    link: Option<Link>,
}

/// What was found of a session's backend before and after an act.
struct Backend {
    start: String,
    /// Which statement it runs: changes when one ends.
    query_start: String,
    state: String,
}

impl Control {
    /// Connects, so that the connection is there when new ones are no longer let in.
    ///
    /// # Errors
    /// Why it cannot be reached.
    pub async fn open(dsn: &Dsn) -> Result<Self, DatabaseError> {
        let link = connect(dsn, CONTROL_NAME, SETTINGS).await?;
        Ok(Self {
            dsn: dsn.clone(),
            link: Some(link),
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
        self.ask("SELECT 1").await.map(drop)
    }

    /// Asks; a connection that has broken is opened again once, for what is asked here may be asked twice.
    pub(super) async fn ask(
        &mut self,
        sql: &str,
    ) -> Result<Vec<Vec<Option<String>>>, DatabaseError> {
        if let Some(link) = &mut self.link {
            match ask(link, sql, LIMIT).await {
                Err(e) if e.kind != Trouble::Refused => self.link = None,
                answered => return answered,
            }
        }
        let mut link = connect(&self.dsn, CONTROL_NAME, SETTINGS).await?;
        let answered = ask(&mut link, sql, LIMIT).await;
        self.link = Some(link);
        answered
    }

    /// Cancels the statement of, or ends, the session `pid` if it is still the one that began at `backend_start`
    /// (as the server printed it), then watches for up to five seconds whether it is gone.
    pub async fn act(&mut self, pid: i32, backend_start: &str, act: BackendAct) -> ActOutcome {
        match self.try_act(pid, backend_start, act).await {
            Ok(outcome) => outcome,
            Err(error) => ActOutcome::Refused { why: error.said },
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
        if let Some(ended) = before.forbids(backend_start, act) {
            return Ok(ended);
        }
        let function = match act {
            BackendAct::Cancel => "pg_cancel_backend",
            BackendAct::Terminate => "pg_terminate_backend",
        };
        let start = quoted(backend_start);
        let began = Instant::now();
        let sent = self
            .ask(&format!(
                "SELECT pg_catalog.{function}(a.pid) FROM pg_catalog.pg_stat_get_activity({pid}) a \
                 WHERE a.backend_start = {start}::timestamptz"
            ))
            .await?;
        match sent.into_iter().flatten().next().flatten().as_deref() {
            None => Ok(ActOutcome::AlreadyGone),
            Some("t") => self.watch(pid, &before, act, began).await,
            Some(_) => Ok(refused("the signal could not be sent")),
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
                now.start != before.start
                    || act == BackendAct::Cancel
                        && (now.query_start != before.query_start || now.state != before.state)
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
            .ask(&format!(
                "SELECT backend_start::text, query_start::text, state FROM pg_catalog.pg_stat_get_activity({pid})"
            ))
            .await?;
        Ok(rows.into_iter().next().map(|row| {
            let mut row = row.into_iter().map(Option::unwrap_or_default);
            let mut next = || row.next().unwrap_or_default();
            Backend {
                start: next(),
                query_start: next(),
                state: next(),
            }
        }))
    }
}

impl Backend {
    /// Returns how an act ends that is not even tried.
    fn forbids(&self, backend_start: &str, act: BackendAct) -> Option<ActOutcome> {
        if self.start.is_empty() {
            return Some(refused(
                "this role may not see when the session began, so it cannot be told from a later one \
                 with the same pid: grant pg_read_all_stats",
            ));
        }
        if self.start != backend_start {
            return Some(ActOutcome::AlreadyGone);
        }
        (act == BackendAct::Cancel && self.state.starts_with("idle")).then(|| {
            let state = &self.state;
            refused(&format!(
                "there is no statement to cancel: it is {state}; terminate ends it"
            ))
        })
    }
}

fn refused(why: &str) -> ActOutcome {
    let why = why.to_owned();
    ActOutcome::Refused { why }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Cancels every session whose `application_name` is `app_name`; those still there after `grace` are ended.
/// Returns once they are confirmed gone, or not within a further `grace`.
///
/// # Errors
/// Why the server cannot be reached or asked, or that this role may not signal them.
pub async fn cancel_application(
    dsn: &Dsn,
    app_name: &str,
    grace: Duration,
) -> Result<Swept, DatabaseError> {
    let mut control = Control::open(dsn).await?;
    let mut swept = Swept::default();
    let wanted = quoted(&cut(app_name));
    let all = "pg_catalog.pg_stat_get_activity(NULL) a";
    let theirs = format!("a.application_name = {wanted} AND a.pid <> pg_catalog.pg_backend_pid()");
    let find = format!("SELECT a.pid FROM {all} WHERE {theirs}");
    // Signals are sent from the select list alone: conditions are checked in an order that is the planner's to choose.
    let signal = |function: &str, condition: &str| {
        format!("SELECT a.pid, pg_catalog.{function}(a.pid) FROM {all} WHERE {theirs}{condition}")
    };
    swept.found = pids(control.ask(&find).await?);
    swept.left.clone_from(&swept.found);
    if swept.left.is_empty() {
        return Ok(swept);
    }
    swept.cancelled = pids(
        control
            .ask(&signal("pg_cancel_backend", " AND a.state = 'active'"))
            .await?,
    );
    for round in 0..2 {
        let began = Instant::now();
        while !swept.left.is_empty() && began.elapsed() < grace {
            tokio::time::sleep(LOOK).await;
            swept.left = pids(control.ask(&find).await?);
        }
        if round == 0 && !swept.left.is_empty() {
            swept.terminated = pids(control.ask(&signal("pg_terminate_backend", "")).await?);
        }
    }
    Ok(swept)
}

/// Returns the sessions called one of `names` that are at work: within a statement or a transaction.
///
/// # Errors
/// Why the server cannot be reached or asked.
pub async fn at_work(dsn: &Dsn, names: &[String]) -> Result<Vec<i64>, DatabaseError> {
    let names: Vec<String> = names.iter().map(|name| quoted(&cut(name))).collect();
    let sql = format!(
        "SELECT a.pid FROM pg_catalog.pg_stat_get_activity(NULL) a WHERE a.application_name IN ({}) AND coalesce(a.state, '') <> 'idle'",
        names.join(", ")
    );
    Ok(pids(Control::open(dsn).await?.ask(&sql).await?))
}

/// PostgreSQL keeps 63 bytes of a name.
fn cut(name: &str) -> String {
    let end = name.floor_char_boundary(63);
    name[..end].to_owned()
}

fn pids(rows: Vec<Vec<Option<String>>>) -> Vec<i64> {
    let first = rows
        .into_iter()
        .filter_map(|row| row.into_iter().next().flatten());
    first.filter_map(|text| text.parse().ok()).collect()
}

/// Arms a cancel of the session `pid` that began at `backend_start`.
pub(super) fn cancel_dropped(dsn: &Dsn, pid: i32, backend_start: String) -> OnDrop {
    let dsn = dsn.clone();
    OnDrop::of(async move {
        let mut control = Control::closed(&dsn);
        let outcome = control.act(pid, &backend_start, BackendAct::Cancel).await;
        if let ActOutcome::StillThere { .. } | ActOutcome::Refused { .. } = outcome {
            tracing::warn!(?outcome, pid, "a dropped statement was not cancelled");
        }
    })
}
