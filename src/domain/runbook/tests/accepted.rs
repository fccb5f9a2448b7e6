//! Good files, and what becomes of them.

use std::time::Duration;

use crate::domain::runbook::check::{environment_names, environment_names_of};
use crate::domain::runbook::model::{
    Access, Action, Choose, Evidence, Item, Length, Level, OnFailure, Place, Runbook, Skipping,
    Start, Step, Terminal, Transaction, WayBack,
};
use crate::domain::runbook::tests::{book, parsed, told};

const FULL: &str = include_str!("../../../../tests/fixtures/full.yaml");

fn step<'a>(book: &'a Runbook, id: &str) -> &'a Step {
    book.steps.iter().find(|s| s.id.as_str() == id).unwrap()
}

#[test]
fn the_full_example_is_read_without_a_word() {
    let parsed = parsed(FULL);
    assert_eq!(parsed.problems.render(), "");
    let book = parsed.book.unwrap();
    let told: Vec<_> = book
        .steps
        .iter()
        .map(|s| (s.number.as_str(), s.id.as_str()))
        .collect();
    assert_eq!(
        told[..7],
        [
            ("1.1", "the-team-knows"),
            ("1.2", "the-server-is-new-enough"),
            ("1.3", "how-much-room-a-backup-needs"),
            ("1.4", "the-newest-revision"),
            ("1.5", "backup"),
            ("1.6", "take-a-snapshot-of-the-volume"),
            ("2.1", "watch-the-applications-log"),
        ]
    );
    assert_eq!(told.last(), Some(&("downgrade.1", "downgrade")));
    assert_eq!(book.steps.last().unwrap().place, Place::Path(0));
    let ordinals: Vec<usize> = book.steps.iter().map(|s| s.ordinal).collect();
    assert_eq!(ordinals, (1..=book.steps.len()).collect::<Vec<_>>());
}

#[test]
fn the_head_of_the_full_example_is_kept() {
    let book = book(FULL);
    assert_eq!(book.targets[0].name, "staging");
    let production = book.target("production").unwrap();
    assert_eq!(production.must_be.version.as_deref(), Some(">= 11"));
    assert_eq!(
        production.must_be.system_identifier.as_deref(),
        Some("7312345678901234567")
    );
    assert_eq!(production.databases["reporting"], "${REPORTING_URL}");
    let window = book.window.unwrap();
    assert_eq!(
        (window.length.as_secs(), window.decide_by.unwrap().seconds),
        (5_400, 3_600)
    );
    let reindex = book.parameters.iter().find(|p| p.name == "reindex");
    assert_eq!(reindex.unwrap().default.as_deref(), Some("true"));
    assert_eq!(book.monitor.alarms[0].hold_for, Duration::from_secs(10));
    assert_eq!(book.monitor.alarms[2].level, Level::Warning);
    assert_eq!(book.phases[0].at.unwrap().seconds, -1_800);
    let Item::Group(group) = &book.phases[0].items[3] else {
        panic!("a group")
    };
    assert_eq!((group.choose, group.items.len()), (Choose::One, 2));
}

#[test]
fn the_steps_of_the_full_example_are_kept() {
    let book = book(FULL);
    let apply = step(&book, "apply");
    assert_eq!(apply.on_failure, OnFailure::Offer("downgrade".into()));
    assert_eq!(apply.skipping, Skipping::Forbidden);
    assert_eq!(
        apply.retry.as_ref().unwrap().wait,
        Length::Fixed(Duration::from_secs(20))
    );
    let verify = apply.verify.as_ref().unwrap();
    assert!(matches!(&verify.action, Action::Sql(sql) if sql.access == Access::ReadOnly));
    assert_eq!(
        verify.expect.as_ref().unwrap().to_string(),
        "value = ${head}"
    );
    assert_eq!(step(&book, "backup").evidence, Evidence::Show);
    let refresh = step(&book, "refresh-the-reports");
    let Action::Sql(sql) = &refresh.action else {
        panic!("a statement")
    };
    assert_eq!(
        (sql.on.as_deref(), sql.transaction),
        (Some("reporting"), Transaction::Each)
    );
    assert_eq!(
        (sql.access, refresh.way_back),
        (Access::ReadWrite, WayBack::Closed)
    );
    assert_eq!(refresh.condition["reindex"], "true");
    let Action::Http(http) = &step(&book, "the-api-answers").action else {
        panic!("a request")
    };
    assert_eq!(
        (http.method.as_str(), http.url.as_str()),
        ("GET", "${api}/health")
    );
    let expect = step(&book, "the-api-answers").expect.as_ref().unwrap();
    assert_eq!(
        expect.to_string(),
        "status = 200, body contains \"UP\", json /db = ok"
    );
    assert_eq!(step(&book, "log-in-once").start, Start::ByHand);
    let Action::Run(shell) = &step(&book, "a-look-by-hand").action else {
        panic!("a command")
    };
    assert_eq!(shell.terminal, Terminal::Whole);
    let Action::Sql(file) = &step(&book, "forty-lines-of-sql").action else {
        panic!("a statement")
    };
    assert_eq!(file.file.as_deref(), Some("after.sql"));
    assert!(file.text.starts_with("update orders") && file.access == Access::ReadWrite);
}

