//! What is now held against what was before.

mod means;
mod numbers;
mod objects;

use std::collections::BTreeMap;

use crate::domain::ready::arguments::Arguments;
use crate::domain::ready::compare::means::{Slower, means};
use crate::domain::ready::compare::numbers::{Rule, numbers};
use crate::domain::ready::compare::objects::objects;
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
                bad: worst(how),
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

fn worst(how: &Comparison) -> &'static str {
    match how.differs {
        Rows::Warn => "warn",
        Rows::Fail | Rows::Shown | Rows::ByVerdict => "fail",
    }
}

fn number(text: Option<&str>) -> Option<f64> {
    text?.parse().ok()
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
