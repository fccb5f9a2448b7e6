//! What happens, and what does not, while the disk, the server or the clock is unwell.

use crossterm::event::KeyCode;

use crate::app::autopilot::UNSEEN;
use crate::app::desk::{Desk, Disk};
use crate::app::message::{Effect, Msg};
use crate::app::model::Now;
use crate::app::news;
use crate::domain::attempt::Ended;
use crate::domain::run::event::{AlarmRaised, Event, HoldReason, TargetSeen};
use crate::domain::run::fixture::{book, failure, finished, letters, outcome, run, started};
use crate::domain::run::state::{CancelState, Stand};
use crate::domain::runbook::model::{Level, Runbook, ServerRole, StepId};
use crate::domain::runbook::parse::parse;
use crate::domain::sample::model::{Sample, Server};
use crate::domain::sample::news::MonitorNews;

fn id(text: &str) -> StepId {
    StepId::new(text)
}

fn steps(lines: &[&str]) -> Runbook {
    let list: String = lines.iter().map(|l| format!("      - {l}\n")).collect();
    book(&format!("phases:\n  - phase: One\n    steps:\n{list}"))
}

/// Asks for the running step to be stopped, as an operator does.
fn cancel(desk: &mut Desk) {
    desk.press(KeyCode::Char('x'));
    desk.type_and_enter("it harms");
}

fn stops(desk: &Desk) -> usize {
    let stop = |e: &&Effect| matches!(e, Effect::Stop { .. });
    desk.effects.iter().filter(stop).count()
}

fn asked(desk: &Desk) -> usize {
    let asked = |e: &&Event| matches!(e, Event::CancelAsked { .. });
    desk.events.iter().filter(asked).count()
}

#[test]
fn a_step_is_stopped_at_once_while_the_disk_refuses_and_the_record_follows() {
    let mut desk = Desk::new(letters("sm"), "prod");
    desk.disk = Disk::Refuses;
    desk.press(KeyCode::Char('p')); // the disk is found out to refuse
    cancel(&mut desk);
    assert_eq!((stops(&desk), asked(&desk)), (1, 0));
    assert_eq!(desk.model.cancel_of(&id("s1")), CancelState::Asked);
    desk.ended("s1", 1, outcome(Ended::Cancelled));
    assert_eq!(
        desk.stand("s1"),
        &Stand::Running,
        "nothing is on record yet"
    );
    desk.disk = Disk::Takes;
    desk.tell(Msg::DiskBack {
        set_aside: Vec::new(),
    });
    let order: Vec<bool> = desk.events[2..]
        .iter()
        .map(|e| matches!(e, Event::CancelAsked { .. }))
        .collect();
    assert_eq!(order, [true, false], "{:?}", desk.events);
    assert_eq!(desk.stand("s1"), &Stand::Failed);
}

#[test]
fn a_step_is_stopped_although_the_disk_hangs() {
    let mut desk = Desk::new(letters("sm"), "prod");
    desk.disk = Disk::Hangs;
    desk.press(KeyCode::Char('p'));
    cancel(&mut desk); // types and waits for more than the two seconds of a disk that hangs
    desk.wait(2_000);
    if stops(&desk) == 0 {
        desk.enter();
    }
    assert_eq!((stops(&desk), asked(&desk)), (1, 0));
}

#[test]
fn what_an_alarm_stops_is_stopped_although_the_disk_refuses() {
    let book = book(
        "monitor: {alarms: [{when: blocked >= 1, level: critical, then: cancel}]}\nphases:\n  - phase: One\n    steps:\n      - {step: a, id: a, run: 'true'}\n",
    );
    let mut desk = Desk::new(book, "prod");
    desk.disk = Disk::Refuses;
    let mut sample = Sample::default();
    sample.counts.blocked = 3;
    desk.tell(Msg::Monitor(MonitorNews::Sampled(Box::new(sample))));
    assert_eq!(stops(&desk), 1);
    desk.disk = Disk::Takes;
    desk.tell(Msg::DiskBack {
        set_aside: Vec::new(),
    });
    assert_eq!(asked(&desk), 1);
}

