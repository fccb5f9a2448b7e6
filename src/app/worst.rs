//! What must not happen at the worst moment: nothing confirmed, started or counted that was not.
use crossterm::event::KeyCode;

use crate::app::desk::Desk;
use crate::app::message::{Effect, Msg};
use crate::app::model::Now;
use crate::domain::attempt::{Ended, Outcome};
use crate::domain::run::event::{AlarmRaised, Answer, Event, Finished, Peaks, TargetSeen};
use crate::domain::run::fixture::{book, entries, failure, letters, outcome};
use crate::domain::run::state::Stand;
use crate::domain::runbook::model::{Level, Runbook, StepId};
use crate::domain::runbook::parse::parse;
use crate::domain::sample::news::MonitorNews;
use crate::domain::signal::AttemptNews;

fn id(text: &str) -> StepId {
    StepId::new(text)
}

fn one(step: &str) -> Runbook {
    book(&format!(
        "phases:\n  - phase: One\n    steps:\n      - {step}\n"
    ))
}

fn watching() -> Desk {
    Desk::new(
        one("{step: a, id: a, watch: {for: 20s, fail_on: critical}}"),
        "prod",
    )
}

fn seen_anew(desk: &mut Desk, seen: TargetSeen) {
    desk.tell(Msg::Monitor(MonitorNews::Identity(seen)));
}

#[test]
fn evidence_in_a_file_does_not_tick_the_boxes() {
    let mut desk = Desk::new(
        one("{step: a, id: a, confirm: x, evidence: file, items: [one, two]}"),
        "prod",
    );
    desk.press(KeyCode::Enter);
    desk.press(KeyCode::Tab);
    desk.type_and_enter("dump.sha");
    assert!(
        desk.problem().contains("0 of 2 boxes"),
        "{}",
        desk.problem()
    );
    assert!(
        !desk
            .effects
            .iter()
            .any(|e| matches!(e, Effect::Digest { .. }))
    );
}

#[test]
fn the_digest_of_one_file_is_not_recorded_as_another_files() {
    let mut desk = Desk::new(one("{step: a, id: a, confirm: x, evidence: file}"), "prod");
    desk.press(KeyCode::Enter);
    desk.type_and_enter("slow");
    desk.press(KeyCode::Enter);
    desk.type_and_enter("quick");
    let told = |path: &str| Msg::Digested {
        step: id("a"),
        path: path.into(),
        digest: Ok(format!("sha of {path}")),
    };
    desk.tell(told("slow"));
    assert_eq!(desk.stand("a"), &Stand::Waiting);
    desk.tell(told("quick"));
    assert!(
        matches!(&desk.events[..], [Event::StepConfirmed(c)] if c.answer == "quick" && c.file_sha256 == "sha of quick"),
        "{:?}",
        desk.events
    );
}

#[test]
fn evidence_that_cannot_be_read_is_asked_for_again_with_what_was_typed() {
    let mut desk = Desk::new(one("{step: a, id: a, confirm: x, evidence: file}"), "prod");
    desk.press(KeyCode::Enter);
    desk.type_and_enter("dmup.sha");
    let told = |path: &str, digest| Msg::Digested {
        step: id("a"),
        path: path.into(),
        digest,
    };
    desk.tell(told("dmup.sha", Err("there is no such file".into())));
    assert!(
        desk.problem().contains("there is no such file"),
        "{}",
        desk.problem()
    );
    for _ in 0.."dmup.sha".len() {
        desk.press(KeyCode::Backspace);
    }
    desk.type_and_enter("dump.sha");
    desk.tell(told("dump.sha", Ok("d1".into())));
    assert!(
        matches!(&desk.events[..], [Event::StepConfirmed(c)] if c.answer == "dump.sha" && c.file_sha256 == "d1"),
        "{:?}",
        desk.events
    );
}

#[test]
fn one_enter_does_not_let_the_run_go_on_on_another_server() {
    let text = "runbook: 1\ntitle: t\ntargets:\n  prod: {database: 'postgres:///x', must_be: {database: billing}}\nphases:\n  - phase: One\n    steps:\n      - {step: a, id: a, run: 'true'}\n";
    let parsed = parse(text.as_bytes(), "t", &|_| {
        Err(std::io::ErrorKind::NotFound.into())
    });
    let mut desk = Desk::new(parsed.unwrap_or_else(|p| panic!("{}", p.render())), "prod");
    let seen = TargetSeen {
        database: "staging".into(),
        ..TargetSeen::default()
    };
    seen_anew(&mut desk, seen);
    desk.press(KeyCode::Enter);
    desk.enter();
    assert_eq!(desk.launched(), [""; 0]);
    desk.type_and_enter("go on there anyway");
    assert_eq!(desk.launched(), ["a.1"]);
}

