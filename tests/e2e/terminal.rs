//! The terminal itself: resized, tiny, missing, given back, and never answering by accident.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::session::Session;
use crate::stage::{Stage, wait};

/// Waits for the file `go`, then ends; a manual step stands behind it.
const WAITS: &str = r#"
runbook: 1
title: Waits
phases:
  - phase: Work
    steps:
      - step: Wait for the file
        id: wait
        run: |
          echo begun
          while ! test -e go; do sleep 0.1; done
          echo "it went"
        timeout: 10m
      - {step: Look at it, confirm: It looks well., evidence: text}
"#;

fn leave(hp: &mut Session) {
    hp.leave();
    hp.wait_for("come back with: holdpoint resume");
}

#[test]
fn a_resize_while_a_step_runs_loses_no_key_and_no_step() {
    let stage = Stage::with(WAITS);
    let mut hp = stage.run();
    hp.wait_row(&["Wait for the file", "running"]);
    for (cols, rows) in [(80, 24), (100, 30), (61, 17), (200, 60), (120, 40)] {
        hp.resize(cols, rows);
        hp.press("?");
        hp.wait_for("Keys");
        hp.shut("esc shuts this");
    }
    hp.press_for("n", "Enter writes it down");
    hp.type_text("resized five times");
    hp.answer("Enter writes it down");
    assert_eq!(
        stage.wait_events("note", 1)[0]["text"],
        "resized five times"
    );
    hp.wait_row(&["Checklist ", "0/2"]);
    stage.write("go", "");
    hp.wait_for("Enter opens the confirmation");
    leave(&mut hp);
}

#[test]
fn a_panic_gives_the_terminal_back_and_then_speaks() {
    let stage = Stage::with(WAITS);
    let mut hp = stage.run();
    hp.wait_row(&["Wait for the file", "running"]);
    hp.press("\x1b[95;5u"); // ctrl-_, as terminals spell it that can
    hp.ends_with(101);
    hp.wait_for("crashed on purpose");
    stage.write("go", "");
    stage.wait_ended("01.1");
}

#[test]
fn an_interrupt_from_the_keyboard_asks_before_it_leaves() {
    let stage = Stage::with(WAITS);
    let mut hp = stage.run();
    hp.wait_row(&["Wait for the file", "running"]);
    hp.press_for(
        "\x03",
        "“Wait for the file” goes on running without the screen",
    );
    hp.shut("Enter leaves");
    hp.press_for("\x03", "Enter leaves");
    hp.answer("Enter leaves");
    hp.ends_with(5);
    hp.wait_for("still running: wait");
    assert_eq!(stage.events("run.left")[0]["how"], "by key");
    stage.write("go", "");
    stage.wait_ended("01.1");
}

#[test]
fn without_a_terminal_each_command_says_so_in_one_line() {
    let stage = Stage::with(WAITS);
    for args in [
        &["run", "run.yaml"][..],
        &["resume"],
        &["watch", "x"],
        &["monitor"],
        &["demo", "--yes"],
        &[],
    ] {
        let (code, said) = stage.said(args);
        assert_eq!(code, 2, "{args:?}: {said}");
        let mut lines = said.lines();
        assert_eq!(
            lines.next(),
            Some("error: there is no terminal to draw on"),
            "{args:?}"
        );
        assert!(lines.all(|line| line.starts_with("hint: ")), "{said}");
    }
    assert!(stage.runs().is_empty(), "something was begun");
}

#[test]
fn what_is_pasted_or_typed_ahead_confirms_nothing() {
    let stage = Stage::with(
        r"
runbook: 1
title: Careful
targets: {there: {protect: true}}
phases:
  - phase: Work
    steps:
      - {step: Look, confirm: It looks well., evidence: text}
      - {step: Harm, run: touch harm, danger: high, timeout: 1m}
",
    );
    let mut hp = stage.run();
    hp.wait_for("Enter opens the confirmation");
    // All in one go, as a hurried hand or a paste without brackets does it.
    hp.press("\rit looks well\r\r\r");
    hp.wait_for("that was too quick to be an answer");
    hp.wait_for("it looks well");
    hp.press("\x1b[200~, and more\rand more\r\x1b[201~");
    hp.wait_for(", and more");
    assert!(stage.events("step.confirmed").is_empty());
    hp.answer("Enter records");
    assert_eq!(
        stage.wait_events("step.confirmed", 1)[0]["answer"],
        "it looks well, and more\nand more"
    );

    hp.wait_for("Enter asks once more, then runs it");
    hp.press_for("\r", "Type `there` to allow it");
    hp.press("\x1b[200~there\r\x1b[201~");
    hp.wait_for("this must be typed, not pasted");
    hp.enter_for("it says ``, not `there`");
    hp.press("there\r");
    hp.wait_for("that was too quick to be an answer");
    assert!(stage.events("step.started").is_empty());
    hp.answer("Enter runs it on there");
    hp.wait_for("every step is settled");
    assert!(stage.path("harm").exists());
    leave(&mut hp);
}