const PROTECTED: &str = "
runbook: 1
title: t
targets: {prod: {database: 'postgres:///x', protect: true}}
phases:
  - phase: One
    steps:
      - {step: a, id: a, run: 'true'}
      - {step: b, id: b, run: 'true'}
      - {step: c, id: c, check: 'true'}
      - {step: d, id: d, run: 'true', danger: high, timeout: 1m}
";

fn seen() -> TargetSeen {
    TargetSeen {
        role: "primary".into(),
        system_identifier: "1".into(),
        ..TargetSeen::default()
    }
}

fn lost() -> Msg {
    Msg::Monitor(MonitorNews::Lost {
        why: "connection refused".into(),
        for_ms: 10,
    })
}

fn on_server() -> Desk {
    let parsed = parse(PROTECTED.as_bytes(), "t", &|_| {
        Err(std::io::ErrorKind::NotFound.into())
    });
    let mut desk = Desk::new(parsed.unwrap_or_else(|p| panic!("{}", p.render())), "prod");
    desk.tell(Msg::Monitor(MonitorNews::Identity(seen())));
    desk
}

#[test]
fn no_step_starts_by_itself_between_losing_the_server_and_seeing_it_again() {
    let mut desk = on_server();
    desk.tell(lost());
    desk.ended("a", 1, outcome(Ended::Passed));
    desk.wait(60_000);
    assert_eq!(desk.launched(), ["a.1"]);
    desk.tell(Msg::Monitor(MonitorNews::Back(seen())));
    assert_eq!(desk.launched(), ["a.1", "b.1"]);
}

#[test]
fn a_person_may_start_a_step_without_the_server_but_nothing_dangerous_on_a_protected_target() {
    let mut desk = on_server();
    desk.tell(lost());
    desk.ended("a", 1, outcome(Ended::Passed));
    desk.press(KeyCode::Enter);
    desk.wait(10);
    desk.enter();
    assert_eq!(desk.launched(), ["a.1"], "one Enter is not enough");
    desk.type_and_enter(UNSEEN);
    assert_eq!(desk.launched(), ["a.1", "b.1"]);
    let typed = desk.events.iter().rev().find_map(|e| match e {
        Event::StepStarted(s) => Some(s.typed.clone()),
        _ => None,
    });
    assert_eq!(typed.as_deref(), Some(UNSEEN));
    desk.ended("b", 1, outcome(Ended::Passed));
    assert_eq!(desk.launched().len(), 3, "what only looks harms nobody");
    desk.ended("c", 1, outcome(Ended::Passed));
    desk.press(KeyCode::Enter);
    desk.type_and_enter("prod");
    assert!(
        desk.problem().contains("not said yet who it is"),
        "{}",
        desk.problem()
    );
    assert_eq!(desk.launched().len(), 3);
    desk.tell(Msg::Monitor(MonitorNews::Back(seen())));
    desk.enter();
    assert_eq!(desk.launched().last().map(String::as_str), Some("d.1"));
}

#[test]
fn a_primary_that_steps_down_on_a_standing_connection_holds_the_run() {
    let mut desk = on_server();
    let sample = |role| {
        let server = Server {
            role: Some(role),
            ..Server::default()
        };
        let sample = Sample {
            server: Some(server),
            ..Sample::default()
        };
        Msg::Monitor(MonitorNews::Sampled(Box::new(sample)))
    };
    desk.tell(sample(ServerRole::Primary));
    assert!(desk.model.run.hold.is_none());
    for _ in 0..3 {
        desk.tell(sample(ServerRole::Standby));
    }
    let Some(HoldReason::Identity { differs }) = &desk.model.run.hold else {
        panic!("{:?}", desk.model.run.hold)
    };
    assert!(
        differs[0].contains("role was primary and is standby"),
        "{differs:?}"
    );
    let seen = |e: &&Event| matches!(e, Event::Target(_));
    assert_eq!(desk.events.iter().filter(seen).count(), 2, "told once");
}

