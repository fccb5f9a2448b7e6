//! A real server beside the run: lost and found, the wrong one, and watched alone.

use std::thread;

use crate::server::{Line, database, server};
use crate::session::Session;
use crate::stage::{Stage, wait};

fn leave(hp: &mut Session) {
    hp.leave();
}

#[test]
fn a_server_that_goes_away_and_comes_back_stops_no_step() {
    let stage = Stage::with(
        r#"
runbook: 1
title: The server goes
targets: {there: {database: '${DATABASE_URL}', must_be: {role: primary}}}
secrets: [DATABASE_URL]
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
"#,
    );
    let line = Line::new();
    let stage = stage.env("DATABASE_URL", &line.url(&database()));
    let mut hp = stage.run();
    hp.wait_row(&["Long work", "running"]);
    hp.wait_for("active ");
    line.cut();
    hp.wait_for("the server does not answer");
    hp.wait_row(&["Locks", "5 s old"]);
    let printed = stage.kept("output/01.1.txt").len();
    wait("the step to go on", || {
        stage.kept("output/01.1.txt").len() > printed
    });
    hp.press_for("n", "Enter writes it down");
    hp.type_text("the keys work too");
    hp.answer("Enter writes it down");
    line.mend();
    hp.wait_gone("s old");
    assert_eq!(stage.events("target.lost").len(), 1);
    wait("the server to say again who it is", || {
        stage.events("target").len() == 2
    });
    stage.write("go", "");
    hp.wait_for("Enter opens the confirmation");
    assert_eq!(stage.events("step.finished").len(), 2);
    leave(&mut hp);
}

#[test]
fn a_server_that_is_another_holds_the_run_and_says_what_differs() {
    let stage = Stage::with(
        r"
runbook: 1
title: The wrong server
targets: {there: {database: '${DATABASE_URL}', must_be: {database: billing, role: standby}}}
secrets: [DATABASE_URL]
phases:
  - phase: Work
    steps:
      - {step: Harm, run: touch harm}
",
    );
    let name = database();
    let stage = stage.env("DATABASE_URL", &server().url(&name));
    let mut hp = stage.run();
    hp.wait_for("on hold, no step starts");
    hp.press_for("\r", "This is not the server it must be");
    hp.wait_row(&["database", &name, "billing"]);
    hp.wait_row(&["role", "primary", "standby"]);
    hp.shut("This is not the server");
    assert!(stage.events("step.started").is_empty());
    assert!(!stage.path("harm").exists());
    leave(&mut hp);
    let (code, said) = stage.said(&["resume", "--auto"]);
    assert_eq!(code, 5, "{said}");
    assert!(!stage.path("harm").exists());
}

#[test]
fn a_server_is_watched_without_a_runbook_and_a_query_is_cancelled() {
    let name = database();
    let url = server().url(&name);
    let asleep = thread::spawn(move || {
        server()
            .execute(&name, "select pg_sleep(611)")
            .unwrap_err()
            .to_string()
    });
    let stage = Stage::new();
    let mut hp = stage.start(&["monitor", "--url", &url, "--every", "200ms"]);
    // The server is shared: others sleep there too, not as long.
    let ours = "pg_sleep(611)";
    hp.wait_row(&["PgSleep", ours]);
    hp.press("3");
    for _ in 0..20 {
        if hp.is_marked(ours) {
            break;
        }
        hp.press("\x1b[B");
        hp.settle();
    }
    assert!(hp.is_marked(ours), "{}", hp.screen());
    hp.press_for("\r", "connected for");
    hp.shut("esc shuts this");
    hp.press_for("c", "Enter cancels its statement");
    hp.wait_for("nothing is recorded");
    hp.answer("Enter cancels its statement");
    hp.wait_for("gone after");
    let said = asleep.join().unwrap();
    assert!(
        said.contains("canceling statement due to user request"),
        "{said}"
    );
    hp.press("q");
    hp.ends_with(0);
    assert!(stage.runs().is_empty());
}

#[test]
fn the_blocked_and_the_blocker_stand_in_one_tree() {
    let name = database();
    server()
        .execute(&name, "create table t (id int primary key)")
        .unwrap();
    let stage = Stage::with(
        r"
runbook: 1
title: Blocked
targets: {there: {database: '${DATABASE_URL}'}}
secrets: [DATABASE_URL]
phases:
  - phase: Work
    steps:
      - {step: Widen, sql: alter table t add column v text, timeout: 5m}
",
    );
    let stage = stage.env("DATABASE_URL", &server().url(&name));
    let held = name.clone();
    let holder = thread::spawn(move || {
        let hold = "set application_name = 'holder'; begin; lock table t; select pg_sleep(600)";
        server().execute(&held, hold)
    });
    let seen = Stage::new();
    let watcher = seen.start(&["monitor", "--url", &server().url(&name), "--every", "200ms"]);
    watcher.wait_for("holder");
    let mut hp = stage.run();
    hp.wait_row(&["▼", "holder"]);
    hp.wait_row(&["└", "step 1.1", "alter table"]);
    hp.wait_for("Widen waits");
    hp.press_for("l", "t terminate");
    hp.press_for("t", "Enter ends the session");
    hp.type_text("it is nobody's");
    hp.answer("Enter ends the session");
    hp.wait_for("every step is settled");
    assert!(holder.join().unwrap().is_err(), "its session was ended");
    let acted = stage.events("backend.acted");
    assert_eq!(
        (
            &acted[0]["act"],
            &acted[0]["application"],
            &acted[0]["reason"]
        ),
        (
            &"terminate".into(),
            &"holder".into(),
            &"it is nobody's".into()
        )
    );
    assert!(stage.events("backend.result")[0]["outcome"]["gone"].is_object());
    leave(&mut hp);
}
