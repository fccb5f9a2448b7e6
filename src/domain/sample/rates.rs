//! What grew between two readings of the server's counters.

use crate::domain::sample::model::{Rates, Totals};

/// Returns a count as a number to calculate with.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts past 2^53 are shown rounded anyway"
)]
pub fn number(count: u64) -> f64 {
    count as f64
}

/// Returns an amount as a whole number, cut off below zero and above the largest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is cut off is below a millisecond or a byte"
)]
pub fn whole(value: f64) -> u64 {
    value as u64
}

/// Returns what grew a second from `before` to `after`; `None` where no time passed or the counters were reset.
pub fn between(before: &Totals, after: &Totals) -> Option<Rates> {
    let ms = u64::try_from(after.at_ms - before.at_ms)
        .ok()
        .filter(|ms| *ms > 0)?;
    let grew = |of: fn(&Totals) -> u64| of(after).checked_sub(of(before)).map(number);
    let rate = |of: fn(&Totals) -> u64| grew(of).map(|n| n * 1_000.0 / number(ms));
    let fetched = grew(|t| t.blocks_fetched)?;
    let hit = grew(|t| t.blocks_hit)?;
    Some(Rates {
        tps: rate(|t| t.commits + t.rollbacks)?,
        rollbacks: rate(|t| t.rollbacks)?,
        rows: rate(|t| t.inserted + t.updated + t.deleted)?,
        temp_bytes: rate(|t| t.temp_bytes)?,
        wal_bytes: rate(|t| t.wal_bytes)?,
        hit_ratio: (fetched > 0.0).then(|| (hit / fetched).min(1.0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(at_ms: i64, commits: u64, hit: u64) -> Totals {
        Totals {
            at_ms,
            commits,
            blocks_fetched: hit * 2,
            blocks_hit: hit,
            ..Totals::default()
        }
    }

    #[test]
    fn rates_are_per_second() {
        let rates = between(&totals(1_000, 10, 5), &totals(3_000, 50, 10)).unwrap();
        assert!((rates.tps - 20.0).abs() < 1e-9);
        assert!((rates.hit_ratio.unwrap() - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_reset_of_the_statistics_is_a_gap_and_not_a_cliff() {
        assert_eq!(between(&totals(1_000, 50, 5), &totals(3_000, 10, 10)), None);
        assert_eq!(between(&totals(1_000, 5, 5), &totals(1_000, 10, 10)), None);
    }
}
