//! Verdicts and ways that must not flatter, nor be had for nothing.

use crate::domain::attempt::Ended;
use crate::domain::run::decide::{Command, DecideStep, decide};
use crate::domain::run::event::{Event, Finding, HoldReason, Status, TargetSeen};
use crate::domain::run::fixture::{
    WITH_BACK, book, confirmed, failure, finished, letters, run, started,
};
use crate::domain::run::verdict::status;
use crate::domain::runbook::model::StepId;

fn skipped(step: &str) -> Event {
    Event::StepSkipped {
        step: StepId::new(step),
        reason: "because".into(),
    }
}

#[test]
fn a_step_that_was_begun_and_then_left_out_is_no_success() {
    let book = letters("ss");
    let step = StepId::new("s2");
    let events = vec![
        started("s1", 1),
        finished("s1", 1, Ended::Passed),
        started("s2", 1),
        Event::StepInterrupted {
            step: step.clone(),
            attempt: 1,
            why: "gone".into(),
        },
        Event::StepResolved {
            step,
            attempt: 1,
            finding: Finding::NotDone,
            how: "looked".into(),
        },
        skipped("s2"),
    ];
    assert_eq!(status(&book, &run("prod", events)), Status::Partial);
}

#[test]
fn a_way_back_whose_steps_were_left_out_is_not_rolled_back() {
    let book = book(WITH_BACK);
    let events = vec![
        started("a", 1),
        finished("a", 1, failure()),
        Event::RollbackEntered {
            path: "undo".into(),
            reason: "x".into(),
        },
        skipped("ua"),
        Event::RollbackFinished {
            path: "undo".into(),
        },
    ];
    assert_eq!(status(&book, &run("prod", events)), Status::Partial);
}

#[test]
fn a_runbook_that_only_looks_succeeds_when_all_was_looked_at() {
    let book = letters("cm");
    let all = vec![
        started("c1", 1),
        finished("c1", 1, Ended::Passed),
        confirmed("m2"),
    ];
    assert_eq!(status(&book, &run("prod", all)), Status::Success);
    let book = letters("cc");
    let looked = vec![started("c1", 1), finished("c1", 1, Ended::Passed)];
    assert_eq!(status(&book, &run("prod", looked.clone())), Status::Aborted);
    let both = [
        looked,
        vec![started("c2", 1), finished("c2", 1, Ended::Passed)],
    ]
    .concat();
    assert_eq!(status(&book, &run("prod", both)), Status::Success);
}

#[test]
fn a_decision_does_not_lead_back_past_the_point_of_no_return_unasked() {
    let book = book(WITH_BACK);
    let done = ["a", "b"].map(|s| [started(s, 1), finished(s, 1, Ended::Passed)]);
    let at = run("prod", done.concat());
    let choose = |choice| {
        decide(
            &book,
            &at,
            Command::Decide(DecideStep {
                step: StepId::new("choose"),
                choice,
                reason: String::new(),
                seen_ms: 1,
            }),
        )
    };
    assert!(choose(0).is_ok());
    let refused = choose(1).unwrap_err().to_string();
    assert!(refused.contains("point of no return"), "{refused}");
}

#[test]
fn a_run_held_by_another_server_goes_on_there_only_with_typed_words() {
    let book = letters("s");
    let differs = vec!["the database is x and must be y".to_owned()];
    let wrong = Event::Target(TargetSeen {
        differs: differs.clone(),
        ..TargetSeen::default()
    });
    let held = Event::Held {
        why: HoldReason::Identity { differs },
    };
    let events = vec![wrong, held];
    let release = |typed: &str| Command::Release {
        typed: typed.into(),
    };
    let at = run("prod", events.clone());
    assert!(decide(&book, &at, release("")).is_err());
    assert!(decide(&book, &at, release(crate::domain::run::decide::THERE)).is_ok());
    let alarm = Event::Held {
        why: HoldReason::Alarm {
            rule: "blocked > 1".into(),
        },
    };
    let by_alarm = run("prod", [events.clone(), vec![alarm]].concat());
    assert!(decide(&book, &by_alarm, release("")).is_err());
    let right = Event::Target(TargetSeen::default());
    let again = run("prod", [events, vec![right]].concat());
    assert!(decide(&book, &again, release("")).is_ok());
}

#[test]
fn what_is_compared_with_is_the_server_that_was_accepted_and_not_the_last_one_seen() {
    let seen = |id: &str, differs: &[&str]| {
        Event::Target(TargetSeen {
            system_identifier: id.into(),
            differs: differs.iter().map(|d| (*d).to_owned()).collect(),
            ..TargetSeen::default()
        })
    };
    let held = Event::Held {
        why: HoldReason::Identity {
            differs: vec!["it".into()],
        },
    };
    let events = vec![seen("1", &[]), seen("2", &["it"]), held];
    let accepted = |events: Vec<Event>| run("prod", events).accepted.unwrap().system_identifier;
    assert_eq!(accepted(events.clone()), "1");
    assert_eq!(accepted([events, vec![Event::Released]].concat()), "2");
}

#[test]
fn what_was_done_by_hand_alone_is_not_nothing() {
    let book = letters("cms");
    let looked = vec![started("c1", 1), finished("c1", 1, Ended::Passed)];
    assert_eq!(status(&book, &run("prod", looked.clone())), Status::Aborted);
    let by_hand = [looked, vec![confirmed("m2")]].concat();
    assert_eq!(
        status(&book, &run("prod", by_hand.clone())),
        Status::Partial
    );
    let left_out = [by_hand, vec![skipped("s3")]].concat();
    assert_eq!(status(&book, &run("prod", left_out)), Status::Success);
}
