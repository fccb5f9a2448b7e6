//! What alarms bring about, whatever is shown.

use super::*;

#[test]
fn panels_that_are_frozen_let_alarms_go_on() {
    let mut desk = Desk::new(
        book(
            "monitor: {alarms: [{when: blocked >= 5, level: critical}]}\nphases:\n  - phase: One\n    steps:\n      - {step: a, id: a, confirm: x}\n",
        ),
        "prod",
    );
    told(&mut desk, sample(0));
    desk.press(KeyCode::Char('3'));
    desk.press(KeyCode::Char(' '));
    told(
        &mut desk,
        Sample {
            sessions: Vec::new(),
            ..sample(9)
        },
    );
    assert_eq!(pids(&desk), [1, 2, 3]);
    let called = desk.effects.iter().find_map(|e| match e {
        Effect::Notify(said) => Some(said.clone()),
        _ => None,
    });
    assert_eq!(called.as_deref(), Some("alarm: blocked 9 (blocked >= 5)"));
    desk.press(KeyCode::Char(' '));
    assert_eq!(pids(&desk), Vec::<i32>::new());
}

fn cancelling() -> Desk {
    let mut desk = Desk::new(
        book(
            "monitor: {alarms: [{when: blocked >= 1 for 2s, level: critical, then: cancel}]}\nphases:\n  - phase: One\n    steps:\n      - {step: a, id: a, run: sleep 60}\n",
        ),
        "prod",
    );
    desk.wait(100);
    assert_eq!(desk.stand("a"), &Stand::Running);
    desk
}

#[test]
fn an_alarm_cancels_our_step_holds_the_run_and_names_who_is_to_blame() {
    let mut desk = cancelling();
    told(&mut desk, sample(3));
    desk.wait(2_500);
    told(&mut desk, sample(3));
    let raised = desk.events.iter().find_map(|e| match e {
        Event::AlarmRaised(raised) => Some(raised.clone()),
        _ => None,
    });
    let raised = raised.unwrap();
    assert!(
        raised.blocker.starts_with("pid 1 app of cron"),
        "{}",
        raised.blocker
    );
    assert_eq!(raised.during, [StepId::new("a")]);
    assert!(matches!(
        &desk.model.run.hold,
        Some(HoldReason::Alarm { .. })
    ));
    assert_eq!(
        desk.model.run.record(&StepId::new("a")).unwrap().cancel,
        CancelState::Asked
    );
    let stop = Effect::Stop {
        step: StepId::new("a"),
        attempt: 1,
    };
    assert!(desk.effects.contains(&stop), "{:?}", desk.effects);
}

#[test]
fn what_a_step_says_is_an_alarm_for_a_while_and_not_for_ever() {
    let mut desk = Desk::new(
        book(
            "phases:\n  - phase: One\n    steps:\n      - {step: Tail, id: a, run: tail, background: until end of run, alarm_on: ERROR}\n      - {step: b, id: b, confirm: x}\n",
        ),
        "prod",
    );
    desk.wait(100);
    let says = |desk: &mut Desk| {
        desk.tell(Msg::Attempt(AttemptNews::Matched {
            step: StepId::new("a"),
            line: "ERROR".into(),
        }));
    };
    says(&mut desk);
    desk.wait(30_000);
    says(&mut desk);
    desk.wait(59_000);
    assert_eq!(
        desk.model.run.alarms.len(),
        1,
        "said twice, it is one alarm"
    );
    assert_eq!(desk.model.run.alarms[0].cleared_ms, None);
    desk.wait(2_000);
    assert!(desk.model.run.alarms[0].cleared_ms.is_some());
    let cleared = desk.events.iter().find_map(|e| match e {
        Event::AlarmCleared { rule, lasted_ms } => Some((rule.clone(), *lasted_ms)),
        _ => None,
    });
    assert_eq!(cleared, Some(("Tail says".to_owned(), 30_000)));
    says(&mut desk);
    assert_eq!(desk.model.run.alarms.len(), 2);
}
