//! Numbers that rose or fell.

use crate::domain::ready::compare::{Pair, Row, cell, number, others, some};
use crate::domain::ready::definition::Comparison;
use crate::domain::ready::table::Table;

/// Which difference of numbers is found.
pub(super) struct Rule<'r> {
    pub(super) watched: Option<&'r str>,
    pub(super) may_fall: f64,
    /// `tables +2`; where any is given every other difference is found.
    pub(super) planned: &'r [&'r str],
    /// The verdict on a difference that is not as it should be.
    pub(super) bad: &'static str,
}

impl Rule<'_> {
    fn judges(&self) -> bool {
        self.watched.is_some() || !self.planned.is_empty()
    }

    pub(super) fn verdict(
        &self,
        key: &str,
        column: &str,
        was: Option<f64>,
        is: Option<f64>,
    ) -> &'static str {
        if !self.planned.is_empty() {
            let by = is.unwrap_or_default() - was.unwrap_or_default();
            let plan = self.planned.iter().find_map(|plan| step(plan, key));
            let met = (plan.unwrap_or_default() - by).abs() < f64::EPSILON;
            return if met { "ok" } else { self.bad };
        }
        match (was, is) {
            _ if self.watched.is_some_and(|watched| watched != column) => "ok",
            (Some(was), Some(is)) if is < was * (1.0 - self.may_fall) => self.bad,
            (Some(_), None) => self.bad,
            (Some(_) | None, Some(_)) | (None, None) => "ok",
        }
    }
}

/// Returns by how much `key` is to change: `tables +2`.
fn step(plan: &str, key: &str) -> Option<f64> {
    let by = plan.strip_prefix(key)?.strip_prefix([' ', ':'])?;
    by.trim().trim_start_matches('+').parse().ok()
}

pub(super) fn numbers(
    how: &Comparison,
    before: &Table,
    now: &Table,
    pairs: &[Pair<'_>],
    rule: &Rule<'_>,
) -> Table {
    let columns = others(how, before, now);
    let mut rows = Vec::new();
    for (key, was, is) in pairs {
        for column in &columns {
            let (a, b) = (
                cell(*was, before.column(column)),
                cell(*is, now.column(column)),
            );
            let (from, to) = (number(a), number(b));
            if a == b || (from.is_none() && to.is_none()) {
                continue;
            }
            let mut row: Row = Vec::new();
            if rule.judges() {
                row.push(some(rule.verdict(&key.join(" "), column, from, to)));
            }
            row.extend(key.iter().map(|part| some(*part)));
            row.extend([some(*column), a.map(Into::into), b.map(Into::into)]);
            row.push(some(by(from, to)));
            rows.push(row);
        }
    }
    for plan in rule.planned {
        let met = pairs
            .iter()
            .any(|(key, was, is)| was != is && step(plan, &key.join(" ")).is_some());
        if !met {
            let mut row = vec![some("fail"), some(format!("{plan}: planned, and not so"))];
            row.extend((0..how.keys.len() + 3).map(|_| None));
            rows.push(row);
        }
    }
    let mut names: Vec<String> = rule
        .judges()
        .then(|| "verdict".into())
        .into_iter()
        .collect();
    names.extend(how.keys.iter().cloned());
    names.extend(["of", "before", "now", "by"].map(Into::into));
    Table {
        columns: names,
        rows,
    }
}

/// `+2 (+50.0 %)`
fn by(was: Option<f64>, is: Option<f64>) -> String {
    match (was, is) {
        (Some(was), Some(is)) if was > 0.0 => {
            let difference = is - was;
            format!("{difference:+} ({:+.1} %)", 100.0 * difference / was)
        }
        (Some(was), Some(is)) => format!("{:+}", is - was),
        (None, Some(_)) => "new".to_owned(),
        (Some(_), None) => "gone".to_owned(),
        (None, None) => String::new(),
    }
}
