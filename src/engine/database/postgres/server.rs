//! What the server says of itself: counters, replication, slots, prepared transactions, progress.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgRow;
use tokio::time::timeout;

use crate::domain::runbook::model::ServerRole;
use crate::domain::sample::model::{
    Archive, Prepared, PreparedIn, Progress, Receiver, Sender, Server, Slot, SlotUse, Totals,
};
use crate::domain::sample::rates;
use crate::domain::tame;
use crate::engine::database::error::DatabaseError;
use crate::engine::database::postgres::connect::Link;
use crate::engine::database::postgres::dialect::Dialect;
use crate::engine::database::postgres::sessions::json;
use crate::engine::database::postgres::{row, trouble};

/// Asks the server; rates and deadlocks are counted from `before`, sizes are kept from it. Returns when the server was
/// started too: by that it is told from any other.
pub(super) async fn ask(
    link: &mut Link,
    dialect: &Dialect,
    before: Option<&Server>,
    limit: Duration,
) -> Result<(Server, String), DatabaseError> {
    let asked = sqlx::query(AssertSqlSafe(Arc::clone(&dialect.server)));
    let row = match timeout(limit, asked.fetch_one(&mut link.conn)).await {
        Ok(row) => row.map_err(|e| trouble::asking(&e))?,
        Err(_) => return Err(trouble::silent(&link.address, limit.as_secs())),
    };
    let mut server = read(&row);
    if let Some(before) = before {
        rates::follow(&mut server, before);
    }
    Ok((server, row::text(&row, "instance")))
}

fn read(row: &PgRow) -> Server {
    let standby: bool = row::get(row, "in_recovery").unwrap_or_default();
    let frozen = row::int(row, "frozen_age").and_then(|n| u64::try_from(n).ok());
    let receiver: Option<ReceiverRow> = serde_json::from_str(&row::raw(row, "receiver")).ok();
    let totals = totals(row);
    Server {
        at_ms: totals.at_ms,
        role: Some(if standby {
            ServerRole::Standby
        } else {
            ServerRole::Primary
        }),
        totals,
        frozen_age: frozen.unwrap_or_default(),
        senders: list::<SenderRow, _>(row, "senders"),
        receiver: receiver.map(Into::into),
        archive: archive(row),
        slots: list::<SlotRow, _>(row, "slots"),
        prepared: list::<PreparedRow, _>(row, "prepared"),
        progress: list::<ProgressRow, _>(row, "progress"),
        ..Server::default()
    }
}

fn list<R: for<'de> Deserialize<'de> + Into<T>, T>(row: &PgRow, name: &str) -> Vec<T> {
    json::<R>(row, name).into_iter().map(Into::into).collect()
}

fn archive(row: &PgRow) -> Option<Archive> {
    let on: bool = row::get(row, "archives").unwrap_or_default();
    on.then(|| Archive {
        archived_ms: row::unsigned(row, "archived_ms"),
        failed_ms: row::unsigned(row, "archive_failed_ms"),
        failures: row::unsigned(row, "archive_failures").unwrap_or_default(),
    })
}

fn totals(row: &PgRow) -> Totals {
    let total = |name| row::unsigned(row, name).unwrap_or_default();
    Totals {
        at_ms: row::long(row, "at_ms").unwrap_or_default(),
        commits: total("commits"),
        rollbacks: total("rollbacks"),
        blocks_fetched: total("blks_fetched"),
        blocks_hit: total("blks_hit"),
        inserted: total("ins"),
        updated: total("upd"),
        deleted: total("del"),
        own_transactions: total("own_transactions"),
        temp_files: total("temp_files"),
        temp_bytes: total("temp_bytes"),
        checkpoints_timed: total("checkpoints_timed"),
        checkpoints_requested: total("checkpoints_requested"),
        wal_bytes: total("wal_bytes"),
        deadlocks: total("deadlocks"),
        conflicts: total("conflicts"),
        ..Totals::default()
    }
}

fn tamed(text: Option<String>) -> String {
    text.map_or_else(String::new, tame::line)
}

fn positive(n: Option<i64>) -> Option<u64> {
    n.map(|n| u64::try_from(n).unwrap_or_default())
}

#[derive(Deserialize)]
struct SenderRow {
    pid: Option<i32>,
    app: Option<String>,
    client: Option<String>,
    state: Option<String>,
    sync_state: Option<String>,
    unsent: Option<i64>,
    unflushed: Option<i64>,
    unreplayed: Option<i64>,
    replayed: Option<i64>,
    replay_lag_ms: Option<i64>,
}

