//! What the database felt: the monitor's own samples where the run kept them, the peaks of each attempt elsewhere.

use crate::domain::report::story::{Attempt, Story};
use crate::domain::report::timeline::{Level, at};
use crate::domain::run::event::Peaks;
use crate::domain::sample::timeline::{Line, Point};

/// A point counts until the next line, unless that comes later than twice its own time and so many milliseconds.
const HOLDS: i64 = 15_000;

/// Returns the sessions that waited for a lock.
pub fn blocked(story: &Story, seen: &[Line]) -> Vec<Level> {
    levels(
        story,
        seen,
        |p| u64::from(p.blocked),
        |p| u64::from(p.blocked),
    )
}

/// Returns the connections.
pub fn connections(story: &Story, seen: &[Line]) -> Vec<Level> {
    levels(
        story,
        seen,
        |p| u64::from(p.connections),
        |p| u64::from(p.connections),
    )
}

fn levels(
    story: &Story,
    seen: &[Line],
    of_point: fn(&Point) -> u64,
    of_peaks: fn(&Peaks) -> u64,
) -> Vec<Level> {
    if seen.is_empty() {
        let peaks = story.attempts.iter();
        return peaks.filter_map(|a| peak(a, of_peaks)).collect();
    }
    let next = seen.iter().skip(1).map(Some).chain([None]);
    seen.iter()
        .zip(next)
        .filter_map(|(line, next)| match line {
            Line::Point(point) => Some(Level {
                from: point.at_ms,
                to: until(point, next),
                value: of_point(point),
            }),
            Line::Gap(_) => None,
        })
        .collect()
}

fn until(point: &Point, next: Option<&Line>) -> i64 {
    let length = point.length_ms.max(0);
    let end = point.at_ms.saturating_add(length);
    let latest = end.saturating_add(length).saturating_add(HOLDS);
    let next = match next {
        Some(Line::Point(next)) => next.at_ms,
        Some(Line::Gap(gap)) => gap.at_ms,
        None => end,
    };
    if (end..=latest).contains(&next) {
        next
    } else {
        end
    }
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
