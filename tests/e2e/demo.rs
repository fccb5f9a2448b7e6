//! The demonstration, from the first key to the end.

use std::fs;
use std::net::TcpStream;
use std::path::Path;

use crate::sealed::assert_sealed;
use crate::stage::{Stage, wait};

#[test]
fn the_demo_from_its_first_key_to_its_end() {
    let stage = Stage::new();
    let mut hp = stage.start(&["demo", "--yes"]);
    hp.wait_for("Enter opens the confirmation");
    let screen = hp.screen();
    let (_, address) = screen.split_once("shop@").unwrap();
    let server = address.split_whitespace().next().unwrap().to_owned();
    hp.press_for("\r", "What you saw");
    hp.type_text("support and reporting were told");
    hp.answer("Enter records");

    hp.wait_for("Enter asks once more, then runs it");
    hp.press_for("\r", "Type `demo` to allow it");
    hp.type_text("demo");
    hp.answer("Enter runs it on demo");
    hp.wait_row(&["▼", "reporting", "idle in xact"]);
    hp.wait_row(&["└", "step 3.1", "alter table"]);
    hp.press_for("l", "t terminate");
    hp.press_for("t", "Why?");
    hp.type_text("left open over lunch");
    hp.press("\t");
    hp.type_text("demo");
    hp.answer("Enter ends the session");
    hp.wait_for("gone after");

    hp.wait_for("Twenty quiet seconds");
    hp.wait_for("f leaves the monitor; then Enter opens the choices");
    hp.press_for("f", "enter proceed");
    hp.press_for("\r", "Enter takes the marked way");
    hp.wait_for("› Keep the release");
    hp.answer("Enter takes the marked way");
    hp.wait_for("Enter opens the confirmation");
    hp.press_for("\r", "Enter records");
    hp.press(" \x1b[B ");
    hp.answer("Enter records");
    hp.wait_for("every step is settled");
    hp.press_for("\r", "Enter closes the record");
    hp.wait_for("Verdict: SUCCESS");
    hp.answer("Enter closes the record");
    hp.wait_for("The run is closed: SUCCESS");
    hp.sign("Database Admin");
    hp.wait_for("VERDICT: VERIFIED");
    hp.shut("The log is written");
    hp.press("q");
    hp.ends_with(0);

    hp.wait_for("verify it with: holdpoint verify");
    let told = hp.screen().replace('\n', "");
    let (_, trust) = told.split_once("--trust ").unwrap();
    let trust = Path::new(trust.split_whitespace().next().unwrap());
    let signers = fs::read_to_string(trust).unwrap();
    let line = signers.lines().find(|line| !line.starts_with('#')).unwrap();
    let who = line.split_whitespace().next().unwrap();
    assert_sealed(&stage, trust, who, "database-admin");
    tells_the_story(&stage);
    wait("its server to be gone", || {
        TcpStream::connect(&server).is_err()
    });
}

#[test]
fn a_demo_that_is_left_half_way_is_no_run_that_goes_on() {
    let stage = Stage::new();
    let mut hp = stage.start(&["demo", "--yes"]);
    hp.wait_for("Enter opens the confirmation");
    hp.press_for("q", "Enter leaves");
    hp.answer("Enter leaves");
    hp.ends_with(5);
    hp.wait_for("nothing can go on in it");
    assert_eq!(stage.runs().len(), 1, "its record is kept");
    let said = stage.plain(&["runs"]);
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.starts_with("no runs yet"), "{said}");
    let (code, said) = stage.said(&["resume", "--auto"]);
    assert_ne!(code, 5, "{said}");
}

/// Asserts that what was done by hand stands in the record.
fn tells_the_story(stage: &Stage) {
    let log = stage.kept("log.md");
    for words in [
        "SUCCESS",
        "support and reporting were told",
        "left open over lunch",
        "Keep the release",
        "Add the column",
    ] {
        assert!(log.contains(words), "`{words}` is not in the log:\n{log}");
    }
}
