//! How far long commands are, as the server tells it.

use holdpoint::domain::sample::Sample;
use holdpoint::domain::sample::model::Progress;
use holdpoint::engine::sandbox::Sandbox;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::task::JoinHandle;

use crate::harness::{Client, Watcher, fresh_on};

const SLOWLY: &str = "set vacuum_cost_delay = 100; set vacuum_cost_limit = 1";

/// Returns the first command that holds, as the panel shows it.
async fn progress(watcher: &mut Watcher, holds: impl Fn(&Progress) -> bool) -> Progress {
    let find = |s: &Sample| {
        let all = s.server.iter().flat_map(|s| &s.progress);
        all.clone().find(|p| holds(p)).cloned()
    };
    let sample = watcher.sample(|s| find(s).is_some()).await;
    find(&sample).unwrap()
}

pub(super) async fn how_far_long_commands_are(server: &Sandbox) {
    let url = server.url(&fresh_on(server));
    let major = server.binaries().major;
    let mut asker = Client::open(&url).await;
    let copy = prepare(server, &mut asker).await;
    // Each would take minutes, and is ended once it was seen: a busy machine looks late.
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
        let (pid, task) = Client::with(&url, SLOWLY).await.waits(sql);
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
        a_base_backup(server, &mut watcher).await;
    }
}

/// Makes what is worked on: tables with an index and a trigger that take their time, and a file; returns the statement
/// that copies it in.
async fn prepare(server: &Sandbox, asker: &mut Client) -> String {
    asker
        .run("create table big (i int) with (fillfactor = 10); insert into big select generate_series(1, 20000); \
              create function slow(int) returns int language plpgsql immutable as 'begin return $1; end'; \
              create table full_ as select * from big limit 5000; create index on full_ (slow(i))")
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
            "copy (select repeat('x', 1000) from generate_series(1, 20000)) to '{}'",
            file.display()
        ))
        .await;
    format!("copy copied from '{}'", file.display())
}

async fn a_base_backup(server: &Sandbox, watcher: &mut Watcher) {
    let backup = base_backup(server).await;
    let seen = progress(watcher, |p| {
        p.command == "BASE BACKUP" && p.left_ms.is_some()
    })
    .await;
    assert_eq!(
        (seen.phase.as_str(), seen.unit.as_str()),
        ("streaming database files", "bytes")
    );
    backup.abort();
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
        "BASE_BACKUP (PROGRESS true, MAX_RATE 256, CHECKPOINT 'fast', WAIT false)\0"
    } else {
        "BASE_BACKUP PROGRESS FAST NOWAIT MAX_RATE 256\0"
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
