//! The sessions worth a row, and all others counted.

use std::time::Duration;

use serde::Deserialize;
use sqlx::Postgres;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use tokio::time::timeout;

use crate::domain::sample::model::{
    Blocker, ClientTally, Counts, LockWait, Sample, Session, Tally, Wait,
};
use crate::domain::sample::news::Extra;
use crate::domain::tame;
use crate::engine::database::error::DatabaseError;
use crate::engine::database::monitor::Budget;
use crate::engine::database::postgres::connect::Link;
use crate::engine::database::postgres::names::{Kind, Names};
use crate::engine::database::postgres::rights::Rights;
use crate::engine::database::postgres::{row, trouble};

const V12: &str = include_str!("sql/tick_sessions_12.sql");
const V13: &str = include_str!("sql/tick_sessions_13.sql");
const V14: &str = include_str!("sql/tick_sessions_14plus.sql");
const CALM12: &str = include_str!("sql/tick_calm_12.sql");
const CALM13: &str = include_str!("sql/tick_calm_13plus.sql");

/// Whether anybody was seen to wait for a lock the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Waits {
    /// Somebody was, or it is not known: the locks are asked for at once.
    #[default]
    Likely,
    /// Nobody was: the locks are asked for only where somebody turns out to wait.
    Unlikely,
}

/// Asks for the rows of one refresh.
pub(super) async fn ask(
    link: &mut Link,
    rights: &Rights,
    budget: &Budget<'_>,
    waits: Waits,
    limit: Duration,
) -> Result<Vec<PgRow>, DatabaseError> {
    // Without the right nobody is seen to wait but in the locks themselves.
    if waits == Waits::Unlikely && rights.reads_all_stats {
        let rows = fetch(link, calm(rights, budget), limit).await?;
        if !somebody_waits(&rows) {
            return Ok(rows);
        }
    }
    fetch(link, whole(rights, budget), limit).await
}

type Asked = Query<'static, Postgres, PgArguments>;

fn calm(rights: &Rights, budget: &Budget<'_>) -> Asked {
    let sql = match rights.version {
        ..130_000 => CALM12,
        130_000.. => CALM13,
    };
    sqlx::query(sql)
        .bind(budget.rows)
        .bind(budget.query_bytes)
        .bind(budget.idle == Extra::Asked)
}

fn whole(rights: &Rights, budget: &Budget<'_>) -> Asked {
    let sql = match rights.version {
        ..130_000 => V12,
        130_000..140_000 => V13,
        140_000.. => V14,
    };
    sqlx::query(sql)
        .bind(budget.rows)
        .bind(budget.query_bytes)
        .bind(rights.reads_all_stats)
        .bind(budget.idle == Extra::Asked)
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
    let waits =
        |g: &GroupRow| g.wt.as_deref() == Some("Lock") || g.w.as_deref() == Some("SafeSnapshot");
    groups.unwrap_or_default().iter().any(waits)
}

/// Makes a sample of the rows of one refresh.
pub(super) fn sample(rows: &[PgRow], rights: &Rights, names: &mut Names) -> Sample {
    let mut sample = Sample::default();
    let Some(first) = rows.first() else {
        return sample;
    };
    sample.at_ms = row::long(first, "at_ms").unwrap_or_default();
    let listed = rows.iter().filter(|r| row::int(r, "pid").is_some());
    sample.sessions = listed.map(|row| session(row, rights, names)).collect();
    sample.counts = counts(first, &sample.sessions, rights, names);
    sample
}

fn session(row: &PgRow, rights: &Rights, names: &mut Names) -> Session {
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
        lock: lock(row, rights, names),
        hard: blockers(row),
        soft: row::int(row, "soft_pid"),
        suspects: Vec::new(),
        n_blockers: row::count(row, "n_blockers"),
        n_waiters: row::count(row, "n_waiters"),
        ours: crate::domain::sample::model::Ours::No,
    }
}

