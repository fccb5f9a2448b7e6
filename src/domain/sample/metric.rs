//! What can be measured in a sample: the names that alarm rules use, with their units and first thresholds.

use crate::domain::ready::Family;
use crate::domain::sample::history::History;
use crate::domain::sample::horizon;
use crate::domain::sample::model::{Ours, Sample, Server, Session, SlotUse};
use crate::domain::sample::rates::number;

/// In what a metric is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Things, of so many; a threshold may be a percentage.
    Share,
    /// Milliseconds.
    Duration,
    /// Bytes.
    Bytes,
    /// Things a second; a threshold may be a percentage of the level before the first step.
    PerSecond,
    /// Bytes a second.
    BytesPerSecond,
}

/// A thing that can be measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// Its name in alarm rules.
    pub name: &'static str,
    /// In what it is measured.
    pub unit: Unit,
    /// What it is, for people.
    pub about: &'static str,
    /// From here on it is worth a look; for shares a part of one.
    pub look: Option<f64>,
    /// From here on it is worth stopping for; for shares a part of one.
    pub stop: Option<f64>,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// A number.
    Number {
        /// In the metric's unit.
        value: f64,
        /// What percentages are of, where that is known.
        of: Option<f64>,
    },
    /// A text: an own value that is no number.
    Text(String),
}

const fn metric(
    name: &'static str,
    unit: Unit,
    look: Option<f64>,
    stop: Option<f64>,
    about: &'static str,
) -> Metric {
    Metric {
        name,
        unit,
        about,
        look,
        stop,
    }
}

const GIB: f64 = 1_073_741_824.0;

/// Everything that can be measured, besides the runbook's own values.
#[rustfmt::skip]
pub const METRICS: &[Metric] = &[
    metric("blocked", Unit::Count, Some(1.0), Some(20.0), "sessions that wait for a lock"),
    metric("longest_wait", Unit::Duration, Some(1e3), Some(5e3), "the longest wait for a lock"),
    metric("blocked_by_us", Unit::Count, None, Some(1.0), "sessions that wait behind a step of this run"),
    metric("our_wait", Unit::Duration, Some(1e3), Some(5e3), "how long a step of this run has waited for a lock"),
    metric("connections", Unit::Share, Some(0.7), Some(0.9), "connections, of those open to non-superusers"),
    metric("active", Unit::Count, None, None, "sessions that work"),
    metric("idle_in_transaction", Unit::Duration, Some(30e3), Some(120e3), "the longest idle transaction"),
    metric("longest_transaction", Unit::Duration, Some(60e3), Some(300e3), "the longest transaction"),
    metric("xmin_age", Unit::Count, None, None, "transactions by which old rows are kept from being cleaned"),
    metric("history_list", Unit::Count, Some(1e6), None, "changes kept for old readers, to be purged (MySQL and MariaDB)"),
    metric("frozen_age", Unit::Share, Some(0.5), Some(0.8), "age of the oldest database, of what wraparound allows"),
    metric("replication_lag", Unit::Duration, Some(10e3), Some(60e3), "the largest lag of a replica, in time"),
    metric("replication_lag_bytes", Unit::Bytes, None, None, "the largest lag of a replica, in bytes"),
    metric("slot_retained", Unit::Bytes, Some(GIB), Some(10.0 * GIB), "log kept by the slowest replication slot"),
    metric("deadlocks", Unit::Count, Some(1.0), None, "deadlocks since the monitor began"),
    metric("rollbacks_per_s", Unit::PerSecond, None, None, "transactions rolled back"),
    metric("tps", Unit::PerSecond, None, None, "transactions"),
    metric("statements_per_s", Unit::PerSecond, None, None, "statements that clients sent (MySQL and MariaDB)"),
    metric("temp_bytes_per_s", Unit::BytesPerSecond, None, None, "written to temporary files"),
    metric("wal_bytes_per_s", Unit::BytesPerSecond, None, None, "written to the write-ahead log; on MySQL and MariaDB to the redo log"),
    metric("unreachable", Unit::Duration, Some(1.0), Some(5e3), "how long the server has not answered"),
];

/// What PostgreSQL allows a transaction to age before it refuses to write.
pub const WRAPAROUND: f64 = 2_147_483_648.0;

/// Returns the metric called `name`.
pub fn metric_named(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|m| m.name == name)
}

/// Returns what `name` (a metric or an own value) is in `sample`; `None` where it is not known.
pub fn measure(name: &str, sample: &Sample, history: &History) -> Option<Reading> {
    if let Some(own) = sample.values.iter().find(|v| v.name == name) {
        let value = own.value.as_deref()?.trim();
        return Some(match value.parse() {
            Ok(value) => Reading::Number { value, of: None },
            Err(_) => Reading::Text(value.to_owned()),
        });
    }
    let value = amount(name, sample)?;
    let of = match metric_named(name)?.unit {
        Unit::Share if name == "frozen_age" => Some(WRAPAROUND),
        Unit::Share => Some(sample.counts.limit).filter(|n| *n > 0).map(f64::from),
        Unit::PerSecond => history.baseline(name),
        Unit::Count | Unit::Duration | Unit::Bytes | Unit::BytesPerSecond => None,
    };
    Some(Reading::Number { value, of })
}

