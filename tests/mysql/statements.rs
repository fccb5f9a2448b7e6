//! Statements as written: text back, errors with their place, nothing left behind.

use std::time::Duration;

use holdpoint::domain::attempt::SqlWork;
use holdpoint::domain::runbook::model::{Access, Transaction};
use holdpoint::engine::database::mysql;
use holdpoint::engine::database::target::{at_work, cancel_application, run_statements};
use holdpoint::engine::database::{Dsn, SqlError, SqlSeen};
use holdpoint::engine::sandbox::MariaSandbox;

use crate::harness::{Client, fresh, on_each_server, until};

on_each_server! {
    rows_come_back_as_text_with_their_count
    several_statements_each_tell_what_they_did
    warnings_are_told_and_do_not_spoil_what_looks_back
    an_error_has_its_numbers_and_its_place
    one_transaction_is_kept_or_taken_back_as_a_whole
    a_reader_cannot_write
    waits_and_statements_are_limited
    a_blocked_alter_is_stopped_and_confirmed_gone
    a_dropped_statement_does_not_wait_on
    what_a_tool_left_behind_is_stopped_and_nobody_else
}

const NAME: &str = "holdpoint.run.step.1";

fn work(text: &str) -> SqlWork {
    SqlWork {
        url_env: String::new(),
        text: text.to_owned(),
        values: None,
        lock_timeout_ms: None,
        statement_timeout_ms: None,
        transaction: Transaction::AsWritten,
        access: Access::ReadWrite,
        row_cap: 1_000,
    }
}

async fn run(url: &str, work: SqlWork) -> (Result<SqlSeen, SqlError>, Vec<String>) {
    let dsn = Dsn::read(url).unwrap();
    let mut lines = Vec::new();
    let mut out = |line: &str| lines.push(line.to_owned());
    let ended = run_statements(&dsn, &work, "holdpoint.run.other.1", &mut out).await;
    (ended, lines)
}

async fn one(server: &MariaSandbox, sql: &str) -> String {
    let mut client = Client::open(&server.url("")).await;
    client.value(sql).await.unwrap_or_default()
}

async fn rows_come_back_as_text_with_their_count(server: &'static MariaSandbox) {
    let url = server.url(&fresh(server));
    let text = "select id, null as n, cast('1.50' as decimal(5,2)) d, 'a|b' from t where id < 3 order by id";
    let (seen, lines) = run(&url, work(text)).await;
    let seen = seen.unwrap();
    assert_eq!(
        lines,
        [
            "id | n | d | a|b",
            "1 |  | 1.50 | a|b",
            "2 |  | 1.50 | a|b",
            "(SELECT: 2 rows)"
        ]
    );
    assert_eq!((seen.rows, seen.first_value.as_deref()), (2, Some("1")));
    let (seen, lines) = run(&url, work("select 1 from t where false")).await;
    assert_eq!(lines, ["(SELECT: 0 rows)"]);
    assert_eq!(seen.unwrap().first_value, None);
}

async fn several_statements_each_tell_what_they_did(server: &'static MariaSandbox) {
    let url = server.url(&fresh(server));
    let text = "create table a (i int); insert into a values (1), (2); # ;\n\
                delimiter //\ncreate procedure p() begin select 'in'; select i from a; end//\ndelimiter ;\n\
                call p(); drop table if exists `no;ne`; update a set i = 3;";
    let (seen, lines) = run(&url, work(text)).await;
    assert_eq!(seen.unwrap().statements, 8);
    assert_eq!(
        lines[..3],
        [
            "(CREATE TABLE: done)",
            "(INSERT: 2 rows touched)",
            "(CREATE PROCEDURE: done)"
        ]
    );
    assert!(
        lines
            .iter()
            .any(|l| l.starts_with("NOTE: Unknown table") && l.ends_with("(1051)")),
        "{lines:?}"
    );
    assert_eq!(lines.last().unwrap(), "(UPDATE: 2 rows touched)");
}

