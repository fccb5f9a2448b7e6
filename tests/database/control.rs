//! Acting on sessions: only on the one that was meant, and with its outcome.

use std::time::Duration;

use holdpoint::domain::run::event::{ActOutcome, BackendAct};
use holdpoint::domain::sample::detail::Standing;
use holdpoint::engine::database::postgres::{Control, Dsn, cancel_application};

use crate::harness::{Client, fresh, server, waiting};

async fn start_of(asker: &mut Client, pid: i32) -> String {
    let sql = format!(
        "select backend_start at time zone 'utc' || '+00' from pg_stat_activity where pid = {pid}"
    );
    asker.value(&sql).await.unwrap()
}

#[tokio::test]
async fn a_statement_is_cancelled_and_seen_to_be_gone() {
    let url = server().url(&fresh());
    let mut asker = Client::open(&url).await;
    let holder = Client::with(&url, "begin; lock t").await;
    let (pid, task) = Client::open(&url).await.waits("select * from t");
    waiting(&mut asker, pid).await;
    let start = start_of(&mut asker, pid).await;
    let mut control = Control::open(&Dsn::read(&url).unwrap()).await.unwrap();
    let outcome = control.act(pid, &start, BackendAct::Cancel).await;
    assert!(matches!(outcome, ActOutcome::Gone { .. }), "{outcome:?}");
    let error = task.await.unwrap().err().unwrap();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "57014");
    drop(holder);
}

#[tokio::test]
async fn a_session_is_ended_and_seen_to_be_gone() {
    let url = server().url(&fresh());
    let mut asker = Client::open(&url).await;
    let mut idle = Client::with(&url, "begin; lock t").await;
    let start = start_of(&mut asker, idle.pid).await;
    let mut control = Control::closed(&Dsn::read(&url).unwrap());
    let cancel = control.act(idle.pid, &start, BackendAct::Cancel).await;
    assert!(
        matches!(&cancel, ActOutcome::Refused { why } if why.contains("terminate ends it")),
        "{cancel:?}"
    );
    let outcome = control.act(idle.pid, &start, BackendAct::Terminate).await;
    assert!(matches!(outcome, ActOutcome::Gone { .. }), "{outcome:?}");
    assert!(idle.try_run("select 1").await.is_err());
    let again = control.act(idle.pid, &start, BackendAct::Terminate).await;
    assert_eq!(again, ActOutcome::AlreadyGone);
}

#[tokio::test]
async fn a_pid_that_was_used_again_is_left_alone() {
    let url = server().url(&fresh());
    let mut client = Client::open(&url).await;
    let mut control = Control::open(&Dsn::read(&url).unwrap()).await.unwrap();
    for act in [BackendAct::Cancel, BackendAct::Terminate] {
        let outcome = control.act(client.pid, "2020-01-01 00:00:00+00", act).await;
        assert_eq!(outcome, ActOutcome::AlreadyGone);
    }
    client.run("select 1").await;
}