/// Returns what the metric `name` is in `sample`, in its unit.
pub fn amount(name: &str, sample: &Sample) -> Option<f64> {
    let counts = &sample.counts;
    Some(match name {
        "blocked" => f64::from(counts.blocked),
        "longest_wait" => longest(sample.sessions.iter(), waited),
        "blocked_by_us" => f64::from(blocked_by_us(sample)),
        "our_wait" => longest(ours(sample), waited),
        "connections" => f64::from(counts.connections),
        "active" => f64::from(counts.active),
        "idle_in_transaction" => {
            let idle = sample
                .sessions
                .iter()
                .filter(|s| s.is_idle_in_transaction());
            longest(idle, |s| s.state_ms)
        }
        "longest_transaction" => number(counts.longest_xact_ms.unwrap_or_default()),
        // PostgreSQL alone: what a server has no view of is unknown, not nothing.
        "xmin_age" | "frozen_age" | "temp_bytes_per_s" if sample.family == Family::MySql => {
            return None;
        }
        "xmin_age" => number(horizon::oldest(sample).map_or(0, |o| o.transactions)),
        _ => return of_server(name, sample.server.as_ref()?),
    })
}

fn of_server(name: &str, server: &Server) -> Option<f64> {
    let lag = server.receiver.as_ref();
    Some(match name {
        "frozen_age" => number(server.frozen_age),
        "history_list" => number(server.history_list?),
        "statements_per_s" => server.rates?.statements?,
        // The lag that a replica reports can stand still while bytes pile up: a position that does not move counts too.
        "replication_lag" => number(
            (server
                .senders
                .iter()
                .filter_map(|s| s.replay_lag_ms.max(s.stuck_ms)))
            .chain(lag.and_then(|r| r.replay_age_ms.max(r.stuck_ms)))
            .max()?,
        ),
        "replication_lag_bytes" => number(lag_bytes(server)?),
        "slot_retained" => number(server.slots.iter().filter_map(|s| s.retained).max()?),
        "deadlocks" => number(server.deadlocks),
        "rollbacks_per_s" => server.rates?.rollbacks,
        "tps" => server.rates?.tps,
        "temp_bytes_per_s" => server.rates?.temp_bytes,
        "wal_bytes_per_s" => server.rates?.wal_bytes,
        _ => return None,
    })
}

/// Returns the largest lag of a replica, in bytes.
pub fn lag_bytes(server: &Server) -> Option<u64> {
    (server.senders.iter().filter_map(|s| s.unreplayed))
        .chain(server.receiver.as_ref().and_then(|r| r.unreplayed))
        .max()
}

/// Returns how many replication slots nobody reads from.
pub fn idle_slots(server: &Server) -> usize {
    server
        .slots
        .iter()
        .filter(|s| s.usage == SlotUse::Inactive)
        .count()
}

fn ours(sample: &Sample) -> impl Iterator<Item = &Session> {
    sample.sessions.iter().filter(|s| match s.ours {
        Ours::Step { .. } | Ours::Probable { .. } => true,
        Ours::Monitor | Ours::No => false,
    })
}

fn waited(session: &Session) -> Option<u64> {
    session.lock.as_ref()?.wait_ms
}

fn longest<'a>(
    sessions: impl Iterator<Item = &'a Session>,
    of: impl Fn(&Session) -> Option<u64>,
) -> f64 {
    number(sessions.filter_map(of).max().unwrap_or_default())
}

/// Returns how many sessions wait behind a step of the run, directly or not.
pub fn blocked_by_us(sample: &Sample) -> u32 {
    if !sample.sessions.iter().any(|s| s.step().is_some()) {
        return 0; // no need to weave a tree several times a look
    }
    crate::domain::sample::blocking::tree(sample).behind_ours(sample)
}

/// How bad a reading is by the table's thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Nothing to see.
    Calm,
    /// Worth a look.
    Look,
    /// Worth stopping for.
    Stop,
}

/// Returns how bad the metric `name` is in `sample` by the table's thresholds.
pub fn grade(name: &str, sample: &Sample) -> Grade {
    let (Some(metric), Some(value)) = (metric_named(name), amount(name, sample)) else {
        return Grade::Calm;
    };
    let value = match metric.unit {
        Unit::Share if name == "frozen_age" => value / WRAPAROUND,
        Unit::Share => value / f64::from(sample.counts.limit.max(1)),
        _ => value,
    };
    graded(metric, value)
}

/// Returns how bad `value` (for shares a part of one) is by the table's thresholds.
pub fn graded(metric: &Metric, value: f64) -> Grade {
    if metric.stop.is_some_and(|from| value >= from) {
        Grade::Stop
    } else if metric.look.is_some_and(|from| value >= from) {
        Grade::Look
    } else {
        Grade::Calm
    }
}
