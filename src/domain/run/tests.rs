//! What may happen in a run, and what comes next.

mod ways;

use crate::domain::attempt::Ended;
use crate::domain::run::decide::{Command, ConfirmStep, StartStep, decide};
use crate::domain::run::event::{Confirmed, Event, Finding, HoldReason, Status};
use crate::domain::run::fixture::{book, confirmed, failure, finished, letters, run, started};
use crate::domain::run::next::{KeyWhy, Next, Wait, next, omitted};
use crate::domain::run::state::{RunState, Stand};
use crate::domain::run::verdict::status;
use crate::domain::runbook::model::{Runbook, StepId};

fn id(text: &str) -> StepId {
    StepId::new(text)
}

fn start(step: &str, typed: &str) -> Command {
    let (command, app_name, reason) = (String::new(), String::new(), String::new());
    Command::Start(StartStep {
        step: id(step),
        command,
        app_name,
        typed: typed.into(),
        reason,
        now_ms: 0,
    })
}

fn confirm(step: &str) -> Command {
    let Event::StepConfirmed(said) = confirmed(step) else {
        unreachable!()
    };
    Command::Confirm(ConfirmStep {
        said: Some(said),
        ticked: 0,
        now_ms: 0,
    })
}

fn refused(book: &Runbook, run: &RunState, command: Command) -> String {
    decide(book, run, command).unwrap_err().to_string()
}

fn skip(step: &str, reason: &str) -> Command {
    Command::Skip {
        step: id(step),
        reason: reason.into(),
    }
}

#[test]
fn a_later_step_waits_for_the_open_one() {
    let (book, run) = (letters("ms"), run("prod", vec![]));
    assert_eq!(
        refused(&book, &run, start("s2", "")),
        "step 1.1 comes first: finish it, then return to step 1.2"
    );
}

#[test]
fn automated_steps_start_by_themselves_and_dangerous_ones_wait_for_a_key() {
    let book = letters("sdm");
    let none = run("prod", vec![]);
    assert_eq!(next(&book, &none, 0), Next::Start(id("s1")));
    let one = run(
        "prod",
        vec![started("s1", 1), finished("s1", 1, Ended::Passed)],
    );
    assert_eq!(
        next(&book, &one, 0),
        Next::Wait(Wait::Key(id("d2"), KeyWhy::Danger))
    );
}

#[test]
fn a_dangerous_step_on_a_protected_target_wants_the_targets_name() {
    let book = letters("d");
    let prod = run("prod", vec![]);
    assert_eq!(
        refused(&book, &prod, start("d1", "")),
        "type `prod` to run step 1.1 there"
    );
    assert_eq!(
        refused(&book, &prod, start("d1", "staging")),
        "type `prod` to run step 1.1 there"
    );
    assert!(decide(&book, &prod, start("d1", "prod")).is_ok());
    assert!(decide(&book, &run("staging", vec![]), start("d1", "")).is_ok());
}

#[test]
fn a_running_step_is_not_started_again() {
    let (book, run) = (letters("ss"), run("prod", vec![started("s1", 1)]));
    assert!(refused(&book, &run, start("s1", "")).contains("is running"));
    assert!(refused(&book, &run, start("s2", "")).contains("is running"));
    assert_eq!(next(&book, &run, 0), Next::Wait(Wait::Running(id("s1"))));
}

#[test]
fn a_step_in_doubt_is_neither_run_again_nor_skipped_before_somebody_looked() {
    let doubt = Event::StepInterrupted {
        step: id("s1"),
        attempt: 1,
        why: "gone".into(),
    };
    let (book, before) = (letters("ss"), vec![started("s1", 1), doubt]);
    let run_now = run("prod", before.clone());
    assert_eq!(next(&book, &run_now, 0), Next::Wait(Wait::Doubt(id("s1"))));
    assert!(refused(&book, &run_now, start("s1", "")).contains("may have run"));
    assert!(refused(&book, &run_now, skip("s1", "because")).contains("may have run"));
    let resolve = |finding| Command::Resolve {
        step: id("s1"),
        finding,
        how: "looked".into(),
    };
    let done = decide(&book, &run_now, resolve(Finding::Done)).unwrap();
    assert_eq!(
        next(&book, &run("prod", [before.clone(), done].concat()), 0),
        Next::Start(id("s2"))
    );
    let not = decide(&book, &run_now, resolve(Finding::NotDone)).unwrap();
    let again = run("prod", [before, not].concat());
    assert_eq!(next(&book, &again, 0), Next::Wait(Wait::Failure(id("s1"))));
    let events = decide(&book, &again, start("s1", "")).unwrap();
    assert!(matches!(&events[0], Event::StepStarted(s) if s.attempt == 2));
}

#[test]
fn a_failed_step_holds_the_run_until_a_person_says_what_now() {
    let (book, failed) = (
        letters("sm"),
        run("prod", vec![started("s1", 1), finished("s1", 1, failure())]),
    );
    assert_eq!(next(&book, &failed, 0), Next::Wait(Wait::Failure(id("s1"))));
    assert!(refused(&book, &failed, confirm("m2")).contains("comes first"));
    assert!(refused(&book, &failed, skip("s1", "  ")).contains("say why"));
    assert!(decide(&book, &failed, skip("s1", "known")).is_ok());
    assert!(decide(&book, &failed, start("s1", "")).is_ok());
}

