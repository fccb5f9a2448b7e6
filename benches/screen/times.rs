//! Distributions, and budgets.

use std::time::Duration;

/// Times of the same thing, measured again and again.
#[derive(Debug, Clone, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// Adds a time.
    pub fn add(&mut self, time: Duration) {
        let at = self.0.partition_point(|other| *other <= time);
        self.0.insert(at, time);
    }

    /// Returns the time that `percent` of all times do not exceed; zero where there are none.
    pub fn percentile(&self, percent: usize) -> Duration {
        let last = self.0.len().saturating_sub(1);
        self.0
            .get(last * percent / 100)
            .copied()
            .unwrap_or_default()
    }

    /// Returns the time in the middle.
    pub fn median(&self) -> Duration {
        self.percentile(50)
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// Returns whether a budget holds, as text.
pub fn budget<T: PartialOrd + Copy>(seen: T, allowed: T) -> &'static str {
    if seen < allowed { "holds" } else { "MISSED" }
}
