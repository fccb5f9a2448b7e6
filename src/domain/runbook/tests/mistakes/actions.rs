//! Actions, and what does not go together with them.

use crate::domain::runbook::tests::told;

#[test]
fn no_action_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    note: c
"
        ),
        [
            "6:5 `step` the step has no action (give it one of: confirm, run, check, sql, http, watch, decide, sign, use)",
        ]
    );
}

#[test]
fn two_actions_are_refused() {
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
    sql: select 1
"
        ),
        [
            "9:5 `sql` the step has two actions: `run` and `sql` (make two steps of it: a step has exactly one action)",
        ]
    );
}

#[test]
fn a_signature_is_asked_of_a_role() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    sign: DBA
    timeout: 5m
"
        ),
        [
            "7:11 `DBA` nobody has the role `DBA`: the runbook lists no `roles` (add `roles: [DBA]` at the top)",
            "8:5 `timeout` `timeout` does not apply to a `sign` step (a question to a person never answers itself; `takes` warns)",
        ]
    );
}

#[test]
fn keys_of_another_action_are_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    confirm: c
    timeout: 5m
    lock_timeout: 3s
    manual: true
    shell: bash -c
"
        ),
        [
            "8:5 `timeout` `timeout` does not apply to a `confirm` step (a question to a person never answers itself; `takes` warns)",
            "9:5 `lock_timeout` `lock_timeout` does not apply to a `confirm` step (it belongs to steps with `sql`)",
            "10:5 `manual` `manual` does not apply to a `confirm` step (a person does it in any case: take it out)",
            "11:5 `shell` `shell` does not apply to a `confirm` step (it belongs to steps with `run` and `check`)",
        ]
    );
}

#[test]
fn background_on_a_check_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    check: c
    background: until end of run
"
        ),
        [
            "8:5 `background` `background` does not apply to a `check` step (it belongs to steps with `run`)",
        ]
    );
}

#[test]
fn a_background_step_that_is_judged_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    background: until end of run
    expect: ok
    retry: {times: 2}
"
        ),
        [
            "9:5 `expect` `expect` does not apply to a background step (a background step has no end to judge: take it out)",
            "10:5 `retry` `retry` does not apply to a background step (a background step has no end to judge: take it out)",
        ]
    );
}

#[test]
fn alarm_on_without_background_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    alarm_on: ERROR
"
        ),
        [
            "8:5 `alarm_on` `alarm_on` is for background steps (say `background: until end of phase` or `until end of run`)",
        ]
    );
}

#[test]
fn interactive_and_seen_are_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    interactive: true
    background: until end of run
"
        ),
        [
            "9:5 `background` `background` does not go together with `interactive` (the step has the terminal to itself: nothing of what it prints is seen)",
        ]
    );
}

#[test]
fn interactive_and_captured_are_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    interactive: true
    capture: {x: y}
"
        ),
        [
            "9:5 `capture` `capture` does not go together with `interactive` (the step has the terminal to itself: nothing of what it prints is seen)",
        ]
    );
}

#[test]
fn a_request_without_method_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    http: {body: x}
"
        ),
        ["7:11 `{` a request has one method (exactly one of: get, head, post, put, patch, delete)",]
    );
}

#[test]
fn a_request_as_text_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    http: 'http://x'
"
        ),
        ["7:11 `'http://x'` a method and an address are expected here (write {get: 'https://…'})",]
    );
}

#[test]
fn a_watch_as_text_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    watch: 15m
"
        ),
        ["7:12 `15m` `watch` is a map (write {for: 15m})",]
    );
}

#[test]
fn a_decision_of_one_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    decide: [{choice: a}]
"
        ),
        ["7:13 `[` a decision has two choices at least (add one, or make it a `confirm`)",]
    );
}

#[test]
fn evidence_of_the_wrong_kind_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    evidence: link
  - step: d
    confirm: e
    evidence: show
"
        ),
        [
            "8:15 `link` `none` or `show` is expected here, not `link`",
            "11:15 `show` `none` or `text` or `link` or `file` is expected here, not `show`",
        ]
    );
}

#[test]
fn a_wrong_on_failure_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    on_failure: contniue
"
        ),
        [
            "8:17 `contniue` `hold`, `continue` or `offer PATH` is expected here, not `contniue` (did you mean `continue`?)",
        ]
    );
}

#[test]
fn a_bad_id_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    id: über
"
        ),
        [
            "8:9 `über` this cannot be the id of a step (letters, digits, `-` and `_`, at most 40 of them)",
        ]
    );
}
