//! Later duties: the window is closed and signed, what is due afterwards is shown, done, and signed below it.

use std::fs;

use crate::sealed::dana;
use crate::stage::{Stage, wait};

const BOOK: &str = "
runbook: 1
title: Looked after
roles: [Database Admin]
phases:
  - phase: Work
    steps:
      - {step: Apply, run: echo applied}
  - phase: At once
    later: T+1s
    steps:
      - {step: Look, id: look, confirm: It is quiet., evidence: text}
  - phase: First day
    later: T+24h
    steps:
      - {step: Count, id: count, check: echo 7 rows}
      - {step: Ask the team, id: ask, confirm: The team sees nothing odd.}
  - phase: Week 4
    at: T+21d
    later: T+28d
    steps:
      - {step: Count again, check: 'false'}
";

/// A stage whose only run is closed; its log is signed by somebody whom the returned list trusts.
fn closed() -> (Stage, String) {
    let mut stage = Stage::with(BOOK);
    let trust = stage.home().join("allowed_signers");
    fs::write(&trust, dana(&stage)).unwrap();
    stage.set("HOLDPOINT_TRUST", trust.to_str().unwrap());
    let mut hp = stage.run();
    hp.wait_for("every step is settled");
    hp.close_record();
    hp.sign_and_go("Database Admin");
    (stage, trust.display().to_string())
}

