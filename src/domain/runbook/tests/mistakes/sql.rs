//! Statements that cannot work.

use crate::domain::runbook::tests::told;

#[test]
fn copy_and_listen_are_refused() {
    assert_eq!(
        told(
            r"runbook: 1
title: x
targets: {p: {database: d}}
phases:
- phase: a
  steps:
  - step: b
    sql: |
      copy t from stdin;
      listen x;
      \d t
"
        ),
        [
            r#"9:7 `copy` COPY from or to the client does not work in a `sql` step (use psql in a `run` step: psql "$DATABASE_URL" -X -v ON_ERROR_STOP=1 -c '…')"#,
            r#"10:7 `listen` LISTEN does not work in a `sql` step (use psql in a `run` step: psql "$DATABASE_URL" -X -v ON_ERROR_STOP=1 -c '…')"#,
            r#"11:7 `\d` `\d` is a command of psql, not of the server (use psql in a `run` step: psql "$DATABASE_URL" -X -v ON_ERROR_STOP=1 -c '…')"#,
        ]
    );
}

#[test]
fn a_file_that_copies_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
targets: {p: {database: d}}
phases:
- phase: a
  steps:
  - step: b
    sql: {file: copy.sql}
"
        ),
        [
            r#"8:17 `copy.sql` copy.sql, line 2: COPY from or to the client does not work in a `sql` step (use psql in a `run` step: psql "$DATABASE_URL" -X -v ON_ERROR_STOP=1 -c '…')"#,
        ]
    );
}

#[test]
fn a_file_that_is_not_there_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
targets: {p: {database: d}}
phases:
- phase: a
  steps:
  - step: b
    sql: {file: nope.sql}
"
        ),
        [
            "8:17 `nope.sql` `nope.sql` cannot be read: no such file (the path is relative to the runbook's file)",
        ]
    );
}

#[test]
fn an_open_quote_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
targets: {p: {database: d}}
phases:
- phase: a
  steps:
  - step: b
    sql: select 'x
"
        ),
        [
            "8:17 `'x` a quote is opened and not closed (close it; a quote inside quotes is written twice)",
        ]
    );
}

#[test]
fn no_statement_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
targets: {p: {database: d}}
phases:
- phase: a
  steps:
  - step: b
    sql: -- nothing
"
        ),
        ["8:10 `-- nothing` there is no statement in it",]
    );
}

#[test]
fn concurrently_in_a_transaction_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
targets: {p: {database: d}}
phases:
- phase: a
  steps:
  - step: b
    sql: |
      select 1;
      create index concurrently i on t (x);
"
        ),
        [
            "10:7 `create` PostgreSQL refuses this inside a transaction, and here it is in one (say `transaction: false`, or make it a step of its own)",
        ]
    );
}

#[test]
fn commit_in_a_transaction_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
targets: {p: {database: d}}
phases:
- phase: a
  steps:
  - step: b
    sql: begin; select 1; commit
    transaction: true
"
        ),
        [
            "8:10 `begin;` `begin` does not go together with `transaction` (take one of the two out)",
            "8:27 `commit` `commit` does not go together with `transaction` (take one of the two out)",
        ]
    );
}

/// What is said of `steps` on a target at `database`.
fn told_at(database: &str, steps: &str) -> Vec<String> {
    told(&format!(
        "runbook: 1\ntitle: x\ntargets: {{p: {{database: '{database}'}}}}\nsecrets: [URL]\nphases:\n- phase: a\n  steps:\n{steps}"
    ))
}

#[test]
fn mysql_commits_with_ddl_and_the_check_says_so_where_it_knows_the_server() {
    let ddl = "  - {step: b, sql: 'insert into t values (1); alter table t add b int', transaction: true}\n";
    let wanted = "8:47 `alter` `transaction: true` cannot hold: MySQL and MariaDB commit with ALTER TABLE, whatever comes after it (take `transaction` out, and what the statements before it did stays; or make it a step of its own)";
    assert_eq!(told_at("mysql://u@h/d", ddl), [wanted]);
    assert_eq!(told_at("mariadb://u@h/d", ddl), [wanted]);
    let asks = format!("{ddl}  - {{step: c, use: my/identity}}\n");
    assert_eq!(told_at("${URL}", &asks), [wanted]);
    for database in ["postgres://u@h/d", "${URL}"] {
        assert_eq!(told_at(database, ddl), [""; 0], "{database}");
    }
    let mysqls = "  - {step: b, sql: \"select 'it\\\\'s', `a\\\"b` # don't\"}\n  - {step: c, verify: {sql: show tables, expect: '> 0 rows'}, run: 'true'}\n";
    assert_eq!(told_at("mysql://u@h/d", mysqls), [""; 0]);
    let escaped = "  - {step: b, sql: \"select 'it\\\\'s'\"}\n";
    assert_eq!(told_at("mysql://u@h/d", escaped), [""; 0]);
    let unclosed = told_at("postgres://u@h/d", escaped);
    assert!(unclosed[0].contains("not closed"), "{unclosed:?}");
    let no_transaction = "  - {step: b, sql: 'create database x; drop database x', danger: none}\n";
    assert_eq!(told_at("mysql://u@h/d", no_transaction), [""; 0]);
    let local = told_at(
        "mysql://u@h/d",
        "  - {step: b, sql: \"load data local infile 'x' into table t\"}\n",
    );
    assert!(local[0].contains("LOAD DATA LOCAL"), "{local:?}");
}

