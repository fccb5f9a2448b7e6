//! Ready checks: in a run, with what changed in its log, and by themselves.

use crate::server::{database, server};
use crate::stage::Stage;

fn stage(steps: &str) -> (Stage, String) {
    let book = format!(
        r"
runbook: 1
title: Checked
targets: {{there: {{database: '${{DATABASE_URL}}'}}}}
secrets: [DATABASE_URL]
phases:
  - phase: Work
    steps:
{steps}"
    );
    let name = database();
    let sql = "create table orders (id int primary key); insert into orders values (1), (2)";
    server().execute(&name, sql).unwrap();
    let url = server().url(&name);
    (Stage::with(&book).env("DATABASE_URL", &url), name)
}

fn ends(stage: &Stage, args: &[&str]) -> (i32, String) {
    let output = stage.plain(args);
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

const BEFORE: &str = "
      - {step: What is there, use: pg/catalog-fingerprint}
      - {step: How many rows, use: pg/row-counts}
      - {step: Migrate, sql: alter table orders add note text, verify: {use: pg/columns-exist, with: {columns: public.orders.note}}}
";

#[test]
fn what_a_migration_changed_stands_in_the_log() {
    let after = "
      - {step: As planned, use: pg/catalog-fingerprint, compare: before, with: {planned: [public.orders.note]}}
      - {step: No row is lost, use: pg/row-counts, compare: before}
      - {step: All indexes are valid, use: pg/invalid-indexes}
      - {step: Exactly one change, use: pg/catalog-fingerprint, compare: before, expect: {rows: '= 1', stdout: /added +column +public.orders.note/}}
";
    let (stage, _) = stage(&format!("{BEFORE}{after}"));
    let (code, said) = ends(&stage, &["run", "run.yaml", "--auto"]);
    assert_eq!(code, 0, "{said}");
    assert!(stage.kept("output/04.1.txt").contains("public.orders.note"));
    let log = stage.kept("log.md");
    for line in [
        "ok       added   column  public.orders.note",
        "pass: 1 as planned",
        "pass: no difference",
        "nothing found",
    ] {
        assert!(log.contains(line), "{line} is not in\n{log}");
    }
}

#[test]
fn a_change_that_nobody_planned_fails_it() {
    let after = "
      - {step: As planned, use: pg/catalog-fingerprint, compare: before, with: {planned: [public.orders.other]}}
";
    let (stage, _) = stage(&format!("{BEFORE}{after}"));
    let (code, said) = ends(&stage, &["run", "run.yaml", "--auto"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("1.4 As planned failed"), "{said}");
    let output = stage.kept("output/04.1.txt");
    assert!(output.contains("planned, and not changed"), "{output}");
    assert!(output.contains("remedy: "), "{output}");
}

#[test]
fn rows_that_somebody_changed_are_compared_with_nothing() {
    let steps = r#"
      - {step: What is there, use: pg/row-counts}
      - {step: Tamper, run: 'echo >> "$(echo ../data/runs/*/attempts/01.1/rows.json)"'}
      - {step: Compare, use: pg/row-counts, compare: before}
"#;
    let (stage, _) = stage(steps);
    let (code, said) = ends(&stage, &["run", "run.yaml", "--auto"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("are not what they were"), "{said}");
}

#[test]
fn checks_are_listed_explained_and_run_without_a_runbook() {
    let (stage, name) = stage("      - {step: x, confirm: y}\n");
    let (code, said) = ends(&stage, &["checks"]);
    assert_eq!(code, 0);
    assert!(said.contains("pg/invalid-indexes"), "{said}");
    let (code, said) = ends(&stage, &["checks", "pg/long-transactions"]);
    assert_eq!(code, 0);
    assert!(
        said.contains("longer_than: duration, 1m by default"),
        "{said}"
    );
    let (code, said) = ends(&stage, &["checks", "pg/long-transaction"]);
    assert_eq!(code, 2);
    assert!(
        said.contains("did you mean `pg/long-transactions`?"),
        "{said}"
    );
    let of_book = [
        "checks",
        "run",
        "--runbook",
        "run.yaml",
        "pg/invalid-indexes",
    ];
    let (code, said) = ends(&stage, &of_book);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("1 passed"), "{said}");
    let bad = "insert into orders values (3); create table twice as select 1 as a from orders;";
    server().execute(&name, bad).unwrap();
    let url = server().url(&name);
    let args = [
        "checks",
        "run",
        "pg/duplicate-rows",
        "--target",
        &url,
        "--json",
        "--with",
        "table=twice",
        "--with",
        "columns=a",
    ];
    let (code, said) = ends(&stage, &args);
    assert_eq!(code, 1, "{said}");
    let answer: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(answer["verdict"], "fail");
    assert_eq!(answer["checks"][0]["rows"][0][1], "3");
    let nowhere = ["checks", "run", "--target", "postgres://127.0.0.1:1/x"];
    assert_eq!(ends(&stage, &nowhere).0, 4);
}
