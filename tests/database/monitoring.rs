//! The monitor: what it tells, what it survives, and what it may not see.

mod asked;
mod texts;
mod wire;

use std::time::Duration;

use holdpoint::domain::runbook::model::{OwnValue, Sessions, StepId};
use holdpoint::domain::sample::MonitorNews;
use holdpoint::domain::sample::headline::one_line;
use holdpoint::domain::sample::history::History;
use holdpoint::domain::sample::model::{Ours, Sample, Session};
use holdpoint::domain::sample::news::{Extra, Watched};
use holdpoint::domain::sample::own::OwnStep;
use holdpoint::engine::clock;

use crate::harness::{Client, Watcher, fresh, own_server, server, waiting};

fn lost(news: &MonitorNews) -> Option<(String, u64)> {
    match news {
        MonitorNews::Lost { why, for_ms } => Some((why.clone(), *for_ms)),
        _ => None,
    }
}

#[tokio::test]
async fn it_says_who_the_server_is_and_then_what_it_sees() {
    let db = fresh();
    let url = server().url(&db);
    let mut watcher = Watcher::on(&url);
    let first = watcher.any(|news| match news {
        MonitorNews::Identity(seen) => Some(seen.database.clone()),
        other => panic!("first comes the identity, not {other:?}"),
    });
    assert_eq!(first.await, db);
    let _idle = Client::with(&url, "begin; select 1").await;
    // What a busy machine could not read in time it says in a note.
    let mine = |s: &Sample| {
        let holds = |s: &Session| s.database == db && s.state == "idle in transaction";
        s.notes.is_empty() && s.sessions.iter().any(holds)
    };
    let sample = watcher.sample(mine).await;
    let session = sample
        .sessions
        .iter()
        .find(|s| s.database == db && s.state == "idle in transaction")
        .unwrap();
    assert_eq!(
        (session.user.as_str(), session.application.as_str()),
        ("postgres", "somebody")
    );
    assert_eq!(session.query, "begin; select 1");
    assert!(!session.backend_start.is_empty());
    assert!(sample.counts.connections >= 2 && sample.counts.idle_in_transaction >= 1);
    assert_eq!(sample.counts.limit, 397);
    assert!(
        sample
            .counts
            .by_client
            .iter()
            .any(|c| c.database == db && c.application == "somebody" && c.n == 1)
    );
    assert!(sample.at_ms > 1_700_000_000_000);
}

#[tokio::test]
async fn counters_become_rates_and_the_size_comes_when_asked() {
    let url = server().url(&fresh());
    let mut watcher = Watcher::on(&url);
    watcher.wishes.send_modify(|w| w.sizes = Extra::Asked);
    let mut client = Client::open(&url).await;
    for _ in 0..50 {
        client.run("update t set v = v + 1").await;
    }
    // Before 15 the server flushes its counters by itself, a little later.
    let _ = client.try_run("select pg_stat_force_next_flush()").await;
    let busy = |s: &Sample| {
        let server = s.server.as_ref();
        server.is_some_and(|s| {
            s.rates.is_some_and(|r| r.tps > 0.0 && r.wal_bytes > 0.0) && s.database_bytes.is_some()
        })
    };
    let sample = watcher.sample(busy).await;
    assert!(sample.server.unwrap().database_bytes.unwrap() > 1_000_000);
}

#[tokio::test]
async fn the_runs_own_sessions_are_marked_and_the_sentence_says_who_is_in_the_way() {
    let url = server().url(&fresh());
    let mut watcher = Watcher::on(&url);
    let mut asker = Client::open(&url).await;
    let mut cron = Client::called(&url, "cron").await;
    cron.run("begin; select * from t").await;
    let began = i64::try_from(clock::mono_ms()).unwrap();
    let step = |app: &str, sessions| OwnStep {
        step: StepId::new("apply"),
        attempt: 1,
        app_name: app.into(),
        started_ms: began - 1_000,
        sessions,
    };
    let by_name = Sessions {
        user: None,
        application: Some("jdbc".into()),
    };
    watcher.wishes.send_modify(|w| {
        w.steps = vec![
            step("holdpoint.x.apply.1", None),
            step("never", Some(by_name)),
        ];
    });
    let (alter, _a) = Client::called(&url, "holdpoint.x.apply.1")
        .await
        .waits("alter table t add c1 int");
    waiting(&mut asker, alter).await;
    let (behind, _b) = Client::called(&url, "jdbc").await.waits("select * from t");
    waiting(&mut asker, behind).await;
    let sample = watcher.with_waiters(&[alter, behind]).await;
    let ours = |pid| sample.session(pid).unwrap().ours.clone();
    assert!(matches!(ours(alter), Ours::Step { attempt: 1, .. }));
    assert!(matches!(ours(behind), Ours::Probable { .. }));
    assert_eq!(ours(cron.pid), Ours::No);
    let line = one_line(&sample, &History::default(), |_| "Apply".into()).unwrap();
    let start = format!("for pid {} cron, idle in transaction for ", cron.pid);
    assert!(
        line.starts_with("Apply waits ") && line.contains(&start),
        "{line}"
    );
    assert!(line.ends_with("; 1 session waits behind us"), "{line}");
}

