//! Statements that take longer than they did.

use std::cmp::Ordering;

use crate::domain::ready::compare::{Pair, Row, cell, number, some};
use crate::domain::ready::table::Table;

/// From when on a statement counts as slower.
pub(super) struct Slower {
    pub(super) times: f64,
    pub(super) calls: f64,
    pub(super) share: f64,
}

pub(super) fn means(
    before: &Table,
    now: &Table,
    pairs: &[Pair<'_>],
    (count, total): (&str, &str),
    slower: &Slower,
) -> Table {
    let of = |table: &Table, row: Option<&Row>| {
        let count = number(cell(row, table.column(count)))?;
        Some((count, number(cell(row, table.column(total)))?))
    };
    // Counters that fell were reset in between: then all of them is new.
    let since = |was: Option<(f64, f64)>, is: (f64, f64)| match was {
        Some(was) if was.0 <= is.0 && was.1 <= is.1 => (is.0 - was.0, is.1 - was.1),
        Some(_) | None => is,
    };
    let all: f64 = pairs
        .iter()
        .filter_map(|(_, was, is)| Some(since(of(before, *was), of(now, *is)?).1))
        .sum();
    let mut found: Vec<(f64, Row)> = Vec::new();
    for (_, was, is) in pairs {
        let Some(counts) = of(now, *is) else { continue };
        let earlier = of(before, *was).filter(|(calls, _)| *calls > 0.0);
        let (calls, spent) = since(earlier, counts);
        if calls <= 0.0 {
            continue;
        }
        let (mean, old) = (spent / calls, earlier.map(|(calls, all)| all / calls));
        let factor = old.filter(|old| *old > 0.0).map(|old| mean / old);
        let share = if all > 0.0 { spent / all } else { 0.0 };
        let counts = calls >= slower.calls && share >= slower.share;
        let worse = counts && factor.is_some_and(|factor| factor >= slower.times);
        let statement = cell(*is, now.column("statement")).unwrap_or_default();
        found.push((
            factor.unwrap_or_default(),
            vec![
                some(if worse { "warn" } else { "ok" }),
                old.map(|old| format!("{old:.3}")),
                some(format!("{mean:.3}")),
                factor.map(|factor| format!("{factor:.2}")),
                some(format!("{calls:.0}")),
                some(format!("{:.1}", 100.0 * share)),
                some(statement),
            ],
        ));
    }
    found.sort_by(|a, b| b.0.partial_cmp(&a.0).unwrap_or(Ordering::Equal));
    let columns = [
        "verdict",
        "mean_before",
        "mean_since",
        "times",
        "calls_since",
        "percent_of_time",
        "statement",
    ];
    Table {
        columns: columns.map(Into::into).to_vec(),
        rows: found.into_iter().map(|(_, row)| row).collect(),
    }
}
