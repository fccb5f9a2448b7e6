//! The monitor: what it tells, what it survives.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use holdpoint::domain::ready::Family;
use holdpoint::domain::runbook::model::{OwnValue, ServerRole, Sessions, StepId};
use holdpoint::domain::sample::MonitorNews;
use holdpoint::domain::sample::extra::{Lack, Measured};
use holdpoint::domain::sample::model::{Ours, Sample, Session};
use holdpoint::domain::sample::news::{Extra, Watched};
use holdpoint::domain::sample::own::{MONITOR_NAME, OwnStep};
use holdpoint::engine::clock;

use crate::harness::{Client, PATIENCE, fresh, on_each_server, plan, watch};
use crate::watcher::Watcher;
use holdpoint::engine::sandbox::{Brand, MariaSandbox};

on_each_server! {
    sessions_are_told_with_what_they_do_and_odd_names_are_tamed
    statements_keep_their_places_from_look_to_look
    our_own_are_marked
    counters_become_rates_and_values_and_sizes_come_when_asked
    tables_are_told_while_somebody_has_one_for_himself
    an_alter_tells_how_far_it_is
    a_replica_that_stops_is_told_by_both_ends
    a_connection_that_is_killed_is_opened_again
}

fn of(client: &Client) -> i32 {
    i32::try_from(client.id).unwrap()
}

async fn sessions_are_told_with_what_they_do_and_odd_names_are_tamed(
    server: &'static MariaSandbox,
) {
    let db = fresh(server);
    let url = server.url(&db);
    let mut watcher = watch(&url);
    let first = watcher.any(|news| match news {
        MonitorNews::Identity(seen) => Some(seen.database.clone()),
        other => panic!("first comes the identity, not {other:?}"),
    });
    assert_eq!(first.await, db);
    let odd = "ev\u{1b}[31mil\u{202e}x";
    let user = format!(
        "create user `{odd}`@'%' identified by 'right'; grant all on `{db}`.* to `{odd}`@'%'"
    );
    server.execute(&db, &user).unwrap();
    let holder = Client::with(&url, "begin; update t set v = 1 where id = 1").await;
    let url_odd = server.url_as(&db, odd, Some("right"));
    let sleeper = Client::open(&url_odd).await;
    let (id, task) = sleeper.waits("select sleep(600) /* \u{1b}[2J\u{202e} password = 'hidden' */");
    let pid = i32::try_from(id).unwrap();
    let sleeps = |s: &Sample| {
        s.session(pid).is_some_and(|s| s.query.contains("sleep"))
            && s.session(of(&holder)).is_some()
            && s.notes.is_empty() // what a busy machine could not read in time it says there
    };
    let sample = watcher.sample(sleeps).await;
    assert_eq!(sample.family, Family::MySql);
    let session = sample.session(pid).unwrap();
    assert_eq!(
        (session.state.as_str(), session.database.as_str()),
        ("active", db.as_str())
    );
    for text in [&session.user, &session.query, &session.backend_start] {
        assert!(
            !text.contains('\u{1b}') && !text.contains('\u{202e}'),
            "{text:?}"
        );
    }
    assert!(session.user.starts_with("ev"), "{}", session.user);
    assert_eq!(session.wait.as_ref().unwrap().event, "User sleep");
    let idle = sample.session(of(&holder)).unwrap();
    assert!(idle.is_idle_in_transaction() && idle.xact_ms.is_some());
    assert!(sample.counts.connections >= 3 && sample.counts.idle_in_transaction >= 1);
    assert!(sample.counts.limit > 0);
    assert!(sample.counts.by_client.iter().any(|c| c.database == db));
    task.abort();
}

fn own(name: &str, sessions: Option<Sessions>) -> OwnStep {
    OwnStep {
        step: StepId::new(name),
        attempt: 1,
        app_name: format!("holdpoint.own.{name}.1"),
        started_ms: i64::try_from(clock::mono_ms()).unwrap(),
        sessions,
    }
}

async fn statements_keep_their_places_from_look_to_look(server: &'static MariaSandbox) {
    let url = server.url(&fresh(server));
    let mut watcher = watch(&url);
    let (mut pids, mut tasks) = (Vec::new(), Vec::new());
    for _ in 0..6 {
        let (id, task) = Client::open(&url).await.waits("select sleep(30)");
        pids.push(i32::try_from(id).unwrap());
        tasks.push(task);
    }
    let sleeps = |s: &Session| s.query.contains("sleep");
    let all = |s: &Sample| pids.iter().all(|p| s.session(*p).is_some_and(sleeps));
    let mut orders = BTreeSet::new();
    for _ in 0..5 {
        let sample = watcher.sample(all).await;
        let mut order: Vec<(u64, i32)> = pids
            .iter()
            .map(|pid| (sample.session(*pid).unwrap().query_ms.unwrap(), *pid))
            .collect();
        order.sort_unstable();
        orders.insert(order.into_iter().map(|(_, pid)| pid).collect::<Vec<_>>());
    }
    assert_eq!(orders.len(), 1, "{orders:?}");
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
}

