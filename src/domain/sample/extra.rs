//! What only some panels need and what can be slow to read: the largest tables, and the server's own statistics of statements.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::sample::rates::number;

/// What was read beside the refresh, each at its own pace; `None`: it was not asked for yet.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Extras {
    /// The tables of the monitored database that are worth a row.
    pub tables: Option<Arc<Tables>>,
    /// The statements that took the most since the monitor began.
    pub statements: Option<Arc<Statements>>,
}

/// Why something cannot be read, or not all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// The extension `pg_stat_statements` is not installed in the monitored database.
    NotInstalled,
    /// It is installed, but the server was started without its library.
    NotPreloaded,
    /// The server was started without its performance schema, or does not count statements in it.
    NoPerformanceSchema,
    /// This role may not read it, or sees its own part alone.
    NoRight,
    /// What it needs is locked: somebody holds a catalog or a table for himself.
    Locked,
    /// It took too long and was given up.
    Slow,
    /// Tables that somebody holds for himself have no exact size; so many.
    SizesWithheld(u32),
    /// No further connection could be opened, and why.
    NoConnection(String),
    /// Something else that the server said.
    Refused(String),
}

impl fmt::Display for Lack {
    /// One sentence for the panel: what is missing, and what would help.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled => f.write_str(
                "pg_stat_statements is not installed in this database: CREATE EXTENSION pg_stat_statements",
            ),
            Self::NotPreloaded => f.write_str(
                "the server runs without pg_stat_statements: add it to shared_preload_libraries and restart",
            ),
            Self::NoPerformanceSchema => f.write_str(
                "the server does not count statements: start it with performance_schema=ON",
            ),
            Self::NoRight => {
                f.write_str("this role sees its own statements alone: grant it pg_monitor")
            }
            Self::Locked => f.write_str("somebody has locked a catalog exclusively: it cannot be read now"),
            Self::Slow => f.write_str("the server needs too long for it"),
            Self::SizesWithheld(1) => {
                f.write_str("one table is locked exclusively: its size is an estimate")
            }
            Self::SizesWithheld(n) => {
                write!(f, "{n} tables are locked exclusively: their sizes are estimates")
            }
            Self::NoConnection(why) => write!(f, "no further connection: {why}"),
            Self::Refused(why) => write!(f, "it cannot be read: {why}"),
        }
    }
}

/// The tables of the monitored database that are worth a row.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tables {
    /// The server's clock when they were read, in milliseconds since 1970.
    pub at_ms: i64,
    /// The largest first; also those with the most dead rows and the most writes.
    pub rows: Vec<Table>,
    /// How many tables there are in all.
    pub of: u32,
    /// Milliseconds since the first reading, from which growth is counted.
    pub since_ms: u64,
    /// What is missing; the rows, if there are any, are the last that could be read.
    pub lack: Option<Lack>,
}

/// One table, or one part of a partitioned one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Table {
    /// Its number.
    pub oid: u32,
    /// `public.invoices`
    pub name: String,
    /// Bytes of all of it: rows, large values, indexes.
    pub bytes: u64,
    /// Of these, bytes of its indexes.
    pub index_bytes: u64,
    /// Whether the sizes were measured.
    pub measured: Measured,
    /// Bytes by which it grew since the first reading; `None`: an estimate says nothing about that.
    pub grown: Option<i64>,
    /// Live rows, as the statistics estimate them.
    pub live: u64,
    /// Dead rows, as the statistics estimate them.
    pub dead: u64,
    /// The last vacuum, by hand or not.
    pub vacuumed: Option<Cleaned>,
    /// The last analyze, by hand or not.
    pub analyzed: Option<Cleaned>,
    /// Scans of the whole table since the first reading.
    pub seq_scans: u64,
    /// Scans by an index since the first reading.
    pub index_scans: u64,
    /// Rows inserted, updated and deleted a second; `None` until two were read.
    pub writes_per_s: Option<f64>,
    /// Age of its oldest transaction.
    pub frozen_age: u64,
    /// The engine that keeps it, where there are several: `InnoDB`.
    pub engine: String,
    /// Bytes that are allocated and unused; `None`: not told.
    pub free_bytes: Option<u64>,
}

impl Table {
    /// Returns which part of the rows is dead, 0 to 1.
    pub fn dead_part(&self) -> f64 {
        let all = self.live + self.dead;
        if all == 0 {
            return 0.0;
        }
        number(self.dead) / number(all)
    }
}

/// Whether a size was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measured {
    /// The files were measured.
    #[default]
    Exactly,
    /// The table is held by somebody for himself: the size is the last measured, else the planner's estimate.
    Estimated,
}

/// When a table was last cleaned, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Cleaned {
    /// Milliseconds ago.
    pub ago_ms: u64,
    /// By whom.
    pub by: CleanedBy,
}

/// Who cleaned a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CleanedBy {
    /// The server by itself.
    #[default]
    Auto,
    /// Somebody by hand.
    Hand,
}

/// What statements cost since the monitor began.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Statements {
    /// The server's clock when they were read, in milliseconds since 1970.
    pub at_ms: i64,
    /// The most expensive first; also the most frequent, the slowest, and those with the most rows.
    pub rows: Vec<Statement>,
    /// How many different statements ran since the first reading.
    pub of: u32,
    /// Milliseconds that all of them took together since the first reading.
    pub total_ms: f64,
    /// Milliseconds that the monitor's own took, which are left out of all else, as far as they are known.
    pub own_ms: f64,
    /// Milliseconds since the first reading, from which everything is counted.
    pub since_ms: u64,
    /// What is missing; the rows, if there are any, are the last that could be read.
    pub lack: Option<Lack>,
}

/// One statement, without its constants, as one user in one database sent it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Statement {
    /// The server's number of it; `None`: hidden from this role.
    pub id: Option<i64>,
    /// Whose.
    pub user: String,
    /// Where.
    pub database: String,
    /// Its text, tamed and without passwords; empty: hidden, or no longer known to the server.
    pub query: String,
    /// Whether a client sent it.
    pub level: Level,
    /// Times it was run.
    pub calls: u64,
    /// Times a second between the last two readings.
    pub calls_per_s: Option<f64>,
    /// Milliseconds that all of these took together.
    pub total_ms: f64,
    /// Rows returned or changed.
    pub rows: u64,
    /// Part of the time of all statements, 0 to 1.
    pub share: f64,
    /// Blocks found in memory.
    pub blocks_hit: u64,
    /// Blocks read from outside.
    pub blocks_read: u64,
    /// Blocks written to temporary files.
    pub temp_blocks: u64,
}

impl Statement {
    /// Returns how many milliseconds one run took on average.
    pub fn mean_ms(&self) -> f64 {
        if self.calls == 0 {
            return 0.0;
        }
        self.total_ms / number(self.calls)
    }

    /// Returns which part of the blocks was found in memory, 0 to 1; `None`: none was asked for.
    pub fn hit_ratio(&self) -> Option<f64> {
        let all = self.blocks_hit + self.blocks_read;
        (all > 0).then(|| number(self.blocks_hit) / number(all))
    }
}

/// Where a statement came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A client sent it, or the server does not tell (before PostgreSQL 14).
    #[default]
    Top,
    /// A function ran it.
    Nested,
}