impl From<SenderRow> for Sender {
    fn from(row: SenderRow) -> Self {
        Self {
            pid: row.pid.unwrap_or_default(),
            application: tamed(row.app),
            client: tamed(row.client),
            state: tamed(row.state),
            sync: tamed(row.sync_state),
            unsent: positive(row.unsent),
            unflushed: positive(row.unflushed),
            unreplayed: positive(row.unreplayed),
            replay_lag_ms: positive(row.replay_lag_ms),
            replayed: positive(row.replayed),
            stuck_ms: None,
        }
    }
}

#[derive(Deserialize)]
struct ReceiverRow {
    status: Option<String>,
    sender: Option<String>,
    slot: Option<String>,
    heard_ms: Option<i64>,
    replayed: Option<i64>,
    unreplayed: Option<i64>,
    replay_age_ms: Option<i64>,
    pause: Option<String>,
}

impl From<ReceiverRow> for Receiver {
    fn from(row: ReceiverRow) -> Self {
        Self {
            status: tamed(row.status),
            from: tamed(row.sender),
            slot: tamed(row.slot),
            heard_ms: positive(row.heard_ms),
            replayed: positive(row.replayed),
            stuck_ms: None,
            unreplayed: positive(row.unreplayed),
            replay_age_ms: positive(row.replay_age_ms),
            pause: tamed(row.pause),
        }
    }
}

#[derive(Deserialize)]
struct SlotRow {
    slot: Option<String>,
    r#type: Option<String>,
    active: Option<bool>,
    wal_status: Option<String>,
    safe_wal_size: Option<i64>,
    retained: Option<i64>,
    xmin_age: Option<i64>,
    catalog_xmin_age: Option<i64>,
}

impl From<SlotRow> for Slot {
    fn from(row: SlotRow) -> Self {
        Self {
            name: tamed(row.slot),
            kind: tamed(row.r#type),
            usage: match row.active {
                Some(true) => SlotUse::Active,
                Some(false) | None => SlotUse::Inactive,
            },
            wal_status: tamed(row.wal_status),
            retained: positive(row.retained),
            safe: positive(row.safe_wal_size),
            xmin_age: positive(row.xmin_age.max(row.catalog_xmin_age)),
        }
    }
}

#[derive(Deserialize)]
struct PreparedRow {
    xid: String,
    gid: String,
    age_ms: Option<i64>,
    owner: Option<String>,
    here: Option<bool>,
    xid_age: Option<i64>,
}

impl From<PreparedRow> for Prepared {
    fn from(row: PreparedRow) -> Self {
        Self {
            xid: tame::line(row.xid),
            gid: tame::line(row.gid),
            age_ms: positive(row.age_ms).unwrap_or_default(),
            owner: tamed(row.owner),
            place: match row.here {
                Some(false) => PreparedIn::Elsewhere,
                Some(true) | None => PreparedIn::Here,
            },
            xid_age: positive(row.xid_age),
        }
    }
}

#[derive(Deserialize)]
struct ProgressRow {
    pid: Option<i32>,
    command: Option<String>,
    phase: Option<String>,
    relation: Option<String>,
    index: Option<String>,
    b: Option<i64>,
    bt: Option<i64>,
    t: Option<i64>,
    tt: Option<i64>,
    l: Option<i64>,
    lt: Option<i64>,
    locker: Option<i32>,
    p: Option<i64>,
    pt: Option<i64>,
}

impl From<ProgressRow> for Progress {
    fn from(row: ProgressRow) -> Self {
        let command = tamed(row.command);
        let phase = tamed(row.phase);
        let bytes = command.starts_with("COPY") || command == "BASE BACKUP";
        let some = |n: Option<i64>| n.is_some_and(|n| n > 0);
        // Each phase counts something else; what is finished or was never begun says nothing.
        let (done, total, unit) = if some(row.lt) && phase.starts_with("waiting") {
            (row.l, row.lt, "lockers")
        } else if some(row.bt) && row.b < row.bt {
            (row.b, row.bt, if bytes { "bytes" } else { "blocks" })
        } else if some(row.tt) {
            (row.t, row.tt, "rows")
        } else if some(row.pt) {
            (row.p, row.pt, "partitions")
        } else {
            (row.b, row.bt, if bytes { "bytes" } else { "blocks" })
        };
        Self {
            pid: row.pid.unwrap_or_default(),
            command,
            phase,
            relation: tamed(row.relation),
            index: tamed(row.index),
            done: positive(done).unwrap_or_default(),
            total: positive(total).unwrap_or_default(),
            unit: unit.to_owned(),
            waits_for: row.locker.filter(|pid| *pid > 0),
            ..Self::default()
        }
    }
}
