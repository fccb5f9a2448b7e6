//! Keys that are unknown, missing, double or empty.

use crate::domain::runbook::tests::told;

#[test]
fn an_unknown_key_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    timout: 5m
"
        ),
        ["8:5 `timout` a step has no key `timout` (did you mean `timeout`?)",]
    );
}

#[test]
fn a_key_from_another_tool_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    command: c
    description: d
"
        ),
        [
            "6:5 `step` the step has no action (give it one of: confirm, run, check, sql, http, watch, decide, sign, use)",
            "7:5 `command` a step has no key `command` (did you mean `run`?)",
            "8:5 `description` a step has no key `description` (did you mean `note`?)",
        ]
    );
}

#[test]
fn a_key_of_another_place_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
timeout: 5m
phases: [{phase: a, steps: [{step: b, run: c}]}]
"
        ),
        ["3:1 `timeout` a runbook has no key `timeout` (`timeout` belongs to a step)",]
    );
}

#[test]
fn a_key_that_nobody_knows_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    colour: red
"
        ),
        ["8:5 `colour` a step has no key `colour` (`holdpoint schema` lists the keys of a step)",]
    );
}

#[test]
fn a_double_key_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    run: d
"
        ),
        ["8:5 `run` `run` stands here for the second time (keep one of them)",]
    );
}

#[test]
fn a_key_without_value_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    timeout:
"
        ),
        ["8:5 `timeout` `timeout` has no value (write one, or take the key out)",]
    );
}

#[test]
fn missing_keys_are_refused() {
    assert_eq!(
        told(
            "runbook: 1
phases: [{phase: a, steps: [{run: c}]}]
"
        ),
        [
            "1:1 `runbook` a runbook needs `title` (`title`: the headline of screen and log)",
            "2:29 `{` a step needs `step` (`step`: what the operator reads)",
        ]
    );
}

#[test]
fn a_version_to_come_is_refused() {
    assert_eq!(
        told(
            "runbook: 2
title: x
phases: [{phase: a, steps: [{step: b, run: c}]}]
"
        ),
        [
            "1:10 `2` this version of the format is not known (write `runbook: 1`: the only version of the format so far)",
        ]
    );
}

#[test]
fn a_list_as_key_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    [a, b]: d
"
        ),
        ["8:5 `[` a key must be a word (a value that begins with `{` or `[` stands in quotes)",]
    );
}

#[test]
fn an_empty_list_of_steps_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases: [{phase: a, steps: []}]
"
        ),
        ["3:28 `[` the list is empty (write one item, or take the key out)",]
    );
}

#[test]
fn no_phases_are_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases: []
"
        ),
        ["3:9 `[` the list is empty (write one item, or take the key out)",]
    );
}

#[test]
fn a_map_for_a_list_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases: {phase: a}
"
        ),
        ["3:9 `{` a list of phases is expected here, not a map (begin each with `- `)",]
    );
}

#[test]
fn a_text_for_the_file_is_refused() {
    assert_eq!(
        told(
            "just a text
"
        ),
        ["1:1 `just a text` a runbook with its keys is expected here, not `just a text`",]
    );
}