#[tokio::test]
async fn who_may_not_is_told_why() {
    let url = server().url(&fresh());
    server().execute("postgres", "create role weak login password 'right'; create role watcher login password 'right' in role pg_monitor").unwrap();
    let client = Client::open(&url).await;
    let mut asker = Client::open(&url).await;
    let start = start_of(&mut asker, client.pid).await;
    let weak = server().url_as("postgres", "weak", Some("right"));
    let mut control = Control::open(&Dsn::read(&weak).unwrap()).await.unwrap();
    let outcome = control.act(client.pid, &start, BackendAct::Terminate).await;
    assert!(
        matches!(&outcome, ActOutcome::Refused { why } if why.contains("pg_read_all_stats")),
        "{outcome:?}"
    );
    let watcher = server().url_as("postgres", "watcher", Some("right"));
    let mut control = Control::open(&Dsn::read(&watcher).unwrap()).await.unwrap();
    let outcome = control.act(client.pid, &start, BackendAct::Terminate).await;
    assert!(
        matches!(&outcome, ActOutcome::Refused { why } if why.contains("42501")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn every_session_of_an_application_is_swept() {
    let url = server().url(&fresh());
    let mut asker = Client::open(&url).await;
    let name = format!("holdpoint.7f3a2c.{}.1", "a".repeat(40));
    let holder = Client::with(&url, "begin; lock t").await;
    let (waiter, _task) = Client::called(&url, &name).await.waits("select * from t");
    waiting(&mut asker, waiter).await;
    let mut idle = Client::called(&url, &name).await;
    idle.run("begin; create table mine ()").await;
    let bystander = Client::called(&url, "holdpoint.7f3a2c.other.1").await;
    let (bystander, _sleep) = bystander.waits("select pg_sleep(3600)");
    let dsn = Dsn::read(&url).unwrap();
    let swept = cancel_application(&dsn, &name, Duration::from_secs(2))
        .await
        .unwrap();
    let (waiter, idle) = (i64::from(waiter), i64::from(idle.pid));
    let sorted = |mut pids: Vec<i64>| {
        pids.sort_unstable();
        pids
    };
    assert_eq!(sorted(swept.found.clone()), sorted(vec![waiter, idle]));
    assert_eq!(swept.cancelled, [waiter]);
    assert!(swept.terminated.contains(&idle), "{swept:?}");
    assert!(swept.left.is_empty(), "{swept:?}");
    let alive = format!(
        "select count(*) from pg_stat_activity where pid = {bystander} and state = 'active' or pid = {}",
        holder.pid
    );
    assert_eq!(
        asker.value(&alive).await.as_deref(),
        Some("2"),
        "nobody else was touched"
    );
    let none = cancel_application(&dsn, "holdpoint.nobody", Duration::from_secs(2))
        .await
        .unwrap();
    assert!(none.found.is_empty());
}

#[tokio::test]
async fn a_closer_look_shows_the_whole_statement_and_the_locks() {
    let url = server().url(&fresh());
    let mut asker = Client::open(&url).await;
    let _holder = Client::with(&url, "begin; lock t in access share mode").await;
    let client = Client::open(&url).await;
    let (pid, _task) = client.waits("begin;\nalter table t\n\tadd \"\u{1b}[31mcol\" int");
    waiting(&mut asker, pid).await;
    let mut control = Control::open(&Dsn::read(&url).unwrap()).await.unwrap();
    let detail = control.detail(pid).await.unwrap().unwrap();
    assert_eq!(detail.query.len(), 3, "{:?}", detail.query);
    assert!(
        detail.query.iter().all(|line| !line.contains('\u{1b}')),
        "{:?}",
        detail.query
    );
    assert_eq!(detail.locks[0].standing, Standing::Wanted);
    assert_eq!(
        (
            detail.locks[0].object.as_str(),
            detail.locks[0].mode.as_str()
        ),
        ("public.t", "AccessExclusiveLock")
    );
    assert!(
        detail.locks[1..]
            .iter()
            .all(|l| l.standing == Standing::Held)
    );
    assert_eq!(control.detail(i32::MAX).await.unwrap(), None);
}

#[tokio::test]
async fn a_connection_that_broke_stands_again_before_it_is_needed() {
    let url = server().url(&fresh());
    let mut asker = Client::open(&url).await;
    let mut control = Control::open(&Dsn::read(&url).unwrap()).await.unwrap();
    let who = "select pid from pg_stat_activity where application_name = 'holdpoint control' and datname = current_database()";
    let before = asker.value(who).await.unwrap();
    asker
        .run(&format!("select pg_terminate_backend({before}, 5000)"))
        .await;
    control.keep().await.unwrap();
    let after = asker.value(who).await.unwrap();
    assert_ne!(before, after);
    control.keep().await.unwrap();
    assert_eq!(asker.value(who).await.unwrap(), after, "it is kept");
}
