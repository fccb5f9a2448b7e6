//! The sessions worth a row, and all others counted.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres};
use tokio::time::timeout;

use crate::domain::sample::model::{ClientTally, Counts, Ours, Sample, Session, Tally, Wait};
use crate::domain::sample::news::Extra;
use crate::domain::tame;
use crate::engine::database::error::DatabaseError;
use crate::engine::database::monitor::Budget;
use crate::engine::database::postgres::connect::Link;
use crate::engine::database::postgres::dialect::Dialect;
use crate::engine::database::postgres::locks::Locks;
use crate::engine::database::postgres::names::{Kind, Names};
use crate::engine::database::postgres::rights::Rights;
use crate::engine::database::postgres::{row, trouble};

/// The event of who waits for a snapshot in which nothing can go wrong.
const SNAPSHOT: &str = "SafeSnapshot";
/// Waiters and those in their way take up this part of the rows at most: others work too.
const QUEUED: (usize, usize) = (3, 4);

/// Whether anybody was seen to wait for a lock the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Waits {
    /// Somebody was, or it is not known: the locks are asked for at once.
    #[default]
    Likely,
    /// Nobody was: the locks are asked for only where somebody turns out to wait.
    Unlikely,
}

/// What one refresh was answered.
pub(super) struct Answer {
    sessions: Vec<PgRow>,
    locks: Locks,
}

/// Asks for one refresh: the sessions, and where somebody waits the locks, each by a light statement of its own.
pub(super) async fn ask(
    link: &mut Link,
    dialect: &Dialect,
    rights: &Rights,
    budget: &Budget<'_>,
    waits: Waits,
    limit: Duration,
) -> Result<Answer, DatabaseError> {
    // Without the right nobody is seen to wait but in the locks themselves.
    if waits == Waits::Unlikely && rights.reads_all_stats {
        let sessions = activity(link, dialect, budget, Vec::new(), limit).await?;
        if !somebody_waits(&sessions) {
            let locks = Locks::default();
            return Ok(Answer { sessions, locks });
        }
    }
    let asked = sqlx::query(AssertSqlSafe(Arc::clone(&dialect.locks)));
    let mut locks = Locks::read(&fetch(link, asked, limit).await?);
    let (part, of) = QUEUED;
    let most = usize::try_from(budget.rows).unwrap_or_default() * part / of;
    let sessions = activity(link, dialect, budget, locks.listed(most), limit).await?;
    snapshots(link, &sessions, &mut locks, limit).await?;
    Ok(Answer { sessions, locks })
}

type Asked = Query<'static, Postgres, PgArguments>;

async fn activity(
    link: &mut Link,
    dialect: &Dialect,
    budget: &Budget<'_>,
    listed: Vec<i32>,
    limit: Duration,
) -> Result<Vec<PgRow>, DatabaseError> {
    let asked = sqlx::query(AssertSqlSafe(Arc::clone(&dialect.activity)))
        .bind(budget.rows)
        .bind(budget.query_bytes)
        .bind(budget.idle == Extra::Asked)
        .bind(listed);
    fetch(link, asked, limit).await
}

/// A deferrable transaction waits without a lock: for those that write to end.
async fn snapshots(
    link: &mut Link,
    sessions: &[PgRow],
    locks: &mut Locks,
    limit: Duration,
) -> Result<(), DatabaseError> {
    let waits = |row: &&PgRow| row::text(row, "wait_event") == SNAPSHOT;
    let pids: Vec<i32> = sessions
        .iter()
        .filter(waits)
        .filter_map(|row| row::int(row, "pid"))
        .collect();
    if pids.is_empty() {
        return Ok(());
    }
    let asked = "SELECT pid, pg_catalog.pg_safe_snapshot_blocking_pids(pid) AS by_pids FROM pg_catalog.unnest($1) pid";
    for row in fetch(link, sqlx::query(asked).bind(pids), limit).await? {
        let by = row::get(&row, "by_pids").unwrap_or_default();
        locks.stands_behind(row::int(&row, "pid").unwrap_or_default(), by);
    }
    Ok(())
}

async fn fetch(
    link: &mut Link,
    query: Asked,
    limit: Duration,
) -> Result<Vec<PgRow>, DatabaseError> {
    match timeout(limit, query.fetch_all(&mut link.conn)).await {
        Ok(rows) => rows.map_err(|e| trouble::asking(&e)),
        Err(_) => Err(trouble::silent(&link.address, limit.as_secs())),
    }
}

fn somebody_waits(rows: &[PgRow]) -> bool {
    let groups = rows.first().map(|first| json::<GroupRow>(first, "groups"));
    let waits = |g: &GroupRow| g.wt.as_deref() == Some("Lock") || g.w.as_deref() == Some(SNAPSHOT);
    groups.unwrap_or_default().iter().any(waits)
}

