//! Attempts with a database: statements, and what is left on the server after a stop.

use std::fs;
use std::sync::{LazyLock, mpsc};
use std::thread;

use holdpoint::domain::attempt::{Assignment, Ended, SqlWork, Work};
use holdpoint::domain::expect::{Expectation, Test};
use holdpoint::domain::runbook::model::{Access, Capture, Op, Transaction};
use holdpoint::engine::attempt::cancel;
use holdpoint::engine::sandbox::{Options, Sandbox, any_server};

use crate::workshop::{Workshop, assignment, eventually, shell};

/// One server for all tests here. It dies with the thread that started it, so that thread lives as long as the process.
static SERVER: LazyLock<Sandbox> = LazyLock::new(|| {
    let (give, take) = mpsc::channel();
    thread::spawn(move || {
        let sandbox = Sandbox::start(&any_server().unwrap(), Options::default()).unwrap();
        give.send(sandbox).unwrap();
        loop {
            thread::park();
        }
    });
    take.recv().unwrap()
});

fn sql(text: &str) -> Assignment {
    assignment(Work::Sql(SqlWork {
        url_env: "THE_URL".into(),
        text: text.into(),
        values: None,
        lock_timeout_ms: None,
        statement_timeout_ms: None,
        transaction: Transaction::AsWritten,
        access: Access::ReadWrite,
        row_cap: 100,
    }))
}

/// How many sessions of that name the server has.
fn sessions(app_name: &str) -> String {
    let mut psql = SERVER.psql("postgres").unwrap();
    let text =
        format!("select count(*) from pg_stat_activity where application_name = '{app_name}'");
    let output = psql.args(["-XAtc", &text]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn rows_are_stored_judged_and_captured() {
    let shop = Workshop::new();
    let mut work = sql("select n as number, 'x' || n as name from generate_series(7, 9) n");
    work.expect = Some(Expectation {
        rows: Some(Test::Compare {
            op: Op::Eq,
            with: "3".into(),
        }),
        ..Expectation::default()
    });
    work.capture = vec![Capture {
        name: "first".into(),
        pattern: "^\\w+$".into(),
    }];
    let url = SERVER.url("postgres");
    shop.launch_env("01.1", &work, &[("THE_URL", &url)]);
    let outcome = shop.outcome("01.1");
    assert_eq!(outcome.ended, Ended::Passed, "{outcome:?}");
    assert_eq!(outcome.summary, "as expected: 3");
    assert_eq!(outcome.values["first"], "7");
    assert_eq!(
        shop.output("01.1"),
        "number | name\n7 | x7\n8 | x8\n9 | x9\n(SELECT: 3 rows)\n"
    );
}

#[test]
fn an_error_is_told_with_its_code_and_its_line() {
    let shop = Workshop::new();
    let url = SERVER.url("postgres");
    shop.launch_env(
        "01.1",
        &sql("select 1;\nselect *\nfrom missing"),
        &[("THE_URL", &url)],
    );
    let outcome = shop.outcome("01.1");
    assert_eq!(
        outcome.summary,
        "relation \"missing\" does not exist (42P01), line 3"
    );
    assert!(
        shop.output("01.1")
            .contains("LINE 3: from missing\n             ^"),
        "{}",
        shop.output("01.1")
    );

    let url = url
        .replace("postgres?", "nowhere?")
        .replace("/postgres", "/nowhere");
    shop.launch_env("01.2", &sql("select 1"), &[("THE_URL", &url)]);
    let outcome = shop.outcome("01.2");
    assert!(matches!(outcome.ended, Ended::Failed { .. }));
    assert!(outcome.summary.contains("nowhere"), "{}", outcome.summary);

    shop.launch("01.3", &sql("select 1")).unwrap();
    assert_eq!(
        shop.outcome("01.3").summary,
        "the environment variable THE_URL with the connection string is not set"
    );
}

#[test]
fn a_statement_that_takes_too_long_is_gone_from_the_server() {
    let shop = Workshop::new();
    let mut work = sql("select pg_sleep(1000)");
    work.app_name = "holdpoint.test.slow.1".into();
    work.timeout_ms = Some(1500);
    let url = SERVER.url("postgres");
    shop.launch_env("01.1", &work, &[("THE_URL", &url)]);
    let outcome = shop.outcome("01.1");
    assert_eq!(outcome.ended, Ended::TimedOut, "{outcome:?}");
    let said = outcome.summary.strip_prefix("stopped after ");
    let after: Option<f64> = said.and_then(|s| s.split(' ').next()?.parse().ok());
    assert!(after.is_some_and(|s| s >= 1.5), "{}", outcome.summary);
    assert!(
        outcome.summary.ends_with("confirmed gone")
            || outcome.summary.ends_with("no server session of it is left"),
        "{}",
        outcome.summary
    );
    assert_eq!(outcome.left_behind, Vec::<String>::new());
    assert_eq!(sessions("holdpoint.test.slow.1"), "0");
}

#[test]
fn a_tool_that_leaves_its_statement_running_is_cleaned_up_after() {
    let shop = Workshop::new();
    let psql = SERVER.binaries().tool("psql").unwrap();
    let mut work = assignment(Work::Shell(shell(&format!(
        "exec {} \"$THE_URL\" -Xc 'select pg_sleep(1000)'",
        psql.display()
    ))));
    work.app_name = "holdpoint.test.tool.1".into();
    work.url_env = Some("THE_URL".into());
    let url = SERVER.url("postgres");
    shop.launch_env("01.1", &work, &[("THE_URL", &url)]);
    eventually(|| (sessions("holdpoint.test.tool.1") == "1").then_some(()));
    cancel(shop.path(), "01.1").unwrap();
    let outcome = shop.outcome("01.1");
    assert_eq!(outcome.ended, Ended::Cancelled);
    assert!(
        outcome
            .summary
            .ends_with("; 1 server session cancelled, confirmed gone"),
        "{outcome:?}"
    );
    assert_eq!(sessions("holdpoint.test.tool.1"), "0");
}

#[test]
fn a_server_that_cannot_be_asked_leaves_a_doubt_and_no_password() {
    let shop = Workshop::new();
    let mut work = assignment(Work::Shell(shell(
        "echo \"$THE_URL\"; echo qwertz-pass; sleep 1000",
    )));
    work.url_env = Some("THE_URL".into());
    shop.launch_env(
        "01.1",
        &work,
        &[(
            "THE_URL",
            "postgres://me:qwertz-pass@127.0.0.1:1/shop?connect_timeout=2",
        )],
    );
    eventually(|| {
        fs::read_to_string(shop.output_path("01.1"))
            .ok()
            .filter(|o| o.lines().count() == 2)
    });
    cancel(shop.path(), "01.1").unwrap();
    let outcome = shop.outcome("01.1");
    assert_eq!(outcome.ended, Ended::Cancelled);
    assert!(
        outcome.left_behind[0].starts_with("its server sessions could not be confirmed gone: "),
        "{:?}",
        outcome.left_behind
    );
    assert_eq!(
        shop.output("01.1"),
        "postgresql://me:[redacted]@127.0.0.1:1/shop?connect_timeout=2\n[redacted]\n"
    );
}
