//! Alarms that act: a step of ours that waits too long is cancelled on the server, a pile-up holds the run, and somebody is called.

use std::thread::{self, JoinHandle};

use crate::server::{database, server};
use crate::stage::{Stage, wait};

/// Holds the table `t` of `database` until it is ended.
fn holder(database: &str) -> JoinHandle<bool> {
    let database = database.to_owned();
    thread::spawn(move || {
        let sql = "set application_name = 'holder'; begin; lock table t; select pg_sleep(600)";
        server().execute(&database, sql).is_err()
    })
}

fn holds(database: &str) {
    wait("somebody to hold the table", || {
        let sql = "do $$ begin assert (select count(*) from pg_locks where relation = 't'::regclass and granted) > 0; end $$";
        server().execute(database, sql).is_ok()
    });
}

fn let_go(database: &str, holder: JoinHandle<bool>) {
    let end = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'holder' and datname = current_database()";
    server().execute(database, end).unwrap();
    assert!(holder.join().unwrap());
}

#[test]
fn an_alarm_cancels_our_own_statement_on_the_server_and_the_record_says_which() {
    let name = database();
    server().execute(&name, "create table t (id int)").unwrap();
    let stage = Stage::with(
        r"
runbook: 1
title: Not at any price
targets: {there: {database: '${DATABASE_URL}'}}
secrets: [DATABASE_URL]
monitor:
  every: 250ms
  alarms: [{when: our_wait >= 1s, level: critical, then: cancel}]
phases:
  - phase: Work
    steps:
      - {step: Widen, sql: alter table t add column v text, timeout: 5m, lock_timeout: 5m}
      - {step: Look, confirm: It looks well.}
",
    );
    let mut stage = stage.env("DATABASE_URL", &server().url(&name));
    stage.set("TERM_PROGRAM", "iTerm.app");
    let held = holder(&name);
    holds(&name);
    let mut hp = stage.run();
    hp.wait_row(&["└", "step 1.1", "alter table"]);
    hp.wait_for("on hold, no step starts");
    let ended = stage.wait_events("step.finished", 1);
    assert_eq!(ended[0]["outcome"]["ended"], "cancelled", "{ended:?}");
    let asked = stage.events("step.cancel_asked");
    let rule = "our_wait >= 1s";
    assert_eq!(
        asked[0]["reason"],
        format!("the alarm `{rule}` asks for it")
    );
    let raised = stage.events("alert");
    assert_eq!(raised[0]["rule"], rule);
    assert!(
        raised[0]["blocker"].as_str().unwrap().contains("holder"),
        "{raised:?}"
    );
    assert!(
        stage.events("run.held")[0]["why"]
            .to_string()
            .contains(rule)
    );
    // Nothing of ours is left waiting at the server, and the statement came to nothing.
    let gone = "do $$ begin assert not exists (select from pg_stat_activity where datname = current_database() and application_name like 'holdpoint.%' and state <> 'idle'); end $$";
    wait("our session to be gone", || {
        server().execute(&name, gone).is_ok()
    });
    let server_log = std::fs::read_to_string(server().dir().join("server.log")).unwrap();
    let run = stage.run_dir().display().to_string();
    let ours = format!("holdpoint.{}.widen.1", &run[run.len() - 6..]);
    let cancelled = "canceling statement due to user request";
    let mut lines = server_log.lines();
    assert!(
        lines.any(|l| l.contains(&ours) && l.contains(cancelled)),
        "{server_log}"
    );
    let_go(&name, held);
    let untouched = "do $$ begin assert not exists (select from pg_attribute where attrelid = 't'::regclass and attname = 'v'); end $$";
    server().execute(&name, untouched).unwrap();
    // Whoever looked elsewhere was called: by the bell, and on the desktop.
    hp.wait_heard(b"\x07\x1b]9;holdpoint: ");
    hp.leave();
    let told = stage.plain(&["log", &stage.run_dir().display().to_string()]);
    let log = String::from_utf8_lossy(&told.stdout);
    for said in [
        "an alarm asked it to stop",
        r"the alarm \`our_wait >= 1s\` asks for it",
        "holder",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
}

#[test]
fn an_alarm_holds_the_run_and_lets_the_step_at_work_end() {
    let name = database();
    server().execute(&name, "create table t (id int)").unwrap();
    let stage = Stage::with(
        r"
runbook: 1
title: Not while they wait
targets: {there: {database: '${DATABASE_URL}'}}
secrets: [DATABASE_URL]
monitor:
  every: 250ms
  alarms: [{when: blocked >= 1 for 500ms, then: hold}]
phases:
  - phase: Work
    steps:
      - {step: Copy, run: 'while ! test -e go; do sleep 0.1; done', timeout: 5m}
      - {step: Harm, run: touch harm}
",
    );
    let stage = stage.env("DATABASE_URL", &server().url(&name));
    let held = holder(&name);
    holds(&name);
    let waits = thread::spawn({
        let name = name.clone();
        move || server().execute(&name, "select * from t").is_ok()
    });
    let mut hp = stage.run();
    hp.wait_row(&["Copy", "running"]);
    hp.wait_for("on hold, no step starts");
    stage.write("go", "");
    let ended = stage.wait_events("step.finished", 1);
    assert_eq!(ended[0]["outcome"]["ended"], "passed", "{ended:?}");
    assert!(stage.events("step.cancel_asked").is_empty());
    let_go(&name, held);
    assert!(waits.join().unwrap(), "it was let in");
    stage.wait_events("alert.cleared", 1);
    assert!(!stage.path("harm").exists(), "a person lets the run go on");
    hp.press_for("p", "Enter lets steps start again");
    hp.answer("Enter lets steps start again");
    stage.wait_events("step.finished", 2);
    assert!(stage.path("harm").exists());
    hp.press_for("q", "Enter leaves");
    hp.answer("Enter leaves");
    hp.exit_code();
}

#[test]
fn a_question_of_the_runbooks_own_knows_its_parameters() {
    let name = database();
    let sql = r#"create table "odd ""name" (word text); insert into "odd ""name" values ('it''s \ there')"#;
    server().execute(&name, sql).unwrap();
    let stage = Stage::with(
        r#"
runbook: 1
title: One is enough
parameters:
  table: {default: 'odd "name'}
  word: {default: 'it''s \ there'}
targets: {there: {database: '${DATABASE_URL}'}}
secrets: [DATABASE_URL]
monitor:
  every: 250ms
  values: [{name: found, sql: 'select count(*) from ${table:ident} where word = ${word}', every: 250ms}]
  alarms: [{when: found = 1, then: hold}]
phases:
  - phase: Work
    steps:
      - {step: Look, confirm: It looks well.}
"#,
    );
    let stage = stage.env("DATABASE_URL", &server().url(&name));
    let mut hp = stage.run();
    hp.wait_for("on hold, no step starts");
    assert_eq!(stage.events("alert")[0]["seen"], "found 1");
    hp.press_for("q", "Enter leaves");
    hp.answer("Enter leaves");
    hp.exit_code();
}
