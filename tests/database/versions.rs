//! Every version from 12 to 18, each started for real: what the panels show there, with a streaming replica and each kind of role.

use holdpoint::domain::run::event::{ActOutcome, BackendAct};
use holdpoint::domain::sample::extra::{Lack, Statement};
use holdpoint::domain::sample::model::{Progress, Receiver, Sender, Server, SlotUse};
use holdpoint::domain::sample::news::Extra;
use holdpoint::domain::sample::{MonitorNews, Sample};
use holdpoint::engine::database::postgres::{Control, Dsn};
use holdpoint::engine::sandbox::{Options, Sandbox, ServerBinaries, server_of};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::task::JoinHandle;

use crate::blocking;
use crate::harness::{Client, Watcher, fresh_on, waiting};
use crate::panels;

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

/// Returns the first command that holds, as the panel shows it.
async fn progress(watcher: &mut Watcher, holds: impl Fn(&Progress) -> bool) -> Progress {
    let find = |s: &Sample| {
        let all = s.server.iter().flat_map(|s| &s.progress);
        all.clone().find(|p| holds(p)).cloned()
    };
    let sample = watcher.sample(|s| find(s).is_some()).await;
    find(&sample).unwrap()
}

async fn how_far_long_commands_are(server: &Sandbox) {
    let url = server.url(&fresh_on(server));
    let major = server.binaries().major;
    let mut asker = Client::open(&url).await;
    asker
        .run("create table big (i int) with (fillfactor = 10); insert into big select generate_series(1, 2000); \
              create function slow(int) returns int language plpgsql immutable as 'begin return $1; end'; \
              create table full_ as select * from big limit 500; create index on full_ (slow(i))")
        .await;
    asker
        .run("create or replace function slow(int) returns int language plpgsql immutable as \
              'begin perform pg_sleep(0.01); return $1; end'; create table copied (t text); \
              create function nap() returns trigger language plpgsql as 'begin perform pg_sleep(0.01); return new; end'; \
              create trigger nap before insert on copied for each row execute function nap()")
        .await;
    let file = server.dir().join("rows");
    asker
        .run(&format!(
            "copy (select repeat('x', 1000) from generate_series(1, 3000)) to '{}'",
            file.display()
        ))
        .await;
    let slowly = "set vacuum_cost_delay = 100; set vacuum_cost_limit = 1";
    let copy = format!("copy copied from '{}'", file.display());
    // since, statement, command, phase, what is counted
    let commands = [
        (
            12,
            "create index on big (slow(i))",
            "CREATE INDEX",
            "building index: scanning table",
            "blocks",
        ),
        (12, "vacuum big", "VACUUM", "scanning heap", "blocks"),
        (
            13,
            "analyze big",
            "ANALYZE",
            "acquiring sample rows",
            "blocks",
        ),
        (
            12,
            "vacuum full full_",
            "VACUUM FULL",
            "rebuilding index",
            "blocks",
        ),
        (14, copy.as_str(), "COPY FROM", "FILE", "bytes"),
    ];
    let mut watcher = Watcher::on(&url);
    for (since, sql, command, phase, unit) in commands {
        if major < since {
            continue;
        }
        let client = Client::with(&url, slowly).await;
        let (pid, task) = client.waits(sql);
        let measured = !matches!(command, "VACUUM FULL");
        let seen = progress(&mut watcher, |p| {
            p.pid == pid && p.phase == phase && (!measured || p.left_ms.is_some())
        });
        let seen = seen.await;
        assert_eq!((seen.command.as_str(), seen.unit.as_str()), (command, unit));
        assert!(!seen.relation.is_empty(), "{seen:?}");
        if measured {
            assert!(seen.total > 0 && seen.done <= seen.total, "{seen:?}");
            assert!(
                seen.rate.is_some_and(|r| r > 0.0) && seen.phase_ms > 0,
                "{seen:?}"
            );
        }
        asker
            .run(&format!("select pg_terminate_backend({pid})"))
            .await;
        assert!(task.await.unwrap().is_err());
    }
    an_index_build_that_waits(&url, &mut watcher).await;
    if major >= 13 {
        let backup = base_backup(server).await;
        let seen = progress(&mut watcher, |p| {
            p.command == "BASE BACKUP" && p.left_ms.is_some()
        })
        .await;
        assert_eq!(
            (seen.phase.as_str(), seen.unit.as_str()),
            ("streaming database files", "bytes")
        );
        backup.abort();
    }
}

async fn an_index_build_that_waits(url: &str, watcher: &mut Watcher) {
    let holder = Client::with(url, "begin; insert into t values (77, 0)").await;
    let (pid, _task) = Client::open(url)
        .await
        .waits("create index concurrently on t (v)");
    let seen = progress(watcher, |p| p.pid == pid && p.waits_for.is_some()).await;
    assert_eq!(seen.waits_for, Some(holder.pid));
    assert_eq!(
        (seen.command.as_str(), seen.unit.as_str()),
        ("CREATE INDEX CONCURRENTLY", "lockers")
    );
}

