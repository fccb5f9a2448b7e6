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
fn where_the_extension_is_missing_nothing_is_counted_and_that_is_a_warning() {
    let steps = "
      - {step: What statements cost, use: pg/statements}
      - {step: What they cost now, use: pg/statements, compare: before}
";
    let (stage, name) = stage(steps);
    let (code, said) = ends(&stage, &["run", "run.yaml", "--auto"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        stage.events("step.finished")[1]["outcome"]["ended"],
        "warned"
    );
    let output = stage.kept("output/02.1.txt");
    assert!(
        output.contains("warn: nothing was counted: the extension pg_stat_statements"),
        "{output}"
    );
    assert!(!output.contains("remedy"), "{output}");
    let (code, said) = ends(
        &stage,
        &[
            "checks",
            "run",
            "--target",
            &server().url(&name),
            "pg/statements",
        ],
    );
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("nothing was counted"), "{said}");
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

/// Puts `migrations/status` to the database; `dir` is the directory with the files.
fn history(stage: &Stage, name: &str, tool: &str, more: &[&str]) -> (i32, String) {
    let url = server().url(name);
    let (tool, dir) = (format!("tool={tool}"), format!("dir={tool}"));
    let mut args = vec!["checks", "run", "migrations/status", "--target", &url];
    args.extend(["--with", &tool, "--with", &dir]);
    args.extend(more.iter().flat_map(|with| ["--with", with]));
    ends(stage, &args)
}

#[test]
fn what_a_tool_recorded_is_held_against_the_files_and_not_against_its_words() {
    let (stage, name) = stage("      - {step: a, confirm: x}\n");
    let put = |path: &str, text: &str| {
        let path = stage.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let first = "create table a(id int);\n";
    put("flyway/V1__a.sql", first);
    put("flyway/V2__b.sql", "create table b(id int);\n");
    put("sqlx/0001_a.sql", first);
    put("prisma/20260101000000_a/migration.sql", first);
    // As each tool writes its table; the checksums were made by other programs.
    let tables = "
        create table flyway_schema_history (installed_rank int, version text, description text, type text, script text,
          checksum int, installed_by text, installed_on timestamp default now(), execution_time int, success bool);
        insert into flyway_schema_history values (1, '1', 'a', 'SQL', 'V1__a.sql', FLYWAY, 'u', now(), 1, true);
        create table _sqlx_migrations (version bigint, description text, installed_on timestamptz default now(), success bool,
          checksum bytea, execution_time bigint);
        insert into _sqlx_migrations values (1, 'a', now(), true, '\\xSQLX', 1);
        create table _prisma_migrations (id text, checksum text, finished_at timestamptz, migration_name text, logs text,
          rolled_back_at timestamptz, started_at timestamptz default now(), applied_steps_count int default 1);
        insert into _prisma_migrations values ('x', 'PRISMA', now(), '20260101000000_a');";
    let tables = tables
        .replace("FLYWAY", CRC32)
        .replace("SQLX", SHA384)
        .replace("PRISMA", SHA256);
    server().execute(&name, &tables).unwrap();
    for tool in ["flyway", "sqlx", "prisma"] {
        let (code, said) = history(&stage, &name, tool, &[]);
        assert_eq!((code, said.contains("1 passed")), (0, true), "{said}");
    }
    let (code, said) = history(&stage, &name, "flyway", &["pending=none"]);
    assert_eq!((code, said.contains("pending")), (1, true), "{said}");
    let failed = "insert into flyway_schema_history values (2, '2', 'b', 'SQL', 'V2__b.sql', 1, 'u', now(), 1, false);
        update _prisma_migrations set finished_at = null";
    server().execute(&name, failed).unwrap();
    for tool in ["flyway", "prisma"] {
        let (code, said) = history(&stage, &name, tool, &[]);
        assert_eq!((code, said.contains("failed")), (1, true), "{tool}: {said}");
    }
    put("sqlx/0001_a.sql", "create table a(id bigint);\n");
    let (code, said) = history(&stage, &name, "sqlx", &[]);
    assert_eq!((code, said.contains("changed")), (1, true), "{said}");
}

/// CRC-32 of the lines without their ends, as Flyway makes it (Python's zlib).
const CRC32: &str = "-1193849269";
/// As `sha384sum` prints it.
const SHA384: &str = "0fa4f612848e3efb6b0407d1aeb08db0b11583b56df403fb9a6c9995c9a0637934f0c90e5fc992c8ba8141a040a0062c";
/// As `sha256sum` prints it.
const SHA256: &str = "780cd65365cbfe31c11fdb4fc7bb925f12a9e467c577d65c840cd25d517e9d90";
