//! Questions of `verify`.

use crate::domain::runbook::tests::told;

#[test]
fn verify_of_a_check_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
targets: {p: {database: d}}
phases:
- phase: a
  steps:
  - step: b
    check: c
    verify: {sql: select 1}
"
        ),
        [
            "9:5 `verify` `verify` does not apply to a `check` step (a check only looks: run it again)",
        ]
    );
}

#[test]
fn verify_that_writes_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
targets: {p: {database: d}}
phases:
- phase: a
  steps:
  - step: b
    run: c
    verify: {sql: delete from t}
"
        ),
        [
            "9:19 `delete from t` one query that only looks is expected here (begin it with select, show, with, values or table, and write nothing in it)",
        ]
    );
}

#[test]
fn verify_with_two_questions_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
targets: {p: {database: d}}
phases:
- phase: a
  steps:
  - step: b
    run: c
    verify: {sql: select 1, check: d}
"
        ),
        ["9:13 `{` `verify` asks one question (exactly one of: check, sql, http, use)",]
    );
}

#[test]
fn verify_by_post_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    verify: {http: {post: 'http://x'}}
"
        ),
        ["8:14 `http` `verify` only looks: its request is a get or a head",]
    );
}
