//! Decisions, ways back, and choices among items.

use crate::domain::attempt::Ended;
use crate::domain::run::decide::{Command, DecideStep, OVERRIDE, decide, half_decided};
use crate::domain::run::event::{Event, Status};
use crate::domain::run::fixture::{WITH_BACK, book, entries, finished, run, started};
use crate::domain::run::next::{Next, Wait, next, omitted, waits_for_person};
use crate::domain::run::tests::{id, refused, start};
use crate::domain::run::verdict::status;

fn back(path: &str, typed: &str) -> Command {
    Command::EnterRollback {
        path: path.into(),
        reason: "it fails".into(),
        typed: typed.into(),
    }
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
