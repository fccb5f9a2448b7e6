//! Steps that contradict themselves, and ways that lead nowhere.

use crate::domain::runbook::tests::told;

#[test]
fn danger_without_timeout_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    danger: high
"
        ),
        [
            "8:5 `danger` a dangerous step needs a `timeout` (say after what time it is to be stopped: `timeout: 30m`)",
        ]
    );
}

#[test]
fn polling_what_writes_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    until: 2m
"
        ),
        [
            "8:5 `until` `until` is for what only looks (polling repeats it: use `check` for a command that only looks)",
        ]
    );
}

#[test]
fn polling_and_repeating_are_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    check: c
    until: 2m
    retry: {times: 2}
"
        ),
        [
            "9:5 `retry` `retry` does not go together with `until` (`until` polls already: take `retry` out)",
        ]
    );
}

#[test]
fn a_timeout_before_the_poll_ends_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    check: c
    until: 2m
    timeout: 1m
"
        ),
        [
            "9:14 `1m` the `timeout` ends it before `until` does (`timeout` counts over all polls: make it longer, or take it out)",
        ]
    );
}

#[test]
fn critical_and_continue_are_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    critical: true
    on_failure: continue
"
        ),
        [
            "9:17 `continue` `on_failure: continue` does not go together with `critical` (a critical step holds the run: take one of the two out)",
        ]
    );
}

#[test]
fn no_return_on_the_way_back_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases: [{phase: a, steps: [{step: b, run: c}]}]
rollback: [{path: p, steps: [{step: d, run: e, point_of_no_return: true}]}]
"
        ),
        [
            "4:48 `point_of_no_return` a way back has no point of no return (it is for steps of a phase)",
        ]
    );
}

#[test]
fn a_path_that_is_never_walked_is_warned_of() {
    assert_eq!(
        told(
            "runbook: 1
title: x
targets: {p: {}, q: {}}
phases: [{phase: a, steps: [{step: b, run: c, only: [p]}]}]
rollback: [{path: back, steps: [{step: d, undoes: b, only: [q], run: e}]}]
"
        ),
        [
            "warning 5:19 `back` the path `back` can never be walked: none of its steps ever applies (compare their `only` and `if` with those of the steps they undo)",
        ]
    );
}

#[test]
fn a_step_no_choice_leads_to_is_warned_of() {
    assert_eq!(
        told(
            "runbook: 1
title: x
rollback: [{path: p, steps: [{step: g, run: h}]}]
phases:
- phase: a
  steps:
  - step: b
    decide: [{choice: x, go_to: p}, {choice: y, go_to: d}]
  - step: c
    run: e
  - step: d
    run: f
"
        ),
        [
            "warning 9:5 `step` no choice of the decision before leads to this step (leave `go_to` out of the choice that goes on)",
        ]
    );
}

#[test]
fn one_to_choose_is_warned_of() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - group: g
    choose: one
    steps: [{step: b, run: c}]
"
        ),
        ["warning 8:12 `[` there is only one to choose",]
    );
}

#[test]
fn later_duties_stand_last_do_no_harm_and_are_due_after_the_window() {
    assert_eq!(
        told(
            "runbook: 1
title: x
window: {length: 90m}
phases:
- phase: soon
  later: T+1h
  steps:
  - {step: a, confirm: a}
- phase: window
  steps:
  - step: b
    decide:
    - {choice: go on}
    - {choice: over, go_to: c}
- phase: day
  at: T+25h
  later: T+24h
  steps:
  - {step: c, id: c, run: c}
  - {step: d, run: d, manual: true, background: until end of phase}
  - {step: e, run: e, manual: true, danger: high, timeout: 1m, on_failure: offer back}
rollback:
- path: back
  steps:
  - {step: f, confirm: f}
"
        ),
        [
            "6:10 `T+1h` it is due before the window has ended (`later` is for what is due hours or days after the window; take it out for an ordinary phase)",
            "6:10 `T+1h` a phase of the window stands behind this later one (put it behind every phase of the window)",
            "13:7 `{` the choice leads over the end of the window, to `c` (later duties are taken up by themselves; going back after the window is a run of its own)",
            "17:10 `T+24h` it is due at T+1d, before it begins (`at` says from when it can be done, `later` until when)",
            "19:5 `{` a later duty changes nothing by itself (say `manual: true`, or `check` (`read_only: true`) for what only looks)",
            "20:37 `background` nothing runs beside a later duty",
            "21:37 `danger` a later duty does no harm (what can do harm needs a window: make it a runbook of its own)",
            "21:76 `offer back` a later duty leads to no way back (going back after the window is a run of its own)",
        ]
    );
}
