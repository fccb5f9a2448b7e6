//! Statements as written: text back, errors with their place, nothing left behind.

use std::sync::{Arc, Mutex};

use holdpoint::domain::attempt::SqlWork;
use holdpoint::domain::runbook::model::{Access, Transaction};
use holdpoint::engine::database::SqlError;
use holdpoint::engine::database::SqlSeen;
use holdpoint::engine::database::postgres::{Dsn, run_statements};

use tokio::time::{Duration, Instant, sleep};

use crate::harness::{Client, PATIENCE, fresh, server, until, waiting};

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
    let ended = run_statements(&dsn, &work, "holdpoint.run.step.1", &mut out).await;
    (ended, lines)
}

#[tokio::test]
async fn rows_come_back_as_text_with_their_count() {
    let url = server().url(&fresh());
    let (seen, lines) = run(
        &url,
        work("select id, array[v, null] as \"list\" from t where id < 3 order by id"),
    )
    .await;
    let seen = seen.unwrap();
    assert_eq!(
        lines,
        [
            "id | list",
            "1 | {0,NULL}",
            "2 | {0,NULL}",
            "(SELECT: 2 rows)"
        ]
    );
    assert_eq!((seen.rows, seen.first_value.as_deref()), (2, Some("1")));
    let (seen, lines) = run(&url, work("select 1 where false")).await;
    assert_eq!(
        (seen.unwrap(), lines),
        (
            SqlSeen {
                rows: 0,
                first_value: None,
                statements: 1,
                tag: "SELECT: 0 rows".into()
            },
            vec!["(SELECT: 0 rows)".to_owned()],
        )
    );
}

#[tokio::test]
async fn several_statements_each_tell_what_they_did() {
    let url = server().url(&fresh());
    let text = "create table a (i int); insert into a values (1), (2); -- ;\nupdate a set i = 3 returning i;";
    let (seen, lines) = run(&url, work(text)).await;
    assert_eq!(
        lines,
        [
            "(CREATE TABLE: done)",
            "(INSERT: 2 rows touched)",
            "i",
            "3",
            "3",
            "(UPDATE: 2 rows)"
        ]
    );
    assert_eq!(seen.unwrap().statements, 3);
}

#[tokio::test]
async fn notices_stand_among_the_output() {
    let url = server().url(&fresh());
    let text = "do $$ begin raise notice 'hear; hear'; raise warning 'look'; end $$";
    let (_, lines) = run(&url, work(text)).await;
    assert_eq!(lines, ["NOTICE: hear; hear", "WARNING: look", "(DO: done)"]);
}

#[tokio::test]
async fn no_more_rows_than_the_cap_are_written_and_all_are_counted() {
    let url = server().url(&fresh());
    let capped = SqlWork {
        row_cap: 3,
        ..work("select generate_series(1, 100000) as n")
    };
    let (seen, lines) = run(&url, capped).await;
    assert_eq!(
        lines,
        [
            "n",
            "1",
            "2",
            "3",
            "… more than 3 rows: the rest is counted, not written",
            "(SELECT: 100000 rows)"
        ]
    );
    assert_eq!(seen.unwrap().rows, 100_000);
}

#[tokio::test]
async fn an_error_says_code_place_detail_and_hint() {
    let url = server().url(&fresh());
    let text = "select 1;\nselect nme from (select 1 as name) x";
    let error = run(&url, work(text)).await.0.unwrap_err();
    assert_eq!(error.code, "42703");
    assert_eq!(
        error.lines(text),
        [
            "ERROR: column \"nme\" does not exist (42703)",
            "LINE 2: select nme from (select 1 as name) x",
            "               ^",
            "HINT: Perhaps you meant to reference the column \"x.name\".",
        ]
    );
    let each = SqlWork {
        transaction: Transaction::Each,
        ..work(text)
    };
    assert_eq!(
        run(&url, each).await.0.unwrap_err().lines(text)[1],
        "LINE 2: select nme from (select 1 as name) x"
    );
    let error = run(&url, work("insert into t values (1, 1)"))
        .await
        .0
        .unwrap_err();
    assert_eq!(
        error.detail.as_deref(),
        Some("Key (id)=(1) already exists.")
    );
}