#[test]
fn a_held_enter_opens_a_question_and_answers_none() {
    let stage = Stage::with(
        r"
runbook: 1
title: Questions
phases:
  - phase: Work
    steps:
      - {step: One, confirm: One is so.}
      - {step: Two, confirm: Two is so.}
",
    );
    let mut hp = stage.run();
    hp.wait_for("Enter opens the confirmation");
    let (mut last, mut longest) = (Instant::now(), Duration::ZERO);
    for _ in 0..60 {
        hp.press("\r");
        longest = longest.max(last.elapsed());
        last = Instant::now();
        thread::sleep(Duration::from_millis(33)); // as a keyboard repeats
    }
    hp.wait_for("that was too quick to be an answer");
    let confirmed = stage.events("step.confirmed");
    // A machine that lets us sleep so long holds no key down: then it was pressed again.
    let held = longest < Duration::from_millis(500);
    assert!(confirmed.is_empty() || !held, "{confirmed:?}");
    hp.shut("that was too quick");
    leave(&mut hp);
}

#[test]
fn a_small_terminal_shows_one_pane_and_a_tiny_one_a_line() {
    let mut stage = Stage::with(WAITS);
    stage.size = (60, 16);
    let mut hp = stage.run();
    hp.wait_row(&["[Checklist 0/2]"]);
    hp.press("\t");
    hp.wait_row(&["1.1 Wait for the file", "running"]);
    hp.wait_for("begun");
    hp.press("\t");
    hp.wait_row(&["Locks"]);
    hp.press("\t");
    hp.wait_row(&["[Checklist 0/2]"]);
    hp.resize(50, 10);
    hp.wait_for("too small (50x10): 60x16 needed; the run goes on");
    stage.write("go", "");
    stage.wait_events("step.finished", 1);
    hp.resize(60, 16);
    hp.wait_for("Look at it");
    hp.press_for("\r", "What you saw");
    hp.type_text("all well");
    hp.answer("Enter records");
    hp.wait_for("2/2");
    leave(&mut hp);
}

#[test]
fn a_locale_without_utf8_gets_ascii_alone() {
    let stage = Stage::with(WAITS).env("LANG", "C");
    let mut hp = stage.run();
    hp.wait_row(&["Wait for the file", "running"]);
    hp.press_for("\x03", "Enter leaves");
    let screen = hp.screen();
    assert!(screen.is_ascii(), "{screen}");
    assert!(
        screen.contains("+ Checklist") || screen.contains("- Checklist"),
        "{screen}"
    );
    hp.answer("Enter leaves");
    hp.ends_with(5);
    stage.write("go", "");
    stage.wait_ended("01.1");
}

#[test]
fn a_termination_leaves_in_order_and_the_step_runs_on() {
    let stage = Stage::with(&WAITS.replace("echo begun", "echo begun | tee -a begun"));
    let mut hp = stage.run();
    stage.wait_for_file("begun", "begun");
    hp.signal(Signal::TERM);
    hp.ends_with(5);
    hp.wait_for("still running: wait");
    hp.wait_for("come back with: holdpoint resume");
    assert_eq!(stage.events("run.left")[0]["how"], "SIGTERM");

    stage.write("go", "");
    stage.wait_ended("01.1");
    let mut hp = stage.start(&["resume"]);
    hp.wait_for("Enter opens the confirmation");
    assert_eq!(stage.events("step.started").len(), 1);
    assert_eq!(stage.read("begun"), "begun\n", "it ran twice");
    assert_eq!(stage.kept("output/01.1.txt"), "begun\nit went\n");
    wait("the result in the journal", || {
        stage.events("step.finished").len() == 1
    });
    leave(&mut hp);
}
