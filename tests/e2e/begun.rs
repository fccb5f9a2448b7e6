//! Before a run has begun: a checklist from the start screen, values asked for, what is missing said first.

use crate::server::{database, server};
use crate::stage::Stage;

const CHECKLIST: &str = "# Release\n\n## Migrate\n\n- [ ] Tell the team\n1. Count\n\n   ```sql\n   select 1;\n   ```\n\n2. Deploy it\n\n   ```bash\n   echo deploying <version>\n   ```\n";

/// Types an answer below the screen, where lines are read.
fn answers(hp: &crate::session::Session, question: &str, answer: &str) {
    hp.wait_for(question);
    hp.type_text(answer);
    hp.press("\r");
}

#[test]
fn a_checklist_is_imported_from_the_start_screen_saved_and_run_where_it_can() {
    let stage = Stage::new();
    stage.write("release.md", CHECKLIST);
    let (code, said) = stage.said(&["run", "release.md"]);
    assert_eq!(code, 3, "{said}");
    let import = "holdpoint import release.md -o release.yaml";
    assert!(said.contains(import), "{said}");
    let mut hp = stage.start(&["watch"]);
    hp.wait_for("nobody drives a run now");
    hp.ends_with(2);
    let mut hp = stage.start(&[]);
    hp.wait_row(&["› release.md", "./release.md"]);
    hp.press("\r");
    // Without the database's address it cannot run. Nothing is lost by asking for it.
    answers(&hp, "(a letter, then Enter)", "r");
    hp.wait_for("not set: DATABASE_URL");
    hp.wait_for("read -rs DATABASE_URL");
    answers(&hp, "(a letter, then Enter)", "save");
    hp.wait_for("`save` is none of r, s, a, q");
    answers(&hp, "(a letter, then Enter)", "s");
    hp.wait_for("written; `holdpoint run ./release.yaml` starts it");
    hp.ends_with(0);
    assert!(
        stage
            .read("release.yaml")
            .contains("confirm: It is done as written.")
    );

    let stage = stage.env("DATABASE_URL", &server().url(&database()));
    let mut hp = stage.start(&[]);
    hp.wait_row(&["› Release", "./release.yaml"]);
    hp.press("\r");
    // Who answers knows for what, and an Enter too many is no answer.
    hp.wait_for("Release → production: some values are asked for");
    answers(&hp, "<version>: ", "");
    answers(&hp, "it needs a value", "4.2");
    hp.wait_for("Enter opens the confirmation");
    assert_eq!(
        stage.events("run.opened")[0]["parameters"]["version"],
        "4.2"
    );
    hp.press_for("q", "Enter leaves");
    hp.answer("Enter leaves");
    hp.ends_with(5);
}

#[test]
fn a_parameter_says_how_long_a_watch_lasts_and_no_run_begins_with_what_is_no_length() {
    let stage = Stage::with(
        "runbook: 1\ntitle: Quiet\nparameters: {quiet: {default: 15m}}\nphases:\n  - phase: Work\n    steps:\n      - {step: Quiet, watch: {for: '${quiet}'}}\n",
    );
    let (code, said) = stage.said(&["run", "run.yaml", "--auto", "--set", "quiet=soon"]);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("`quiet` is `soon`, and as a length of time it is no length"),
        "{said}"
    );
    assert!(stage.runs().is_empty());
    let (code, said) = stage.said(&["run", "run.yaml", "--auto", "--set", "quiet=700ms"]);
    assert_eq!(code, 0, "{said}");
    let watched = &stage.events("step.finished")[0]["outcome"];
    let took = watched["duration_ms"].as_u64().unwrap();
    assert!((700..9_000).contains(&took), "{watched}");
    // The log is told again from the records, with the length that was given.
    let verified = stage.plain(&["verify", stage.run_dir().to_str().unwrap()]);
    let said = String::from_utf8_lossy(&verified.stdout);
    assert_eq!(verified.status.code(), Some(2), "{said}");
    assert!(
        said.contains("told again from the journal, the log is the same"),
        "{said}"
    );
}
