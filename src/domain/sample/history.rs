//! What the last samples were like: lines for sparklines, and the worst seen during a step.

use std::collections::VecDeque;

use crate::domain::run::event::Peaks;
use crate::domain::sample::metric::{METRICS, amount, lag_bytes};
use crate::domain::sample::model::Sample;
use crate::domain::sample::rates::whole;

/// The last values of every metric, the oldest first, with gaps where nothing was known.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    capacity: usize,
    at_ms: VecDeque<i64>,
    lines: Vec<VecDeque<Option<f64>>>,
    baseline: Vec<Option<f64>>,
}

impl Default for History {
    fn default() -> Self {
        Self::new(300)
    }
}

impl History {
    /// Returns an empty history that keeps `capacity` samples.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            at_ms: VecDeque::new(),
            lines: vec![VecDeque::new(); METRICS.len()],
            baseline: vec![None; METRICS.len()],
        }
    }

    /// Takes a sample in.
    pub fn push(&mut self, sample: &Sample) {
        self.at(sample.at_ms, |name| amount(name, sample));
    }

    /// Notes that nothing was known at `at_ms` by the server's clock.
    pub fn gap(&mut self, at_ms: i64) {
        self.at(at_ms, |_| None);
    }

    fn at(&mut self, at_ms: i64, value: impl Fn(&str) -> Option<f64>) {
        push_bounded(&mut self.at_ms, at_ms, self.capacity);
        for (metric, line) in METRICS.iter().zip(&mut self.lines) {
            push_bounded(line, value(metric.name), self.capacity);
        }
    }

    /// Returns the last values of `metric`, the oldest first, with gaps.
    pub fn line(&self, metric: &str) -> impl Iterator<Item = Option<f64>> + '_ {
        let at = METRICS.iter().position(|m| m.name == metric);
        at.into_iter().flat_map(|i| self.lines[i].iter().copied())
    }

    /// Keeps the median of every metric so far as the level that percentages are of.
    pub fn keep_baseline(&mut self) {
        let medians = self
            .lines
            .iter()
            .map(|line| median(line.iter().copied().flatten().collect()));
        self.baseline = medians.collect();
    }

    /// Takes up `level` of `metric`, which somebody before us kept.
    pub fn take_up_baseline(&mut self, metric: &str, level: f64) {
        if let Some(at) = METRICS.iter().position(|m| m.name == metric) {
            self.baseline[at] = Some(level);
        }
    }

    /// Returns the level kept of `metric`.
    pub fn baseline(&self, metric: &str) -> Option<f64> {
        let at = METRICS.iter().position(|m| m.name == metric)?;
        self.baseline[at]
    }

    /// Returns by how much `metric` grew during the last `ms` milliseconds.
    pub fn growth(&self, metric: &str, ms: i64) -> Option<f64> {
        let now = *self.at_ms.back()?;
        let from = self.at_ms.iter().position(|at| *at >= now - ms)?;
        let mut known = self.line(metric).skip(from).flatten();
        let first = known.next()?;
        Some(known.last().unwrap_or(first) - first)
    }
}

/// Returns the middle one of `values`, where there are any.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn push_bounded<T>(line: &mut VecDeque<T>, value: T, capacity: usize) {
    if line.len() == capacity {
        line.pop_front();
    }
    line.push_back(value);
}

impl Peaks {
    /// Takes a sample in: what is worse than before is kept.
    pub fn see(&mut self, sample: &Sample) {
        let of = |name: &str| amount(name, sample).unwrap_or_default();
        self.samples += 1;
        self.blocked = self.blocked.max(sample.counts.blocked);
        self.longest_wait_ms = self.longest_wait_ms.max(whole(of("longest_wait")));
        let by_us = u32::try_from(whole(of("blocked_by_us"))).unwrap_or(u32::MAX);
        self.blocked_by_us = self.blocked_by_us.max(by_us);
        let xact = sample.counts.longest_xact_ms.unwrap_or_default();
        self.longest_transaction_ms = self.longest_transaction_ms.max(xact);
        self.connections = self.connections.max(sample.counts.connections);
        let lag = sample.server.as_ref().and_then(lag_bytes);
        self.lag_bytes = self.lag_bytes.max(lag);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::model::Counts;

    fn sample(at_ms: i64, blocked: u32) -> Sample {
        Sample {
            at_ms,
            counts: Counts {
                blocked,
                connections: blocked * 2,
                ..Counts::default()
            },
            ..Sample::default()
        }
    }

    #[test]
    fn only_the_last_samples_are_kept_and_gaps_stay_gaps() {
        let mut history = History::new(3);
        history.push(&sample(1_000, 1));
        history.push(&sample(2_000, 2));
        history.gap(3_000);
        history.push(&sample(4_000, 4));
        let line: Vec<_> = history.line("blocked").collect();
        assert_eq!(line, [Some(2.0), None, Some(4.0)]);
        assert_eq!(history.line("nonsense").count(), 0);
    }

    #[test]
    fn growth_looks_back_so_far_and_no_further() {
        let mut history = History::default();
        for (at, blocked) in [(0, 90), (10_000, 3), (15_000, 9), (20_000, 12)] {
            history.push(&sample(at, blocked));
        }
        assert_eq!(history.growth("blocked", 10_000), Some(9.0));
    }

    #[test]
    fn the_baseline_is_the_median() {
        let mut history = History::default();
        for blocked in [1, 900, 2] {
            history.push(&sample(0, blocked));
        }
        assert_eq!(history.baseline("blocked"), None);
        history.keep_baseline();
        assert_eq!(history.baseline("blocked"), Some(2.0));
    }

    #[test]
    fn peaks_keep_the_worst() {
        let mut peaks = Peaks::default();
        for blocked in [1, 7, 3] {
            peaks.see(&sample(0, blocked));
        }
        assert_eq!(
            (peaks.samples, peaks.blocked, peaks.connections),
            (3, 7, 14)
        );
        assert_eq!(peaks.lag_bytes, None);
    }
}
