//! Every version from 12 to 18, each started for real: what the panels show there, with a streaming replica and each kind of role.

mod commands;
mod replica;

use holdpoint::domain::run::event::{ActOutcome, BackendAct};
use holdpoint::domain::sample::extra::{Lack, Statement};
use holdpoint::domain::sample::model::Server;
use holdpoint::domain::sample::news::Extra;
use holdpoint::domain::sample::{MonitorNews, Sample};
use holdpoint::engine::database::postgres::{Control, Dsn};
use holdpoint::engine::sandbox::{Options, Sandbox, ServerBinaries, server_of};

use crate::blocking;
use crate::harness::{Client, Watcher, fresh_on, waiting};
use crate::versions::commands::how_far_long_commands_are;
use crate::versions::replica::a_replica_that_falls_behind;

macro_rules! versions {
    ($($name:ident $major:literal)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(binaries) = at_hand($major) {
                    whole(&binaries).await;
                }
            }
        )*
    };
}

versions! {
    postgresql_12 12
    postgresql_13 13
    postgresql_14 14
    postgresql_15 15
    postgresql_16 16
    postgresql_17 17
    postgresql_18 18
}

/// Where it can neither be found nor fetched the test says so; in CI it fails.
#[expect(clippy::print_stderr, reason = "what is skipped must be seen")]
fn at_hand(major: u32) -> Option<ServerBinaries> {
    match server_of(major) {
        Ok(binaries) => Some(binaries),
        Err(why) if std::env::var_os("CI").is_none() => {
            eprintln!("SKIPPED: PostgreSQL {major}: {why}");
            None
        }
        Err(why) => panic!("PostgreSQL {major}: {why}"),
    }
}

async fn whole(binaries: &ServerBinaries) {
    // Over the socket nobody is asked for a password: to prove one costs more than all that is looked at here.
    let options = Options::default()
        .setting("max_connections", "300")
        .setting("deadlock_timeout", "60s")
        .setting("autovacuum", "off")
        .setting("track_io_timing", "on")
        .setting("shared_preload_libraries", "pg_stat_statements");
    let server = Sandbox::start(binaries, options).unwrap();
    let roles = "create role plain login; create role watcher login in role pg_monitor";
    server.execute("postgres", roles).unwrap();
    tokio::join!(
        blocking::all(&server),
        who_it_is_and_what_a_role_may_see(&server),
        how_far_long_commands_are(&server),
        what_statements_cost(&server),
        sessions_are_acted_on(&server),
    );
    a_replica_that_falls_behind(&server).await;
    blocking::autovacuum(&server).await;
}

async fn who_it_is_and_what_a_role_may_see(server: &Sandbox) {
    let db = fresh_on(server);
    let (major, url) = (server.binaries().major, server.url(&db));
    let holder = Client::with(&url, "begin; lock t").await;
    let mut asker = Client::open(&url).await;
    let (pid, _task) = Client::open(&url).await.waits("select * from t");
    waiting(&mut asker, pid).await;
    for (role, sees) in [("postgres", true), ("watcher", true), ("plain", false)] {
        let mut watcher = Watcher::on(&server.url_as(&db, role, None));
        let seen = watcher
            .any(|news| match news {
                MonitorNews::Identity(seen) => Some(seen.clone()),
                _ => None,
            })
            .await;
        let version = format!("PostgreSQL {major}.");
        assert!(seen.version.starts_with(&version), "{}", seen.version);
        assert_eq!((seen.role.as_str(), seen.user.as_str()), ("primary", role));
        let sample = watcher.with_waiters(&[pid]).await;
        let session = sample.session(pid).unwrap();
        assert_eq!(session.hard[0].pid, holder.pid, "{role}");
        assert_eq!(
            session.query == "select * from t",
            sees,
            "{role}: {}",
            session.query
        );
        let named = sample.notes.iter().any(|n| n.contains("pg_monitor"));
        assert_eq!(named, !sees, "{role}: {:?}", sample.notes);
        let with_server = watcher.sample(|s| rates_of(s).is_some()).await;
        let of_server = with_server.server.as_ref().unwrap();
        assert!(of_server.own_tps.is_some() && of_server.totals.commits > 0);
        assert!(of_server.archive.is_none() && of_server.frozen_age > 0);
        let tables = watcher.sample(|s| s.extras.tables.is_some()).await;
        let tables = tables.extras.tables.unwrap();
        assert_eq!(tables.lack, Some(Lack::SizesWithheld(1)), "{role}");
        assert_eq!(tables.rows[0].name, "public.t", "{role}");
    }
}

fn rates_of(sample: &Sample) -> Option<&Server> {
    sample.server.as_ref().filter(|s| s.rates.is_some())
}

