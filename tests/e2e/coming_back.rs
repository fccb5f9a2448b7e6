//! A run that is left in every bad way, taken up again, and followed by others.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::session::{Session, is_alive};
use crate::stage::{Stage, wait};

/// Prints, waits for the file `go`, then has its effect; a manual step stands behind it.
const WAITS: &str = r#"
runbook: 1
title: Comes back
phases:
  - phase: Work
    steps:
      - step: Long work
        id: long
        run: |
          echo begun >> effects
          n=0
          while ! test -e go; do n=$((n + 1)); echo "line $n"; sleep 0.05; done
          echo ended >> effects
          echo "the last line"
        timeout: 10m
        verify: {check: grep -c ended effects, expect: '= 1'}
      - {step: Look at it, confirm: It looks well.}
"#;

fn leave(hp: &mut Session) {
    hp.leave();
}

fn started(stage: &Stage) -> Session {
    let hp = stage.run();
    stage.wait_for_file("effects", "begun");
    hp.wait_for("line 3");
    hp
}

/// Takes the run of a driver that was killed up again: that needs a reason.
fn taken_over(stage: &Stage) -> Session {
    let (code, said) = stage.said(&["resume", "--auto"]);
    assert_eq!(code, 5, "without a reason: {said}");
    let hp = stage.start(&["resume"]);
    hp.wait_for("went without a word");
    hp.wait_for("Reason:");
    hp.press("the laptop fell\n");
    stage.wait_events("run.resumed", 1);
    assert_eq!(stage.events("run.resumed")[0]["reason"], "the laptop fell");
    hp
}

/// Returns the process that supervises the first attempt.
fn supervisor(stage: &Stage) -> u32 {
    let holder: Value = serde_json::from_str(&stage.kept("attempts/01.1/lock")).unwrap();
    u32::try_from(holder["pid"].as_u64().unwrap()).unwrap()
}

fn kill(pid: u32) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

#[test]
fn a_terminal_that_hangs_up_ends_the_screen_and_not_the_step() {
    let stage = Stage::with(WAITS);
    let mut hp = started(&stage);
    hp.hang_up();
    assert_eq!(hp.exit_without_terminal(), 5);
    assert_eq!(stage.events("run.left").len(), 1);
    assert!(is_alive(supervisor(&stage)));

    let before = stage.kept("output/01.1.txt").len();
    wait("the step to go on printing", || {
        stage.kept("output/01.1.txt").len() > before
    });
    stage.write("go", "");
    stage.wait_ended("01.1");
    let mut hp = stage.start(&["resume"]);
    hp.wait_for("Enter opens the confirmation");
    assert_eq!(stage.read("effects"), "begun\nended\n");
    let output = stage.kept("output/01.1.txt");
    let lines: Vec<&str> = output.lines().collect();
    let (last, counted) = lines.split_last().unwrap();
    assert_eq!(*last, "the last line");
    for (n, line) in (1..).zip(counted) {
        assert_eq!(*line, format!("line {n}"));
    }
    let finished = stage.wait_events("step.finished", 1);
    assert_eq!(finished[0]["outcome"]["ended"], "passed");
    leave(&mut hp);
}

#[test]
fn a_resumed_run_follows_the_step_that_still_runs() {
    let stage = Stage::with(WAITS);
    let hp = started(&stage);
    kill(hp.pid());
    wait("the screen to be gone", || !is_alive(hp.pid()));
    let mut hp = taken_over(&stage);
    hp.wait_row(&["Long work", "running"]);
    hp.wait_for("following");
    stage.write("go", "");
    hp.wait_for("Enter opens the confirmation");
    hp.press("k");
    hp.wait_for("the last line");
    assert_eq!(stage.read("effects"), "begun\nended\n");
    assert_eq!(stage.events("step.started").len(), 1);
    leave(&mut hp);
}

#[test]
fn a_step_whose_supervisor_was_killed_may_have_run_and_a_person_finds_out() {
    // It prints nothing while it works: who prints to a supervisor that is gone dies of it.
    let stage = Stage::with(&WAITS.replace("echo \"line $n\"", "true"));
    let hp = stage.run();
    stage.wait_for_file("effects", "begun");
    kill(supervisor(&stage));
    kill(hp.pid());
    wait("the screen to be gone", || !is_alive(hp.pid()));
    // Its script is an orphan now, and comes to its end.
    stage.write("go", "");
    stage.wait_for_file("effects", "ended");

    let mut hp = taken_over(&stage);
    hp.wait_row(&["?", "Long work"]);
    hp.wait_for("It may have run: its supervisor");
    assert_eq!(stage.read("effects"), "begun\nended\n");
    hp.press_for("\r", "Enter does the marked thing");
    hp.wait_for("› Verify");
    hp.answer("Enter does the marked thing");
    hp.wait_for("verify holds");
    assert_eq!(stage.events("step.verified")[0]["answer"], "holds");
    hp.press_for("\r", "Enter does the marked thing");
    hp.press("\x1b[B\x1b[B");
    hp.wait_for("› It was done");
    hp.answer("Enter does the marked thing");
    hp.type_text("the verify question says so");
    hp.answer("Enter records that it took effect");
    hp.wait_for("Enter opens the confirmation");
    let resolved = stage.events("step.resolved");
    assert_eq!(resolved[0]["finding"], "done");
    assert_eq!(resolved[0]["how"], "the verify question says so");
    assert_eq!(stage.events("step.started").len(), 1, "it was run again");
    leave(&mut hp);
}

