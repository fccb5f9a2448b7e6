//! The sessions worth a row, and all others counted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres};
use tokio::time::timeout;

use crate::domain::sample::model::{ClientTally, Counts, Ours, Sample, Session, Tally, Wait};
use crate::domain::sample::news::Extra;
use crate::engine::database::error::DatabaseError;
use crate::engine::database::monitor::Budget;
use crate::engine::database::postgres::connect::Link;
use crate::engine::database::postgres::dialect::Dialect;
use crate::engine::database::postgres::locks::Locks;
use crate::engine::database::postgres::names::{Kind, Names};
use crate::engine::database::postgres::rights::Rights;
use crate::engine::database::postgres::{row, trouble};

/// The kind of event of who waits for a lock.
const LOCK: &str = "Lock";
/// The event of who waits for a snapshot in which nothing can go wrong.
const SNAPSHOT: &str = "SafeSnapshot";
/// Users, databases and applications that are counted by themselves at most.
const CLIENTS: usize = 24;
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
    link.questions += 1;
    match timeout(limit, query.fetch_all(&mut link.conn)).await {
        Ok(rows) => rows.map_err(|e| trouble::asking(&e)),
        Err(_) => Err(trouble::silent(&link.address, limit.as_secs())),
    }
}

fn somebody_waits(rows: &[PgRow]) -> bool {
    let mut counted = rows.iter().filter(|r| row::int(r, "n").is_some());
    counted
        .any(|r| row::text(r, "wait_event_type") == LOCK || row::text(r, "wait_event") == SNAPSHOT)
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
    let groups = answer.sessions.iter().filter_map(Group::read);
    sample.counts = counts(groups, &sample.sessions, rights, names);
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

/// Sessions that are counted together.
#[derive(Debug)]
struct Group {
    n: u32,
    kind: String,
    state: String,
    wait_kind: String,
    wait_event: String,
    user: Option<u32>,
    database: Option<u32>,
    application: String,
    xact_ms: Option<u64>,
    xmin_age: Option<u64>,
}

impl Group {
    /// Reads a row that counts; `None`: it is a session's.
    fn read(r: &PgRow) -> Option<Self> {
        Some(Self {
            n: row::int(r, "n").and_then(|n| u32::try_from(n).ok())?,
            kind: row::text(r, "backend_type"),
            state: row::text(r, "state"),
            wait_kind: row::text(r, "wait_event_type"),
            wait_event: row::text(r, "wait_event"),
            user: row::oid(r, "usesysid"),
            database: row::oid(r, "datid"),
            application: row::text(r, "application_name"),
            xact_ms: row::unsigned(r, "xact_ms"),
            xmin_age: row::int(r, "xmin_age").map(|n| u64::try_from(n).unwrap_or_default()),
        })
    }

    fn waits_for_a_lock(&self) -> bool {
        self.wait_kind == LOCK
    }

    /// Kind and state of others are hidden from a plain role; user and database are not, and what feeds replicas has no database.
    fn is_client(&self) -> bool {
        let has_both = self.user.is_some() && self.database.is_some();
        self.kind == "client backend" || self.kind.is_empty() && has_both
    }
}

/// A user, a database and an application.
type Client = (Option<u32>, Option<u32>, String);

fn counts(
    groups: impl Iterator<Item = Group>,
    sessions: &[Session],
    rights: &Rights,
    names: &mut Names,
) -> Counts {
    let mut counts = Counts {
        connections: 1, // the monitor's own, which the statement leaves out
        idle: 1,
        limit: rights.limit(),
        reserved: rights.reserved,
        ..Counts::default()
    };
    let mut states: BTreeMap<[String; 4], Tally> = BTreeMap::new();
    let mut clients: BTreeMap<Client, (u32, u32)> = BTreeMap::new();
    for group in groups {
        add(&mut counts, &group);
        if group.user.is_some() && group.is_client() {
            let key = (group.user, group.database, group.application.clone());
            let (n, active) = clients.entry(key).or_default();
            *n += group.n;
            *active += if group.state == "active" { group.n } else { 0 };
        }
        let key = [
            &group.kind,
            &group.state,
            &group.wait_kind,
            &group.wait_event,
        ];
        let tally = states.entry(key.map(Clone::clone)).or_default();
        tally.n += group.n;
        tally.xact_ms = tally.xact_ms.max(group.xact_ms);
    }
    let listed = sessions.iter().filter_map(|s| s.lock.as_ref());
    let waiting: u32 = listed.filter(|l| l.place == 1).map(|l| l.of).sum();
    counts.blocked = counts.blocked.max(waiting);
    counts.by_state = states.into_iter().map(named_state).collect();
    let mut clients: Vec<_> = clients.into_iter().collect();
    clients.sort_by_key(|(_, (n, _))| std::cmp::Reverse(*n));
    clients.truncate(CLIENTS);
    let mut name = |kind, number: Option<u32>| {
        let number = number.filter(|n| *n > 0);
        number.map_or_else(String::new, |n| names.of(kind, n))
    };
    let clients = clients.into_iter();
    let clients = clients.map(|((user, database, application), (n, active))| ClientTally {
        user: name(Kind::Role, user),
        database: name(Kind::Database, database),
        application,
        n,
        active,
    });
    counts.by_client = clients.collect();
    counts
}

fn named_state(([kind, state, wait_kind, event], tally): ([String; 4], Tally)) -> Tally {
    let wait = (!event.is_empty()).then_some(Wait {
        kind: wait_kind,
        event,
    });
    Tally {
        kind,
        state,
        wait,
        ..tally
    }
}

fn add(counts: &mut Counts, group: &Group) {
    if group.is_client() {
        counts.connections += group.n;
        match group.state.as_str() {
            "active" => counts.active += group.n,
            "idle" => counts.idle += group.n,
            s if s.starts_with("idle in transaction") => counts.idle_in_transaction += group.n,
            _ => {}
        }
        counts.longest_xact_ms = counts.longest_xact_ms.max(group.xact_ms);
    }
    if group.waits_for_a_lock() {
        counts.blocked += group.n;
    }
    counts.xmin_age = counts.xmin_age.max(group.xmin_age);
}

/// A list in a column of JSON text; nothing where it cannot be read.
pub(super) fn json<T: for<'de> Deserialize<'de>>(row: &PgRow, name: &str) -> Vec<T> {
    serde_json::from_str(&row::raw(row, name)).unwrap_or_default()
}
