use super::fixture::{Run, book, operator, started};
use crate::domain::attempt::Ended;
use crate::domain::journal::GENESIS;
use crate::domain::report::{ReportError, render};
use crate::domain::run::event::*;
use crate::domain::runbook::model::{Background, BackgroundEnd, Level, StepId};

const FAILED: Ended = Ended::Failed {
    exit: Some(1),
    signal: None,
};

fn deviations(log: &str) -> Vec<&str> {
    let part = log.split("\n## Deviations\n").nth(1).unwrap();
    let part = part.split("\n## ").next().unwrap();
    part.lines()
        .filter(|l| l.starts_with(|c: char| c.is_ascii_digit()))
        .collect()
}

#[track_caller]
fn has(log: &str, text: &str) {
    assert!(log.contains(text), "`{text}` is not in:\n{log}");
}

#[test]
fn a_plain_run_is_told_in_the_fixed_order() {
    let mut run = Run::opened();
    run.attempt("01", 1, Ended::Passed, b"done\n")
        .closed(Status::Success);
    let log = run.log(&book("r"));
    let heads: Vec<_> = log.lines().filter(|l| l.starts_with("## ")).collect();
    assert_eq!(
        heads,
        [
            "## Deviations",
            "## Checks",
            "## Steps",
            "## Effect on the database",
            "## Manual SQL",
            "## Evidence",
            "## Sign-offs"
        ]
    );
    has(&log, "| Status | **SUCCESS** |");
    has(&log, "| Required sign-offs | Database Admin, QA Lead |");
    has(&log, "| Started | 2026-11-20T09:00:01Z (10:00:01 +01:00) |");
    assert_eq!(deviations(&log), [""; 0]);
    assert!(log.ends_with("\n## Sign-offs\n"));
}

#[test]
fn the_same_bytes_are_told_every_time() {
    let mut run = Run::opened();
    run.attempt("01", 1, FAILED, b"no\n")
        .closed(Status::Partial);
    assert_eq!(run.log(&book("rm")), run.log(&book("rm")));
}

#[test]
fn a_run_without_an_end_is_not_closed() {
    let mut run = Run::opened();
    run.then(started("01", 1));
    let log = run.log(&book("r"));
    has(&log, "**NOT CLOSED**");
    has(&log, "**running when the journal ends**");
}

#[test]
fn a_failure_says_what_followed() {
    let mut run = Run::opened();
    run.attempt("01", 1, FAILED, b"lock timeout\n")
        .attempt("01", 2, Ended::Passed, b"ok\n")
        .closed(Status::Success);
    let log = run.log(&book("r"));
    assert_eq!(
        deviations(&log),
        [
            "1. **Step 1.1 “Title 1”, attempt 1, failed** at 09:00:04Z after 6.4 s: exit 1. Attempt 2 went well."
        ]
    );
    has(&log, "| **failed**, then exit 0 | 2 |");
    has(&log, "### Step 1.1, attempt 1: failed, exit 1");
    has(&log, "```text\n| lock timeout\n```");
}

#[test]
fn what_ran_beside_and_was_ended_when_its_time_had_come_deviates_from_nothing() {
    let mut book = book("rr");
    book.steps[0].background = Some(Background {
        until: BackgroundEnd::Run,
        alarm_on: None,
    });
    for (step, reason, deviate) in [
        ("01", ENDED_WITH_PART, 0),
        ("01", "it floods the screen", 1),
        ("02", ENDED_WITH_PART, 1),
    ] {
        let mut run = Run::opened();
        run.then(started(step, 1)).then(Event::CancelAsked {
            step: StepId::new(step),
            attempt: 1,
            reason: reason.into(),
        });
        let asked = |log: &str| log.contains("asked it to stop");
        assert_eq!(asked(&run.log(&book)), deviate == 1, "{step} {reason}");
    }
}

#[test]
fn what_runs_in_the_background_is_not_counted_as_a_change() {
    let mut run = Run::opened();
    run.attempt("01", 1, Ended::Passed, b"")
        .attempt("02", 1, Ended::Passed, b"")
        .closed(Status::Success);
    let mut book = book("rr");
    let told = |log: &str| {
        let at = log.find("steps that can change the target").unwrap();
        log[at..].lines().next().unwrap().to_owned()
    };
    let both = told(&run.log(&book));
    assert!(!both.contains("background"), "{both}");
    book.steps[0].background = Some(Background {
        until: BackgroundEnd::Run,
        alarm_on: None,
    });
    let one = told(&run.log(&book));
    assert!(one.contains(", without those in the background"), "{one}");
    let figure = |text: &str| text.split(['|', ',']).next().unwrap().trim().to_owned();
    assert_ne!(figure(&both), figure(&one));
}

