//! Input that nobody wrote with care: large, broken, hostile.

use std::fmt::Write as _;

use proptest::prelude::*;

use crate::domain::runbook::parse::{LARGEST, parse, read};
use crate::domain::runbook::problem::Severity;
use crate::domain::runbook::tests::{book, files, parsed, told};

const FULL: &str = include_str!("../../../../tests/fixtures/full.yaml");

fn told_of(bytes: &[u8]) -> String {
    let problems = parse(bytes, "x.yaml", &files).unwrap_err();
    let first = &problems.list[0];
    let hint = first.hint.as_deref().unwrap_or_default();
    format!("{}:{} {} ({hint})", first.line, first.column, first.message)
}

#[test]
fn what_is_not_utf_8_is_refused_with_its_place() {
    assert_eq!(
        told_of(b"runbook: 1\ntitle: caf\xe9\n"),
        "2:11 the file is not UTF-8 (the byte 0xe9 is no UTF-8: save the file as UTF-8)"
    );
    let utf_16: Vec<u8> = "\u{feff}runbook: 1"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(
        told_of(&utf_16),
        "1:1 the file is not UTF-8 (it is UTF-16: save it as UTF-8)"
    );
}

#[test]
fn a_file_of_ten_megabytes_is_refused_politely() {
    let text = format!("runbook: 1\ntitle: x\nabout: {}\n", "y".repeat(10_000_000));
    assert_eq!(
        told_of(text.as_bytes()),
        "1:1 the file has 10 MB: a runbook has at most 8 MiB (move long statements into .sql files: `sql: {file: …}`)"
    );
    assert!(text.len() > LARGEST);
}

#[test]
fn an_alias_bomb_is_refused_before_it_unfolds() {
    let mut bomb = String::from("runbook: 1\ntitle: &t0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..40 {
        let items = vec![format!("*t{}", n - 1); 10].join(", ");
        writeln!(bomb, "k{n}: &t{n} [{items}]").unwrap();
    }
    assert!(told_of(bomb.as_bytes()).contains("unfold into more than 100,000 values"));
}

#[test]
fn twenty_thousand_steps_are_read() {
    let mut text = String::from(
        "runbook: 1\ntitle: x\ntargets: {p: {database: d}}\nphases:\n- phase: a\n  steps:\n",
    );
    for n in 0..20_000 {
        write!(
            text,
            "  - step: Step number {n} of many\n    run: |\n      echo {n}\n      exit 0\n    timeout: 5m\n    takes: 1m\n    \
             danger: high\n    note: See ${{run_id}}.\n    expect: {{stdout: '{n}'}}\n    retry: {{times: 3, wait: 5s}}\n"
        )
        .unwrap();
    }
    let book = book(&text);
    assert_eq!(book.steps.len(), 20_000);
    assert_eq!(book.steps[19_999].number, "1.20000");
}

#[test]
fn many_problems_are_counted_and_the_first_are_printed() {
    let steps = "  - {step: a, colour: red}\n".repeat(5_000);
    let text = format!("runbook: 1\ntitle: x\nphases:\n- phase: a\n  steps:\n{steps}");
    let problems = parsed(&text).problems;
    assert_eq!(problems.errors(), 10_000);
    let printed = problems.render();
    assert!(printed.ends_with("… and 9950 more like these"));
    assert_eq!(printed.matches("error:").count(), 50);
}

#[test]
fn what_an_alias_repeats_is_told_once() {
    let text = "runbook: 1\ntitle: x\nphases:\n- phase: a\n  steps:\n  - &s {step: a, run: b, timeout: 5}\n  - *s\n  - *s\n";
    assert_eq!(told(text).len(), 1);
}

#[test]
fn every_problem_is_printed_with_its_line_and_a_caret() {
    let text = "runbook: 1\ntitle: Für alle\nphases: [{phase: a, steps: [{step: ö, run: c, timout: 5m}]}]\n";
    let problems = parsed(text).problems;
    assert_eq!(
        problems.render(),
        "error: a step has no key `timout`\n --> test.yaml:3:47\n  |\n\
         3 | phases: [{phase: a, steps: [{step: ö, run: c, timout: 5m}]}]\n  \
         |                                               ^^^^^^\n  |\n  = help: did you mean `timeout`?"
    );
    assert_eq!(
        problems.to_json(),
        serde_json::json!({
            "file": "test.yaml", "errors": 1, "warnings": 0,
            "problems": [{
                "severity": "error", "line": 3, "column": 47, "length": 6,
                "text": "phases: [{phase: a, steps: [{step: ö, run: c, timout: 5m}]}]",
                "message": "a step has no key `timout`", "hint": "did you mean `timeout`?",
            }],
        })
    );
}