#[test]
fn a_server_that_was_not_accepted_is_not_right_because_it_came_twice() {
    let mut desk = Desk::new(letters("m"), "prod");
    let seen = |system: &str| TargetSeen {
        system_identifier: system.into(),
        ..TargetSeen::default()
    };
    for system in ["1", "2", "2"] {
        seen_anew(&mut desk, seen(system));
    }
    let last = desk.model.run.target.as_ref().unwrap();
    assert!(!last.differs.is_empty(), "{last:?}");
}

#[test]
fn a_watch_is_as_long_as_it_is_whatever_the_wall_clock_says() {
    let mut desk = watching();
    let now = desk.model.now;
    desk.tell(Msg::Tick(Now {
        wall_ms: now.wall_ms + 3_600_000,
        mono_ms: now.mono_ms + 100,
    }));
    assert_eq!(desk.stand("a"), &Stand::Running);
    desk.tell(Msg::Tick(Now {
        wall_ms: now.wall_ms - 3_600_000,
        mono_ms: now.mono_ms + 20_100,
    }));
    assert_eq!(desk.stand("a"), &Stand::Done);
}

#[test]
fn a_watch_that_the_disk_does_not_take_ends_once() {
    let mut desk = watching();
    desk.model.recording = crate::app::model::Recording::Refused { why: "full".into() };
    for _ in 0..5 {
        desk.wait(30_000);
    }
    desk.tell(Msg::DiskBack {
        set_aside: Vec::new(),
    });
    desk.wait(10);
    let ends = |e: &&Event| matches!(e, Event::StepFinished(_));
    assert_eq!(desk.events.iter().filter(ends).count(), 1);
}

#[test]
fn a_watch_that_has_ended_is_not_ended_again_by_a_late_cancel() {
    let mut desk = watching();
    let finished = Event::StepFinished(Finished {
        step: id("a"),
        attempt: 1,
        outcome: outcome(Ended::Passed),
        peaks: Peaks::default(),
    });
    let cancel = Event::CancelAsked {
        step: id("a"),
        attempt: 1,
        reason: "the alarm asks for it".into(),
    };
    desk.tell(Msg::Journaled(entries([finished, cancel])));
    desk.wait(10);
    assert_eq!(desk.stand("a"), &Stand::Done);
}

#[test]
fn what_a_background_step_said_before_a_watch_does_not_fail_it() {
    let mut desk = Desk::new(letters("m"), "prod");
    let raised = Event::AlarmRaised(AlarmRaised {
        rule: "Watch the log says".into(),
        level: Level::Critical,
        seen: "ERROR".into(),
        blocker: String::new(),
        during: Vec::new(),
    });
    desk.tell(Msg::Journaled(entries([raised])));
    let mut later = watching();
    later.model.run.alarms = desk.model.run.alarms;
    later.model.begun.get_mut(&id("a")).unwrap().alarms = 1;
    later.wait(10);
    assert_eq!(later.stand("a"), &Stand::Running);
}

fn beside() -> Runbook {
    book(
        "phases:\n  - phase: One\n    steps:\n      - {step: a, id: a, run: 'tail', background: until end of run}\n      - {step: b, id: b, run: 'true', verify: {check: 'true'}, retry: {times: 1, wait: 5s}}\n      - {step: c, id: c, confirm: x}\n",
    )
}

#[test]
fn a_failed_step_is_shown_and_verified_though_another_runs_beside() {
    let mut desk = Desk::new(beside(), "prod");
    desk.wait(100);
    desk.ended("b", 1, outcome(Ended::Cancelled));
    assert_eq!(desk.model.output.name, "02.1");
    desk.press(KeyCode::Enter);
    desk.wait(50);
    desk.press(KeyCode::Down);
    desk.enter();
    assert!(desk.effects.contains(&Effect::Probe { step: id("b") }));
}

#[test]
fn a_question_to_a_person_is_timed_though_another_runs_beside() {
    let mut desk = Desk::new(beside(), "prod");
    desk.wait(100);
    desk.ended("b", 1, outcome(Ended::Passed));
    desk.wait(5_000);
    desk.press(KeyCode::Enter);
    desk.wait(50);
    desk.enter();
    let timed = |e: &Event| matches!(e, Event::StepConfirmed(c) if c.seen_ms > 0);
    assert!(desk.events.iter().any(timed), "{:?}", desk.events);
}

