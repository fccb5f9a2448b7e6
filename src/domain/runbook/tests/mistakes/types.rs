//! Values of the wrong kind.

use crate::domain::runbook::tests::told;

#[test]
fn a_list_for_a_text_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: [a, b]
"
        ),
        [
            "7:10 `[` a text is expected here, not a list (a text that begins with `[` stands in quotes)",
        ]
    );
}

#[test]
fn a_map_for_a_text_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    confirm: {the: team}
"
        ),
        [
            "7:14 `{` a text is expected here, not a map (a text with `: ` in it, or that begins with `{`, stands in quotes)",
        ]
    );
}

#[test]
fn yes_for_a_text_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    confirm: yes
"
        ),
        [
            "7:14 `yes` a text is expected here, not the bare word `yes` (say it in words, or put it in quotes: 'yes')",
        ]
    );
}

#[test]
fn yes_for_a_flag_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    manual: yes
"
        ),
        ["8:13 `yes` `true` or `false` is expected here, not `yes` (write true)",]
    );
}

#[test]
fn a_quoted_flag_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    manual: 'true'
"
        ),
        ["8:13 `'true'` `true` or `false` is expected here, not a text in quotes (write true)",]
    );
}

#[test]
fn an_empty_text_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: ''
"
        ),
        ["7:10 `''` the text is empty (write one, or take the key out)",]
    );
}

#[test]
fn a_number_for_a_duration_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    timeout: 30
"
        ),
        ["8:14 `30` `30` has no unit (write a number and a unit: 500ms, 15s, 90m, 1h30m, 2d)",]
    );
}

#[test]
fn an_unknown_unit_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    timeout: 5 parsecs
"
        ),
        [
            "8:14 `5 parsecs` `5 parsecs` is not a duration: unknown unit `parsecs` (write a number and a unit: 500ms, 15s, 90m, 1h30m, 2d)",
        ]
    );
}

#[test]
fn a_duration_of_nothing_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    timeout: 0s
"
        ),
        ["8:14 `0s` this must be longer than nothing (write 15s or 30m)",]
    );
}

#[test]
fn a_wrong_offset_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    not_before: 30m
"
        ),
        [
            "8:17 `30m` `30m` is not an offset (write T-0, T-30m, T+60m or T+1d: the time before or after the planned start)",
        ]
    );
}

#[test]
fn a_wrong_count_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    retry: {times: none}
"
        ),
        ["8:20 `none` a whole number from 1 on is expected here, not `none`",]
    );
}

#[test]
fn a_wrong_word_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    danger: hihg
"
        ),
        ["8:13 `hihg` `none` or `high` is expected here, not `hihg` (did you mean `high`?)",]
    );
}

#[test]
fn a_bad_regular_expression_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    capture: {x: '(a'}
"
        ),
        [
            "8:18 `'(a'` the regular expression cannot be read: unclosed group (characters as ( [ { . * + ? that stand for themselves need a backslash)",
        ]
    );
}

#[test]
fn a_bad_expectation_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    expect: {exit: '>', stdout: '/[/'}
"
        ),
        [
            "8:20 `'>'` nothing stands after `>` (write what it is compared with: '> 11')",
            "8:33 `'/[/'` the regular expression cannot be read: unclosed character class (characters as ( [ { . * + ? that stand for themselves need a backslash)",
        ]
    );
}

#[test]
fn a_json_pointer_without_slash_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    http: {get: 'http://x', expect: {json: {db.ok: true}}}
"
        ),
        ["7:45 `db.ok` a JSON pointer begins with `/` (write `/db/ok`)",]
    );
}

#[test]
fn a_comment_that_cuts_a_text_is_warned_of() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    run: c
    note: Fix issue #42
"
        ),
        [
            "warning 8:21 `#42` the text ends before `#`: the rest is a comment (put the text in quotes if `#` belongs to it; a comment begins with `# `)",
        ]
    );
}