#[test]
fn no_stray_key_lets_a_held_run_go_on() {
    let alarm = HoldReason::Alarm {
        rule: "blocked >= 1".into(),
    };
    for why in [HoldReason::Operator, alarm] {
        let mut desk = Desk::new(letters("m"), "prod");
        desk.model.run.hold = Some(why);
        for _ in 0..3 {
            desk.press(KeyCode::Char('p'));
        }
        assert!(desk.model.run.hold.is_some());
        desk.press(KeyCode::Esc);
        desk.press(KeyCode::Char('p'));
        desk.wait(10);
        desk.enter();
        assert!(desk.model.run.hold.is_none());
    }
}

fn retrying() -> Desk {
    let once = "{step: a, id: a, run: 'false', retry: {times: 3, wait: 20s}}";
    let mut desk = Desk::new(steps(&[once]), "prod");
    desk.ended("a", 1, outcome(failure()));
    assert!(desk.model.retry.is_some());
    desk
}

/// Whether another process that takes the run up tries the step again by itself.
fn goes_on(desk: &Desk, more: Vec<Event>) -> bool {
    let events = desk.events.iter().cloned().chain(more).collect();
    let once = "{step: a, id: a, run: 'false', retry: {times: 3, wait: 20s}}";
    let mut next = Desk::new(steps(&[once]), "prod");
    next.model.run = run("prod", events);
    next.model.retry = None;
    news::retry_anew(&mut next.model, |_| String::new());
    next.model.retry.is_some()
}

#[test]
fn a_retry_is_taken_up_only_from_a_driver_that_died_with_it_pending() {
    let mut desk = retrying();
    assert!(goes_on(&desk, vec![]));
    let left = Event::RunLeft {
        how: "by key".into(),
    };
    assert!(!goes_on(&desk, vec![left]));
    desk.press(KeyCode::Enter);
    assert!(desk.model.retry.is_none());
    assert!(!goes_on(&desk, vec![]), "a person was at it");
    let again = vec![started("a", 2), finished("a", 2, failure())];
    assert!(goes_on(&desk, again), "the next failure is another");
}

#[test]
fn an_alarm_that_was_open_at_a_crash_is_cleared_when_its_rule_no_longer_holds() {
    let rule = "blocked >= 1";
    let plan = format!(
        "monitor: {{alarms: [{{when: {rule}, level: warning}}]}}\nphases:\n  - phase: One\n    steps:\n      - {{step: a, id: a, confirm: x}}\n"
    );
    let mut desk = Desk::new(book(&plan), "prod");
    let raised = Event::AlarmRaised(AlarmRaised {
        rule: rule.into(),
        level: Level::Warning,
        seen: "blocked 3".into(),
        blocker: String::new(),
        during: Vec::new(),
    });
    desk.model.run = run("prod", vec![raised]);
    desk.model.take_up_alarms();
    for _ in 0..8 {
        desk.wait(1_000);
        desk.tell(Msg::Monitor(MonitorNews::Sampled(Box::default())));
    }
    assert!(
        matches!(&desk.events[..], [Event::AlarmCleared { rule: cleared, .. }] if cleared == rule),
        "{:?}",
        desk.events
    );
    assert!(desk.model.run.alarms[0].cleared_ms.is_some());
}

#[test]
fn a_watch_lasts_its_time_without_the_time_of_a_suspend() {
    let mut desk = Desk::new(steps(&["{step: a, id: a, watch: {for: 20s}}"]), "prod");
    let now = desk.model.now;
    desk.tell(Msg::Suspended { for_ms: 3_600_000 });
    desk.tell(Msg::Tick(Now {
        wall_ms: now.wall_ms + 3_600_000,
        mono_ms: now.mono_ms + 3_600_000,
    }));
    assert_eq!(desk.stand("a"), &Stand::Running, "nobody watched");
    desk.wait(20_100);
    assert_eq!(desk.stand("a"), &Stand::Done);
    assert!(matches!(
        &desk.events[1],
        Event::Suspended { for_ms: 3_600_000 }
    ));
}
