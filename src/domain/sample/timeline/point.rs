//! What one line of the file says: a point, or a gap.

use serde::{Deserialize, Serialize};

use crate::domain::runbook::model::StepId;
use crate::domain::sample::metric::amount;
use crate::domain::sample::model::Sample;
use crate::domain::sample::rates::whole;

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Line {
    /// From here on nothing was seen, until the next point.
    Gap(Gap),
    /// What was seen.
    Point(Box<Point>),
}

/// What the samples of some time have in common: the worst of each amount.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Point {
    /// When its first sample came, by our clock, in milliseconds since 1970.
    #[serde(rename = "at")]
    pub at_ms: i64,
    /// Milliseconds from there to its last sample.
    #[serde(rename = "len", default, skip_serializing_if = "is_zero")]
    pub length_ms: i64,
    /// How many samples it sums up.
    pub n: u32,
    /// The steps that ran.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Running>,
    /// Sessions that waited for a lock.
    pub blocked: u32,
    /// Milliseconds that the longest of them had waited.
    pub wait_ms: u64,
    /// Sessions that waited behind a step of the run.
    pub by_us: u32,
    /// Milliseconds that a step of the run had waited for a lock.
    pub our_wait_ms: u64,
    /// Connections.
    pub connections: u32,
    /// Clients at work.
    pub active: u32,
    /// Milliseconds that the longest transaction had lasted.
    pub transaction_ms: u64,
    /// Transactions a second, the mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tps: Option<u64>,
    /// Bytes of write-ahead log a second, the mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wal_bytes_per_s: Option<u64>,
    /// Bytes by which the slowest replica lagged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_bytes: Option<u64>,
    /// Milliseconds by which the slowest replica lagged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_ms: Option<u64>,
}

/// A time of which nothing is known.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Gap {
    /// Since when, by our clock, in milliseconds since 1970; it ends with the next point.
    #[serde(rename = "gap")]
    pub at_ms: i64,
    /// Why.
    pub why: Why,
}

/// Why nothing is known of some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The server did not answer.
    #[default]
    Unreachable,
    /// Nobody watched: the screen was away.
    Away,
    /// No sample came: the machine slept, or the server was very slow.
    Silent,
}

/// A step that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The step.
    pub step: StepId,
    /// The attempt.
    pub attempt: u32,
}

impl Point {
    pub(super) fn of(sample: &Sample, at_ms: i64, steps: &[Running]) -> Self {
        let of = |name: &str| amount(name, sample).map(whole);
        let count = |name: &str| of(name).and_then(|n| u32::try_from(n).ok());
        Self {
            at_ms,
            length_ms: 0,
            n: 1,
            steps: steps.to_vec(),
            blocked: sample.counts.blocked,
            wait_ms: of("longest_wait").unwrap_or_default(),
            by_us: count("blocked_by_us").unwrap_or_default(),
            our_wait_ms: of("our_wait").unwrap_or_default(),
            connections: sample.counts.connections,
            active: sample.counts.active,
            transaction_ms: sample.counts.longest_xact_ms.unwrap_or_default(),
            tps: of("tps"),
            wal_bytes_per_s: of("wal_bytes_per_s"),
            lag_bytes: of("replication_lag_bytes"),
            lag_ms: of("replication_lag"),
        }
    }

    /// Takes a later one in.
    pub(super) fn merge(&mut self, later: &Self) {
        let parts = (self.n, later.n);
        self.length_ms = later.at_ms + later.length_ms - self.at_ms;
        self.n += later.n;
        self.blocked = self.blocked.max(later.blocked);
        self.wait_ms = self.wait_ms.max(later.wait_ms);
        self.by_us = self.by_us.max(later.by_us);
        self.our_wait_ms = self.our_wait_ms.max(later.our_wait_ms);
        self.connections = self.connections.max(later.connections);
        self.active = self.active.max(later.active);
        self.transaction_ms = self.transaction_ms.max(later.transaction_ms);
        self.tps = mean(self.tps, later.tps, parts);
        self.wal_bytes_per_s = mean(self.wal_bytes_per_s, later.wal_bytes_per_s, parts);
        self.lag_bytes = self.lag_bytes.max(later.lag_bytes);
        self.lag_ms = self.lag_ms.max(later.lag_ms);
    }

    /// Returns whether attempt `attempt` at `step` ran.
    pub fn during(&self, step: &StepId, attempt: u32) -> bool {
        let mut steps = self.steps.iter();
        steps.any(|r| r.step == *step && r.attempt == attempt)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(n: &i64) -> bool {
    *n == 0
}

/// The mean of two means of so many samples each.
fn mean(before: Option<u64>, later: Option<u64>, parts: (u32, u32)) -> Option<u64> {
    let (Some(before), Some(later)) = (before, later) else {
        return before.or(later);
    };
    let (old, new) = (u64::from(parts.0), u64::from(parts.1));
    let sum = before
        .saturating_mul(old)
        .saturating_add(later.saturating_mul(new));
    Some(sum / (old + new).max(1))
}
