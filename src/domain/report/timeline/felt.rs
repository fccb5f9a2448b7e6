//! What the database felt: the monitor's own samples where the run kept them, the peaks of each attempt elsewhere.

use crate::domain::report::story::{Attempt, Story};
use crate::domain::report::timeline::{Level, at};
use crate::domain::run::event::Peaks;

/// One sample of the monitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// When: milliseconds since 1970.
    pub at: i64,
    /// Sessions that waited for a lock.
    pub blocked: u64,
    /// Connections.
    pub connections: u64,
}

/// A sample counts until the next, and at most so many milliseconds.
const HOLDS: i64 = 60_000;

/// Returns the sessions that waited for a lock.
pub fn blocked(story: &Story, seen: &[Seen]) -> Vec<Level> {
    levels(story, seen, |s| s.blocked, |p| u64::from(p.blocked))
}

/// Returns the connections.
pub fn connections(story: &Story, seen: &[Seen]) -> Vec<Level> {
    levels(story, seen, |s| s.connections, |p| u64::from(p.connections))
}

fn levels(
    story: &Story,
    seen: &[Seen],
    of_sample: fn(&Seen) -> u64,
    of_peaks: fn(&Peaks) -> u64,
) -> Vec<Level> {
    if seen.is_empty() {
        return story
            .attempts
            .iter()
            .filter_map(|a| peak(a, of_peaks))
            .collect();
    }
    let ends = seen.iter().skip(1).map(|s| Some(s.at)).chain([None]);
    let level = |(sample, next): (&Seen, Option<i64>)| {
        let longest = sample.at.saturating_add(HOLDS);
        Level {
            from: sample.at,
            to: next
                .map_or(sample.at, |next| next.min(longest))
                .max(sample.at),
            value: of_sample(sample),
        }
    };
    seen.iter().zip(ends).map(level).collect()
}

fn peak(attempt: &Attempt, of: fn(&Peaks) -> u64) -> Option<Level> {
    let (entry, finished) = attempt.finished?;
    let from = at(attempt.entry)?;
    (finished.peaks.samples > 0).then_some(Level {
        from,
        to: at(entry)?.max(from),
        value: of(&finished.peaks),
    })
}