async fn our_own_are_marked(server: &'static MariaSandbox) {
    let db = fresh(server);
    server
        .execute(
            &db,
            &format!("create user dep@'%' identified by 'right'; grant all on `{db}`.* to dep@'%'"),
        )
        .unwrap();
    let url = server.url(&db);
    let mut watcher = watch(&url);
    watcher.sample(|_| true).await;
    let by_user = Sessions {
        user: Some("dep".into()),
        application: None,
    };
    let steps = vec![own("marked", None), own("tool", Some(by_user))];
    watcher.wishes.send_modify(|w| w.steps = steps);
    let marked = Client::with(
        &url,
        "do get_lock('holdpoint.own.marked.1', 0); begin; select * from t",
    )
    .await;
    let tool = Client::with(
        &server.url_as(&db, "dep", Some("right")),
        "begin; select * from t",
    )
    .await;
    let both = |s: &Sample| s.session(of(&marked)).is_some() && s.session(of(&tool)).is_some();
    let sample = watcher.sample(both).await;
    let ours = |client: &Client| sample.session(of(client)).unwrap().ours.clone();
    assert!(matches!(ours(&marked), Ours::Step { step, .. } if step.as_str() == "marked"));
    assert!(matches!(ours(&tool), Ours::Probable { step, .. } if step.as_str() == "tool"));
    watcher.wishes.send_modify(|w| w.idle = Extra::Asked);
    let ours = |s: &Session| s.application == MONITOR_NAME && s.ours == Ours::Monitor;
    watcher.sample(|s| s.sessions.iter().any(ours)).await;
}

