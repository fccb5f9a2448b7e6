//! The database goes, comes back, and is not always the one that went.

use std::time::Instant;

use serde_json::Value;

use crate::cluster::Cluster;
use crate::pty::Pty;
use crate::stage::{Stage, wait};

/// A step that runs beside the fault, one that needs the server, and one for a person.
pub const RUNBOOK: &str = r#"
runbook: 1
title: The server goes
targets: {there: {database: '${DATABASE_URL}', must_be: {role: primary}}}
secrets: [DATABASE_URL]
monitor: {every: 250ms}
phases:
  - phase: Work
    steps:
      - step: Long work
        run: |
          n=0
          while ! test -e go; do n=$((n + 1)); echo "line $n"; sleep 0.1; done
        timeout: 10m
      - {step: The server answers, sql: select 40 + 2, expect: '= 42'}
      - {step: Look at it, confirm: It looks well.}
"#;

/// Starts a run on `url` and waits until its first step runs and the monitor has seen the server.
pub fn begin(url: &str) -> (Stage, Pty) {
    let stage = Stage::with(RUNBOOK).env("DATABASE_URL", url);
    let screen = stage.run();
    screen.wait("a running step", |s| {
        s.contains("running") && s.contains("line 1")
    });
    stage.wait_events("target", 1);
    screen.wait_for("nobody waits for a lock");
    (stage, screen)
}

pub fn differs(target: &Value) -> Vec<String> {
    let differs = target["differs"].as_array();
    let said = differs.into_iter().flatten();
    said.map(|said| said.as_str().unwrap().to_owned()).collect()
}

/// The panels say that they are old, and how old.
pub fn wait_aged(screen: &Pty) {
    screen.wait_for("the server does not answer");
    screen.wait("the age of what is shown", |s| {
        s.lines()
            .any(|row| row.contains("Locks") && row.contains(" s old"))
    });
}

/// Lets the first step end; with the server as it must be, the run goes on to the person.
fn finish(stage: &Stage, screen: &mut Pty) {
    stage.touch("go");
    screen.wait_for("Enter opens the confirmation");
    let ended = stage.events("step.finished");
    assert_eq!(ended.len(), 2, "{ended:?}");
    assert!(
        ended.iter().all(|end| end["outcome"]["ended"] == "passed"),
        "{ended:?}"
    );
    screen.leave();
}

#[test]
fn a_server_that_is_restarted_is_lost_with_its_age_and_asked_again_who_it_is() {
    let cluster = Cluster::start("");
    let (stage, mut screen) = begin(&cluster.url());
    for round in 1..=2 {
        cluster.down();
        wait_aged(&screen);
        let begun = Instant::now();
        cluster.up();
        let seen = stage.wait_events("target", round + 1);
        println!("back after {} ms", begun.elapsed().as_millis());
        assert_eq!(stage.events("target.lost").len(), round);
        assert_eq!(differs(&seen[round]), [""; 0]);
        screen.wait("fresh panels", |s| !s.contains(" s old"));
    }
    assert!(stage.events("run.held").is_empty());
    assert_eq!(
        stage.events("step.started").len(),
        1,
        "the step was disturbed"
    );
    finish(&stage, &mut screen);
    stage.assert_verifies();
}

#[test]
fn another_server_on_the_same_port_holds_the_run() {
    let first = Cluster::start("");
    let other = Cluster::make(first.port(), "");
    let (stage, mut screen) = begin(&first.url());
    first.down();
    wait_aged(&screen);
    other.up();
    let seen = stage.wait_events("target", 2);
    let said = differs(&seen[1]);
    assert!(
        said.iter().any(|d| d.contains("system identifier was")),
        "{said:?}"
    );
    held(&stage, &mut screen);
}

#[test]
fn a_standby_where_the_primary_must_be_holds_the_run() {
    let primary = Cluster::start("");
    let standby = primary.standby();
    let (stage, mut screen) = begin(&primary.url());
    primary.down();
    wait_aged(&screen);
    standby.up();
    let seen = stage.wait_events("target", 2);
    assert_eq!(seen[1]["role"], "standby");
    let said = differs(&seen[1]);
    assert!(said.iter().any(|d| d.contains("role")), "{said:?}");
    assert!(
        !said.iter().any(|d| d.contains("system identifier")),
        "{said:?}"
    );
    held(&stage, &mut screen);
}

/// The running step goes on, and no other begins.
fn held(stage: &Stage, screen: &mut Pty) {
    screen.wait_for("on hold, no step starts");
    assert_eq!(stage.wait_events("run.held", 1).len(), 1);
    stage.touch("go");
    stage.wait_events("step.finished", 1);
    screen.press_for("n", "Enter writes it down");
    screen.type_slowly("seen");
    screen.answer("Enter writes it down");
    stage.wait_events("note", 1);
    assert_eq!(
        stage.events("step.started").len(),
        1,
        "a step began on another server"
    );
    screen.leave();
    let log = stage.log();
    assert!(log.contains("was") && log.contains("Deviations"), "{log}");
    // The restart of the program asks again, and holds again.
    let said = stage.plain(&["resume", "--auto"]);
    assert_eq!(said.status.code(), Some(5), "{said:?}");
    wait("nothing to begin", || {
        stage.events("step.started").len() == 1
    });
}

#[test]
fn a_standby_that_is_promoted_under_a_standing_connection_holds_the_run() {
    let primary = Cluster::start("");
    let standby = primary.standby();
    primary.down();
    standby.up();
    let book = RUNBOOK.replace("role: primary", "role: standby");
    let stage = Stage::with(&book).env("DATABASE_URL", standby.url());
    let mut screen = stage.run();
    assert_eq!(stage.wait_events("target", 1)[0]["role"], "standby");
    screen.wait_for("nobody waits for a lock");
    let begun = Instant::now();
    standby.promote();
    let seen = stage.wait_events("target", 2);
    println!(
        "seen {} ms after it was promoted",
        begun.elapsed().as_millis()
    );
    assert_eq!(seen[1]["role"], "primary");
    let said = differs(&seen[1]);
    assert!(
        said.iter().any(|d| d.contains("must be standby")),
        "{said:?}"
    );
    assert!(
        stage.events("target.lost").is_empty(),
        "the connection stood"
    );
    held(&stage, &mut screen);
}

#[test]
fn no_step_starts_between_losing_the_server_and_seeing_it_again() {
    let cluster = Cluster::start("");
    let (stage, mut screen) = begin(&cluster.url());
    cluster.down();
    wait_aged(&screen);
    stage.touch("go");
    stage.wait_events("step.finished", 1);
    // A person looks what Enter would do, and lets it be.
    screen.press_for("\r", "start without the server");
    assert_eq!(stage.events("step.started").len(), 1);
    screen.press("\x1b");
    cluster.up();
    screen.wait_for("Enter opens the confirmation");
    assert_eq!(stage.events("step.started").len(), 2);
    screen.leave();
}