/// Makes a sample of what one refresh was answered.
pub(super) fn sample(answer: &Answer, rights: &Rights, names: &mut Names) -> Sample {
    let mut sample = Sample::default();
    let Some(first) = answer.sessions.first() else {
        return sample;
    };
    sample.at_ms = row::long(first, "at_ms").unwrap_or_default();
    let rows = answer.sessions.iter();
    let listed = rows.filter(|r| row::int(r, "pid").is_some());
    sample.sessions = listed.map(|row| session(row, names)).collect();
    answer.locks.join(&mut sample.sessions, rights, names);
    sample.counts = counts(first, &sample.sessions, rights, names);
    sample
}

fn session(row: &PgRow, names: &mut Names) -> Session {
    let mut name = |kind, column| {
        let number = row::oid(row, column).filter(|n| *n > 0);
        number.map_or_else(String::new, |n| names.of(kind, n))
    };
    let event = row::text(row, "wait_event");
    Session {
        pid: row::int(row, "pid").unwrap_or_default(),
        leader: row::int(row, "leader_pid"),
        kind: row::text(row, "backend_type"),
        user: name(Kind::Role, "usesysid"),
        database: name(Kind::Database, "datid"),
        application: row::text(row, "application_name"),
        client: row::text(row, "client"),
        state: row::text(row, "state"),
        wait: (!event.is_empty()).then(|| Wait {
            kind: row::text(row, "wait_event_type"),
            event,
        }),
        xact_ms: row::unsigned(row, "xact_ms"),
        query_ms: row::unsigned(row, "query_ms"),
        state_ms: row::unsigned(row, "state_ms"),
        age_ms: row::unsigned(row, "backend_ms"),
        backend_start: row::text(row, "backend_start"),
        xmin_age: row::int(row, "xmin_age").and_then(|n| u64::try_from(n).ok()),
        query: row::statement(row, "query"),
        ours: Ours::No,
        ..Session::default()
    }
}

/// One line of the column `groups`.
#[derive(Deserialize)]
struct GroupRow {
    t: Option<String>,
    s: Option<String>,
    wt: Option<String>,
    w: Option<String>,
    n: u32,
    nu: u32,
    xact_ms: Option<i64>,
    xmin_age: Option<i64>,
}

/// One line of the column `clients`.
#[derive(Deserialize)]
struct ClientRow {
    u: Option<u32>,
    d: Option<u32>,
    a: Option<String>,
    n: u32,
    w: u32,
}

fn counts(first: &PgRow, sessions: &[Session], rights: &Rights, names: &mut Names) -> Counts {
    let groups: Vec<GroupRow> = json(first, "groups");
    let clients: Vec<ClientRow> = json(first, "clients");
    let mut counts = Counts {
        connections: 1, // the monitor's own, which the statement leaves out
        idle: 1,
        limit: rights.limit(),
        reserved: rights.reserved,
        ..Counts::default()
    };
    for group in groups {
        add(&mut counts, group);
    }
    let listed = sessions.iter().filter_map(|s| s.lock.as_ref());
    let waiting: u32 = listed.filter(|l| l.place == 1).map(|l| l.of).sum();
    counts.blocked = counts.blocked.max(waiting);
    let mut name = |kind, number: Option<u32>| {
        number
            .filter(|n| *n > 0)
            .map_or_else(String::new, |n| names.of(kind, n))
    };
    let tally = |c: ClientRow| ClientTally {
        user: name(Kind::Role, c.u),
        database: name(Kind::Database, c.d),
        application: tame::line(c.a.unwrap_or_default()),
        n: c.n,
        active: c.w,
    };
    counts.by_client = clients.into_iter().map(tally).collect();
    counts
}

fn add(counts: &mut Counts, group: GroupRow) {
    let positive = |n: Option<i64>| n.map(|n| u64::try_from(n).unwrap_or_default());
    // Kind and state of others are hidden from a plain role; a user is not.
    let clients = match group.t.as_deref() {
        Some("client backend") => group.n,
        None => group.nu,
        Some(_) => 0,
    };
    counts.connections += clients;
    if clients > 0 {
        match group.s.as_deref() {
            Some("active") => counts.active += clients,
            Some("idle") => counts.idle += clients,
            Some(s) if s.starts_with("idle in transaction") => {
                counts.idle_in_transaction += clients;
            }
            Some(_) | None => {}
        }
        counts.longest_xact_ms = counts.longest_xact_ms.max(positive(group.xact_ms));
    }
    if group.wt.as_deref() == Some("Lock") {
        counts.blocked += group.n;
    }
    counts.xmin_age = counts.xmin_age.max(positive(group.xmin_age));
    counts.by_state.push(Tally {
        kind: group.t.unwrap_or_default(),
        state: group.s.unwrap_or_default(),
        wait: group.w.map(|event| Wait {
            kind: group.wt.unwrap_or_default(),
            event,
        }),
        n: group.n,
        xact_ms: positive(group.xact_ms),
    });
}

/// A list in a column of JSON text; nothing where it cannot be read.
pub(super) fn json<T: for<'de> Deserialize<'de>>(row: &PgRow, name: &str) -> Vec<T> {
    serde_json::from_str(&row::raw(row, name)).unwrap_or_default()
}