#[test]
fn the_end_of_what_runs_beside_does_not_take_another_steps_retry_away() {
    let mut desk = Desk::new(beside(), "prod");
    desk.wait(100);
    desk.ended("b", 1, outcome(failure()));
    desk.ended("a", 1, outcome(Ended::Passed));
    desk.wait(6_000);
    assert_eq!(desk.launched(), ["a.1", "b.1", "b.2"]);
}

#[test]
fn what_runs_beside_and_is_stopped_by_a_person_says_so() {
    let mut desk = Desk::new(beside(), "prod");
    desk.wait(100);
    let asked = Event::CancelAsked {
        step: id("a"),
        attempt: 1,
        reason: "too loud".into(),
    };
    desk.tell(Msg::Journaled(entries([asked])));
    desk.tell(Msg::Attempt(AttemptNews::Ended {
        step: id("a"),
        attempt: 1,
        outcome: Box::new(Outcome {
            summary: "stopped".into(),
            ..outcome(Ended::Cancelled)
        }),
        tail: String::new(),
    }));
    let said = desk.events.iter().rev().find_map(|e| match e {
        Event::StepFinished(f) => Some(f.outcome.summary.clone()),
        _ => None,
    });
    assert_eq!(said.as_deref(), Some("stopped: too loud"));
}

#[test]
fn the_cancel_of_an_alarm_is_kept_when_the_disk_refuses_it() {
    let mut desk = Desk::new(letters("s"), "prod");
    let raised = Event::AlarmRaised(AlarmRaised {
        rule: "blocked > 1".into(),
        level: Level::Critical,
        seen: "blocked 2".into(),
        blocker: String::new(),
        during: Vec::new(),
    });
    let cancel = Event::CancelAsked {
        step: id("s1"),
        attempt: 1,
        reason: "the alarm asks for it".into(),
    };
    desk.tell(Msg::NotJournaled {
        events: vec![raised, cancel],
        why: "full".into(),
    });
    desk.tell(Msg::DiskBack {
        set_aside: Vec::new(),
    });
    let stop = Effect::Stop {
        step: id("s1"),
        attempt: 1,
    };
    assert!(desk.effects.contains(&stop));
}

#[test]
fn an_open_question_about_a_failure_says_what_verify_found_and_lets_it_count() {
    let mut desk = Desk::new(beside(), "prod");
    desk.wait(100);
    desk.ended("b", 1, outcome(Ended::Cancelled));
    desk.press(KeyCode::Enter);
    let labels = |desk: &Desk| {
        let offers = desk.model.dialog.iter().flat_map(|d| &d.choices);
        offers.map(|o| o.label.clone()).collect::<Vec<_>>()
    };
    assert!(!labels(&desk).contains(&"It was done after all".to_owned()));
    desk.tell(Msg::Attempt(AttemptNews::Verified {
        step: id("b"),
        answer: Answer::Holds,
        detail: "exit 0".into(),
    }));
    assert_eq!(
        labels(&desk)[0],
        "It was done after all",
        "the question stood open"
    );
    desk.wait(50);
    desk.enter();
    desk.wait(50);
    desk.type_and_enter("its own question says so");
    assert_eq!(desk.stand("b"), &Stand::Done);
}

#[test]
fn a_run_is_not_ended_over_what_still_runs_beside() {
    let mut desk = Desk::new(beside(), "prod");
    desk.wait(100);
    desk.ended("b", 1, outcome(Ended::Passed));
    desk.press(KeyCode::Char('C'));
    let title = |desk: &Desk| desk.model.dialog.as_ref().map(|d| d.title.clone());
    assert_eq!(title(&desk).as_deref(), Some("Something still runs"));
    let said = &desk.model.dialog.as_ref().unwrap().sentences[0].1;
    assert!(said.contains("1.1 a runs for"), "{said}");
    desk.ended("a", 1, outcome(Ended::Passed));
    assert_eq!(
        title(&desk).as_deref(),
        Some("End the run"),
        "it has ended by itself"
    );
    let mut desk = Desk::new(beside(), "prod");
    desk.wait(100);
    desk.ended("b", 1, outcome(Ended::Passed));
    desk.press(KeyCode::Char('C'));
    desk.wait(50);
    desk.press(KeyCode::Down);
    desk.enter();
    assert_eq!(title(&desk).as_deref(), Some("Cancel 1.1 a"));
}
