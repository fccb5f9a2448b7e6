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
