//! How long the run took, and whether a clock moved meanwhile.

use chrono::{DateTime, Utc};

use crate::domain::journal::Entry;
use crate::domain::report::story::Story;
use crate::domain::report::time;
use crate::domain::run::event::Event;

/// Differences below this many milliseconds are not worth a word.
const TOLERATED_MS: i64 = 2_000;

/// A moment at which the wall clock and the forward-only clock disagree.
pub struct Jump<'a> {
    /// The record before which it happened.
    pub entry: &'a Entry,
    /// Milliseconds by which the wall clock moved since the record before.
    pub wall_ms: i64,
    /// Milliseconds that passed on the other clock; `None`: it is another process's, and cannot be compared.
    pub mono_ms: Option<i64>,
}

/// Returns the milliseconds spent by all processes that drove the run, and how many they were.
pub fn spent(story: &Story) -> (u64, usize) {
    let mut past = 0_u64;
    let mut sittings = 1;
    let mut longest = 0_u64;
    for entry in story.entries() {
        if let Event::RunResumed { .. } = entry.event {
            past = past.saturating_add(longest);
            longest = 0;
            sittings += 1;
        }
        longest = longest.max(entry.mono_ms);
    }
    (past.saturating_add(longest), sittings)
}

/// Returns the milliseconds from the first record to the last by the wall clock; `None` where they cannot be read.
pub fn wall_ms(story: &Story) -> Option<i64> {
    let first = time::read(&story.entries().first()?.t)?;
    let last = time::read(&story.entries().last()?.t)?;
    Some((last - first).num_milliseconds())
}

/// Returns every jump of the wall clock.
pub fn jumps(entries: &[Entry]) -> Vec<Jump<'_>> {
    let pairs = entries.windows(2);
    pairs
        .filter_map(|pair| match pair {
            [before, entry] => jump(before, entry),
            _ => None,
        })
        .collect()
}

fn jump<'a>(before: &Entry, entry: &'a Entry) -> Option<Jump<'a>> {
    let wall_ms = (time::read(&entry.t)? - time::read(&before.t)?).num_milliseconds();
    if matches!(
        entry.event,
        Event::RunResumed { .. } | Event::JournalRecovered { .. }
    ) {
        return (wall_ms < -TOLERATED_MS).then_some(Jump {
            entry,
            wall_ms,
            mono_ms: None,
        });
    }
    if entry.mono_ms < before.mono_ms && matches!(before.event, Event::JournalRecovered { .. }) {
        return None;
    }
    let signed = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
    let mono_ms = signed(entry.mono_ms).saturating_sub(signed(before.mono_ms));
    (wall_ms.saturating_sub(mono_ms).saturating_abs() > TOLERATED_MS).then_some(Jump {
        entry,
        wall_ms,
        mono_ms: Some(mono_ms),
    })
}

/// Returns the window's end and by how many milliseconds the run went past it; `None`: there is no window.
pub fn overrun(story: &Story) -> Option<(DateTime<Utc>, i64)> {
    let length = i64::try_from(story.book.window?.length.as_millis()).unwrap_or(i64::MAX);
    let start = match story.opened.planned_start {
        Some(seconds) => seconds.saturating_mul(1_000),
        None => story.run.opened_ms,
    };
    let end = DateTime::from_timestamp_millis(start.saturating_add(length))?;
    let last = time::read(&story.entries().last()?.t)?;
    Some((end, (last - end).num_milliseconds()))
}

/// Whether a clock differs from the server's by more than is tolerated.
pub fn is_off(offset_ms: i64) -> bool {
    offset_ms.saturating_abs() > TOLERATED_MS
}
