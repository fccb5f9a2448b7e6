//! What an operator may choose: to be refused, to retry, to go back, to stop a step.

use crate::session::{Session, is_alive};
use crate::stage::{Stage, wait};

/// A manual step, then one that fails until the file `ready` is there, with a way back.
const FAILS_ONCE: &str = r#"
runbook: 1
title: Fails once
phases:
  - phase: Work
    steps:
      - {step: First things, confirm: It is so.}
      - step: Needs a file
        id: needs
        run: |
          echo tried >> tries
          test -e ready || { echo "there is no file"; exit 3; }
          echo "there it is"
        critical: true
        on_failure: offer undo
      - {step: Say it, run: echo the end}
rollback:
  - path: undo
    title: Put everything back
    when: [The file never comes]
    steps:
      - {step: Put it back, undoes: needs, run: echo back >> tries}
      - {step: Look whether it is back, check: grep -c back tries, expect: '= 1'}
"#;

/// Confirms the first step and waits until the second has failed.
fn to_the_failure(hp: &mut Session) {
    hp.wait_for("Enter opens the confirmation");
    hp.confirm();
    hp.wait_for("Enter shows what can be done about it");
    hp.press_for("\r", "Enter does the marked thing");
    hp.wait_row(&["Needs a file failed"]);
}

/// Moves the cursor of a dialog to the choice `label`.
fn choose(hp: &Session, label: &str) {
    let marked = |hp: &Session| {
        let screen = hp.screen();
        let row = screen.lines().find(|row| row.contains("┃ › "));
        row.unwrap_or_default().to_owned()
    };
    for _ in 0..12 {
        let before = marked(hp);
        if before.contains(&format!("› {label}")) {
            return;
        }
        hp.press("\x1b[B");
        wait("the next choice to be marked", || marked(hp) != before);
    }
    panic!("`{label}` is not among the choices:\n{}", hp.screen());
}

/// Ends the run, which says `verdict`, and leaves the log unsigned.
fn end(hp: &mut Session, verdict: &str) {
    hp.press_for("\r", "Enter closes the record");
    hp.wait_for(&format!("Verdict: {verdict}"));
    hp.answer("Enter closes the record");
    hp.wait_for(&format!("The run is closed: {verdict}"));
    hp.shut("Enter writes log.md");
    hp.press("q");
}

#[test]
fn what_is_refused_says_why_and_leaves_no_trace() {
    let stage = Stage::with(
        r"
runbook: 1
title: Refusals
targets: {there: {protect: true}}
phases:
  - phase: Work
    steps:
      - {step: Careful, run: touch done, danger: high, critical: true, timeout: 1m}
",
    );
    let mut hp = stage.run();
    hp.wait_for("Enter asks once more, then runs it");
    let before = stage.journal();
    hp.press("x");
    hp.wait_for("no step is running");
    hp.press("R");
    hp.wait_for("this runbook has no way back");
    hp.press_for("\r", "Type `there` to allow it");
    hp.type_text("elsewhere");
    hp.enter_for("it says `elsewhere`, not `there`");
    hp.shut("Type `there`");
    hp.press_for("n", "Enter writes it down");
    hp.enter_for("is needed");
    hp.shut("Enter writes it down");
    hp.press_for("s", "it may not be skipped; do it, or go back");
    assert_eq!(stage.journal(), before);
    assert!(!stage.path("done").exists());
    hp.leave();
}

#[test]
fn a_failing_step_is_retried_and_done() {
    let stage = Stage::with(FAILS_ONCE);
    let mut hp = stage.run();
    to_the_failure(&mut hp);
    hp.wait_for("there is no file");
    choose(&hp, "Retry");
    hp.answer("Enter does the marked thing");
    hp.wait_for("Why again?");
    stage.write("ready", "");
    hp.type_text("the file has come");
    hp.answer("Enter runs it");
    hp.wait_for("every step is settled");
    end(&mut hp, "SUCCESS");
    hp.ends_with(0);
    assert_eq!(stage.read("tries"), "tried\ntried\n");
    let started = stage.events("step.started");
    assert_eq!(started[1]["reason"], "the file has come");
    assert_eq!(
        (&started[1]["step"], &started[1]["attempt"]),
        (&"needs".into(), &2.into())
    );
    assert_eq!(stage.kept("output/02.1.txt"), "there is no file\n");
    assert_eq!(stage.kept("output/02.2.txt"), "there it is\n");
}

#[test]
fn a_failing_step_leads_to_the_way_back_and_its_end() {
    let stage = Stage::with(FAILS_ONCE);
    let mut hp = stage.run();
    to_the_failure(&mut hp);
    choose(&hp, "Roll back: Put everything back");
    hp.answer("Enter does the marked thing");
    hp.wait_for("When: The file never comes");
    hp.type_text("it will not come");
    hp.answer("Enter enters this way back");
    hp.wait_for("every step is settled");
    end(&mut hp, "ROLLED BACK");
    hp.ends_with(1);
    hp.wait_for("ROLLED BACK");
    assert_eq!(stage.read("tries"), "tried\nback\n");
    assert_eq!(
        stage.events("rollback.entered")[0]["reason"],
        "it will not come"
    );
    assert_eq!(stage.events("rollback.finished").len(), 1);
}

#[test]
fn a_running_step_is_stopped_with_everything_below_it() {
    let stage = Stage::with(
        r#"
runbook: 1
title: Stops
phases:
  - phase: Work
    steps:
      - step: Never ends
        run: |
          sleep 1000 &
          setsid sleep 1000 &
          sh -c 'trap "" TERM INT; echo "$$" > stubborn; while true; do sleep 1; done' &
          echo "$$" > script
          while true; do sleep 1; done
        timeout: 1h
"#,
    );
    let mut hp = stage.run();
    wait("all its processes", || {
        !stage.read("script").is_empty() && !stage.read("stubborn").is_empty()
    });
    let below = stage.processes();
    assert!(below.len() >= 4, "{below:?}");
    hp.wait_for("running 0:");
    hp.press_for("x", "Enter stops it");
    hp.type_text("it takes too long");
    hp.answer("Enter stops it");
    hp.wait_for("Enter shows what can be done about it");
    wait("its processes to be gone", || {
        !below.iter().any(|pid| is_alive(*pid))
    });
    assert_eq!(
        stage.events("step.cancel_asked")[0]["reason"],
        "it takes too long"
    );
    assert_eq!(
        stage.events("step.finished")[0]["outcome"]["ended"],
        "cancelled"
    );
    hp.leave();
}