async fn warnings_are_told_and_do_not_spoil_what_looks_back(server: &'static MariaSandbox) {
    let url = server.url(&fresh(server));
    let (_, lines) = run(&url, work("select 1 / 0")).await;
    assert!(
        lines
            .iter()
            .any(|l| l.starts_with("WARNING: Division by 0")),
        "{lines:?}"
    );
    let (seen, _) = run(
        &url,
        work("update t set v = 5 where id < 4; select row_count()"),
    )
    .await;
    assert_eq!(seen.unwrap().first_value.as_deref(), Some("3"));
}

async fn an_error_has_its_numbers_and_its_place(server: &'static MariaSandbox) {
    let url = server.url(&fresh(server));
    let text = "update t set v = 1;\nselect *\nfrom missing;\nselect 3";
    let (ended, lines) = run(&url, work(text)).await;
    let error = ended.unwrap_err();
    assert_eq!((error.number, error.code.as_str()), (Some(1146), "42S02"));
    assert!(error.is_missing_table());
    let told = error.lines(text);
    assert!(told[0].ends_with("(1146 42S02)"), "{told:?}");
    assert_eq!(told[1], "LINE 2: select *");
    assert!(told.last().unwrap().contains("is done"), "{told:?}");
    assert_eq!(lines, ["(UPDATE: 10 rows touched)"]);
    let text = "select 1;\nselect 1,\n2 frm t";
    let (ended, _) = run(&url, work(text)).await;
    assert_eq!(ended.unwrap_err().lines(text)[1], "LINE 3: 2 frm t");
}

async fn one_transaction_is_kept_or_taken_back_as_a_whole(server: &'static MariaSandbox) {
    let name = fresh(server);
    let url = server.url(&name);
    let sum = format!("select sum(v) from `{name}`.t");
    let as_one = |text: &str| SqlWork {
        transaction: Transaction::One,
        ..work(text)
    };
    let (ended, _) = run(
        &url,
        as_one("update t set v = 1; insert into t values (1, 1)"),
    )
    .await;
    let error = ended.unwrap_err();
    assert!(
        error
            .detail
            .unwrap()
            .contains("nothing of the text was kept")
    );
    assert_eq!(one(server, &sum).await, "0");
    run(
        &url,
        as_one("update t set v = 1; update t set v = 2 where id = 1"),
    )
    .await
    .0
    .unwrap();
    assert_eq!(one(server, &sum).await, "11");
    let (ended, lines) = run(&url, as_one("update t set v = 5; alter table t add w int")).await;
    let error = ended.unwrap_err();
    assert!(error.message.contains("ALTER TABLE"), "{error}");
    assert!(lines.is_empty());
    assert_eq!(one(server, &sum).await, "11");
    let (ended, _) = run(&url, work("begin; update t set v = 9")).await;
    assert!(
        ended
            .unwrap_err()
            .message
            .contains("leaves a transaction open")
    );
    assert_eq!(one(server, &sum).await, "11");
}

async fn a_reader_cannot_write(server: &'static MariaSandbox) {
    let url = server.url(&fresh(server));
    for text in [
        "update t set v = 1",
        "alter table t add w int",
        "drop table t",
    ] {
        let reader = SqlWork {
            access: Access::ReadOnly,
            ..work(text)
        };
        let error = run(&url, reader).await.0.unwrap_err();
        assert_eq!(error.number, Some(1792), "{text}: {error}");
    }
}

async fn waits_and_statements_are_limited(server: &'static MariaSandbox) {
    let url = server.url(&fresh(server));
    let _holder = Client::with(&url, "begin; update t set v = 1 where id = 1").await;
    for text in ["alter table t add w int", "update t set v = 2 where id = 1"] {
        let limited = SqlWork {
            lock_timeout_ms: Some(900),
            ..work(text)
        };
        let error = run(&url, limited).await.0.unwrap_err();
        assert_eq!(error.number, Some(1205), "{text}: {error}");
    }
    let limited = SqlWork {
        statement_timeout_ms: Some(300),
        ..work("update t set v = 2 where id = 1")
    };
    let error = run(&url, limited).await.0.unwrap_err();
    assert!(
        error.message.contains("exceeded") || error.message.contains("statement_timeout"),
        "{error}"
    );
}

