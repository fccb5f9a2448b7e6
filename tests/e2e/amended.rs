//! A runbook that is edited while its run goes on.

use std::fs;

use crate::stage::Stage;

const RUNBOOK: &str = r"
runbook: 1
title: Edited
phases:
  - phase: Work
    steps:
      - {step: First, id: first, run: echo first >> effects}
      - {step: Look at it, id: look, confirm: It looks well.}
      - {step: Last, id: last, run: echo pinned >> effects}
";

/// Runs to the manual step, then edits the file.
fn edited(from: &str, to: &str) -> Stage {
    let stage = Stage::with(RUNBOOK);
    assert_eq!(stage.said(&["run", "run.yaml", "--auto"]).0, 5);
    edit(&stage, from, to);
    stage
}

fn edit(stage: &Stage, from: &str, to: &str) {
    let text = stage.read("run.yaml");
    assert!(text.contains(from), "{from} in {text}");
    stage.write("run.yaml", text.replacen(from, to, 1));
}

#[test]
fn the_difference_is_shown_and_the_run_goes_on_with_its_own_copy() {
    let stage = edited("echo pinned", "echo edited");
    let (code, said) = stage.said(&["resume", "--auto"]);
    assert_eq!(code, 5, "{said}");
    for line in [
        "-      - {step: Last, id: last, run: echo pinned >> effects}",
        "+      - {step: Last, id: last, run: echo edited >> effects}",
        "goes on with its own copy",
        "--amend",
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
    let mut hp = stage.start(&["resume"]);
    hp.wait_for("run: echo edited >> effects}");
    hp.wait_for("Enter goes on with the run's own copy");
    hp.press("\n");
    hp.wait_for("file edited since");
    hp.wait_for("Enter opens the confirmation");
    hp.confirm();
    stage.wait_for_file("effects", "pinned");
    assert_eq!(stage.read("effects"), "first\npinned\n");
    hp.leave();
}

#[test]
fn steps_to_come_are_amended_with_a_reason_that_the_log_and_its_check_know() {
    let stage = edited(
        "      - {step: Look at it, id: look, confirm: It looks well.}\n",
        "",
    );
    edit(&stage, "echo pinned", "echo amended");
    let before = stage.journal().len();
    let (code, said) = stage.said(&["resume", "--auto", "--amend"]);
    assert_eq!((code, stage.journal().len()), (5, before), "{said}");
    assert!(said.contains("say why it is amended"), "{said}");
    let (code, said) = stage.said(&[
        "resume",
        "--auto",
        "--amend",
        "--reason",
        "the look is done",
    ]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(stage.read("effects"), "first\namended\n");
    let recorded = stage.events("runbook.amended");
    let [amended] = &recorded[..] else {
        panic!("{recorded:?}")
    };
    assert_eq!(amended["reason"], "the look is done");
    assert_eq!(
        amended["changes"],
        serde_json::json!([
            "step 1.2 “Look at it” is gone",
            "step 1.2 “Last” is changed: what is done"
        ])
    );
    assert!(stage.kept("runbook.yaml").contains("echo pinned"));
    assert!(
        stage
            .kept("amendment-1/runbook.yaml")
            .contains("echo amended")
    );
    let run = stage.run_dir();
    let run = run.to_str().unwrap();
    let log = stage.kept("log.md");
    assert!(log.contains("**The runbook was amended**"), "{log}");
    assert!(log.contains("the look is done"), "{log}");
    assert!(log.contains("  amendment-1/runbook.yaml"), "{log}");
    let checked = stage.plain(&["verify", run]);
    let told = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert_eq!(checked.status.code(), Some(2), "nobody has signed: {told}");
    assert!(told.contains("PASS  agreement"), "{told}");
    // Neither copy can be exchanged afterwards.
    for file in ["amendment-1/runbook.yaml", "runbook.yaml"] {
        let path = stage.run_dir().join(file);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [&whole[..], b"# more\n"].concat()).unwrap();
        assert_eq!(stage.said(&["verify", run]).0, 1, "{file}");
        fs::write(&path, whole).unwrap();
    }
}

#[test]
fn what_was_begun_and_what_protects_is_not_amended() {
    for (from, to, why) in [
        (
            "echo first",
            "echo other",
            "step 1.1 “First” was begun and is changed",
        ),
        (
            "id: first",
            "id: begin",
            "step 1.1 “First” was begun and is gone",
        ),
        ("title: Edited", "title: Else", "the title differ"),
        (
            "run: echo pinned",
            "rum: echo pinned",
            "the runbook is not valid",
        ),
    ] {
        let stage = edited(from, to);
        let before = stage.journal().len();
        let words = ["resume", "--auto", "--amend", "--reason", "because"];
        let (code, said) = stage.said(&words);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(why), "{why} in {said}");
        assert_eq!(stage.journal().len(), before, "nothing was recorded");
        assert_eq!(
            stage.said(&["resume", "--auto"]).0,
            5,
            "it goes on as it was"
        );
        assert_eq!(stage.read("effects"), "first\n");
    }
}

#[test]
fn a_pinned_file_that_somebody_changed_is_refused() {
    let book = r"
runbook: 1
title: Files
targets: {there: {database: 'postgres://nobody@127.0.0.1:1/none'}}
phases:
  - phase: Work
    steps:
      - {step: Look at it, confirm: It looks well.}
      - {step: Read, sql: {file: read.sql}}
";
    let stage = Stage::with(book);
    stage.write("read.sql", "select 1");
    assert_eq!(stage.said(&["run", "run.yaml", "--auto"]).0, 5);
    let kept = stage.run_dir().join("files/read.sql");
    fs::write(&kept, "drop table invoices").unwrap();
    let (code, said) = stage.said(&["resume", "--auto"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("its read.sql is not the one"), "{said}");
    fs::write(&kept, "select 1").unwrap();
    assert_eq!(stage.said(&["resume", "--auto"]).0, 5);
}