#[tokio::test]
async fn statements_belong_together_as_was_asked() {
    let url = server().url(&fresh());
    let mut asker = Client::open(&url).await;
    let text = "insert into t values (20, 0); insert into t values (20, 0);";
    for (transaction, kept) in [
        (Transaction::AsWritten, "10"),
        (Transaction::One, "10"),
        (Transaction::Each, "11"),
    ] {
        let ended = run(
            &url,
            SqlWork {
                transaction,
                ..work(text)
            },
        )
        .await
        .0;
        assert_eq!(ended.unwrap_err().code, "23505");
        assert_eq!(
            asker.value("select count(*) from t").await.as_deref(),
            Some(kept),
            "{transaction:?}"
        );
    }
    let alone = SqlWork {
        transaction: Transaction::Each,
        ..work("create index concurrently on t (v); select 1")
    };
    assert_eq!(run(&url, alone).await.0.unwrap().statements, 2);
    let one = SqlWork {
        transaction: Transaction::One,
        ..work("delete from t; select 1")
    };
    assert_eq!(run(&url, one).await.0.unwrap().tag, "SELECT: 1 row");
    assert_eq!(
        asker.value("select count(*) from t").await.as_deref(),
        Some("0")
    );
}

#[tokio::test]
async fn a_transaction_left_open_is_an_error_and_not_a_silent_rollback() {
    let url = server().url(&fresh());
    let error = run(&url, work("begin; delete from t")).await.0.unwrap_err();
    assert!(
        error.message.contains("leaves a transaction open"),
        "{error:?}"
    );
    let fine = run(&url, work("begin; delete from t; commit")).await.0;
    assert_eq!(fine.unwrap().statements, 3);
}

#[tokio::test]
async fn a_reader_may_not_write_and_limits_hold() {
    let url = server().url(&fresh());
    let read_only = SqlWork {
        access: Access::ReadOnly,
        ..work("delete from t")
    };
    assert_eq!(run(&url, read_only).await.0.unwrap_err().code, "25006");
    let _holder = Client::with(&url, "begin; lock t").await;
    let short = SqlWork {
        lock_timeout_ms: Some(100),
        ..work("select * from t")
    };
    assert_eq!(run(&url, short).await.0.unwrap_err().code, "55P03");
    let slow = SqlWork {
        statement_timeout_ms: Some(100),
        ..work("select pg_sleep(60)")
    };
    assert_eq!(run(&url, slow).await.0.unwrap_err().code, "57014");
}

#[tokio::test]
async fn what_only_psql_can_do_is_refused_before_anything_runs() {
    let url = server().url(&fresh());
    for text in [
        "delete from t; copy t to stdout",
        "listen x",
        "",
        " ; -- nothing\n",
    ] {
        let error = run(&url, work(text)).await.0.unwrap_err();
        assert!(error.code.is_empty(), "{error:?}");
    }
    let left = Client::open(&url)
        .await
        .value("select count(*) from t")
        .await;
    assert_eq!(left.as_deref(), Some("10"));
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_an_error_of_its_own() {
    let error = run("postgres://x@127.0.0.1:1/x", work("select 1"))
        .await
        .0
        .unwrap_err();
    assert_eq!(error.message, "nothing listens at 127.0.0.1:1");
    assert!(error.hint.is_some());
}

#[tokio::test]
async fn statements_that_are_dropped_are_cancelled_on_the_server() {
    let url = server().url(&fresh());
    let mut asker = Client::open(&url).await;
    let _holder = Client::with(&url, "begin; lock t").await;
    let dsn = Dsn::read(&url).unwrap();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&lines);
    let task = tokio::spawn(async move {
        let text = "do $$ begin raise notice 'pid %', pg_backend_pid(); delete from t; end $$";
        let mut out = |line: &str| heard.lock().unwrap().push(line.to_owned());
        run_statements(&dsn, &work(text), "holdpoint.run.dropped.1", &mut out).await
    });
    let begun = Instant::now();
    let pid = loop {
        if let Some(line) = lines.lock().unwrap().first() {
            break line
                .trim_start_matches("NOTICE: pid ")
                .parse::<i32>()
                .unwrap();
        }
        assert!(begun.elapsed() < PATIENCE, "its notice never came");
        sleep(Duration::from_millis(10)).await;
    };
    waiting(&mut asker, pid).await;
    task.abort();
    let gone = format!("select count(*) from pg_stat_activity where pid = {pid}");
    until(&mut asker, &gone, "0").await;
}