#[test]
fn on_failure_continue_is_a_recorded_acceptance_and_no_success() {
    let book = book(
        "phases:\n  - phase: One\n    steps:\n      - {step: a, id: a, run: 'true', on_failure: continue}\n",
    );
    let events = vec![started("a", 1), finished("a", 1, failure())];
    assert_eq!(
        next(&book, &run("prod", events.clone()), 0),
        Next::Accept(id("a"))
    );
    let accepted = decide(
        &book,
        &run("prod", events.clone()),
        Command::Accept { step: id("a") },
    )
    .unwrap();
    let after = run("prod", [events, accepted].concat());
    assert_eq!(after.stand(&id("a")), &Stand::Accepted);
    assert_eq!(status(&book, &after), Status::Partial);
}

#[test]
fn a_hold_keeps_everything_from_starting_until_it_is_released() {
    let book = letters("ms");
    let held = run(
        "prod",
        vec![Event::Held {
            why: HoldReason::Operator,
        }],
    );
    assert_eq!(
        next(&book, &held, 0),
        Next::Wait(Wait::Held(HoldReason::Operator))
    );
    assert!(refused(&book, &held, confirm("m1")).contains("on hold"));
    assert!(
        decide(
            &book,
            &held,
            Command::Release {
                typed: String::new()
            }
        )
        .is_ok()
    );
    assert!(
        refused(
            &book,
            &run("prod", vec![]),
            Command::Release {
                typed: String::new()
            }
        )
        .contains("not on hold")
    );
}

#[test]
fn closing_early_wants_a_reason_and_nothing_follows_it() {
    let book = letters("ss");
    let close = |remark: &str| Command::Close {
        remark: remark.into(),
        clock_offset_ms: None,
    };
    let half = vec![started("s1", 1), finished("s1", 1, Ended::Passed)];
    assert!(refused(&book, &run("prod", half.clone()), close("")).contains("say why"));
    let closed = decide(&book, &run("prod", half.clone()), close("window is over")).unwrap();
    assert!(matches!(&closed[0], Event::RunClosed(c) if c.status == Status::Partial));
    let after = run("prod", [half, closed].concat());
    assert!(refused(&book, &after, start("s2", "")).contains("closed"));
    assert_eq!(next(&book, &after, 0), Next::Wait(Wait::Closed));
}

#[test]
fn a_run_that_changed_nothing_is_aborted_and_a_whole_one_a_success() {
    let book = letters("cs");
    let looked = vec![started("c1", 1), finished("c1", 1, Ended::Passed)];
    assert_eq!(status(&book, &run("prod", looked.clone())), Status::Aborted);
    let all = [
        looked,
        vec![started("s2", 1), finished("s2", 1, Ended::Warned)],
    ]
    .concat();
    assert_eq!(status(&book, &run("prod", all)), Status::Success);
}

#[test]
fn a_step_for_another_target_or_parameter_does_not_apply() {
    let book = book(
        "parameters:\n  large: {default: 'no'}\nphases:\n  - phase: One\n    steps:\n      - {step: a, id: a, run: 'true', only: [staging]}\n      - {step: b, id: b, run: 'true', if: {large: 'yes'}}\n      - {step: c, id: c, run: 'true'}\n",
    );
    let run = run("prod", vec![]);
    assert_eq!(
        omitted(&book, &run, &id("a")).as_deref(),
        Some("only for staging")
    );
    assert_eq!(
        omitted(&book, &run, &id("b")).as_deref(),
        Some("only if large is yes")
    );
    assert_eq!(next(&book, &run, 0), Next::Start(id("c")));
}

#[test]
fn evidence_and_boxes_are_asked_for_before_a_step_counts_as_done() {
    let book = book(
        "phases:\n  - phase: One\n    steps:\n      - {step: a, id: a, confirm: x, evidence: text, items: [one, two]}\n",
    );
    let run = run("prod", vec![]);
    let say = |answer: &str, ticked| {
        let said = Confirmed {
            step: id("a"),
            answer: answer.into(),
            file_sha256: String::new(),
            seen_ms: 0,
            on_behalf_of: String::new(),
        };
        decide(
            &book,
            &run,
            Command::Confirm(ConfirmStep {
                said: Some(said),
                ticked,
                now_ms: 0,
            }),
        )
    };
    assert!(
        say("seen", 1)
            .unwrap_err()
            .to_string()
            .contains("1 of 2 boxes")
    );
    assert!(
        say(" ", 2)
            .unwrap_err()
            .to_string()
            .contains("asks for a sentence")
    );
    assert!(say("seen", 2).is_ok());
}

#[test]
fn a_step_with_a_time_does_not_start_before_it() {
    let book = book(
        "phases:\n  - phase: One\n    steps:\n      - {step: a, id: a, run: 'true', not_before: T+10m}\n",
    );
    let run = run("prod", vec![]);
    let (opened, due) = (run.opened_ms, run.opened_ms + 600_000);
    assert_eq!(
        next(&book, &run, opened),
        Next::Wait(Wait::Clock(id("a"), due))
    );
    assert_eq!(next(&book, &run, due), Next::Start(id("a")));
    assert!(refused(&book, &run, start("a", "")).contains("does not start before its time"));
}
