//! Without a screen: to the end, to the first person, to the first failure.

use crate::server::{database, server};
use crate::stage::Stage;

fn book(steps: &str) -> String {
    format!(
        r#"
runbook: 1
title: By itself
parameters: {{who: {{default: nobody}}}}
targets: {{there: {{database: '${{DATABASE_URL}}', must_be: {{role: primary}}}}}}
secrets: [DATABASE_URL]
phases:
  - phase: Work
    steps:
      - {{step: Make a table, sql: create table t (id int)}}
      - {{step: Fill it, sql: 'insert into t values (1), (2)'}}
      - {{step: Sign it, run: 'echo "$who was here"'}}
      - {{step: Count, sql: select count(*) from t, expect: '= 2', capture: {{rows: '(\d+)'}}}}
{steps}"#
    )
}

fn stage(steps: &str) -> Stage {
    Stage::with(&book(steps)).env("DATABASE_URL", &server().url(&database()))
}

fn ends(stage: &Stage, args: &[&str]) -> (i32, String) {
    let output = stage.plain(args);
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn an_automated_runbook_comes_to_success_by_itself() {
    let stage = stage("      - {step: Say it, run: 'echo \"$rows rows\"', expect: /2 rows/}\n");
    let (code, said) = ends(&stage, &["run", "run.yaml", "--auto", "--set", "who=ci"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("closed: SUCCESS"), "{said}");
    assert!(said.contains("1.4 Count"), "{said}");
    assert_eq!(stage.kept("output/03.1.txt"), "ci was here\n");
    assert_eq!(stage.events("run.closed")[0]["status"], "success");
    let password = "right";
    assert!(
        !stage
            .kept("journal.jsonl")
            .contains(&format!(":{password}@"))
    );
}

#[test]
fn a_manual_step_stops_it_and_a_person_takes_it_up() {
    let stage = stage("      - {step: Look, confirm: It looks well.}\n");
    let (code, said) = ends(&stage, &["run", "run.yaml", "--auto"]);
    assert_eq!(code, 5, "{said}");
    assert!(said.contains("1.5 Look: a person must do this"), "{said}");
    assert!(stage.events("run.closed").is_empty());
    let mut hp = stage.start(&["resume"]);
    hp.wait_for("Enter opens the confirmation");
    hp.confirm();
    hp.wait_for("every step is settled");
    hp.leave();
    let (code, said) = ends(&stage, &["resume", "--auto"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(stage.events("run.closed")[0]["status"], "success");
}

#[test]
fn a_failed_step_stops_it() {
    let stage =
        stage("      - {step: Fail, run: exit 7}\n      - {step: Never, run: touch never}\n");
    let (code, said) = ends(&stage, &["run", "run.yaml", "--auto"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("1.5 Fail failed"), "{said}");
    assert!(!stage.path("never").exists());
    assert!(stage.events("run.closed").is_empty());
}

#[test]
fn a_rehearsal_shows_everything_and_touches_nothing() {
    let stage = stage("      - {step: Harm, run: touch harm, danger: high, timeout: 1m}\n");
    let (code, said) = ends(&stage, &["run", "run.yaml", "--rehearse"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("touch harm"), "{said}");
    assert!(!stage.path("harm").exists());
    assert!(stage.runs().is_empty());
}
