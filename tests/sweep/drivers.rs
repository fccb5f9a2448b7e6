//! Who drives: one at a time, and whoever takes over from the dead says why.

use std::fs;

use holdpoint::domain::run::event::Event;
use holdpoint::engine::rundir::Driver;
use holdpoint::engine::store;
use rustix::process::{Pid, Signal, kill_process};

use crate::pty::Pty;
use crate::stage::Stage;

fn signal(screen: &mut Pty, signal: Signal) -> u32 {
    let pid = Pid::from_raw(i32::try_from(screen.pid()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
    screen.exit_without_terminal()
}

/// Returns the reason of every resume.
fn reasons(stage: &Stage) -> Vec<String> {
    let journal = store::read(&stage.rundir().journal()).unwrap();
    let reason = |event| match event {
        Event::RunResumed { reason, .. } => Some(reason),
        _ => None,
    };
    journal
        .entries
        .into_iter()
        .filter_map(|e| reason(e.event))
        .collect()
}

/// Returns what the lock says of the driver.
fn driver(stage: &Stage) -> Driver {
    let text = fs::read(stage.rundir().path.join("driver.lock")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn rewrite(stage: &Stage, driver: &Driver) {
    let text = serde_json::to_vec(driver).unwrap();
    fs::write(stage.rundir().path.join("driver.lock"), text).unwrap();
}

#[test]
fn a_second_driver_is_told_who_drives_where_and_since_when() {
    let stage = Stage::new();
    let first = stage.run();
    let before = fs::read(stage.rundir().journal()).unwrap();
    let (code, said) = stage.said(&["resume", "--auto", "--reason", "I want to"]);
    let now = driver(&stage);
    assert_eq!(code, 4, "{said}");
    assert_eq!(now.pid, first.pid());
    for part in [
        &now.user,
        &now.pid.to_string(),
        &now.host,
        &now.since,
        "holdpoint watch",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert_eq!(fs::read(stage.rundir().journal()).unwrap(), before);
}

#[test]
fn a_run_whose_driver_was_killed_is_taken_over_with_a_typed_reason_that_the_log_shows() {
    let stage = Stage::new();
    let mut first = stage.run();
    signal(&mut first, Signal::KILL);
    let before = fs::read(stage.rundir().journal()).unwrap();
    let (code, said) = stage.said(&["resume", "--auto"]);
    assert_eq!(code, 5, "{said}");
    assert!(
        said.contains("killed, or crashed") && said.contains("--reason"),
        "{said}"
    );
    assert_eq!(fs::read(stage.rundir().journal()).unwrap(), before);

    let mut second = stage.start(&["resume"]);
    second.wait_for("Reason:");
    second.press("\r");
    second.wait_for("a few words are enough");
    second.press("the laptop crashed\r");
    second.wait_for("running");
    stage.go();
    second.wait_for("Enter opens the confirmation");
    assert_eq!(reasons(&stage), ["the laptop crashed"]);
    stage.assert_done_once();
    second.press("\r");
    second.answer("Enter records");
    second.wait_for("every step is settled");
    assert_eq!(signal(&mut second, Signal::TERM), 5);
    let (code, said) = stage.said(&["resume", "--auto"]);
    assert_eq!(code, 0, "{said}");
    let log = fs::read_to_string(stage.rundir().log()).unwrap();
    assert!(log.contains("Reason given: the laptop crashed"), "{log}");
}

#[test]
fn who_left_in_order_or_was_hung_up_comes_back_without_a_question() {
    let stage = Stage::new();
    let mut first = stage.run();
    assert_eq!(signal(&mut first, Signal::HUP), 5);
    let second = stage.start(&["resume"]);
    second.wait_for("recording");
    assert!(!second.screen().contains("Reason:"));
    assert_eq!(reasons(&stage), [""]);
}

#[test]
fn a_restart_another_machine_and_a_reused_number_are_told_apart() {
    let stage = Stage::new();
    let mut first = stage.run();
    signal(&mut first, Signal::KILL);
    let dead = driver(&stage);
    let own = std::process::id();
    let cases = [
        (
            Driver {
                boot_id: "another".into(),
                ..dead.clone()
            },
            "until the machine was restarted",
        ),
        (
            Driver {
                host: "db-7".into(),
                ..dead.clone()
            },
            "on db-7",
        ),
        (
            Driver {
                pid: own,
                start: 1,
                ..dead.clone()
            },
            "killed, or crashed",
        ),
    ];
    for (driver, expected) in cases {
        rewrite(&stage, &driver);
        let (code, said) = stage.said(&["resume", "--auto"]);
        assert_eq!(code, 5, "{said}");
        assert!(said.contains(expected), "{expected} in {said}");
    }
    // That very process works and the lock is free: locks are not kept here, and nobody may drive.
    let start = holdpoint::engine::clock::process_start(own).unwrap();
    rewrite(
        &stage,
        &Driver {
            pid: own,
            start,
            ..dead
        },
    );
    let (code, said) = stage.said(&["resume", "--auto", "--reason", "I want to"]);
    assert_eq!(code, 4, "{said}");
    assert!(reasons(&stage).is_empty());
}
