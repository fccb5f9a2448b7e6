//! What may happen in a run, and what comes next.

use crate::domain::attempt::Ended;
use crate::domain::run::decide::{
    Command, ConfirmStep, DecideStep, OVERRIDE, StartStep, decide, half_decided,
};
use crate::domain::run::event::{Confirmed, Event, Finding, HoldReason, Status};
use crate::domain::run::fixture::{
    book, confirmed, entries, failure, finished, letters, run, started,
};
use crate::domain::run::next::{KeyWhy, Next, Wait, next, omitted, waits_for_person};
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

fn back(path: &str, typed: &str) -> Command {
    Command::EnterRollback {
        path: path.into(),
        reason: "it fails".into(),
        typed: typed.into(),
    }
}

const WITH_BACK: &str = "
phases:
  - phase: One
    steps:
      - {step: a, id: a, run: 'true'}
      - {step: b, id: b, run: 'true', point_of_no_return: true}
      - step: choose
        id: choose
        decide:
          - {choice: Keep}
          - {choice: Back, go_to: undo}
          - {choice: Last, go_to: d}
      - {step: c, id: c, confirm: x}
      - {step: d, id: d, confirm: x}
rollback:
  - path: undo
    title: Undo
    steps:
      - {step: ua, id: ua, run: 'true', undoes: a}
      - {step: ub, id: ub, run: 'true', undoes: b}
";

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
fn a_way_back_is_walked_only_over_what_was_started() {
    let book = book(WITH_BACK);
    let events = vec![started("a", 1), finished("a", 1, Ended::Passed)];
    let entered = decide(&book, &run("prod", events.clone()), back("undo", "")).unwrap();
    let on_way = run("prod", [events, entered].concat());
    assert_eq!(next(&book, &on_way, 0), Next::Start(id("ua")));
    assert!(
        omitted(&book, &on_way, &id("ub"))
            .unwrap()
            .contains("never started")
    );
    let mut done = on_way.clone();
    for event in [started("ua", 1), finished("ua", 1, Ended::Passed)] {
        done.apply(&entries([event])[0]);
    }
    assert_eq!(next(&book, &done, 0), Next::PathEnded("undo".into()));
    assert_eq!(status(&book, &done), Status::Partial);
    done.apply(
        &entries([Event::RollbackFinished {
            path: "undo".into(),
        }])[0],
    );
    assert_eq!(next(&book, &done, 0), Next::Finished);
    assert_eq!(status(&book, &done), Status::RolledBack);
}

#[test]
fn past_the_point_of_no_return_going_back_wants_an_override() {
    let book = book(WITH_BACK);
    let past = run(
        "prod",
        vec![
            started("a", 1),
            finished("a", 1, Ended::Passed),
            started("b", 1),
            finished("b", 1, Ended::Passed),
        ],
    );
    assert!(refused(&book, &past, back("undo", "")).contains("point of no return"));
    assert!(decide(&book, &past, back("undo", OVERRIDE)).is_ok());
}

#[test]
fn a_running_step_must_end_before_the_way_back_is_entered() {
    let book = book(WITH_BACK);
    assert!(
        refused(&book, &run("prod", vec![started("a", 1)]), back("undo", "")).contains("cancel it")
    );
}

#[test]
fn a_decision_leads_on_back_or_over_steps_that_say_so() {
    let book = book(&WITH_BACK.replace(", point_of_no_return: true", ""));
    let done = ["a", "b"]
        .map(|s| [started(s, 1), finished(s, 1, Ended::Passed)])
        .concat();
    let at = run("prod", done);
    let choose = |choice| {
        decide(
            &book,
            &at,
            Command::Decide(DecideStep {
                step: id("choose"),
                choice,
                reason: String::new(),
                seen_ms: 1,
            }),
        )
    };
    assert_eq!(choose(0).unwrap().len(), 1);
    assert!(
        matches!(&choose(1).unwrap()[1], Event::RollbackEntered { path, .. } if path == "undo")
    );
    assert!(
        matches!(&choose(2).unwrap()[1..], [Event::StepSkipped { step, .. }] if *step == id("c"))
    );
}

#[test]
fn a_decision_whose_record_was_cut_off_is_carried_through_and_a_whole_one_is_left() {
    let book = book(WITH_BACK);
    let left_out = Event::StepSkipped {
        step: id("b"),
        reason: "not tonight".into(),
    };
    let done = vec![started("a", 1), finished("a", 1, Ended::Passed), left_out];
    for choice in 0..3 {
        let way = DecideStep {
            step: id("choose"),
            choice,
            reason: String::new(),
            seen_ms: 1,
        };
        let decided = decide(&book, &run("prod", done.clone()), Command::Decide(way)).unwrap();
        for cut in 1..=decided.len() {
            let there = [done.clone(), decided[..cut].to_vec()].concat();
            let missing = half_decided(&book, &run("prod", there.clone()), &entries(there));
            assert_eq!(missing, decided[cut..], "choice {choice}, cut at {cut}");
        }
    }
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
fn only_one_of_a_choice_is_done() {
    let book = book(
        "phases:\n  - phase: One\n    steps:\n      - group: Either\n        choose: one\n        steps:\n          - {step: a, id: a, run: 'true'}\n          - {step: b, id: b, run: 'true'}\n      - {step: c, id: c, run: 'true'}\n",
    );
    let fresh = run("prod", vec![]);
    assert_eq!(
        next(&book, &fresh, 0),
        Next::Wait(Wait::ChooseItem(vec![id("a"), id("b")]))
    );
    assert!(decide(&book, &fresh, start("b", "")).is_ok());
    let chosen = run(
        "prod",
        vec![started("b", 1), finished("b", 1, Ended::Passed)],
    );
    assert!(
        omitted(&book, &chosen, &id("a"))
            .unwrap()
            .contains("was chosen instead")
    );
    assert_eq!(next(&book, &chosen, 0), Next::Start(id("c")));
}

#[test]
fn a_choice_within_a_choice_is_asked_from_the_outside_and_only_among_what_applies() {
    let book = book(
        "phases:\n  - phase: One\n    steps:\n      - group: Either\n        choose: one\n        steps:\n          - group: In\n            choose: one\n            steps:\n              - {step: a, id: a, run: 'true', only: [staging]}\n              - {step: b, id: b, run: 'true'}\n              - {step: c, id: c, run: 'true'}\n          - {step: d, id: d, run: 'true'}\n          - {step: e, id: e, run: 'true', only: [staging]}\n",
    );
    let fresh = run("prod", vec![]);
    let asked = Wait::ChooseItem(vec![id("b"), id("c"), id("d")]);
    assert_eq!(next(&book, &fresh, 0), Next::Wait(asked));
    assert_eq!(waits_for_person(&book, &fresh), Some(&id("b")));
    let chosen = run(
        "prod",
        vec![started("d", 1), finished("d", 1, Ended::Passed)],
    );
    assert_eq!(next(&book, &chosen, 0), Next::Finished);
    assert_eq!(
        omitted(&book, &chosen, &id("c")).as_deref(),
        Some("“d” was chosen instead")
    );
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
