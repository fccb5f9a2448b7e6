//! Variables, and secrets where they would be seen.

use crate::domain::runbook::tests::told;

#[test]
fn nobody_defines_it_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
parameters: {release: {}}
phases:
- phase: a
  steps:
  - step: b
    confirm: Is ${relase} there?
"
        ),
        ["8:17 `${relase}` nobody defines `relase` (did you mean `${release}`?)",]
    );
}

#[test]
fn no_variable_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    confirm: Is ${HOME:-x} there, or ${?
"
        ),
        [
            "7:17 `${HOME:-x}` `${HOME:-x}` is not a variable (a variable is written `${name}`; for a plain `${` write `$${`)",
            "7:38 `${` `${` is not a variable (a variable is written `${name}`; for a plain `${` write `$${`)",
        ]
    );
}

#[test]
fn ident_outside_of_sql_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
parameters: {release: {}}
phases:
- phase: a
  steps:
  - step: b
    confirm: Is ${release:ident} there?
"
        ),
        ["8:17 `${release:ident}` `:ident` and `:number` are for `sql` only (write `${release}`)",]
    );
}

#[test]
fn quoted_in_sql_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
parameters: {release: {}}
targets: {p: {database: d}}
phases:
- phase: a
  steps:
  - step: b
    sql: select '${release}', ${release
"
        ),
        [
            "9:18 `${release}` `${release}` stands inside quotes (leave the quotes out: the value brings its own (`${release:ident}` for a name); for a plain `${` write `$${`)",
            "9:31 `${` `${` is not a variable (a variable is written `${name}`, `${name:ident}` for a name, `${name:number}` for a number)",
        ]
    );
}

#[test]
fn in_a_block_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
parameters: {release: {}}
targets: {p: {database: d}}
phases:
- phase: a
  steps:
  - step: b
    sql: |
      select 1;
      select ${relase};
"
        ),
        ["11:14 `${relase}` nobody defines `relase` (did you mean `${release}`?)",]
    );
}

#[test]
fn a_secret_that_would_be_seen_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
secrets: [TOKEN]
phases:
- phase: a
  steps:
  - step: b
    confirm: Is ${TOKEN} there?
"
        ),
        [
            "8:17 `${TOKEN}` `TOKEN` is secret, and here it would be seen or written down (commands find it in their environment; a request may hold it)",
        ]
    );
}

#[test]
fn a_secret_in_sql_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
secrets: [TOKEN]
targets: {p: {database: d}}
phases:
- phase: a
  steps:
  - step: b
    sql: select ${TOKEN}
"
        ),
        [
            "9:17 `${TOKEN}` `TOKEN` is secret, and here it would be seen or written down (use psql in a `run` step, whose environment has it)",
        ]
    );
}

#[test]
fn used_before_it_is_captured_is_warned_of() {
    assert_eq!(
        told(
            "runbook: 1
title: x
phases:
- phase: a
  steps:
  - step: b
    confirm: Look at ${file}.
  - step: c
    run: d
    capture: {file: .+}
"
        ),
        [
            "warning 7:22 `${file}` `file` has no value yet: step 1.2 captures it (move that step in front, or use another value)",
        ]
    );
}

#[test]
fn a_value_of_one_target_only_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
targets: {p: {values: {api: x}}, q: {}}
phases:
- phase: a
  steps:
  - step: b
    confirm: Look at ${api}.
"
        ),
        [
            "8:22 `${api}` `api` has no value on the target q (add it to that target's `values`, or restrict the step with `only`)",
        ]
    );
}

#[test]
fn captured_over_a_parameter_is_refused() {
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
    capture: {release: x}
"
        ),
        [
            "9:15 `release` `release` is a parameter: what is captured under this name is never used (choose another name)",
        ]
    );
}

#[test]
fn a_variable_in_a_headline_is_warned_of() {
    assert_eq!(
        told(
            r"runbook: 1
title: x
parameters: {quiet: {default: 5m}}
phases:
- phase: a
  steps:
  - step: Quiet for ${quiet}
    watch: {for: '${quiet}'}
"
        ),
        [
            "warning 7:21 `${quiet}` a headline is shown as it is written: no value is put in (say it in `note` or `confirm`, where values are put in)",
        ]
    );
}