/// Begins a backup as `pg_basebackup` does, slowly enough to be looked at; it ends with the connection.
async fn base_backup(server: &Sandbox) -> JoinHandle<()> {
    let path = server.dir().join(format!(".s.PGSQL.{}", server.port()));
    let mut stream = UnixStream::connect(path).await.unwrap();
    let mut begin = 196_608_i32.to_be_bytes().to_vec();
    begin.extend(b"user\0postgres\0replication\0true\0\0");
    send(&mut stream, &[], &begin).await;
    while receive(&mut stream).await != b'Z' {}
    let command = if server.binaries().major >= 15 {
        "BASE_BACKUP (PROGRESS true, MAX_RATE 1024, CHECKPOINT 'fast', WAIT false)\0"
    } else {
        "BASE_BACKUP PROGRESS FAST NOWAIT MAX_RATE 1024\0"
    };
    send(&mut stream, b"Q", command.as_bytes()).await;
    tokio::spawn(async move {
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    })
}

async fn send(stream: &mut UnixStream, kind: &[u8], body: &[u8]) {
    let length = i32::try_from(body.len() + 4).unwrap();
    let message = [kind, &length.to_be_bytes(), body].concat();
    stream.write_all(&message).await.unwrap();
}

/// Returns the kind of the next message.
async fn receive(stream: &mut UnixStream) -> u8 {
    let kind = stream.read_u8().await.unwrap();
    let length = stream.read_i32().await.unwrap() - 4;
    let mut body = vec![0; usize::try_from(length).unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    assert_ne!(kind, b'E', "{}", String::from_utf8_lossy(&body));
    kind
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

fn sender(sample: &Sample) -> Option<&Sender> {
    let server = sample.server.as_ref()?;
    server.senders.iter().find(|s| s.application == "replica1")
}

fn receiver(sample: &Sample) -> Option<&Receiver> {
    sample.server.as_ref()?.receiver.as_ref()
}

async fn a_replica_that_falls_behind(server: &Sandbox) {
    let url = server.url(&fresh_on(server));
    let mut client = Client::open(&url).await;
    client
        .run("select pg_create_physical_replication_slot('unread', true)")
        .await;
    let standby = server.standby("replica1").unwrap();
    let mut primary_side = Watcher::on(&url);
    let mut standby_side = Watcher::on(&standby.url("postgres"));
    let role = standby_side.any(|news| match news {
        MonitorNews::Identity(seen) => Some(seen.role.clone()),
        _ => None,
    });
    assert_eq!(role.await, "standby");
    let even =
        |s: &Sample| sender(s).is_some_and(|s| s.state == "streaming" && s.unreplayed == Some(0));
    primary_side.sample(even).await;
    let fed = |s: &Sample| {
        receiver(s).is_some_and(|r| r.status == "streaming" && r.unreplayed == Some(0))
    };
    let sample = standby_side.sample(fed).await;
    let seen = receiver(&sample).unwrap();
    let from = format!("{}:{}", server.dir().display(), server.port());
    assert_eq!(seen.from, from);
    assert!(seen.pause == "not paused" && seen.heard_ms.is_some() && seen.stuck_ms.is_none());

    panels::by_role(server).await;

    // It stops replaying, and the log piles up: both sides see bytes, and a position that does not move.
    let mut there = Client::open(&standby.url("postgres")).await;
    there.run("select pg_wal_replay_pause()").await;
    client
        .run("create table filler as select repeat('x', 1000) from generate_series(1, 5000)")
        .await;
    let behind = |unreplayed: Option<u64>, stuck: Option<u64>| {
        unreplayed > Some(MEGABYTE) && stuck > Some(500)
    };
    let sample = primary_side
        .sample(|s| sender(s).is_some_and(|s| behind(s.unreplayed, s.stuck_ms)))
        .await;
    let slots = &sample.server.as_ref().unwrap().slots;
    let slot = slots.iter().find(|s| s.name == "unread").unwrap();
    assert!(
        slot.usage == SlotUse::Inactive && slot.retained > Some(MEGABYTE),
        "{slot:?}"
    );
    let seen = sender(&sample).unwrap();
    assert!(seen.unflushed < seen.unreplayed, "{seen:?}");
    let sample = standby_side
        .sample(|s| receiver(s).is_some_and(|r| behind(r.unreplayed, r.stuck_ms)))
        .await;
    assert!(
        receiver(&sample).unwrap().pause.starts_with("pause"),
        "{sample:?}"
    );
    there.run("select pg_wal_replay_resume()").await;
    primary_side.sample(even).await;

    // A standby is a target like another: who waits for whom is seen there too.
    let holder = Client::with(
        &standby.url("postgres"),
        "begin; select pg_advisory_lock(5)",
    )
    .await;
    let (pid, _task) = Client::open(&standby.url("postgres"))
        .await
        .waits("select pg_advisory_lock(5)");
    let sample = standby_side.with_waiters(&[pid]).await;
    assert_eq!(sample.session(pid).unwrap().hard[0].pid, holder.pid);

    // It goes away: the primary has one replica less.
    drop((standby_side, there));
    standby.stop();
    primary_side
        .sample(|s| s.server.is_some() && sender(s).is_none())
        .await;
}
