//! What is now held against what was before.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::domain::ready::arguments::Arguments;
use crate::domain::ready::definition::{Check, Compared, Comparison, Rows};
use crate::domain::ready::judge::{Judged, Verdict, judge};
use crate::domain::ready::table::Table;

/// Returns the differences as rows, and what is to be said of them.
///
/// A check that cannot be compared has no difference to show: `None`.
pub fn compare(
    check: &Check,
    arguments: &Arguments<'_>,
    before: &Table,
    now: &Table,
) -> Option<(Table, Judged)> {
    let how = check.comparison.as_ref()?;
    let planned = arguments.list("planned");
    let pairs = pairs(how, before, now);
    let differences = match &how.of {
        Compared::Objects => objects(how, before, now, &pairs, &planned),
        Compared::Numbers { watched } => {
            let may_fall = arguments.number("may_fall").unwrap_or_default();
            let rule = Rule {
                watched: watched.as_deref(),
                may_fall,
                planned: &planned,
                differs: how.differs,
            };
            numbers(how, before, now, &pairs, &rule)
        }
        Compared::Means { count, total } => {
            let slower = Slower {
                times: arguments.number("times").unwrap_or(1.5),
                calls: arguments.number("calls").unwrap_or_default(),
                share: arguments.number("share").unwrap_or_default(),
            };
            means(before, now, &pairs, (count, total), &slower)
        }
    };
    let rows = if differences.column("verdict").is_some() {
        Rows::ByVerdict
    } else {
        how.differs
    };
    let judged = judge(rows, &differences);
    let said = told(&judged, &differences);
    Some((differences, Judged { said, ..judged }))
}

/// Says how many differences there are, where nothing worse is to be said.
fn told(judged: &Judged, differences: &Table) -> String {
    match (differences.rows.len(), judged.verdict) {
        (0, _) => "no difference".to_owned(),
        (1, Verdict::Shown) => "1 difference".to_owned(),
        (n, Verdict::Shown) => format!("{n} differences"),
        (n, Verdict::Pass) => format!("{n} as planned"),
        (_, Verdict::Warn | Verdict::Fail) => judged.said.clone(),
    }
}

type Row = Vec<Option<String>>;
type Pair<'t> = (Vec<&'t str>, Option<&'t Row>, Option<&'t Row>);

/// Returns for each key the row before and the row now, in order of the keys.
fn pairs<'t>(how: &Comparison, before: &'t Table, now: &'t Table) -> Vec<Pair<'t>> {
    type Sides<'t> = (Option<&'t Row>, Option<&'t Row>);
    let mut found: BTreeMap<Vec<&str>, Sides<'_>> = BTreeMap::new();
    for (table, is_now) in [(before, false), (now, true)] {
        let at: Vec<_> = how.keys.iter().map(|key| table.column(key)).collect();
        for row in &table.rows {
            let key = at.iter().map(|at| cell(Some(row), *at).unwrap_or_default());
            let sides = found.entry(key.collect()).or_default();
            if is_now {
                sides.1 = Some(row);
            } else {
                sides.0 = Some(row);
            }
        }
    }
    let found = found.into_iter();
    found.map(|(key, (was, is))| (key, was, is)).collect()
}

fn cell(row: Option<&Row>, at: Option<usize>) -> Option<&str> {
    row?.get(at?)?.as_deref()
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a cell may be null, and these are not"
)]
fn some(text: impl Into<String>) -> Option<String> {
    Some(text.into())
}

/// Returns the columns that are no keys.
fn others<'t>(how: &Comparison, before: &'t Table, now: &'t Table) -> Vec<&'t str> {
    let known = if now.columns.is_empty() { before } else { now };
    let all = known.columns.iter().map(String::as_str);
    all.filter(|c| !how.keys.iter().any(|key| key == c))
        .collect()
}

fn objects(
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

fn worst(how: &Comparison) -> &'static str {
    match how.differs {
        Rows::Warn => "warn",
        Rows::Fail | Rows::Shown | Rows::ByVerdict => "fail",
    }
}

/// Whether a planned name is `name` or something that it belongs to: `public.t` covers `public.t.c`.
fn covers(plan: &str, name: &str) -> bool {
    name.strip_prefix(plan)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with('('))
}

/// Which difference of numbers is found.
struct Rule<'r> {
    watched: Option<&'r str>,
    may_fall: f64,
    /// `tables +2`; where any is given every other difference is found.
    planned: &'r [&'r str],
    differs: Rows,
}

impl Rule<'_> {
    fn judges(&self) -> bool {
        self.watched.is_some() || !self.planned.is_empty()
    }

    fn verdict(&self, key: &str, column: &str, was: Option<f64>, is: Option<f64>) -> &'static str {
        let bad = match self.differs {
            Rows::Warn => "warn",
            Rows::Fail | Rows::Shown | Rows::ByVerdict => "fail",
        };
        if !self.planned.is_empty() {
            let by = is.unwrap_or_default() - was.unwrap_or_default();
            let plan = self.planned.iter().find_map(|plan| step(plan, key));
            let met = (plan.unwrap_or_default() - by).abs() < f64::EPSILON;
            return if met { "ok" } else { bad };
        }
        match (was, is) {
            _ if self.watched.is_some_and(|watched| watched != column) => "ok",
            (Some(was), Some(is)) if is < was * (1.0 - self.may_fall) => bad,
            (Some(_), None) => bad,
            (Some(_) | None, Some(_)) | (None, None) => "ok",
        }
    }
}

