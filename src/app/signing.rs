//! Tests of a step in which a role signs, and of telling witnesses.

use crossterm::event::KeyCode;

use crate::app::desk::Desk;
use crate::app::message::{AskedSignature, Effect, Msg, Posted};
use crate::domain::attempt::Ended;
use crate::domain::run::event::{Checkpoint, Event, SignedWord, StepSigned};
use crate::domain::run::fixture::{book, outcome};
use crate::domain::run::state::Stand;
use crate::domain::runbook::model::StepId;

const BOOK: &str = "
roles: [QA Lead]
phases:
  - phase: One
    steps:
      - {step: go, id: go, sign: QA Lead}
      - {step: a, id: a, run: 'true'}
";

fn at_the_step() -> Desk {
    let mut desk = Desk::new(book(BOOK), "prod");
    desk.model.run.operator.identity = "dana@x".into();
    desk.model.run.operator.key = "SHA256:d".into();
    desk.enter();
    assert!(desk.model.dialog.is_some());
    desk
}

fn asked(desk: &Desk) -> AskedSignature {
    let asked = desk.effects.iter().rev().find_map(|e| match e {
        Effect::SignStep(asked) => Some(asked.as_ref().clone()),
        _ => None,
    });
    asked.expect("a signature was asked for")
}

/// What the runtime brings back.
fn signed(asked: &AskedSignature) -> Checkpoint {
    Checkpoint {
        reason: "step go".into(),
        text: "holdpoint-head r 1 0\n".into(),
        signature: "armour".into(),
        identity: "quinn@x".into(),
        step: Some(Box::new(StepSigned {
            step: asked.step.clone(),
            role: asked.role.clone(),
            name: "Quinn".into(),
            key: "SHA256:q".into(),
            word: asked.word,
            remark: asked.remark.clone(),
            seen_ms: asked.seen_ms,
        })),
    }
}

fn bring(desk: &mut Desk, asked: AskedSignature, signed: Result<Checkpoint, String>) {
    let (asked, signed) = (Box::new(asked), signed.map(Box::new));
    desk.tell(Msg::StepSigned { asked, signed });
    desk.wait(1_000);
}

#[test]
fn a_signature_lets_the_run_go_on_and_nothing_does_before() {
    let mut desk = at_the_step();
    desk.enter();
    let wanted = asked(&desk);
    assert_eq!(
        (wanted.role.as_str(), wanted.word),
        ("QA Lead", SignedWord::Approved)
    );
    assert_eq!(desk.stand("go"), &Stand::Waiting);
    assert_eq!(desk.launched(), [""; 0]);
    let point = signed(&wanted);
    bring(&mut desk, wanted, Ok(point));
    assert_eq!(desk.stand("go"), &Stand::Done);
    assert_eq!(desk.launched(), ["a.1"]);
}

#[test]
fn a_rejection_needs_a_word_and_holds_the_run_until_it_is_asked_again() {
    let mut desk = at_the_step();
    desk.press(KeyCode::Down);
    desk.enter();
    assert!(desk.problem().contains("say why"), "{}", desk.problem());
    desk.press(KeyCode::Tab);
    desk.type_and_enter("errors in checkout");
    let wanted = asked(&desk);
    assert_eq!(wanted.remark, "errors in checkout");
    let point = signed(&wanted);
    bring(&mut desk, wanted, Ok(point));
    assert_eq!(desk.stand("go"), &Stand::Failed);
    assert_eq!(desk.launched(), [""; 0]);
    let why = &desk.model.run.record(&StepId::new("go")).unwrap().why;
    assert_eq!(why, "rejected by Quinn as QA Lead: errors in checkout");
    desk.enter();
    let offers: Vec<_> = desk
        .model
        .dialog
        .as_ref()
        .unwrap()
        .choices
        .iter()
        .map(|o| o.label.clone())
        .collect();
    assert_eq!(
        offers.first().map(String::as_str),
        Some("Ask again"),
        "{offers:?}"
    );
    assert!(!offers.contains(&"Look".to_owned()));
    desk.enter();
    desk.enter();
    let again = asked(&desk);
    assert_eq!(again.word, SignedWord::Approved);
    let point = signed(&again);
    bring(&mut desk, again, Ok(point));
    assert_eq!(desk.stand("go"), &Stand::Done);
}

#[test]
fn a_key_that_does_not_sign_is_asked_for_again_with_what_was_typed() {
    let mut desk = at_the_step();
    desk.press(KeyCode::Tab);
    desk.type_and_enter("fine");
    let wanted = asked(&desk);
    bring(&mut desk, wanted, Err("no such key".into()));
    assert!(desk.problem().contains("no such key"));
    let dialog = desk.model.dialog.as_ref().unwrap();
    assert_eq!(dialog.fields[0].area.lines(), ["fine"]);
    assert_eq!(desk.stand("go"), &Stand::Waiting);
    assert!(
        !desk
            .events
            .iter()
            .any(|e| matches!(e, Event::Checkpoint(_)))
    );
}

#[test]
fn another_person_needs_another_key() {
    let mut desk = at_the_step();
    desk.press(KeyCode::Tab);
    desk.press(KeyCode::Tab);
    desk.type_and_enter("quinn@x");
    assert!(
        desk.problem().contains("which key is quinn@x's"),
        "{}",
        desk.problem()
    );
}

#[test]
fn a_signature_of_another_role_is_not_taken() {
    let mut desk = at_the_step();
    desk.enter();
    let wanted = asked(&desk);
    let mut point = signed(&wanted);
    if let Some(said) = &mut point.step {
        said.role = "King".into();
    }
    bring(&mut desk, wanted, Ok(point));
    assert_eq!(desk.stand("go"), &Stand::Waiting);
}

#[test]
fn witnesses_are_told_before_anything_is_changed_and_when_a_session_is_acted_on() {
    let steps = "
phases:
  - phase: One
    steps:
      - {step: look, id: look, check: 'true'}
      - {step: a, id: a, run: 'true'}
      - {step: b, id: b, run: 'true'}
";
    let posts = |desk: &Desk| {
        desk.effects
            .iter()
            .filter(|e| **e == Effect::PostHead)
            .count()
    };
    let mut desk = Desk::new(book(steps), "prod");
    assert_eq!(
        (desk.launched(), posts(&desk)),
        (vec!["look.1".to_owned()], 0)
    );
    desk.ended("look", 1, outcome(Ended::Passed));
    desk.wait(1_000);
    assert_eq!(posts(&desk), 1);
    let place = |wanted: &dyn Fn(&Effect) -> bool| desk.effects.iter().position(wanted);
    let posted = place(&|e| *e == Effect::PostHead);
    assert!(posted < place(&|e| matches!(e, Effect::Launch { step, .. } if step.as_str() == "a")));
    desk.ended("a", 1, outcome(Ended::Passed));
    desk.wait(1_000);
    assert_eq!(desk.launched().len(), 3);
    assert_eq!(posts(&desk), 1, "the first change alone");
    let failed = Posted {
        sink: "runbook".into(),
        seq: 3,
        head: "ab".into(),
        answer: Err("no route".into()),
    };
    desk.tell(Msg::Posted(failed));
    let recorded = desk.events.last().unwrap();
    assert!(
        matches!(recorded, Event::WitnessPosted { seq: 3, error, .. } if error == "no route"),
        "{recorded:?}"
    );
    assert_eq!(desk.stand("b"), &Stand::Running, "nothing is held up by it");
}