fn said(stage: &Stage, args: &[&str]) -> (i32, String) {
    let output = stage.plain(args);
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[track_caller]
fn verified(stage: &Stage, trust: &str, code: i32, wanted: &str) {
    let dir = stage.run_dir();
    let (ended, text) = said(stage, &["verify", dir.to_str().unwrap(), "--trust", trust]);
    assert_eq!(ended, code, "{text}");
    assert!(text.contains(wanted), "{wanted}\n{text}");
}

#[test]
fn what_is_due_later_is_done_and_signed_below_the_log_of_the_window() {
    let (stage, trust) = closed();
    let dir = stage.run_dir();
    let (window, log) = (stage.kept("journal.jsonl"), stage.kept("log.md"));
    assert!(
        log.contains("## Later duties") && log.contains("| First day |"),
        "{log}"
    );
    wait("the first duty to be overdue", || {
        said(&stage, &["runs"]).1.contains("“At once” OVERDUE")
    });
    let (_, runs) = said(&stage, &["runs"]);
    assert!(
        runs.contains("success; later duties: 3 of 3 open"),
        "{runs}"
    );
    verified(&stage, &trust, 0, "WARN  later");
    let ledger = dir.parent().unwrap().to_str().unwrap();
    let (code, audit) = said(&stage, &["audit", ledger, "--trust", &trust]);
    assert_eq!(code, 2, "{audit}");
    assert!(audit.contains("OVERDUE: “At once”"), "{audit}");

    look_and_sign(&stage);

    assert_eq!(
        stage.kept("journal.jsonl"),
        window,
        "the window's record stays as it is"
    );
    let whole = stage.kept("log.md");
    let addendum = whole
        .strip_prefix(&log)
        .expect("what was signed stays as it is");
    for line in [
        "2.1 “Look”: confirmed by dana@example.com",
        "no errors since",
        "LATE by",
    ] {
        assert!(addendum.contains(line), "{line}\n{addendum}");
    }
    verified(
        &stage,
        &trust,
        0,
        "2 of 3 duties open, the first, “First day”",
    );
    let (_, audit) = said(&stage, &["audit", ledger, "--trust", &trust]);
    assert!(!audit.contains("OVERDUE"), "{audit}");
    let html = stage.path("run.html");
    let (_, text) = said(
        &stage,
        &[
            "report",
            dir.to_str().unwrap(),
            "--html",
            "-o",
            html.to_str().unwrap(),
        ],
    );
    let page = fs::read_to_string(&html).unwrap_or_default();
    assert!(page.contains("no errors since"), "{text}");
    tampered(&stage, &trust, &log);
}

/// Does what is open at once, leaves, and signs it.
fn look_and_sign(stage: &Stage) {
    let mut hp = stage.start(&["resume"]);
    hp.wait_for("later duties: at 2.1 Look");
    hp.wait_for("overdue");
    wait("the check to run by itself", || {
        stage.kept("later.jsonl").contains("step.finished")
    });
    assert!(!hp.screen().contains("Apply"), "{}", hp.screen());
    hp.wait_for("Enter opens the confirmation");
    hp.press_for("\r", "What you saw");
    hp.type_text("no errors since");
    hp.answer("Enter records");
    hp.wait_for("later duties: at 3.2 Ask the team");
    hp.press_for("q", "› Sign what was done");
    hp.wait_for("At once: 1 of 1 steps, settled");
    hp.wait_for("Week 4: 0 of 1 steps, from");
    hp.answer("Enter does what is marked");
    hp.wait_for("addendum signed by dana@example.com");
    hp.wait_for("VERDICT: VERIFIED");
    hp.shut("It is signed");
    hp.press_for("q", "Enter leaves");
    hp.answer("Enter leaves");
    hp.ends_with(0);
}

/// Whatever is changed of it is found.
fn tampered(stage: &Stage, trust: &str, log: &str) {
    let (dir, whole) = (stage.run_dir(), stage.kept("log.md"));
    let later = stage.kept("later.jsonl");
    let output = "output/03.1.txt";
    assert_eq!(stage.kept(output), "7 rows\n");
    for (file, now, wanted) in [
        (
            "log.md",
            whole.replace("no errors since", "no error since"),
            "changed after signing",
        ),
        (
            "later.jsonl",
            later.replace("no errors since", "no error since"),
            "chain breaks",
        ),
        (
            "later.jsonl",
            later.lines().take(3).map(|l| format!("{l}\n")).collect(),
            "cut short or replaced",
        ),
        ("later.jsonl", String::new(), "cut short or replaced"),
        (output, "8 rows\n".into(), "content differs"),
        ("log.md", log.to_owned(), "is not signed"),
    ] {
        let before = stage.kept(file);
        assert_ne!(before, now, "{file}");
        fs::write(dir.join(file), now).unwrap();
        let code = if wanted == "is not signed" { 2 } else { 1 };
        verified(stage, trust, code, wanted);
        fs::write(dir.join(file), before).unwrap();
    }
    verified(stage, trust, 0, "VERDICT: VERIFIED");
}

#[test]
fn without_a_screen_the_automatic_ones_are_done_and_what_is_unsigned_is_signed_later() {
    let (stage, trust) = closed();
    let run = stage.run_dir().display().to_string();
    let hidden = stage.home().join(".ssh");
    let away = stage.home().join("away");
    fs::rename(&hidden, &away).unwrap();
    let (code, text) = said(&stage, &["resume", &run, "--auto"]);
    assert_eq!(code, 5, "{text}");
    assert!(text.contains("3.1 Count: exit 0"), "{text}");
    assert!(text.contains("recorded, unsigned"), "{text}");
    verified(&stage, &trust, 2, "is not signed: `holdpoint sign");
    fs::rename(&away, &hidden).unwrap();
    let (code, text) = said(&stage, &["sign", &run, "--later"]);
    assert_eq!(code, 0, "{text}");
    verified(&stage, &trust, 0, "addenda told again from them: 1");
    let (code, text) = said(
        &stage,
        &["resume", &run, "--auto", "--amend", "--reason", "x"],
    );
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("the run is closed"), "{text}");

    // Nobody passes their own words off as told from the records.
    let honest = stage.kept("log.md");
    let first = honest.lines().find(|l| l.contains("told from records"));
    let first = first.unwrap().trim_start_matches("| ");
    stage.write("forged.txt", format!("{first}\n\nEverybody was happy.\n"));
    let forged = stage.path("forged.txt").display().to_string();
    let (code, text) = said(&stage, &["sign", &run, "--addendum", &forged]);
    assert_eq!(code, 0, "{text}");
    verified(&stage, &trust, 1, "FAIL  later");
    fs::write(stage.run_dir().join("log.md"), honest).unwrap();

    // Once nothing is left that could be done by itself, nothing happens.
    let before = stage.kept("log.md");
    let (code, text) = said(&stage, &["resume", &run, "--auto"]);
    assert_eq!(code, 5, "{text}");
    assert_eq!(stage.kept("log.md"), before);
    verified(&stage, &trust, 0, "VERDICT: VERIFIED");
}
