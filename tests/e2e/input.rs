//! Bad input: each gets one clear message, and nothing is lost or begun.

use std::fs;

use crate::server::{Line, database, server};
use crate::stage::Stage;

const ON_A_SERVER: &str = r"
runbook: 1
title: On a server
targets: {there: {database: '${DATABASE_URL}', must_be: {role: primary}}}
secrets: [DATABASE_URL]
phases:
  - phase: Work
    steps:
      - {step: Ask, sql: select 1, expect: '= 1'}
      - {step: Look at it, confirm: It looks well.}
";

/// Runs `content` as a runbook; returns the exit code and what was said.
fn refused(content: &[u8]) -> (i32, String) {
    let stage = Stage::new();
    stage.write("run.yaml", content);
    let ended = stage.said(&["run", "run.yaml", "--auto"]);
    assert!(stage.runs().is_empty(), "something was begun");
    let checked = stage.plain(&["check", "run.yaml"]);
    assert_eq!(checked.status.code(), Some(3), "check sees it too");
    ended
}

#[test]
fn a_file_that_is_not_a_runbook_is_refused_with_its_place() {
    let (code, said) = refused(b"runbook: 1\ntitle: [\nphases:\n");
    assert_eq!(code, 3);
    assert!(said.contains("run.yaml:"), "{said}");

    let (code, said) = refused(b"runbook: 1\ntitle: x\xff\xfe\n");
    assert_eq!(code, 3);
    assert!(said.contains("UTF-8"), "{said}");

    let (code, said) = refused(
        b"runbook: 1\ntitle: x\nphases:\n  - phase: a\n    steps:\n      - {step: b, runn: c}\n",
    );
    assert_eq!(code, 3);
    assert!(
        said.contains("runn") && said.contains("did you mean `run`"),
        "{said}"
    );
}

#[test]
fn a_file_that_is_far_too_large_is_refused_and_not_read() {
    let mut large = b"runbook: 1\ntitle: x\n".to_vec();
    large.resize(10 * 1024 * 1024, b'#');
    let (code, said) = refused(&large);
    assert_eq!(code, 3);
    assert!(said.len() < 2_000, "{} bytes were said", said.len());
    assert!(said.contains("MiB") || said.contains("bytes"), "{said}");
}

#[test]
fn an_alias_bomb_is_refused_and_does_not_go_off() {
    let mut bomb = String::from("runbook: 1\ntitle: x\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let before = vec![format!("*a{}", n - 1); 10].join(", ");
        bomb.push_str(&format!("a{n}: &a{n} [{before}]\n"));
    }
    let (code, said) = refused(bomb.as_bytes());
    assert_eq!(code, 3);
    assert!(said.len() < 10_000, "{} bytes were said", said.len());
}

#[test]
fn a_target_that_does_not_answer_is_said_and_nothing_runs() {
    let url = "postgresql://ann@127.0.0.1:1/shop";
    let stage = Stage::with(ON_A_SERVER).env("DATABASE_URL", url);
    let mut hp = stage.run();
    hp.wait_for("the server does not answer");
    hp.wait_for("nothing listens at 127.0.0.1");
    hp.press_for("\r", "the server has not said yet who it is");
    hp.leave();
    assert!(stage.events("step.started").is_empty());
}

#[test]
fn a_wrong_password_is_said_and_the_right_one_is_never_shown() {
    let url = server().url(&database());
    let wrong = url.replace(":right@", ":wr0ngsecret@");
    let stage = Stage::with(ON_A_SERVER).env("DATABASE_URL", &wrong);
    let mut hp = stage.run();
    hp.wait_for("refused the password of postgres");
    assert!(!hp.screen().contains("wr0ngsecret"));
    hp.leave();
    assert!(!stage.kept("journal.jsonl").contains("wr0ngsecret"));
    let stage = stage.env("DATABASE_URL", &url);
    let mut hp = stage.start(&["resume"]);
    hp.wait_for("Enter opens the confirmation");
    hp.leave();
}

#[test]
fn an_unset_variable_is_named_before_anything_begins() {
    let stage = Stage::with(ON_A_SERVER);
    for args in [
        &["run", "run.yaml", "--auto"][..],
        &["run", "run.yaml", "--auto", "--target", "there"],
    ] {
        let (code, said) = stage.said(args);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("DATABASE_URL"), "{said}");
    }
    let (code, said) = stage.said(&["run", "run.yaml", "--auto", "--target", "nowhere"]);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("`nowhere`") && said.contains("there"),
        "{said}"
    );
    assert!(stage.runs().is_empty());
}

#[test]
fn a_data_directory_that_cannot_be_written_is_named() {
    let mut stage = Stage::with(ON_A_SERVER);
    stage.set("DATABASE_URL", &server().url("postgres"));
    stage.write("file", "not a directory");
    let inside = stage.path("file/data");
    stage.set("HOLDPOINT_DATA", inside.to_str().unwrap());
    let (code, said) = stage.said(&["run", "run.yaml", "--auto"]);
    assert_eq!(code, 4, "{said}");
    assert!(
        said.contains("file/data") && said.contains("HOLDPOINT_DATA"),
        "{said}"
    );
}

#[test]
fn a_disk_that_refuses_in_mid_run_stops_every_command_but_leaving() {
    let stage = Stage::with(
        "runbook: 1\ntitle: Full\nphases:\n  - phase: Work\n    steps:\n      - {step: Look, confirm: It is so.}\n",
    );
    let mut hp = stage.run();
    hp.wait_for("Enter opens the confirmation");
    // Somebody takes the file away: what is written now would be lost.
    let journal = stage.run_dir().join("journal.jsonl");
    let away = stage.run_dir().join("away");
    fs::rename(&journal, &away).unwrap();
    hp.confirm();
    hp.wait_for("NOT RECORDED");
    hp.wait_for("that was not recorded, so it was not done");
    hp.press("n");
    hp.wait_for("nothing is done until it can");
    fs::rename(&away, &journal).unwrap();
    hp.wait_for("the record can be written again");
    hp.confirm();
    hp.wait_for("every step is settled");
    hp.leave();
}

#[test]
fn a_line_that_is_cut_before_the_first_word_is_waited_for() {
    let line = Line::new();
    line.cut();
    let stage = Stage::with(ON_A_SERVER).env("DATABASE_URL", &line.url(&database()));
    let mut hp = stage.run();
    hp.wait_for("the server does not answer");
    assert!(stage.events("step.started").is_empty());
    line.mend();
    hp.wait_for("Enter opens the confirmation");
    hp.leave();
}