async fn a_blocked_alter_is_stopped_and_confirmed_gone(server: &'static MariaSandbox) {
    let name = fresh(server);
    let url = server.url(&name);
    let _holder = Client::with(&url, "begin; select * from t").await;
    let dsn = Dsn::read(&url).unwrap();
    let names = [NAME.to_owned(), "holdpoint.run.step.2".to_owned()];
    assert!(at_work(&dsn, &names).await.unwrap().is_empty());
    let (theirs, sql) = (dsn.clone(), work("alter table t add w int"));
    let task = tokio::spawn(async move {
        let mut out = |_: &str| {};
        run_statements(&theirs, &sql, NAME, &mut out).await
    });
    let mut asker = Client::open(&server.url("")).await;
    let waits = format!(
        "select count(*) from information_schema.processlist where db = '{name}' and state like 'Waiting for table metadata lock'"
    );
    until(&mut asker, &waits, "1").await;
    let found = at_work(&dsn, &names).await.unwrap();
    assert_eq!(found.len(), 1);
    let swept = cancel_application(&dsn, NAME, Duration::from_secs(3))
        .await
        .unwrap();
    assert_eq!((&swept.found, &swept.cancelled), (&found, &found));
    assert!(swept.left.is_empty(), "{swept:?}");
    let error = task.await.unwrap().unwrap_err();
    assert_eq!(error.number, Some(1317), "{error}");
    assert!(at_work(&dsn, &names).await.unwrap().is_empty());
}

async fn a_dropped_statement_does_not_wait_on(server: &'static MariaSandbox) {
    let name = fresh(server);
    let url = server.url(&name);
    let _holder = Client::with(&url, "begin; select * from t").await;
    let dsn = Dsn::read(&url).unwrap();
    let task = tokio::spawn(async move {
        let mut out = |_: &str| {};
        run_statements(
            &dsn,
            &work("alter table t add w int"),
            "holdpoint.run.dropped.1",
            &mut out,
        )
        .await
    });
    let mut asker = Client::open(&server.url("")).await;
    let waits = format!(
        "select count(*) from information_schema.processlist where db = '{name}' and state like 'Waiting for table metadata lock'"
    );
    until(&mut asker, &waits, "1").await;
    task.abort();
    until(&mut asker, &waits, "0").await;
}

async fn what_a_tool_left_behind_is_stopped_and_nobody_else(server: &'static MariaSandbox) {
    let name = fresh(server);
    let sql = format!(
        "create user 'tool'@'127.0.0.1' identified by 'p'; grant all on `{name}`.* to 'tool'@'127.0.0.1'"
    );
    server.execute("", &sql).unwrap();
    let theirs = server.url_as(&name, "tool", Some("p"));
    let _earlier = Client::with(&theirs, "begin; select * from t").await;
    let mysql_dsn = mysql::Dsn::read(&server.url(&name)).unwrap();
    let tool = mysql::tool_from_now(&mysql_dsn, Some("tool"))
        .await
        .unwrap();
    let mut idle = Client::open(&theirs).await;
    assert!(
        mysql::tool_sessions(&mysql_dsn, &tool)
            .await
            .unwrap()
            .is_empty()
    );
    let mut changer = Client::open(&theirs).await;
    let id = i64::try_from(changer.id).unwrap();
    let alter = tokio::spawn(async move { changer.try_run("alter table t add w int").await });
    let mut asker = Client::open(&server.url("")).await;
    let waits = format!(
        "select count(*) from information_schema.processlist where db = '{name}' and state like 'Waiting for table metadata lock'"
    );
    until(&mut asker, &waits, "1").await;
    let grace = Duration::from_secs(3);
    let swept = mysql::cancel_tool(&mysql_dsn, &tool, grace).await.unwrap();
    assert_eq!((swept.found, swept.cancelled), (vec![id], vec![id]));
    assert!(swept.left.is_empty());
    assert!(alter.await.unwrap().is_err());
    idle.run("select 1").await;
}
