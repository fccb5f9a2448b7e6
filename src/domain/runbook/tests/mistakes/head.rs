//! Parameters, targets, window and monitor.

use crate::domain::runbook::tests::told;

#[test]
fn a_default_that_does_not_match_is_refused() {
    assert_eq!(
        told(
            r"runbook: 1
title: x
parameters: {release: {matches: 'v\d+', default: 7}}
phases:
- phase: a
  steps:
  - step: b
    run: c
"
        ),
        [r"3:50 `7` the default `7` does not match v\d+",]
    );
}

#[test]
fn a_bad_name_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
parameters: {Back-Up: {}, run_id: {}}
phases:
- phase: a
  steps:
  - step: b
    run: c
"
        ),
        [
            "3:14 `Back-Up` `Back-Up` cannot be the name of a value (write `back_up`: a small letter, then letters, digits and `_` (names in capitals are environment variables))",
            "3:27 `run_id` `run_id` cannot be the name of a value (a small letter, then letters, digits and `_`; not a name that holdpoint gives a value itself)",
        ]
    );
}

#[test]
fn a_wrong_version_test_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
targets: {p: {database: x, must_be: {version: eleven}}}
phases:
- phase: a
  steps:
  - step: b
    run: c
"
        ),
        [
            "3:47 `eleven` `eleven` compares no version (write a comparison with a version: '>= 11' or '= 15.4')",
        ]
    );
}

#[test]
fn a_decision_after_the_end_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
window: {length: 60m, decide_by: T+90m}
phases:
- phase: a
  steps:
  - step: b
    run: c
"
        ),
        ["3:34 `T+90m` `decide_by` is outside of the window (the window is from T-0 to T+1h)",]
    );
}

#[test]
fn alarms_that_cannot_be_read_are_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
monitor:
  alarms:
  - {when: bloked > 5}
  - {when: blocked ~ 5}
  - {when: longest_wait > 5}
  - {when: blocked > 1, then: stop}
phases:
- phase: a
  steps:
  - step: b
    run: c
"
        ),
        [
            "5:12 `bloked > 5` there is no metric `bloked` (did you mean `blocked`?)",
            "6:12 `blocked ~ 5` `~ 5` is no comparison: write one of >= <= > < = != after `blocked` (METRIC OPERATOR VALUE [for DURATION], as 'blocked >= 5 for 10s' or 'connections > 85%')",
            "7:12 `longest_wait > 5` `5` cannot be compared with `longest_wait`: write it as 10s (METRIC OPERATOR VALUE [for DURATION], as 'blocked >= 5 for 10s' or 'connections > 85%')",
            "8:31 `stop` `show` or `hold` or `cancel` is expected here, not `stop` (did you mean `show`?)",
        ]
    );
}

#[test]
fn a_monitored_value_that_writes_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
monitor: {values: [{name: n, sql: delete from t}]}
phases:
- phase: a
  steps:
  - step: b
    run: c
"
        ),
        [
            "3:35 `delete from t` one query that only looks is expected here (begin it with select, show, with, values or table, and write nothing in it)",
        ]
    );
}

#[test]
fn a_monitor_in_a_hurry_is_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
monitor: {every: 10ms}
phases:
- phase: a
  steps:
  - step: b
    run: c
"
        ),
        ["3:18 `10ms` this is too often: a sample every 250ms is the most (write 1s)",]
    );
}

#[test]
fn secrets_that_are_shown_are_refused() {
    assert_eq!(
        told(
            "runbook: 1
title: x
parameters: {token: {}}
secrets: [token, capturd]
phases:
- phase: a
  steps:
  - step: b
    run: c
"
        ),
        [
            "4:11 `token` `token` is a parameter: it is shown and written down, and cannot be secret (give it by an environment variable, as ${API_TOKEN}, and name that under `secrets`)",
            "4:18 `capturd` no step captures `capturd` (names in capitals are environment variables; others are captured by a step)",
        ]
    );
}

#[test]
fn what_no_server_tells_is_said_to_be_so() {
    let why = crate::domain::sample::rule::unmeasured("disk_free").unwrap();
    assert_eq!(
        told(
            "\
runbook: 1
title: x
monitor:
  alarms:
  - {when: disk_free < 10 GB}
phases:
- phase: a
  steps:
  - step: b
    run: c
"
        ),
        [format!(
            "5:12 `disk_free < 10 GB` there is no metric `disk_free` ({why})"
        )]
    );
}
