//! Lengths of time that a parameter or a target's value says.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::run::event::Opened;
use crate::domain::run::schedule::{Known, planned_ms};
use crate::domain::run::state::RunState;
use crate::domain::run::values::lasts;
use crate::domain::runbook::model::{Action, Runbook};
use crate::domain::runbook::tests::{book, told};

fn with(parameters: &str, values: &str, step: &str) -> String {
    format!(
        "runbook: 1\ntitle: x\nparameters: {{{parameters}}}\ntargets:\n  p: {{database: d{values}}}\nphases:\n- phase: a\n  steps:\n  - {step}\n"
    )
}

fn run(parameters: &[(&str, &str)]) -> RunState {
    let parameters = parameters.iter().map(|(k, v)| ((*k).into(), (*v).into()));
    RunState {
        opened: Opened {
            target: "p".into(),
            parameters: parameters.collect::<BTreeMap<_, _>>(),
            ..Opened::default()
        },
        ..RunState::default()
    }
}

fn watched(book: &Runbook, run: &RunState) -> Option<Duration> {
    let Action::Watch(watch) = &book.steps[0].action else {
        panic!("it watches nothing");
    };
    lasts(book, run, &watch.length)
}

#[test]
fn a_parameter_or_a_targets_value_says_how_long_something_lasts() {
    let of_parameter = book(&with(
        "quiet: {default: 15m}",
        "",
        "{step: s, watch: {for: '${quiet}'}}",
    ));
    assert_eq!(
        watched(&of_parameter, &run(&[("quiet", "2s")])),
        Some(Duration::from_secs(2))
    );
    assert_eq!(watched(&of_parameter, &run(&[("quiet", "soon")])), None);
    assert_eq!(
        of_parameter.lengths().into_iter().collect::<Vec<_>>(),
        ["quiet"]
    );

    let of_target = book(&with(
        "",
        ", values: {quiet: 90s}",
        "{step: s, watch: {for: '${quiet}'}}",
    ));
    assert_eq!(
        watched(&of_target, &run(&[])),
        Some(Duration::from_secs(90))
    );
}

#[test]
fn a_watch_takes_as_long_as_it_watches() {
    let step = "{step: s, watch: {for: '${quiet}'}}";
    let plan = |book: &Runbook| {
        let run = run(&[("quiet", "5m")]);
        planned_ms(book, &run, &book.steps[0])
    };
    assert_eq!(plan(&book(&with("quiet: {}", "", step))), Some(300_000));
    let said = "{step: s, watch: {for: '${quiet}'}, takes: 6m}";
    assert_eq!(plan(&book(&with("quiet: {}", "", said))), Some(360_000));
    let nothing = "{step: s, run: a}";
    assert_eq!(plan(&book(&with("quiet: {}", "", nothing))), None);
    assert!(Known::default().is_empty());
}

#[test]
fn each_length_of_a_step_takes_one() {
    let steps = "{step: s, sql: select 1, timeout: '${t}', takes: '${t}', lock_timeout: '${t}', \
                 statement_timeout: '${t}', retry: {times: 1, wait: '${t}'}}";
    let book = book(&with("t: {default: 5s, one_of: [5s, 1m]}", "", steps));
    assert_eq!(book.lengths().len(), 1);
    let until = "{step: s, sql: select 1, expect: '= 1', until: '${t}', timeout: 1s}";
    // Which of the two is longer is known only in the run.
    assert_eq!(told(&with("t: {default: 5s}", "", until)), [""; 0]);
}

#[test]
fn what_is_no_length_is_refused_where_it_is_used() {
    let step = "{step: s, watch: {for: '${quiet}'}}";
    for (parameters, values, message) in [
        (
            "quiet: {default: soon}",
            "",
            "`quiet` is used as a length of time, and its default `soon` is no length of time as 90s or 15m (write a length as 90s, 15m or 1h30m)",
        ),
        (
            "quiet: {one_of: [5m, 0s]}",
            "",
            "`quiet` is used as a length of time, and its choice `0s` must be longer than nothing (write a length as 90s, 15m or 1h30m)",
        ),
        (
            "",
            ", values: {quiet: long}",
            "`quiet` is used as a length of time, and its value on p `long` is no length of time as 90s or 15m (write a length as 90s, 15m or 1h30m)",
        ),
    ] {
        let told = told(&with(parameters, values, step));
        assert_eq!(told, [format!("9:29 `${{quiet}}` {message}")]);
    }
    assert_eq!(
        told(&with("", "", step)),
        [
            "9:29 `${quiet}` nobody defines `quiet` (add it to `parameters`, or to the targets' `values`)"
        ]
    );
    assert_eq!(
        told(&with("", "", "{step: s, watch: {for: '${QUIET}'}}")),
        [
            "9:29 `${QUIET}` how long something lasts is known before the run begins, and `QUIET` is not (name a parameter, or a value of the target)"
        ]
    );
    assert_eq!(
        told(&with("q: {}", "", "{step: s, watch: {for: '${q}m'}}")),
        [
            "9:28 `'${q}m'` a length of time is one variable, with nothing around it (write `${name}` alone, or a length as 15m)"
        ]
    );
}
