//! Ready checks that are not there, or are told what they do not take.

use crate::domain::runbook::model::{Action, Earlier, Evidence};
use crate::domain::runbook::tests::{book, told};

fn with(steps: &str) -> String {
    format!(
        "runbook: 1\ntitle: x\ntargets: {{p: {{database: d}}}}\nphases:\n- phase: a\n  steps:\n{steps}"
    )
}

#[test]
fn an_unknown_check_is_refused_with_the_one_that_was_meant() {
    assert_eq!(
        told(&with("  - {step: b, use: pg/invalid-index}\n")),
        [
            "7:20 `pg/invalid-index` there is no ready check `pg/invalid-index` (did you mean `pg/invalid-indexes`?)"
        ]
    );
}

#[test]
fn arguments_must_be_known_complete_and_readable() {
    let steps = "  - step: b
    use: pg/null-rows
    with:
      tabel: t
  - step: c
    use: pg/long-transactions
    with:
      longer_than: 5
";
    assert_eq!(
        told(&with(steps)),
        [
            "9:5 `with` pg/null-rows needs `table` (`table`: relation, the table)",
            "9:5 `with` pg/null-rows needs `column` (`column`: column, that is to become NOT NULL)",
            "10:7 `tabel` pg/null-rows has no `tabel` (did you mean `table`?)",
            "14:7 `longer_than` `longer_than` is a duration (write a number and a unit: 500ms, 15s, 90m, 1h30m, 2d)",
        ]
    );
}

#[test]
fn a_comparison_needs_an_earlier_look() {
    let steps = "  - {step: b, use: pg/row-counts, compare: before}
  - {step: c, use: pg/row-counts, compare: z}
  - {step: d, use: pg/invalid-indexes, compare: before}
  - {step: z, use: pg/row-counts}
";
    assert_eq!(
        told(&with(steps)),
        [
            "7:44 `before` no earlier step uses pg/row-counts: there is nothing to compare with (use it once before the change, without `compare`)",
            "8:44 `z` `z` is no earlier step that uses pg/row-counts (`compare: before` takes the first one)",
            "9:49 `before` pg/invalid-indexes has nothing that could be compared (`holdpoint checks NAME` says of each what it is for)",
        ]
    );
}

#[test]
fn what_does_not_go_with_it_is_refused() {
    let steps = "  - {step: b, use: pg/row-counts, danger: high}
  - {step: c, sql: select 1, with: {a: b}}
";
    assert_eq!(
        told(&with(steps)),
        [
            "7:35 `danger` `danger` does not apply to a `use` step (a ready check only looks: take it out)",
            "8:30 `with` `with` does not apply to a `sql` step (it belongs to steps with `use`)",
        ]
    );
}

#[test]
fn it_looks_and_says_what_it_saw() {
    let book = book(&with(
        "  - {step: b, id: first, use: pg/row-counts, with: {schemas: [a, b]}}
  - {step: c, use: pg/row-counts, compare: before, with: {schemas: [a, b]}}
  - {step: d, use: pg/invalid-indexes, until: 1m}
  - {step: e, run: 'true', verify: {use: pg/tables-exist, with: {tables: t}}}
",
    ));
    let used: Vec<_> = book
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::Use(used) => Some((step, used)),
            _ => None,
        })
        .collect();
    assert!(
        used.iter()
            .all(|(step, _)| step.only_looks() && step.is_automated())
    );
    assert_eq!(used[0].1.with["schemas"], "a, b");
    assert_eq!(used[1].1.compare, Some(Earlier::First));
    assert_eq!(book.compared_with(used[1].0).unwrap().id.as_str(), "first");
    let evidence: Vec<_> = used.iter().map(|(step, _)| step.evidence).collect();
    assert_eq!(evidence, [Evidence::Show, Evidence::Show, Evidence::None]);
    let probe = book.steps[3].verify.as_ref().unwrap();
    assert!(matches!(&probe.action, Action::Use(used) if used.with["tables"] == "t"));
}
