//! Names that somebody else must define.

use crate::domain::runbook::tests::told;

#[test]
fn a_double_id_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    id: x
    run: c
  - step: d
    id: x
    run: e
"
        ),
        ["10:9 `x` the id `x` is taken by the step in line 6 (ids are unique in a runbook)",]
    );
}

#[test]
fn an_unknown_path_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
rollback: [{path: downgrade, steps: [{step: d, run: e}]}]
phases:
- phase: a
  steps:
  - step: b
    run: c
    on_failure: offer downgade
"
        ),
        ["9:17 `offer downgade` there is no rollback path `downgade` (did you mean `downgrade`?)",]
    );
}

#[test]
fn a_step_offered_as_path_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    on_failure: offer b
"
        ),
        [
            "8:17 `offer b` `b` is a step, not a rollback path (only a rollback path can be offered; a step can be reached with `decide` and `go_to`)",
        ]
    );
}

#[test]
fn an_unknown_way_out_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    decide: [{choice: a}, {choice: b, go_to: nowhere}]
"
        ),
        ["7:46 `nowhere` there is no rollback path or step `nowhere` (there are: `b`)",]
    );
}

#[test]
fn a_decision_that_leads_to_itself_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    decide: [{choice: a}, {choice: c, go_to: b}]
"
        ),
        ["7:46 `b` the decision leads to itself (leave `go_to` out to go on with the next step)",]
    );
}

#[test]
fn an_unknown_step_undone_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases: [{phase: a, steps: [{step: b, run: c}]}]
rollback: [{path: p, steps: [{step: d, undoes: bb, run: e}]}]
"
        ),
        ["4:48 `bb` there is no step `bb` (there are: `b`, `d`)",]
    );
}

#[test]
fn undoes_in_a_phase_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
  - step: d
    undoes: b
    run: e
"
        ),
        ["9:13 `b` `undoes` stands in a phase (only a step of a rollback path undoes another)",]
    );
}

#[test]
fn an_unknown_target_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
targets: {prodution: {}}
phases:
- phase: a
  steps:
  - step: b
    run: c
    only: [production]
"
        ),
        ["9:12 `production` there is no target `production` (did you mean `prodution`?)",]
    );
}

#[test]
fn an_unknown_role_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
roles: [Database Admin]
phases:
- phase: a
  steps:
  - step: b
    confirm: c
    role: DBA
"
        ),
        ["9:11 `DBA` there is no role `DBA` (there are: `Database Admin`)",]
    );
}

#[test]
fn a_role_without_roles_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    confirm: c
    role: DBA
"
        ),
        [
            "8:11 `DBA` nobody has the role `DBA`: the runbook lists no `roles` (add `roles: [DBA]` at the top)",
        ]
    );
}

#[test]
fn an_unknown_database_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
targets: {p: {database: d, databases: {reporting: e}}}
phases:
- phase: a
  steps:
  - step: b
    sql: select 1
    on: reports
"
        ),
        ["9:9 `reports` there is no database `reports` (did you mean `reporting`?)",]
    );
}

#[test]
fn an_unknown_parameter_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
parameters: {release: {}}
phases:
- phase: a
  steps:
  - step: b
    run: c
    if: {relase: v1}
"
        ),
        ["9:10 `relase` there is no parameter `relase` (did you mean `release`?)",]
    );
}

#[test]
fn a_value_no_parameter_has_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
parameters: {mode: {one_of: [fast, slow]}}
phases:
- phase: a
  steps:
  - step: b
    run: c
    if: {mode: fats}
"
        ),
        ["9:16 `fats` the parameter never has this value: `fats` is none of: fast, slow",]
    );
}

#[test]
fn a_double_path_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases: [{phase: a, steps: [{step: b, run: c}]}]
rollback:
- {path: p, steps: [{step: d, run: e}]}
- {path: p, steps: [{step: f, run: g}]}
"
        ),
        ["6:10 `p` the path `p` stands here for the second time",]
    );
}

#[test]
fn a_double_target_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
targets:
  p: {}
  p: {}
phases:
- phase: a
  steps:
  - step: b
    run: c
"
        ),
        ["5:3 `p` `p` stands here for the second time (keep one of them)",]
    );
}

#[test]
fn a_statement_without_database_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    sql: select 1
"
        ),
        [
            "7:5 `sql` there is no target whose database could be asked (add `targets: {production: {database: '${DATABASE_URL}'}}`)",
        ]
    );
}

#[test]
fn a_target_without_database_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
targets: {a: {database: x}, b: {}}
phases:
- phase: a
  steps:
  - step: b
    sql: select 1
"
        ),
        [
            "8:5 `sql` the target b has no `database` (give it one, name another with `on`, or restrict the step with `only`)",
        ]
    );
}
