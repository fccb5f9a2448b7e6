//! Checks that look at work: sessions that hold and wait, a vacuum and an index build, a receiver that falls behind.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use holdpoint::domain::ready::Verdict::{Fail, Pass, Shown, Warn};
use holdpoint::engine::sandbox::Sandbox;
use tokio::time::{Instant, sleep};

use crate::harness::{Client, waiting};
use crate::ready::cases::case;
use crate::ready::{LONGEST, ask, clean, must_say};

/// A program that receives the write-ahead log, and says only now and then how far it is.
struct Receiver {
    child: Child,
    _dir: tempfile::TempDir,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Receiver {
    pub(super) fn start(server: &Sandbox) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let program = server.binaries().tool("pg_receivewal")?;
        let child = Command::new(program)
            .args([
                "-D",
                dir.path().to_str().unwrap(),
                "-d",
                &server.url("postgres"),
                "--status-interval=60",
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self { child, _dir: dir })
    }
}

/// Those for which sessions must hold and wait.
pub(super) async fn busy(server: &Sandbox) {
    let url = clean(server, "busy");
    let mut asker = Client::open(&url).await;
    let holder = Client::with(&url, "begin; lock table t; select txid_current()").await;
    let snapshot = Client::with(&url, "begin isolation level repeatable read; select 1").await;
    for _ in 0..3 {
        asker.run("select txid_current()").await;
    }
    let (pid, waiter) = Client::open(&url).await.waits("select * from t");
    waiting(&mut asker, pid).await;
    let zero = "longer_than=0s";
    for case in [
        case("pg/long-transactions", Warn, "somebody").with("longer_than=0s;fail_after=1h"),
        case("pg/long-transactions", Fail, "somebody").with("fail_after=0s"),
        case("pg/idle-in-transaction", Fail, "idle in transaction").with(zero),
        case("pg/xmin-horizon", Warn, "session").with("older_than=0"),
        case("pg/waiting-locks", Fail, "select * from t").with(zero),
        case("pg/blocking-tree", Fail, "somebody").with(zero),
        case("pg/blocking-tree", Warn, "AccessShareLock").with("longer_than=1h"),
        case("pg/lock-queue", Warn, "AccessExclusiveLock"),
        case("pg/locks-not-granted", Warn, "AccessShareLock"),
        case("pg/strong-locks", Warn, "AccessExclusiveLock").with(zero),
        case("pg/self-block", Fail, "somebody"),
        case("pg/sessions", Shown, "select * from t"),
        case("pg/wait-events", Shown, "Lock"),
        case("pg/connections-by-application", Shown, "somebody"),
    ] {
        must_say(&url, &case).await;
    }
    drop((holder, snapshot));
    waiter.await.unwrap().unwrap();
    let dump = Client::called(&url, "pg_dump").await;
    must_say(&url, &case("pg/backup-running", Warn, "pg_dump")).await;
    let prisma = Client::with(&url, "select pg_advisory_lock(72707369)").await;
    must_say(&url, &case("pg/migration-lock", Fail, "Prisma")).await;
    let ours = Client::called(&url, "holdpoint.x.y.1").await;
    must_say(&url, &case("pg/own-sessions", Shown, "holdpoint.x.y.1")).await;
    drop((dump, prisma, ours));
    slow_work(&url).await;
    let as_app = server.url_as("busy", "app", Some("right"));
    must_say(&as_app, &case("pg/ddl-rights", Fail, "postgres")).await;
}

/// Vacuum and an index, both slow enough to be seen.
async fn slow_work(url: &str) {
    let fill = "insert into t select i, i from generate_series(100, 60000) i; delete from t where id > 50000";
    Client::with(url, fill).await;
    let slow = "set vacuum_cost_delay = 100; set vacuum_cost_limit = 1";
    let sweeper = Client::with(url, slow).await;
    let pid = sweeper.pid;
    let (_, vacuum) = sweeper.waits("vacuum t /* (to prevent wraparound) */");
    must_say(url, &case("pg/autovacuum-running", Warn, "t")).await;
    must_say(url, &case("pg/progress", Shown, "vacuum")).await;
    let mut other = Client::open(url).await;
    other
        .run(&format!("select pg_terminate_backend({pid})"))
        .await;
    let _ = vacuum.await;
    let holder = Client::with(
        url,
        "begin; select count(*) from t; insert into t values (99999999, 1)",
    )
    .await;
    let (pid, index) = Client::open(url)
        .await
        .waits("create index concurrently slow on t (v)");
    must_say(
        url,
        &case(
            "pg/index-progress",
            Shown,
            "waiting for writers before build",
        ),
    )
    .await;
    let (_, judged) = ask(url, "pg/invalid-indexes", &BTreeMap::new()).await;
    assert_eq!(
        judged.verdict, Pass,
        "an index that is being built is not invalid"
    );
    other
        .run(&format!("select pg_terminate_backend({pid})"))
        .await;
    let _ = index.await;
    drop(holder);
    must_say(url, &case("pg/invalid-indexes", Fail, "slow")).await;
}

/// Those that look at more than one database.
pub(super) async fn whole_server(server: &Sandbox) {
    let url = server.url("clean");
    let mut one = Client::open(&url).await;
    one.run("begin; create table p (); prepare transaction 'forgotten'")
        .await;
    must_say(&url, &case("pg/prepared-transactions", Fail, "forgotten")).await;
    one.run("rollback prepared 'forgotten'").await;
    one.run("select pg_create_physical_replication_slot('lost', true)")
        .await;
    must_say(&url, &case("pg/replication-slots", Warn, "lost")).await;
    must_say(
        &url,
        &case("pg/replication-slots", Fail, "lost").with("fail_retained=0B"),
    )
    .await;
    if let Some(receiver) = Receiver::start(server) {
        must_say(
            &url,
            &case("pg/replication-lag", Pass, "ok").with("warn_bytes=1GB"),
        )
        .await;
        one.run("insert into t select i, i from generate_series(100, 5000) i")
            .await;
        must_say(
            &url,
            &case("pg/replication-lag", Fail, "pg_receivewal").with("fail_bytes=0B"),
        )
        .await;
        drop(receiver);
    } else {
        let said = b"there is no pg_receivewal here: pg/replication-lag is not tripped\n";
        std::io::stderr().write_all(said).unwrap();
    }
    one.run("alter system set archive_command = '/bin/false'")
        .await;
    one.run("select pg_reload_conf()").await;
    // The archiver takes up the new command when it sees fit: until then it files what it is given by the old one.
    let failed = "select failed_count > 0 from pg_stat_archiver";
    let begun = Instant::now();
    while one.value(failed).await.as_deref() != Some("t") && begun.elapsed() < LONGEST {
        one.run("update t set v = v + 1 where id = 101; select pg_switch_wal()")
            .await;
        sleep(Duration::from_millis(500)).await;
    }
    must_say(&url, &case("pg/archiving", Fail, "on")).await;
}