#[test]
fn a_check_is_asked_of_its_own_family() {
    let pg = "  - {step: b, use: pg/identity}\n";
    let my = "  - {step: c, use: my/identity}\n";
    assert_eq!(
        told_at("mysql://u@h/d", pg),
        [
            "8:20 `pg/identity` `pg/identity` is for PostgreSQL (the database's address leads to MySQL and MariaDB)"
        ]
    );
    assert_eq!(
        told_at("postgres://u@h/d", my),
        [
            "8:20 `my/identity` `my/identity` is for MySQL and MariaDB (the database's address leads to PostgreSQL)"
        ]
    );
    assert_eq!(
        told_at("${URL}", &format!("{pg}{my}")),
        [
            "9:20 `my/identity` `my/identity` is for MySQL and MariaDB (`pg/identity` is asked of the same database: it can be of one family only)"
        ]
    );
    let both = "runbook: 1\ntitle: x\ntargets: {p: {database: 'postgres://u@h/d', databases: {shop: 'mysql://u@h/d'}}, q: {database: 'postgres://u@h/d', databases: {shop: '${URL}'}}}\nsecrets: [URL]\nphases:\n- phase: a\n  steps:\n  - {step: b, use: pg/identity}\n  - {step: c, use: my/identity, on: shop}\n";
    assert_eq!(told(both), [""; 0]);
}

#[test]
fn mysql_takes_no_quoted_value_behind_limit() {
    let book = |url: &str, sql: &str| {
        format!(
            "runbook: 1\ntitle: x\nparameters: {{n: {{default: '5'}}}}\ntargets: {{p: {{database: '{url}'}}}}\nphases:\n- phase: a\n  steps:\n  - step: b\n    sql: {sql}\n"
        )
    };
    let said = "MySQL and MariaDB take no quoted value behind LIMIT and OFFSET (write `${n:number}`: it is put in without quotes)";
    for (sql, places) in [
        ("select a from t limit ${n}", &["9:32"][..]),
        (
            "select 1; select a from t LIMIT ${n} OFFSET ${n}",
            &["9:42", "9:54"],
        ),
        ("select a from t limit 10, ${n}", &["9:36"]),
        ("select a from t limit ${n:number}", &[]),
        ("select limit_of, ${n} from t where a = ${n}", &[]),
    ] {
        let wanted: Vec<String> = places
            .iter()
            .map(|at| format!("{at} `${{n}}` {said}"))
            .collect();
        assert_eq!(told(&book("mysql://u@h/d", sql)), wanted, "{sql}");
        // PostgreSQL reads the number out of it.
        assert_eq!(told(&book("postgres://u@h/d", sql)), [""; 0], "{sql}");
    }
}

#[test]
fn a_loss_that_nobody_is_asked_about_is_warned_of() {
    let book = |keys: &str| {
        format!(
            "runbook: 1\ntitle: x\ntargets: {{p: {{database: 'postgres://u@h/d'}}}}\nphases:\n- phase: a\n  steps:\n  - step: b\n    sql: select 1; drop table t\n{keys}"
        )
    };
    assert_eq!(
        told(&book("")),
        [
            "warning 8:20 `drop` this drops a table with all that is in it, and nobody is asked (say `danger: high` and a `timeout`: it waits for a key then, and for the typed name of a protected target; or `danger: none` where nobody need be asked)"
        ]
    );
    for said in [
        "    danger: high\n    timeout: 1m\n",
        "    danger: none\n",
        "    manual: true\n",
    ] {
        assert_eq!(told(&book(said)), [""; 0], "{said}");
    }
}