#[tokio::test]
async fn it_goes_on_while_tables_and_catalogs_are_locked() {
    let own = own_server();
    let url = own.url("postgres");
    own.execute("postgres", "create table t (a int)").unwrap();
    let mut asker = Client::open(&url).await;
    let mut locker = Client::open(&url).await;
    let waiter = Client::open(&url).await;
    let mut watcher = Watcher::on(&url);
    watcher.sample(|s| s.server.is_some()).await;
    // The asker must know its functions before their catalog is locked.
    let known = format!(
        "select wait_event_type from pg_stat_get_activity({})",
        asker.pid
    );
    asker.value(&known).await;
    locker.run("begin; lock t; lock pg_class; lock pg_database; lock pg_authid; lock pg_attribute; lock pg_type; lock pg_proc").await;
    let (pid, _task) = waiter.waits("select * from pg_class");
    waiting(&mut asker, pid).await;
    let sample = watcher.with_waiters(&[pid]).await;
    assert_eq!(sample.session(pid).unwrap().hard[0].pid, locker.pid);
    let noted = |s: &Sample| {
        s.notes
            .iter()
            .any(|n| n.contains("counters could not be read"))
    };
    watcher.sample(noted).await;
    for _ in 0..5 {
        watcher.with_waiters(&[pid]).await;
    }
    assert!(
        watcher
            .news
            .lock()
            .unwrap()
            .iter()
            .all(|n| lost(n).is_none())
    );
    locker.run("rollback").await;
    watcher
        .sample(|s| s.notes.is_empty() && s.counts.blocked == 0)
        .await;
}

#[tokio::test]
async fn a_plain_role_is_told_what_it_may_not_see() {
    let db = fresh();
    let url = server().url(&db);
    server()
        .execute("postgres", "create role plain login password 'right'")
        .unwrap();
    let mut asker = Client::open(&url).await;
    let holder = Client::with(&url, "begin; lock t").await;
    let (pid, _task) = Client::open(&url).await.waits("select * from t");
    waiting(&mut asker, pid).await;
    let mut watcher = Watcher::on(&server().url_as(&db, "plain", Some("right")));
    let sample = watcher.with_waiters(&[pid]).await;
    assert!(
        sample.notes.iter().any(|n| n.contains("pg_monitor")),
        "{:?}",
        sample.notes
    );
    let waiter = sample.session(pid).unwrap();
    assert_eq!(waiter.hard[0].pid, holder.pid);
    assert!(waiter.doing().starts_with("waits"), "{}", waiter.doing());
    assert!(waiter.user == "postgres" && waiter.state.is_empty());
    assert!(
        sample.counts.connections >= 4 && sample.counts.blocked >= 1,
        "{:?}",
        sample.counts
    );
}

#[tokio::test]
async fn own_values_are_read_beside_and_a_slow_one_holds_nothing_up() {
    let url = server().url(&fresh());
    let value = |name: &str, sql: &str| OwnValue {
        name: name.into(),
        sql: sql.into(),
        every: Duration::from_millis(200),
    };
    let plan = Watched {
        every: Duration::from_millis(100),
        values: vec![
            value("sum", "select sum(v) from t"),
            value("wrong", "select nothing from t"),
            value("writes", "delete from t"),
            value("slow", "select pg_sleep(3600)"),
        ],
        ..Watched::default()
    };
    let mut watcher = Watcher::planned(&url, plan);
    let read = |s: &Sample, at: usize| s.values.get(at).cloned().unwrap_or_default();
    watcher
        .sample(|s| read(s, 0).value.as_deref() == Some("0") && read(s, 1).error.contains("42703"))
        .await;
    Client::with(&url, "update t set v = 1").await;
    watcher
        .sample(|s| read(s, 0).value.as_deref() == Some("10") && read(s, 2).error.contains("25006"))
        .await;
    let mut last = 0;
    for _ in 0..5 {
        let sample = watcher.sample(|s| s.took_ms < 2_000).await;
        assert!(sample.at_ms >= last);
        last = sample.at_ms;
    }
}
