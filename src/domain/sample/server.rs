//! What a server says of itself: counters, replication, slots, prepared transactions, progress.

use serde::{Deserialize, Serialize};

use crate::domain::runbook::model::ServerRole;

/// What the server says of itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Server {
    /// The server's clock when it was read, in milliseconds since 1970.
    pub at_ms: i64,
    /// Primary or standby.
    pub role: Option<ServerRole>,
    /// Counters since the server's statistics began.
    pub totals: Totals,
    /// What they grew by a second; `None` until two were read, and after a reset.
    pub rates: Option<Rates>,
    /// Deadlocks since the monitor began.
    pub deadlocks: u64,
    /// Changes that are kept for old readers until they can be purged (`InnoDB`'s history list length).
    pub history_list: Option<u64>,
    /// The oldest database's age in transactions.
    pub frozen_age: u64,
    /// Bytes of the database; `None`: not asked, or may not be read.
    pub database_bytes: Option<u64>,
    /// Transactions a second in the monitored database alone.
    pub own_tps: Option<f64>,
    /// How the log is archived; `None`: it is not.
    pub archive: Option<Archive>,
    /// Replicas that are fed.
    pub senders: Vec<Sender>,
    /// Where it is itself fed.
    pub receiver: Option<Receiver>,
    /// Replication slots.
    pub slots: Vec<Slot>,
    /// Prepared transactions, the oldest first.
    pub prepared: Vec<Prepared>,
    /// Long commands that tell how far they are.
    pub progress: Vec<Progress>,
}

/// Counters of the whole server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// The server's clock when they were read, in milliseconds since 1970.
    pub at_ms: i64,
    /// Transactions committed.
    pub commits: u64,
    /// Transactions rolled back.
    pub rollbacks: u64,
    /// Blocks asked for.
    pub blocks_fetched: u64,
    /// Of these, found in memory.
    pub blocks_hit: u64,
    /// Rows inserted.
    pub inserted: u64,
    /// Rows updated.
    pub updated: u64,
    /// Rows deleted.
    pub deleted: u64,
    /// Transactions of the monitored database alone, committed or not.
    pub own_transactions: u64,
    /// Temporary files written.
    pub temp_files: u64,
    /// Bytes written to temporary files.
    pub temp_bytes: u64,
    /// Checkpoints because it was time.
    pub checkpoints_timed: u64,
    /// Checkpoints because somebody or too much log asked for one.
    pub checkpoints_requested: u64,
    /// Bytes of write-ahead log.
    pub wal_bytes: u64,
    /// Deadlocks.
    pub deadlocks: u64,
    /// Queries of a standby cancelled for the primary's sake.
    pub conflicts: u64,
    /// Statements that clients sent (MySQL and MariaDB).
    pub statements: Option<u64>,
    /// Temporary tables that went to disk (MySQL and MariaDB).
    pub disk_tables: Option<u64>,
    /// Bytes written to the binary log (MariaDB).
    pub binlog_bytes: Option<u64>,
}

/// Changes a second, of the whole server.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Rates {
    /// Transactions, committed or not.
    pub tps: f64,
    /// Transactions rolled back.
    pub rollbacks: f64,
    /// Rows inserted, updated and deleted.
    pub rows: f64,
    /// Bytes written to temporary files.
    pub temp_bytes: f64,
    /// Bytes of write-ahead log.
    pub wal_bytes: f64,
    /// Part of the blocks that were found in memory, 0 to 1; `None`: none was asked for.
    pub hit_ratio: Option<f64>,
    /// Statements that clients sent; `None`: the server does not count them.
    pub statements: Option<f64>,
    /// Temporary tables that went to disk; `None`: the server does not count them.
    pub disk_tables: Option<f64>,
    /// Bytes written to the binary log; `None`: there is none, or they are not counted.
    pub binlog_bytes: Option<f64>,
}

/// A replica that is fed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Sender {
    /// Its sender's process.
    pub pid: i32,
    /// Its name.
    pub application: String,
    /// Its address.
    pub client: String,
    /// `streaming`, `catchup`, …; empty: hidden from this role.
    pub state: String,
    /// `sync`, `async`, …
    pub sync: String,
    /// Bytes not yet sent.
    pub unsent: Option<u64>,
    /// Bytes not yet safe on the replica's disk.
    pub unflushed: Option<u64>,
    /// Bytes not yet replayed.
    pub unreplayed: Option<u64>,
    /// Milliseconds of lag as the replica reports it; it can stand still while bytes pile up.
    pub replay_lag_ms: Option<u64>,
    /// Up to where it has replayed, as a position in the log.
    pub replayed: Option<u64>,
    /// Milliseconds for which it has had more to replay and did not move.
    pub stuck_ms: Option<u64>,
}

