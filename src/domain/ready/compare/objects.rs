//! Objects that came, went or changed.

use crate::domain::ready::compare::{Pair, Row, cell, others, some, worst};
use crate::domain::ready::definition::{Comparison, Rows};
use crate::domain::ready::table::Table;

pub(super) fn objects(
    how: &Comparison,
    before: &Table,
    now: &Table,
    pairs: &[Pair<'_>],
    planned: &[&str],
) -> Table {
    let columns = others(how, before, now);
    let text = |table: &Table, row: Option<&Row>| {
        let texts = columns.iter().map(|c| cell(row, table.column(c)));
        let texts: Vec<&str> = texts.flatten().collect();
        row.map(|_| texts.join(" · "))
    };
    let judged = how.differs != Rows::Shown || !planned.is_empty();
    let mut met: Vec<&str> = Vec::new();
    let mut rows = Vec::new();
    for (key, was, is) in pairs {
        let (was, is) = (text(before, *was), text(now, *is));
        let change = match (&was, &is) {
            (None, Some(_)) => "added",
            (Some(_), None) => "removed",
            (Some(a), Some(b)) if a != b => "changed",
            (Some(_), Some(_)) | (None, None) => continue,
        };
        let name = key.last().copied().unwrap_or_default();
        let plan = planned.iter().find(|plan| covers(plan, name));
        met.extend(plan);
        let verdict = if plan.is_some() { "ok" } else { worst(how) };
        let mut row: Row = judged.then(|| some(verdict)).into_iter().collect();
        row.push(some(change));
        row.extend(key.iter().map(|part| some(*part)));
        row.extend([was, is]);
        rows.push(row);
    }
    for plan in planned.iter().filter(|plan| !met.contains(plan)) {
        let mut row = vec![some("fail"), some("planned, and not changed")];
        row.extend((1..how.keys.len()).map(|_| some("")));
        row.extend([some(*plan), None, None]);
        rows.push(row);
    }
    let mut names: Vec<String> = judged.then(|| "verdict".into()).into_iter().collect();
    names.push("change".into());
    names.extend(how.keys.iter().cloned());
    names.extend(["before".into(), "now".into()]);
    Table {
        columns: names,
        rows,
    }
}

/// Whether a planned name is `name` or something that it belongs to: `public.t` covers `public.t.c`.
fn covers(plan: &str, name: &str) -> bool {
    name.strip_prefix(plan)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with('('))
}