async fn counters_become_rates_and_values_and_sizes_come_when_asked(server: &'static MariaSandbox) {
    let db = fresh(server);
    let url = server.url(&db);
    let plan = Watched {
        values: vec![OwnValue {
            name: "rows".into(),
            sql: "select count(*) from t".into(),
            every: Duration::from_millis(200),
        }],
        ..plan()
    };
    let mut watcher = Watcher::planned(&url, plan);
    watcher.wishes.send_modify(|w| {
        w.sizes = Extra::Asked;
        w.tables = Extra::Asked;
        w.statements = Extra::Asked;
    });
    let mut client = Client::open(&url).await;
    let work = tokio::spawn(async move {
        loop {
            client
                .run("update t set v = v + 1 where id = 1; begin; commit; select 1")
                .await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let lively = |s: &Sample| {
        let rates = s.server.as_ref().and_then(|s| s.rates);
        rates.is_some_and(|r| {
            r.tps > 1.0
                && r.rows > 1.0
                && r.statements > Some(4.0)
                && r.wal_bytes > 1.0
                && r.binlog_bytes > Some(1.0)
        })
    };
    let sample = watcher.sample(lively).await;
    let seen = sample.server.unwrap();
    assert_eq!(seen.role, Some(ServerRole::Primary));
    assert!(seen.history_list.is_some());
    let read = |s: &Sample| {
        s.values.first().and_then(|v| v.value.clone()) == Some("10".into())
            && s.server
                .as_ref()
                .is_some_and(|s| s.database_bytes > Some(10_000))
            && s.extras.tables.as_ref().is_some_and(|t| {
                t.rows
                    .iter()
                    .any(|t| t.name == format!("{db}.t") && t.bytes > 0)
            })
            && s.extras.statements.as_ref().is_some_and(|s| {
                s.rows
                    .iter()
                    .any(|s| s.query.to_lowercase().starts_with("update `t` set") && s.calls > 3)
            })
    };
    watcher.sample(read).await;
    work.abort();
}

async fn tables_are_told_while_somebody_has_one_for_himself(server: &'static MariaSandbox) {
    let db = fresh(server);
    let url = server.url(&db);
    let mut watcher = watch(&url);
    let maker = Client::open(&url).await;
    // The new table is locked for its maker alone until all its rows are there.
    let (id, task) = maker.waits("create table u as select sleep(600) as s, 1 as a");
    let pid = i32::try_from(id).unwrap();
    watcher
        .sample(|s| {
            let sleeps = |s: &Session| s.wait.as_ref().is_some_and(|w| w.event == "User sleep");
            s.session(pid)
                .is_some_and(|s| s.query.starts_with("create table u") && sleeps(s))
        })
        .await;
    watcher.wishes.send_modify(|w| w.tables = Extra::Asked);
    // MySQL keeps a table to itself until it is whole.
    let last = match server.binaries().brand {
        Brand::MariaDb => format!("{db}.u"),
        Brand::MySql => format!("{db}.t"),
    };
    let told = |s: &Sample| {
        s.extras
            .tables
            .as_ref()
            .is_some_and(|t| t.rows.iter().any(|t| t.name == last))
    };
    let sample = watcher.sample(told).await;
    assert!(
        sample.session(pid).is_some(),
        "it ended before it was looked at"
    );
    let tables = sample.extras.tables.unwrap();
    let of = |name: &str| {
        let name = format!("{db}.{name}");
        tables.rows.iter().find(|t| t.name == name).unwrap()
    };
    assert!(of("t").bytes > 0 && of("t").measured == Measured::Exactly);
    if server.binaries().brand == Brand::MariaDb {
        assert_eq!(of("u").measured, Measured::Estimated);
        assert_eq!(tables.lack, Some(Lack::SizesWithheld(1)));
    }
    server.execute("", &format!("kill {id}")).unwrap();
    assert!(task.await.unwrap().is_err());
}

async fn an_alter_tells_how_far_it_is(server: &'static MariaSandbox) {
    let db = fresh(server);
    let url = server.url(&db);
    server
        .execute(
            &db,
            "create table d (i int) engine = innodb; insert into d values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9); \
             create table big (id int primary key auto_increment, v varchar(200)) engine = innodb; \
             insert into big (v) select repeat('x', 150) from d a, d b, d c, d e, d f, d g where g.i < 4",
        )
        .unwrap();
    let mut watcher = Watcher::on(&url);
    let step = own("alter", None);
    watcher.wishes.send_modify(|w| w.steps = vec![step]);
    watcher.sample(|_| true).await;
    let phase = match server.binaries().brand {
        Brand::MariaDb => "stage 1 of 2",
        Brand::MySql => "sql/copy to tmp table",
    };
    let mut client = Client::open(&url).await;
    let begun = Instant::now();
    let progress = loop {
        let alter = "alter table big modify v varchar(210) character set latin1, algorithm = copy";
        let (id, mut task) = client.waits(alter);
        let pid = i32::try_from(id).unwrap();
        let far = |news: &MonitorNews| match news {
            MonitorNews::Sampled(sample) => {
                let mut all = sample.server.iter().flat_map(|s| &s.progress);
                all.find(|p| p.pid == pid && p.done > 0 && p.phase.starts_with(phase))
                    .cloned()
            }
            _ => None,
        };
        tokio::select! {
            progress = watcher.next(far) => break progress,
            // It ended before anybody looked: once more.
            ended = &mut task => client = ended.unwrap().unwrap(),
        }
        assert!(begun.elapsed() < PATIENCE, "it is always over too soon");
    };
    assert_eq!(
        (progress.command.as_str(), progress.relation.as_str()),
        ("ALTER TABLE", "big")
    );
    assert!(progress.done <= progress.total, "{progress:?}");
}

async fn a_replica_that_stops_is_told_by_both_ends(server: &'static MariaSandbox) {
    let replica = server.replica().unwrap();
    let mut fed = watch(&replica.url(""));
    let follows = |s: &Sample| {
        let receiver = s.server.as_ref().and_then(|s| s.receiver.as_ref());
        receiver.is_some_and(|r| r.pause.is_empty() && r.from.ends_with(&server.port().to_string()))
    };
    let sample = fed.sample(follows).await;
    assert_eq!(sample.server.unwrap().role, Some(ServerRole::Standby));
    let mut feeds = watch(&server.url(""));
    feeds
        .sample(|s| {
            s.server
                .as_ref()
                .is_some_and(|s| s.senders.iter().any(|r| r.state.contains("sent all")))
        })
        .await;
    drop(feeds);
    crate::panels::by_user(server).await;
    let stop = match server.binaries().brand {
        Brand::MariaDb => "stop slave sql_thread",
        Brand::MySql => "stop replica sql_thread",
    };
    replica.execute("", stop).unwrap();
    let stopped = |s: &Sample| {
        let receiver = s.server.as_ref().and_then(|s| s.receiver.as_ref());
        receiver.is_some_and(|r| r.pause.starts_with("has stopped"))
    };
    fed.sample(stopped).await;
    drop(fed);
    replica.stop();
}

async fn a_connection_that_is_killed_is_opened_again(server: &'static MariaSandbox) {
    let db = fresh(server);
    let mut watcher = watch(&server.url(&db));
    watcher.sample(|_| true).await;
    let mine = format!(
        "select group_concat('kill ', id separator '; ') from information_schema.processlist where db = '{db}' and id <> connection_id()"
    );
    let mut asker = Client::open(&server.url("")).await;
    let kills = asker.value(&mine).await.unwrap();
    for kill in kills.split("; ") {
        // One that only read beside the others may have ended by itself.
        let _ = asker.try_run(kill).await;
    }
    watcher
        .any(|news| matches!(news, MonitorNews::Lost { .. }).then_some(()))
        .await;
    watcher
        .any(|news| matches!(news, MonitorNews::Back(_)).then_some(()))
        .await;
    watcher.sample(|_| true).await;
}