/// Returns the statement that begins with `text`; without one those that are hidden.
fn statement<'a>(sample: &'a Sample, text: &str, db: &str) -> Option<&'a Statement> {
    let statements = sample.extras.statements.as_deref()?;
    let hidden = |s: &&Statement| s.id.is_none() && s.user == "postgres" && s.database == db;
    let known = |s: &&Statement| s.query.starts_with(text);
    let mut rows = statements.rows.iter();
    if text.is_empty() {
        rows.find(hidden)
    } else {
        rows.find(known)
    }
}

async fn what_statements_cost(server: &Sandbox) {
    let without = server.url(&fresh_on(server));
    let mut watcher = Watcher::on(&without);
    let lack = |s: &Sample| s.extras.statements.as_deref().and_then(|s| s.lack.clone());
    watcher
        .sample(|s| lack(s) == Some(Lack::NotInstalled))
        .await;

    let db = fresh_on(server);
    let url = server.url(&db);
    let mut client = Client::open(&url).await;
    client.run(r#"create schema "odd ""name"; create extension pg_stat_statements schema "odd ""name""#).await;
    client.run("select count(*) from t where v = 1").await;
    let mut shut_out = Watcher::on(&server.url_as(&db, "watcher", None));
    let refused = |s: &Sample| matches!(lack(s), Some(Lack::Refused(why)) if why.contains("permission denied for schema"));
    shut_out.sample(refused).await;
    client
        .run(r#"grant usage on schema "odd ""name" to public"#)
        .await;
    for (role, sees) in [("watcher", true), ("plain", false)] {
        let mut watcher = Watcher::on(&server.url_as(&db, role, None));
        // What ran before the first reading is not counted.
        let read = |s: &Sample| s.extras.statements.as_deref().is_some_and(|s| s.at_ms > 0);
        watcher.sample(read).await;
        for _ in 0..30 {
            // Ten times a nap: it costs enough to stand among the dearest, whatever else is at work.
            client
                .run("select count(*) from t where v = 1 or pg_sleep(0.001) is null")
                .await;
        }
        watcher.wishes.send_modify(|w| w.statements = Extra::Asked);
        let text = if sees {
            "select count(*) from t where v"
        } else {
            ""
        };
        let counted = |s: &Sample| {
            let row = statement(s, text, &db);
            row.is_some_and(|row| {
                row.calls >= 30 && (row.id.is_none() || row.calls_per_s.is_some())
            })
        };
        let sample = watcher.sample(counted).await;
        let row = statement(&sample, text, &db).unwrap();
        let all = sample.extras.statements.as_deref().unwrap();
        if sees {
            assert_eq!((row.calls, row.rows), (30, 30), "{role}: {row:?}");
            assert_eq!((row.user.as_str(), row.database == db), ("postgres", true));
            assert!(row.mean_ms() > 0.0 && row.share > 0.0 && row.share <= 1.0);
            assert!(row.hit_ratio().is_some() && all.lack.is_none());
            let own = |s: &Statement| s.query.contains("holdpoint");
            assert!(all.own_ms > 0.0 && !all.rows.iter().any(own), "{all:?}");
        } else {
            assert!(row.id.is_none() && row.user == "postgres", "{row:?}");
            assert_eq!(all.lack, Some(Lack::NoRight));
        }
        assert!(all.total_ms > 0.0 && all.of > 0 && all.since_ms > 0);
    }
}

async fn sessions_are_acted_on(server: &Sandbox) {
    let db = fresh_on(server);
    let url = server.url(&db);
    let mut asker = Client::open(&url).await;
    let mut holder = Client::with(&url, "begin; lock t").await;
    let (pid, task) = Client::open(&url).await.waits("select * from t");
    waiting(&mut asker, pid).await;
    let start = async |asker: &mut Client, pid: i32| {
        let sql = format!(
            "select backend_start at time zone 'utc' || '+00' from pg_stat_activity where pid = {pid}"
        );
        asker.value(&sql).await.unwrap()
    };
    let started = [
        start(&mut asker, pid).await,
        start(&mut asker, holder.pid).await,
    ];
    let plain = Dsn::read(&server.url_as(&db, "plain", None)).unwrap();
    let mut control = Control::open(&plain).await.unwrap();
    let outcome = control.act(pid, &started[0], BackendAct::Cancel).await;
    assert!(matches!(outcome, ActOutcome::Refused { .. }), "{outcome:?}");
    let mut control = Control::open(&Dsn::read(&url).unwrap()).await.unwrap();
    let outcome = control
        .act(pid, "2020-01-01 00:00:00+00", BackendAct::Cancel)
        .await;
    assert_eq!(outcome, ActOutcome::AlreadyGone);
    let outcome = control.act(pid, &started[0], BackendAct::Cancel).await;
    assert!(matches!(outcome, ActOutcome::Gone { .. }), "{outcome:?}");
    assert!(task.await.unwrap().is_err());
    let outcome = control
        .act(holder.pid, &started[1], BackendAct::Terminate)
        .await;
    assert!(matches!(outcome, ActOutcome::Gone { .. }), "{outcome:?}");
    assert!(holder.try_run("select 1").await.is_err());
}

const MEGABYTE: u64 = 1_000_000;