#[test]
fn warnings_alone_do_not_hinder_a_run() {
    let text = "runbook: 1\ntitle: x\nphases: [{phase: a, steps: [{step: b, note: a, run: c}]}]\n";
    let text = text.replace("note: a,", "note: Fix #3\n ,");
    let parsed = read(text.as_bytes(), "x.yaml", &files);
    assert!(parsed.book.is_some(), "{}", parsed.problems);
    assert_eq!(parsed.problems.list[0].severity, Severity::Warning);
    assert!(parse(text.as_bytes(), "x.yaml", &files).is_ok());
}

/// Reads anything, prints whatever is wrong with it, and holds each problem against the file.
fn survive(bytes: &[u8]) {
    let parsed = read(bytes, "x.yaml", &files);
    let lines = bytes.split(|b| *b == b'\n').count();
    for problem in &parsed.problems.list {
        assert!((1..=lines).contains(&problem.line) && problem.column > 0);
    }
    assert_eq!(parsed.book.is_none(), parsed.problems.errors() > 0);
    let _ = (parsed.problems.render(), parsed.problems.to_json());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_bring_the_reader_down(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        survive(&bytes);
    }

    #[test]
    fn no_text_brings_the_reader_down(text in "[a-z:{}\\[\\]'\"|>&*!%@`#$ü€\\- \n\t\\\\]{0,200}") {
        survive(text.as_bytes());
    }

    #[test]
    fn no_change_to_a_good_file_brings_the_reader_down(
        at in 0..FULL.len(), length in 0..40_usize, put in "[a-z:{}\\[\\]'\"|>&*!#$ü€\\- \n\t\\\\0-9]{0,12}"
    ) {
        let mut bytes = FULL.as_bytes().to_vec();
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, put.bytes());
        survive(&bytes);
    }

    #[test]
    fn lines_of_a_good_file_may_go_anywhere(from in 0..180_usize, to in 0..180_usize, indent in 0..6_usize) {
        let mut lines: Vec<String> = FULL.lines().map(str::to_owned).collect();
        let from = from % lines.len();
        let line = format!("{}{}", " ".repeat(indent), lines.remove(from));
        let to = to % lines.len();
        lines.insert(to, line);
        survive(lines.join("\n").as_bytes());
    }

    #[test]
    fn no_statement_brings_the_lexer_down(sql in "[a-z$`#!'\";{}\\-/*\\\\ \n0-9€]{0,80}", value in any::<String>()) {
        use crate::domain::ready::Family;
        use crate::domain::runbook::sql::{Quoting, expand_sql, script};
        for quoting in [Family::Postgres, Family::MySql].map(Quoting::of) {
            for slot in script(&sql, quoting).slots {
                prop_assert!(sql.get(slot.at).is_some());
            }
            let _ = expand_sql(&sql, quoting, &|_| Some(value.clone()));
        }
    }

    #[test]
    fn no_value_gets_out_of_its_quotes(value in "['\"\\\\;$a\n -]{1,20}") {
        use crate::domain::runbook::sql::{Quoting, expand_sql, script};
        let quoting = Quoting::Postgres;
        let sql = expand_sql("select ${v} as x, b${v}'c' from ${v:ident}.t", quoting, &|_| Some(value.clone())).unwrap();
        let read = script(&sql, quoting);
        prop_assert_eq!(read.unclosed, None, "{}", sql);
        prop_assert_eq!(read.statements.len(), 1, "{}", sql);
        let words: Vec<&str> = read.statements[0].words.iter().map(String::as_str).filter(|w| *w != "e").collect();
        prop_assert_eq!(words, ["select", "as", "x", "b", "from", "t"], "{}", sql);
    }
}