#[test]
fn skips_and_accepted_failures_are_seen() {
    let mut run = Run::opened();
    let step = StepId::new("01");
    run.attempt("01", 1, FAILED, b"").then(Event::StepAccepted {
        step,
        reason: "its runbook says so".into(),
    });
    let step = StepId::new("02");
    run.then(Event::StepSkipped {
        step,
        reason: "no replica".into(),
    })
    .closed(Status::Partial);
    let log = run.log(&book("rc"));
    let found = deviations(&log);
    assert!(found[0].ends_with("It was accepted as it is."), "{found:?}");
    assert!(
        found[1].contains("failed and was accepted as it is"),
        "{found:?}"
    );
    assert!(
        found[2].contains("skipped** at 09:00:06Z. Reason given: no replica"),
        "{found:?}"
    );
    has(&log, "| Title 2 | 1.2 | **skipped** |");
}

#[test]
fn a_status_better_than_the_records_is_called_out() {
    let mut run = Run::opened();
    run.attempt("01", 1, FAILED, b"").closed(Status::Success);
    has(
        &run.log(&book("r")),
        "The status in the journal is SUCCESS; its own records give PARTIAL",
    );
}

#[test]
fn an_alarm_an_act_and_its_outcome_are_told() {
    let mut run = Run::opened();
    run.then(Event::AlarmRaised(AlarmRaised {
        rule: "blocked >= 5 for 10s".into(),
        level: Level::Warning,
        seen: "blocked 7".into(),
        blocker: "pid 48213 metabase".into(),
        during: vec![StepId::new("01")],
    }));
    let acted = BackendActed {
        act: BackendAct::Cancel,
        pid: 48213,
        backend_start: "2026-11-20 08:58:10".into(),
        user: "report".into(),
        application: "metabase".into(),
        query: "select 1".into(),
        xact_ms: Some(872_000),
        reason: "blocks the migration".into(),
    };
    run.then(Event::BackendActed(acted))
        .then(Event::BackendResult {
            pid: 48213,
            backend_start: "2026-11-20 08:58:10".into(),
            outcome: ActOutcome::Gone { after_ms: 300 },
        });
    run.then(Event::AlarmCleared {
        rule: "blocked >= 5 for 10s".into(),
        lasted_ms: 3_000,
    });
    let log = run.log(&book("r"));
    has(
        &log,
        "**Alarm (warning):** `blocked >= 5 for 10s` at 09:00:03Z while Step 1.1 “Title 1” ran: `blocked 7`.",
    );
    has(&log, "It held for 3.0 s.");
    has(&log, "ran `pg_cancel_backend(48213)`** at 09:00:04Z");
    has(
        &log,
        "The statement was gone after 0.3 s. Reason given: blocks the migration",
    );
    has(
        &log,
        "Statements of other sessions cancelled: 1 (pid 48213 while no step ran); sessions terminated: 0.",
    );
}

#[test]
fn an_act_without_an_outcome_says_so() {
    let mut run = Run::opened();
    run.then(Event::ManualSql {
        number: 1,
        sql: "analyze | x".into(),
        reason: String::new(),
    });
    let log = run.log(&book("r"));
    has(&log, "Its end is **not recorded**. No reason was given.");
    has(&log, "| `analyze \\| x` | **not recorded** | none given |");
}