/// Returns by how much `key` is to change: `tables +2`.
fn step(plan: &str, key: &str) -> Option<f64> {
    let by = plan.strip_prefix(key)?.strip_prefix([' ', ':'])?;
    by.trim().trim_start_matches('+').parse().ok()
}

fn numbers(
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

fn number(text: Option<&str>) -> Option<f64> {
    text?.parse().ok()
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

/// From when on a statement counts as slower.
struct Slower {
    times: f64,
    calls: f64,
    share: f64,
}

fn means(
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ready::find;

    fn table(columns: &str, rows: &[&str]) -> Table {
        let words = |text: &str| text.split('|').map(str::to_owned).collect::<Vec<_>>();
        let some = |text: &&str| words(text).into_iter().map(Some).collect();
        Table {
            columns: words(columns),
            rows: rows.iter().map(some).collect(),
        }
    }

    fn held(name: &str, with: &[(&str, &str)], before: &Table, now: &Table) -> (Table, Judged) {
        let check = find(name).unwrap();
        let given = with.iter().map(|(k, v)| ((*k).into(), (*v).into()));
        let arguments = Arguments::new(check, &given.collect()).unwrap();
        compare(check, &arguments, before, now).unwrap()
    }

    const COLUMNS: &str = "kind|name|definition";

    #[test]
    fn objects_that_came_went_and_changed_are_told() {
        let before = table(COLUMNS, &["table|p.a|x", "index|p.i|x", "enum|p.e|a"]);
        let now = table(
            COLUMNS,
            &["table|p.a|x", "enum|p.e|a, b", "column|p.a.c|int"],
        );
        let (seen, judged) = held("pg/catalog-fingerprint", &[], &before, &now);
        assert_eq!(judged.verdict, Verdict::Fail);
        let told: Vec<&str> = seen.rows.iter().map(|r| r[1].as_deref().unwrap()).collect();
        assert_eq!(told, ["added", "changed", "removed"]);
        let (_, same) = held("pg/catalog-fingerprint", &[], &now, &now);
        assert_eq!(
            (same.verdict, &*same.said),
            (Verdict::Pass, "no difference")
        );
    }

    #[test]
    fn a_plan_must_be_met_and_nothing_more() {
        let before = table(COLUMNS, &["table|p.a|x"]);
        let now = table(COLUMNS, &["table|p.a|x", "column|p.a.c|int"]);
        let told = |plan| {
            held(
                "pg/catalog-fingerprint",
                &[("planned", plan)],
                &before,
                &now,
            )
            .1
        };
        assert_eq!(told("p.a").verdict, Verdict::Pass, "it belongs to p.a");
        assert_eq!(told("p.a.c").said, "1 as planned");
        assert_eq!(told("p.a.c, p.b").verdict, Verdict::Fail, "p.b is missing");
        assert_eq!(told("p.a.cc").verdict, Verdict::Fail);
    }

    #[test]
    fn a_table_that_lost_rows_is_found_and_growth_is_shown() {
        let before = table("relation|rows", &["a|100", "b|100", "c|5"]);
        let now = table("relation|rows", &["a|101", "b|99"]);
        let (seen, judged) = held("pg/row-counts", &[], &before, &now);
        assert_eq!((judged.verdict, judged.found), (Verdict::Fail, 2));
        assert_eq!(seen.rows[0][5].as_deref(), Some("+1 (+1.0 %)"));
        let most = [("may_fall", "10%")];
        let (_, judged) = held("pg/row-counts", &most, &before, &now);
        assert_eq!(judged.found, 1, "c is gone");
    }

    #[test]
    fn counts_are_held_against_a_plan() {
        let before = table("kind|n", &["indexes|3", "tables|2"]);
        let now = table("kind|n", &["indexes|4", "tables|2"]);
        let told = |plan| held("pg/object-counts", &[("planned", plan)], &before, &now).1;
        assert_eq!(told("indexes +1").verdict, Verdict::Pass);
        assert_eq!(told("indexes +2").verdict, Verdict::Fail);
        assert_eq!(told("indexes +1, tables +1").verdict, Verdict::Fail);
        let (_, judged) = held("pg/object-counts", &[], &before, &now);
        assert_eq!(judged.verdict, Verdict::Shown);
    }

    #[test]
    fn a_statement_that_became_slower_is_found() {
        let columns = "role|query_id|calls|total_ms|statement";
        let before = table(
            columns,
            &["r|1|100|100|slow", "r|2|100|100|same", "r|3|9|9|rare"],
        );
        let now = table(
            columns,
            &["r|1|200|400|slow", "r|2|200|200|same", "r|3|10|99|rare"],
        );
        let (seen, judged) = held("pg/statements", &[], &before, &now);
        assert_eq!((judged.verdict, judged.found), (Verdict::Warn, 1));
        let found = seen
            .rows
            .iter()
            .find(|row| row[0].as_deref() == Some("warn"));
        let found: Vec<_> = found
            .unwrap()
            .iter()
            .flatten()
            .map(String::as_str)
            .collect();
        assert_eq!(found[1..5], ["1.000", "3.000", "3.00", "100"]);
    }
}
