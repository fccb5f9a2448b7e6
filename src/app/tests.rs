//! Keys and news become effects; nothing touches the world before its record is on disk.

use std::sync::Arc;

use crossterm::event::KeyCode;

use crate::app::desk::Desk;
use crate::app::message::{Came, Effect, Msg};
use crate::app::model::{Model, Now, Purpose, Recording};
use crate::app::update::update;
use crate::domain::attempt::{Ended, Outcome};
use crate::domain::run::event::{Event, HoldReason, TargetSeen};
use crate::domain::run::fixture::{book, entries, failure, letters, outcome, run, started};
use crate::domain::run::state::Stand;
use crate::domain::runbook::model::{Runbook, StepId};
use crate::domain::sample::news::MonitorNews;
use crate::domain::signal::AttemptNews;

#[test]
fn a_step_runs_only_once_its_start_is_on_disk() {
    let mut model = Model::new(Purpose::Drive, Arc::new(letters("s")), run("prod", vec![]));
    let effects = update(
        &mut model,
        Msg::Tick(Now {
            wall_ms: 1,
            mono_ms: 1,
        }),
    );
    let [Effect::Append(events)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert!(matches!(&events[..], [Event::StepStarted(_)]));
    assert_eq!(
        update(
            &mut model,
            Msg::Tick(Now {
                wall_ms: 2,
                mono_ms: 2
            })
        ),
        [],
        "nothing is decided before the disk has spoken"
    );
    let effects = update(&mut model, Msg::Journaled(entries(events.clone())));
    assert!(effects.contains(&Effect::Launch {
        step: StepId::new("s1"),
        attempt: 1
    }));
}

#[test]
fn the_autopilot_goes_on_to_the_first_step_that_needs_a_person() {
    let mut desk = Desk::new(letters("ssm"), "prod");
    assert_eq!(desk.launched(), ["s1.1"]);
    desk.ended("s1", 1, outcome(Ended::Passed));
    desk.ended("s2", 1, outcome(Ended::Passed));
    desk.wait(5_000);
    assert_eq!(desk.launched(), ["s1.1", "s2.1"]);
    assert_eq!(desk.stand("m3"), &Stand::Waiting);
}

#[test]
fn what_the_disk_refuses_is_not_done_and_facts_are_kept_for_later() {
    let mut model = Model::new(
        Purpose::Drive,
        Arc::new(letters("ss")),
        run("prod", vec![started("s1", 1)]),
    );
    let (step, outcome) = (StepId::new("s1"), Box::new(outcome(Ended::Passed)));
    let news = AttemptNews::Ended {
        step,
        attempt: 1,
        outcome,
        tail: String::new(),
    };
    let _ = update(&mut model, Msg::Tick(Now::default())); // takes up the output that is shown
    let effects = update(&mut model, Msg::Attempt(news));
    let [Effect::Append(events)] = &effects[..] else {
        panic!("{effects:?}")
    };
    let refused = Msg::NotJournaled {
        events: events.clone(),
        why: "no space left".into(),
    };
    let called = update(&mut model, refused);
    assert!(
        matches!(&called[..], [Effect::Notify(said)] if said.contains("no space left")),
        "{called:?}"
    );
    assert!(matches!(model.recording, Recording::Refused { .. }));
    assert_eq!(
        update(
            &mut model,
            Msg::Key {
                key: KeyCode::Char('n').into(),
                at_ms: 9,
                came: Came::Alone,
            }
        ),
        []
    );
    assert!(
        model
            .notice
            .as_ref()
            .unwrap()
            .text
            .contains("no space left")
    );
    let again = update(
        &mut model,
        Msg::DiskBack {
            set_aside: Vec::new(),
        },
    );
    assert_eq!(again, [Effect::Append(events.clone())]);
}

#[test]
fn a_confirmation_takes_a_readable_question_and_a_deliberate_enter() {
    let mut desk = Desk::new(letters("m"), "prod");
    desk.press(KeyCode::Enter);
    desk.press(KeyCode::Enter);
    assert!(desk.problem().contains("too quick"), "typed ahead");
    desk.wait(1_000);
    desk.tell(Msg::Paste("\n".into()));
    assert_eq!(desk.stand("m1"), &Stand::Waiting, "a paste answers nothing");
    desk.enter();
    assert_eq!(desk.stand("m1"), &Stand::Done);
    assert!(
        matches!(&desk.events[..], [Event::StepConfirmed(c)] if c.seen_ms >= 2_000),
        "{:?}",
        desk.events
    );
}

#[test]
fn an_enter_with_other_keys_before_or_behind_it_answers_nothing_however_long_the_question_stood() {
    let mut desk = Desk::new(letters("m"), "prod");
    desk.press(KeyCode::Enter);
    desk.wait(5_000);
    desk.tell(Msg::Key {
        key: KeyCode::Enter.into(),
        at_ms: desk.model.now.mono_ms,
        came: Came::InARush,
    });
    assert!(desk.problem().contains("too quick"), "{}", desk.problem());
    assert_eq!(desk.stand("m1"), &Stand::Waiting);
    desk.enter();
    assert_eq!(desk.stand("m1"), &Stand::Done);
}

#[test]
fn a_key_that_is_held_down_answers_nothing() {
    let mut desk = Desk::new(letters("m"), "prod");
    desk.press(KeyCode::Enter);
    for pause in [500, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30] {
        desk.wait(pause);
        desk.press(KeyCode::Enter);
    }
    assert_eq!(desk.stand("m1"), &Stand::Waiting);
}

#[test]
fn a_dangerous_step_starts_only_with_the_targets_name() {
    let mut desk = Desk::new(letters("d"), "prod");
    desk.press(KeyCode::Enter);
    desk.type_and_enter("staging");
    assert!(desk.problem().contains("not `prod`"), "{}", desk.problem());
    assert_eq!(desk.launched(), [""; 0]);
    for _ in 0..7 {
        desk.press(KeyCode::Backspace);
    }
    desk.type_and_enter("prod");
    assert_eq!(desk.launched(), ["d1.1"]);
    assert!(matches!(&desk.events[0], Event::StepStarted(s) if s.typed == "prod"));
}

#[test]
fn keys_of_the_checklist_sleep_while_a_dialog_is_open() {
    let mut desk = Desk::new(letters("m"), "prod");
    desk.press(KeyCode::Char('?'));
    desk.press(KeyCode::Char('q'));
    assert!(desk.effects.iter().all(|e| !matches!(e, Effect::Quit(_))));
    desk.press(KeyCode::Esc);
    assert!(desk.model.dialog.is_none());
}

#[test]
fn a_failed_step_is_tried_again_by_itself_as_often_as_its_runbook_says() {
    let mut desk = Desk::new(
        book(
            "phases:\n  - phase: One\n    steps:\n      - {step: a, id: a, run: 'true', retry: {times: 2, wait: 5s, only_if: lock}}\n",
        ),
        "prod",
    );
    let failed = |summary: &str| Outcome {
        summary: summary.into(),
        ..outcome(failure())
    };
    desk.ended("a", 1, failed("lock timeout"));
    desk.wait(4_000);
    assert_eq!(desk.launched(), ["a.1"]);
    desk.wait(2_000);
    assert_eq!(desk.launched(), ["a.1", "a.2"]);
    desk.ended("a", 2, failed("syntax error"));
    desk.wait(60_000);
    assert_eq!(
        desk.launched(),
        ["a.1", "a.2"],
        "another reason is for a person"
    );
}

#[test]
fn news_of_an_old_attempt_changes_nothing() {
    let mut desk = Desk::new(letters("s"), "prod");
    desk.ended("s1", 7, outcome(Ended::Passed));
    assert_eq!(desk.stand("s1"), &Stand::Running);
}

#[test]
fn another_server_than_it_must_be_holds_the_run() {
    let text = "runbook: 1\ntitle: t\ntargets:\n  prod: {database: 'postgres:///x', must_be: {database: billing}}\nphases:\n  - phase: One\n    steps:\n      - {step: a, id: a, run: 'true'}\n";
    let parsed = crate::domain::runbook::parse::parse(text.as_bytes(), "t", &|_| {
        Err(std::io::ErrorKind::NotFound.into())
    });
    let mut desk = Desk::new(parsed.unwrap_or_else(|p| panic!("{}", p.render())), "prod");
    assert_eq!(
        desk.launched(),
        [""; 0],
        "nothing starts before the server has said who it is"
    );
    let seen = TargetSeen {
        database: "staging".into(),
        ..TargetSeen::default()
    };
    desk.tell(Msg::Monitor(MonitorNews::Identity(seen)));
    desk.wait(1_000);
    assert_eq!(desk.launched(), [""; 0]);
    assert!(
        matches!(&desk.model.run.hold, Some(HoldReason::Identity { differs }) if differs[0].contains("billing"))
    );
}

#[test]
fn a_watch_ends_by_time_alone_and_needs_no_process() {
    let mut desk = Desk::new(watch("20s"), "prod");
    assert_eq!(desk.stand("a"), &Stand::Running);
    desk.wait(19_000);
    assert_eq!(desk.stand("a"), &Stand::Running);
    desk.wait(2_000);
    assert_eq!(desk.stand("a"), &Stand::Done);
    assert_eq!(desk.launched(), [""; 0]);
}

#[test]
fn a_wall_clock_that_is_set_neither_ends_a_watch_nor_prolongs_it() {
    const YEAR_MS: i64 = 366 * 86_400_000;
    for moved in [YEAR_MS, 3_600_000, -3_600_000, -YEAR_MS] {
        let mut desk = Desk::new(watch("20s"), "prod");
        desk.wait(10_000);
        desk.model.now.wall_ms += moved;
        desk.wait(9_000);
        assert_eq!(desk.stand("a"), &Stand::Running, "moved by {moved} ms");
        assert_eq!(desk.model.running_ms(&StepId::new("a")), 19_000);
        desk.model.now.wall_ms -= moved / 2;
        desk.wait(1_000);
        assert_eq!(desk.stand("a"), &Stand::Done, "moved by {moved} ms");
        let record = desk.model.run.record(&StepId::new("a")).unwrap();
        assert_eq!(record.outcome.as_ref().unwrap().duration_ms, 20_000);
    }
}

#[test]
fn a_resumed_step_asks_the_wall_clock_once_and_is_never_moved_by_it_again() {
    let events = vec![started("s1", 1)];
    let mut model = Model::new(Purpose::Drive, Arc::new(letters("s")), run("prod", events));
    let id = StepId::new("s1");
    let since = model.run.record(&id).unwrap().started_ms.unwrap();
    model.now = Now {
        wall_ms: since + 30_000,
        mono_ms: 500_000,
    };
    model.begin_running();
    assert_eq!(model.running_ms(&id), 30_000);
    model.now = Now {
        wall_ms: since - 86_400_000,
        mono_ms: 501_000,
    };
    assert_eq!(model.running_ms(&id), 31_000);
}

#[test]
fn an_alarm_holds_as_long_as_the_forward_clock_says() {
    let head = "monitor: {alarms: [{when: unreachable > 1s for 10s, level: critical}]}\n";
    let text = "phases: [{phase: One, steps: [{step: a, id: a, confirm: x}]}]\n";
    let mut desk = Desk::new(book(&format!("{head}{text}")), "prod");
    let lost = |for_ms| {
        let why = "gone".to_owned();
        Msg::Monitor(MonitorNews::Lost { why, for_ms })
    };
    desk.tell(lost(2_000));
    desk.model.now.wall_ms += 3_600_000;
    desk.wait(1_000);
    desk.tell(lost(3_000));
    assert!(desk.model.run.alarms.is_empty(), "the clock was only set");
    desk.model.now.wall_ms -= 7_200_000;
    desk.wait(9_000);
    desk.tell(lost(12_000));
    assert_eq!(desk.model.run.alarms.len(), 1);
}

/// One step that watches for `length`.
fn watch(length: &str) -> Runbook {
    book(&format!(
        "phases:\n  - phase: One\n    steps:\n      - {{step: a, id: a, watch: {{for: {length}}}}}\n"
    ))
}

#[test]
fn a_background_step_runs_beside_the_others_and_ends_with_its_phase() {
    let mut desk = Desk::new(
        book(
            "phases:\n  - phase: One\n    steps:\n      - {step: a, id: a, run: 'tail', background: until end of phase}\n      - {step: b, id: b, run: 'true'}\n  - phase: Two\n    steps:\n      - {step: c, id: c, confirm: x}\n",
        ),
        "prod",
    );
    desk.wait(100);
    assert_eq!(desk.launched(), ["a.1", "b.1"]);
    desk.ended("b", 1, outcome(Ended::Passed));
    desk.wait(100);
    assert!(desk.effects.contains(&Effect::Stop {
        step: StepId::new("a"),
        attempt: 1
    }));
    desk.ended("a", 1, outcome(Ended::Cancelled));
    assert_eq!(desk.stand("a"), &Stand::Done);
}

#[test]
fn a_screen_that_only_watches_drives_nothing() {
    let mut model = Model::new(Purpose::Watch, Arc::new(letters("sm")), run("prod", vec![]));
    assert_eq!(
        update(
            &mut model,
            Msg::Tick(Now {
                wall_ms: 1,
                mono_ms: 1
            })
        ),
        []
    );
    let _ = update(
        &mut model,
        Msg::Key {
            key: KeyCode::Enter.into(),
            at_ms: 1,
            came: Came::Alone,
        },
    );
    assert!(model.notice.unwrap().text.contains("only watches"));
}