#[test]
fn holds_handovers_crashes_and_doubt_are_told() {
    let mut run = Run::opened();
    let step = StepId::new("01");
    run.then(Event::Held {
        why: HoldReason::Operator,
    })
    .then(Event::Released);
    run.then(started("01", 1)).then(Event::JournalRecovered {
        bytes: 7,
        sha256: "ab".into(),
    });
    run.then(Event::RunResumed {
        host: "b".into(),
        boot_id: String::new(),
        pid: 1,
        reason: "first screen died".into(),
    });
    run.then(Event::Operator(Operator {
        identity: "rhea@example.com".into(),
        name: "Rhea".into(),
        ..operator()
    }));
    run.then(Event::StepInterrupted {
        step: step.clone(),
        attempt: 1,
        why: "its supervisor is gone".into(),
    });
    run.then(Event::StepVerified {
        step: step.clone(),
        answer: Answer::Unknown,
        detail: "no answer".into(),
    });
    run.then(Event::StepResolved {
        step,
        attempt: 1,
        finding: Finding::Done,
        how: "looked at the table".into(),
    });
    let log = run.log(&book("r"));
    has(
        &log,
        "**The run was held** by dana@example.com at 09:00:03Z. dana@example.com released it after 1.0 s.",
    );
    has(&log, "**The journal was recovered** at 09:00:06Z: 7 bytes");
    has(
        &log,
        "**The run was resumed** at 09:00:07Z by dana@example.com on `b`. Reason given: first screen died",
    );
    has(
        &log,
        "**Handover** at 09:00:08Z: from Dana Kovač, `dana@example.com` to Rhea, `rhea@example.com`.",
    );
    has(&log, "attempt 1, may have run:**");
    has(&log, "its verification could not be asked**");
    has(&log, "it had run to its end. How: looked at the table");
    has(&log, "**could not be asked**");
}

#[test]
fn a_clock_that_moves_is_seen() {
    let mut run = Run::opened();
    run.moved_ms = -3_600_000;
    run.wait(25_000).closed(Status::Aborted);
    has(
        &run.log(&book("r")),
        "**The wall clock moved** -3574.00 s before record 3 while +26.00 s passed on the monotonic clock.",
    );
}

#[test]
fn a_window_that_is_overrun_is_seen() {
    let mut book = book("r");
    book.window = Some(crate::domain::runbook::model::Window {
        length: std::time::Duration::from_mins(1),
        decide_by: None,
    });
    let mut run = Run::opened();
    run.wait(120_000).closed(Status::Aborted);
    has(
        &run.log(&book),
        "**The window was overrun:** it ended at 2026-11-20T09:01:01Z",
    );
}

#[test]
fn a_word_for_somebody_else_is_hearsay() {
    let mut run = Run::opened();
    run.then(Event::StepConfirmed(Confirmed {
        step: StepId::new("01"),
        answer: "order 88 arrived".into(),
        file_sha256: String::new(),
        seen_ms: 412,
        on_behalf_of: "quinn".into(),
    }));
    let log = run.log(&book("m"));
    has(
        &log,
        "| 1.1 | 09:00:03 | dana@example.com for quinn | 0.4 s | `order 88 arrived` |",
    );
    has(
        &log,
        "**Step 1.1 “Title 1” was confirmed for quinn** by dana@example.com",
    );
}

#[test]
fn an_output_that_was_touched_is_not_quoted() {
    let mut run = Run::opened();
    run.attempt("01", 1, Ended::Passed, b"true\n")
        .closed(Status::Success);
    run.files
        .insert("output/01.1.txt".into(), b"false\n".to_vec());
    let log = run.log(&book("r"));
    has(&log, "is not what the attempt stored");
    assert!(!log.contains("| false"));
    run.files.clear();
    has(&run.log(&book("r")), "`output/01.1.txt` is missing");
}

#[test]
fn long_outputs_are_cut_in_the_middle() {
    let mut run = Run::opened();
    let output: String = (1..=43).map(|n| format!("line {n}\n")).collect();
    run.attempt("01", 1, FAILED, output.as_bytes());
    let log = run.log(&book("r"));
    has(
        &log,
        "| line 6\n... 23 lines left out; the whole output is in the evidence file ...\n| line 30\n",
    );
    has(&log, "| line 43\n```");
}

#[test]
fn a_journal_that_tells_nothing_is_refused() {
    let none = |_: &str| None;
    assert_eq!(render(&book(""), b"", &none), Err(ReportError::NotOpened));
    let mut run = Run::opened();
    run.closed(Status::Aborted);
    let cut: Vec<u8> = run
        .bytes
        .splitn(2, |b| *b == b'\n')
        .nth(1)
        .unwrap()
        .to_vec();
    assert!(matches!(
        render(&book(""), &cut, &none),
        Err(ReportError::Journal(_))
    ));
    assert!(!GENESIS.is_empty());
}

#[test]
fn a_script_of_several_lines_is_quoted() {
    let mut run = Run::opened();
    let mut event = started("01", 1);
    if let Event::StepStarted(started) = &mut event {
        started.command = "set -e\n# Sign-offs\necho hi\n".into();
    }
    run.then(event);
    let log = run.log(&book("r"));
    has(
        &log,
        "Command as quoted, 09:00:03Z.\n\n```text\n| set -e\n| # Sign-offs\n| echo hi\n```",
    );
}