fn blockers(row: &PgRow) -> Vec<Blocker> {
    let pids: Vec<i32> = row::get(row, "hard_pids").unwrap_or_default();
    let modes: Vec<Option<String>> = row::get(row, "hard_modes").unwrap_or_default();
    let prepared = row::text(row, "prepared_xids");
    let blocker = |(pid, modes): (i32, Option<String>)| Blocker {
        pid,
        modes: modes.unwrap_or_default(),
        prepared: match pid {
            0 => prepared
                .split(',')
                .filter(|x| !x.is_empty())
                .map(str::to_owned)
                .collect(),
            _ => Vec::new(),
        },
    };
    pids.into_iter().zip(modes).map(blocker).collect()
}

fn lock(row: &PgRow, rights: &Rights, names: &mut Names) -> Option<LockWait> {
    let kind = row::text(row, "locktype");
    if kind.is_empty() {
        return None;
    }
    let mode = row::text(row, "want_mode");
    Some(LockWait {
        object: object(&kind, row, rights, names),
        group: group(&kind, &mode, row),
        mode,
        place: u32::try_from(row::int(row, "queue_place").unwrap_or(1)).unwrap_or(1),
        of: row::count(row, "n_same").max(1),
        wait_ms: row::unsigned(row, "wait_ms"),
    })
}

/// The waiters of one group want the same mode on the same object, as `tick_sessions` partitions them.
fn group(kind: &str, mode: &str, row: &PgRow) -> String {
    let oid = |name| row::oid(row, name).unwrap_or_default();
    let int = |name| row::int(row, name).unwrap_or_default();
    let place = match kind {
        "transactionid" => row::text(row, "lock_xid"),
        "virtualxid" => row::text(row, "virtualxid"),
        _ => format!(
            "{}.{}.{}.{}.{}.{}.{}",
            oid("lock_datid"),
            oid("lock_relid"),
            int("page"),
            tuple(row),
            oid("classid"),
            oid("objid"),
            small(row, "objsubid"),
        ),
    };
    format!("{kind} {mode} {place}")
}

fn tuple(row: &PgRow) -> i16 {
    small(row, "tuple")
}

fn small(row: &PgRow, name: &str) -> i16 {
    row::get(row, name).unwrap_or_default()
}

fn object(kind: &str, row: &PgRow, rights: &Rights, names: &mut Names) -> String {
    let page = row::int(row, "page");
    let mut relation = || match (row::oid(row, "lock_relid"), row::oid(row, "lock_datid")) {
        (Some(rel), Some(db)) if db == rights.datid || db == 0 => names.of(Kind::Relation, rel),
        (Some(rel), Some(db)) => {
            format!(
                "relation {rel} of database {}",
                names.of(Kind::Database, db)
            )
        }
        (Some(rel), None) => names.of(Kind::Relation, rel),
        (None, _) => String::new(),
    };
    let plain = |text: String| match text.parse::<u32>() {
        Ok(number) => format!("relation {number}"),
        Err(_) => text,
    };
    let xid = row::text(row, "lock_xid");
    match kind {
        "relation" => plain(relation()),
        "extend" => format!("extension of {}", plain(relation())),
        "page" => format!("page {} of {}", page.unwrap_or_default(), plain(relation())),
        "tuple" => row_of(row, &plain(relation())),
        "transactionid" => match plain(relation()) {
            table if table.is_empty() => format!("transaction {xid}"),
            table => format!("{} (transaction {xid})", row_of(row, &table)),
        },
        "virtualxid" => format!("transaction of {}", row::text(row, "virtualxid")),
        "advisory" => format!("advisory lock {}", advisory(row)),
        "object" => format!(
            "object {} of class {}",
            row::oid(row, "objid").unwrap_or_default(),
            row::oid(row, "classid").unwrap_or_default()
        ),
        other => other.to_owned(),
    }
}

fn row_of(row: &PgRow, table: &str) -> String {
    let page = row::int(row, "page").unwrap_or_default();
    format!("row ({page},{}) of {table}", tuple(row))
}

/// One key of 64 bits, or two of 32: `objsubid` tells.
fn advisory(row: &PgRow) -> String {
    let high = row::oid(row, "classid").unwrap_or_default();
    let low = row::oid(row, "objid").unwrap_or_default();
    if small(row, "objsubid") == 1 {
        return ((u64::from(high) << 32) | u64::from(low))
            .cast_signed()
            .to_string();
    }
    format!("({}, {})", high.cast_signed(), low.cast_signed())
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
