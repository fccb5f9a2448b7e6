//! What statements cost since the first reading, and which of them are worth a row.

use std::collections::HashMap;
use std::hash::Hash;

use crate::domain::sample::extra::{Statement, Statements};
use crate::domain::sample::rates::number;

/// Rows by the time they took.
const BY_TIME: usize = 40;
/// Rows by each of calls, mean time and rows.
const BY_OTHERS: usize = 15;

/// Costs of statements from reading to reading; `K` names a statement.
pub(super) struct Ledger<K> {
    first: Option<(i64, HashMap<K, Cost>)>,
    last: Option<(i64, HashMap<K, u64>)>,
}

impl<K> Default for Ledger<K> {
    fn default() -> Self {
        Self {
            first: None,
            last: None,
        }
    }
}

/// What runs of a statement cost together.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Cost {
    pub calls: u64,
    pub total_ms: f64,
    pub rows: u64,
    pub hit: u64,
    pub read: u64,
    pub temp: u64,
}

impl Cost {
    /// Those hidden from this role have no number of their own: they are counted together.
    pub fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.total_ms += other.total_ms;
        self.rows += other.rows;
        self.hit += other.hit;
        self.read += other.read;
        self.temp += other.temp;
    }

    /// Returns what was added since `before`; a counter that went back was reset, and counts whole.
    fn since(self, before: Option<&Self>) -> Self {
        match before {
            Some(before) if before.calls <= self.calls => Self {
                calls: self.calls - before.calls,
                total_ms: (self.total_ms - before.total_ms).max(0.0),
                rows: self.rows.saturating_sub(before.rows),
                hit: self.hit.saturating_sub(before.hit),
                read: self.read.saturating_sub(before.read),
                temp: self.temp.saturating_sub(before.temp),
            },
            Some(_) | None => self,
        }
    }

    fn mean(&self) -> f64 {
        self.total_ms / number(self.calls.max(1))
    }
}

impl<K: Clone + Eq + Hash> Ledger<K> {
    /// Returns what was added since the first reading; `named` makes a row of a name.
    pub fn difference(
        &mut self,
        now: HashMap<K, Cost>,
        at_ms: i64,
        named: impl Fn(&K) -> Statement,
    ) -> Statements {
        let (begun, first) = self.first.get_or_insert_with(|| (at_ms, now.clone()));
        let grown = now
            .iter()
            .map(|(key, cost)| (key.clone(), cost.since(first.get(key))));
        let grown: Vec<(K, Cost)> = grown.filter(|(_, cost)| cost.calls > 0).collect();
        let total_ms: f64 = grown.iter().map(|(_, cost)| cost.total_ms).sum();
        let since_ms = u64::try_from(at_ms - *begun).unwrap_or_default();
        let rows = pick(&grown).into_iter().map(|(key, cost)| Statement {
            calls: cost.calls,
            calls_per_s: self.speed(&key, now[&key].calls, at_ms),
            total_ms: cost.total_ms,
            rows: cost.rows,
            share: if total_ms > 0.0 {
                cost.total_ms / total_ms
            } else {
                0.0
            },
            blocks_hit: cost.hit,
            blocks_read: cost.read,
            temp_blocks: cost.temp,
            ..named(&key)
        });
        let rows = rows.collect();
        let calls = now.into_iter().map(|(key, cost)| (key, cost.calls));
        self.last = Some((at_ms, calls.collect()));
        Statements {
            at_ms,
            rows,
            of: u32::try_from(grown.len()).unwrap_or(u32::MAX),
            total_ms,
            own_ms: 0.0,
            since_ms,
            lack: None,
        }
    }

    fn speed(&self, key: &K, calls: u64, at_ms: i64) -> Option<f64> {
        let (before_ms, before) = self.last.as_ref()?;
        let ms = u64::try_from(at_ms - before_ms).ok().filter(|ms| *ms > 0)?;
        let grown = calls.checked_sub(before.get(key).copied().unwrap_or_default())?;
        Some(number(grown) * 1_000.0 / number(ms))
    }
}

/// How many are picked by what.
type Order = (usize, fn(&Cost) -> f64);

/// The dearest, and those that stand out by calls, by mean time or by rows.
fn pick<K: Clone + Eq + Hash>(grown: &[(K, Cost)]) -> Vec<(K, Cost)> {
    let mut picked: HashMap<K, Cost> = HashMap::new();
    let orders: [Order; 4] = [
        (BY_TIME, |c| c.total_ms),
        (BY_OTHERS, |c| number(c.calls)),
        (BY_OTHERS, Cost::mean),
        (BY_OTHERS, |c| number(c.rows)),
    ];
    let mut sorted: Vec<&(K, Cost)> = grown.iter().collect();
    for (n, by) in orders {
        sorted.sort_by(|a, b| by(&b.1).total_cmp(&by(&a.1)));
        picked.extend(
            sorted
                .iter()
                .take(n)
                .map(|(key, cost)| (key.clone(), *cost)),
        );
    }
    let mut picked: Vec<(K, Cost)> = picked.into_iter().collect();
    picked.sort_by(|a, b| b.1.total_ms.total_cmp(&a.1.total_ms));
    picked
}