#[test]
fn the_environment_that_a_run_needs_is_known() {
    let book = book(FULL);
    let all: Vec<String> = environment_names(&book).into_iter().collect();
    assert_eq!(
        all,
        [
            "API_TOKEN",
            "DATABASE_URL",
            "REPORTING_URL",
            "STAGING_DATABASE_URL",
            "STAGING_REPORTING_URL"
        ]
    );
    let production: Vec<String> = environment_names_of(&book, "production")
        .into_iter()
        .collect();
    assert_eq!(production, ["API_TOKEN", "DATABASE_URL", "REPORTING_URL"]);
}

/// Returns a runbook with these steps.
fn with_steps(steps: &str) -> String {
    format!(
        "runbook: 1\ntitle: x\ntargets: {{p: {{database: d}}}}\nphases:\n- phase: a\n  steps:\n{steps}"
    )
}

#[test]
fn ids_are_made_from_titles_and_never_twice() {
    let book = book(&with_steps(
        "  - {step: Über Nacht, run: a}\n  - {step: Do it!, run: a}\n  - {step: do it, run: a}\n  \
         - {step: 确认, run: a}\n  - {step: Other, id: do-it-2, run: a}\n  \
         - {step: A very long title that goes on and on until nobody reads it, run: a}\n",
    ));
    let ids: Vec<&str> = book.steps.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "ber-nacht",
            "do-it",
            "do-it-3",
            "step-4",
            "do-it-2",
            "a-very-long-title-that-goes-on-and-on"
        ]
    );
}

#[test]
fn a_statement_that_only_looks_is_read_only_when_something_is_expected_of_it() {
    let book = book(&with_steps(
        "  - {step: a, sql: select 1, expect: 1}\n  - {step: b, sql: select 1}\n  \
         - {step: c, sql: 'delete from t', expect: 0 rows}\n  \
         - {step: d, sql: select 1, read_only: true}\n  \
         - {step: e, sql: select 1, expect: 1, read_only: false}\n",
    ));
    let access: Vec<Access> = book
        .steps
        .iter()
        .map(|s| match &s.action {
            Action::Sql(sql) => sql.access,
            _ => panic!("a statement"),
        })
        .collect();
    let (only, both) = (Access::ReadOnly, Access::ReadWrite);
    assert_eq!(access, [only, both, both, only, both]);
}

#[test]
fn a_byte_order_mark_and_line_ends_of_windows_are_fine() {
    let text = with_steps("  - step: b\n    run: c\n    timeout: 5m\n");
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    assert_eq!(book(&windows), book(&text));
    let wrong = windows.replace("5m", "5");
    assert_eq!(told(&wrong)[0].split(' ').next(), Some("9:14"));
}

#[test]
fn numbers_and_dates_stay_as_they_are_spelled() {
    let text =
        with_steps("  - {step: 2026-01-02, run: a, env: {A: 1.10, B: 0x1F, C: 1e3, D: true}}\n");
    let book = book(&text);
    let Action::Run(shell) = &book.steps[0].action else {
        panic!("a command")
    };
    let values: Vec<&str> = shell.env.values().map(String::as_str).collect();
    assert_eq!(values, ["1.10", "0x1F", "1e3", "true"]);
    assert_eq!(book.steps[0].title, "2026-01-02");
}

#[test]
fn what_a_script_writes_to_its_output_file_is_a_value() {
    let good = with_steps(
        "  - step: a\n    check: echo \"size=3\" >> \"$HOLDPOINT_OUTPUT\"\n  - {step: b, check: c, capture: [other]}\n  \
         - {step: d, check: e, expect: '>= ${size}${other}'}\n",
    );
    book(&good);
    let bad = good
        .replace("HOLDPOINT_OUTPUT", "ELSEWHERE")
        .replace("capture: [other]", "note: f");
    assert_eq!(told(&bad).len(), 2);
}

#[test]
fn aliases_and_merge_keys_repeat_steps() {
    let book = book(&with_steps(
        "  - &base {step: One, run: a, timeout: 5m}\n  - *base\n  - {<<: *base, step: Three}\n",
    ));
    let told: Vec<_> = book
        .steps
        .iter()
        .map(|s| (s.id.as_str(), s.timeout.clone()))
        .collect();
    let five = Some(Length::Fixed(Duration::from_mins(5)));
    assert_eq!(
        told,
        [
            ("one", five.clone()),
            ("one-2", five.clone()),
            ("three", five)
        ]
    );
}