#[test]
fn a_second_driver_is_refused_by_name_and_may_watch() {
    let stage = Stage::with(WAITS);
    let mut driver = started(&stage);
    let run = stage.run_dir().file_name().unwrap().to_owned();
    let run = run.to_str().unwrap();

    let mut second = stage.start(&["resume", run]);
    second.ends_with(4);
    let said = second.screen().replace('\n', "");
    assert!(said.contains(&format!("pid {}", driver.pid())), "{said}");
    assert!(said.contains("holdpoint watch"), "{said}");

    let before = fs::read(stage.run_dir().join("journal.jsonl")).unwrap();
    let mut watcher = stage.start(&["watch"]);
    watcher.wait_row(&["Long work", "running"]);
    watcher.wait_for("watching");
    watcher.wait_for("line ");
    watcher.press_for("x", "this screen only watches");
    watcher.press_for("n", "this screen only watches");
    assert_eq!(
        fs::read(stage.run_dir().join("journal.jsonl")).unwrap(),
        before,
        "a watcher wrote"
    );
    // The start screen does not offer what would be refused.
    let mut third = stage.start(&[]);
    third.wait_for("Runs that somebody drives");
    third.wait_row(&["› Comes back", "driven by"]);
    third.press_for("\r", "watching");
    third.press("q");
    third.ends_with(0);
    stage.write("go", "");
    driver.wait_for("Enter opens the confirmation");
    watcher.wait_row(&["1.2 Look at it", "waits"]);
    driver.confirm();
    watcher.wait_for("2/2");
    watcher.press("q");
    watcher.ends_with(0);
    driver.wait_for("every step is settled");
    leave(&mut driver);
}

#[test]
fn the_start_screen_takes_a_run_up_again() {
    let stage = Stage::with(WAITS);
    stage.write("go", "");
    let mut hp = stage.start(&[]);
    hp.wait_for("What is to be opened");
    hp.wait_row(&["› Comes back", "run.yaml"]);
    hp.press("\r");
    hp.wait_for("Enter opens the confirmation");
    leave(&mut hp);

    let mut hp = stage.start(&[]);
    hp.wait_for("Runs that can go on");
    hp.wait_row(&["› Comes back", "waits at 1.2 Look at it"]);
    hp.press("\r");
    hp.wait_for("Enter opens the confirmation");
    assert_eq!(stage.events("run.resumed").len(), 1);
    hp.confirm();
    hp.wait_for("every step is settled");
    leave(&mut hp);

    let mut hp = stage.start(&[]);
    hp.wait_for("every step is settled: it waits to be ended");
    hp.press("q");
    hp.ends_with(0);
}

#[test]
fn what_a_killed_supervisor_left_running_is_ended_from_the_screen() {
    // It prints nothing: nobody reads any more, and a word would end it.
    let silent = WAITS.replace(r#"echo "line $n"; "#, "");
    let stage = Stage::with(&silent);
    let mut hp = stage.run();
    stage.wait_for_file("effects", "begun");
    hp.wait_for("running");
    let named = || serde_json::from_str::<Value>(&stage.kept("attempts/01.1/job"));
    wait("the step's process to be named", || named().is_ok());
    let job = named().unwrap();
    let job = u32::try_from(job["pid"].as_u64().unwrap()).unwrap();
    kill(supervisor(&stage));
    hp.wait_for("is still running");
    assert!(is_alive(job));
    hp.press_for("x", "Enter stops it");
    hp.type_text("it must not go on");
    hp.answer("Enter stops it");
    stage.wait_events("step.interrupted", 2);
    assert!(!is_alive(job));
    let told = stage.events("step.interrupted");
    assert!(
        told[1]["why"].as_str().unwrap().contains("was ended"),
        "{told:?}"
    );
    assert_eq!(stage.events("step.cancel_asked").len(), 1);
    assert_eq!(stage.read("effects"), "begun\n");
    leave(&mut hp);
}