/// Where a standby is fed, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Receiver {
    /// `streaming`, …; `none`: nothing feeds it at the moment; empty: hidden from this role.
    pub status: String,
    /// The primary's address and port; empty: hidden from this role, or it is not fed.
    pub from: String,
    /// The slot that it reads from; empty: none, or hidden.
    pub slot: String,
    /// Milliseconds since its primary was last heard.
    pub heard_ms: Option<u64>,
    /// Bytes received and not yet replayed.
    pub unreplayed: Option<u64>,
    /// Milliseconds since the last transaction that was replayed, while there is more to replay.
    pub replay_age_ms: Option<u64>,
    /// `not paused`, …
    pub pause: String,
    /// Up to where it has replayed, as a position in the log.
    pub replayed: Option<u64>,
    /// Milliseconds for which it has had more to replay and did not move.
    pub stuck_ms: Option<u64>,
}

/// How the write-ahead log is archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Archive {
    /// Milliseconds since the last success.
    pub archived_ms: Option<u64>,
    /// Milliseconds since the last failure.
    pub failed_ms: Option<u64>,
    /// Failures since the statistics began.
    pub failures: u64,
}

impl Archive {
    /// Returns whether the last try failed: then the log piles up.
    pub fn fails(&self) -> bool {
        match (self.failed_ms, self.archived_ms) {
            (Some(failed), Some(archived)) => failed < archived,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }
}

/// A replication slot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Slot {
    /// Its name.
    pub name: String,
    /// `physical` or `logical`.
    pub kind: String,
    /// Whether anybody reads from it.
    pub usage: SlotUse,
    /// `reserved`, `extended`, `unreserved`, `lost`.
    pub wal_status: String,
    /// Bytes of log that it keeps from being removed.
    pub retained: Option<u64>,
    /// Bytes until the server gives it up; `None`: it never does, or does not tell (before PostgreSQL 13).
    pub safe: Option<u64>,
    /// Transactions by which it holds back the cleaning of old rows, of tables or catalogs; `None`: it does not.
    pub xmin_age: Option<u64>,
}

/// Whether anybody reads from a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SlotUse {
    /// Somebody does.
    Active,
    /// Nobody does: it only grows.
    #[default]
    Inactive,
}

/// A prepared transaction: no session, and it holds its locks until somebody ends it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Prepared {
    /// Its transaction.
    pub xid: String,
    /// Its name; of an XA transaction as `XA COMMIT` wants it.
    pub gid: String,
    /// Milliseconds since it was prepared.
    pub age_ms: u64,
    /// Who prepared it.
    pub owner: String,
    /// Where it must be ended.
    pub place: PreparedIn,
    /// Transactions by which it holds back the cleaning of old rows; `None`: not told.
    pub xid_age: Option<u64>,
}

/// The database of a prepared transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PreparedIn {
    /// The monitored one.
    #[default]
    Here,
    /// Another one of the same server.
    Elsewhere,
    /// None: it is a branch of an XA transaction, which any session may end.
    Branch,
}

/// How far a long command is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Its session.
    pub pid: i32,
    /// `CREATE INDEX CONCURRENTLY`, `VACUUM`, …
    pub command: String,
    /// `building index: scanning table`
    pub phase: String,
    /// The table.
    pub relation: String,
    /// The index.
    pub index: String,
    /// Done so far, in the unit of `total`.
    pub done: u64,
    /// All of it; 0: not known.
    pub total: u64,
    /// What is counted: `blocks`, `rows`, `bytes`, `lockers`, `partitions`; `%`: thousandths of a hundredth.
    pub unit: String,
    /// The session whose transaction it waits for to end.
    pub waits_for: Option<i32>,
    /// Done a second, in the unit of `total`, smoothed; `None` until two were read in the same phase.
    pub rate: Option<f64>,
    /// Milliseconds that the rest of this phase takes at that rate.
    pub left_ms: Option<u64>,
    /// Milliseconds since it was first seen in this phase.
    pub phase_ms: u64,
}
