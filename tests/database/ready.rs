//! Every ready check on a server that trips it, and on one that is clean.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use holdpoint::domain::ready::{self, Arguments, Family, Judged, Table, Verdict, judge};
use holdpoint::engine::database::Looker;
use holdpoint::engine::sandbox::{Listen, Options, Sandbox, any_server};
use tokio::time::{Instant, sleep};

use crate::harness::{Client, waiting};

/// How long a check may take to see what was done: statistics come a moment later.
const LONGEST: Duration = Duration::from_secs(15);

/// What was not said: all of it is told at the end.
static WRONG: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// What a check is shown, and what it must say.
struct Case {
    check: &'static str,
    /// Arguments on both databases.
    with: &'static str,
    /// Further ones where it is to be tripped.
    trip: &'static str,
    /// Made in a database of its own; statements that fail are meant to.
    made: &'static [&'static str],
    verdict: Verdict,
    /// Stands in the rows.
    told: &'static str,
}

const fn case(check: &'static str, verdict: Verdict, told: &'static str) -> Case {
    Case {
        check,
        with: "",
        trip: "",
        made: &[],
        verdict,
        told,
    }
}

impl Case {
    const fn made(mut self, made: &'static [&'static str]) -> Self {
        self.made = made;
        self
    }

    const fn trip(mut self, trip: &'static str) -> Self {
        self.trip = trip;
        self
    }

    const fn with(mut self, with: &'static str) -> Self {
        self.with = with;
        self
    }
}

use Verdict::{Fail, Pass, Shown, Warn};

const PARTITIONED: &str = "create table e (at date) partition by range (at)";

/// Those for which tables are enough.
const AT_REST: &[Case] = &[
    case("pg/server-version", Fail, "990000").trip("at_least=990000"),
    case("pg/is-primary", Fail, "default_transaction_read_only")
        .made(&["do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$"]),
    case("pg/connection-headroom", Fail, "97").trip("warn_above=0%;fail_above=0%"),
    case("pg/connection-headroom", Warn, "97").trip("warn_above=0%"),
    case("pg/wraparound", Fail, "postgres").trip("warn_above=0%;fail_above=0%"),
    case("pg/wraparound-tables", Warn, "pg_").trip("above=0%"),
    case("pg/session-timeouts", Fail, "lock_timeout"),
    case("pg/extensions", Fail, "not available").trip("extensions=nope").with("extensions=plpgsql"),
    case("pg/ddl-observers", Warn, "publication").made(&["create publication p for all tables"]),
    case("pg/large-tables", Warn, "t").made(&["analyze t"]).trip("rows=5"),
    case("pg/null-rows", Fail, "2").with("table=t;column=v")
        .made(&["update t set v = null where id < 3"]),
    case("pg/duplicate-rows", Fail, "10").with("table=t;columns=v").made(&["update t set v = 7"]),
    case("pg/orphan-rows", Fail, "99").with("table=c;columns=t_id;parent=public.t;key=id")
        .made(&["insert into c values (1, 99)"]),
    case("pg/invalid-indexes", Fail, "not ready")
        .made(&["update t set v = 7", "create unique index concurrently bad on t (v)"]),
    case("pg/partition-index-gaps", Warn, "e_at")
        .made(&[PARTITIONED, "create table e1 partition of e default", "create index e_at on only e (at)"]),
    case("pg/unvalidated-constraints", Warn, "positive")
        .made(&["alter table t add constraint positive check (v > -1) not valid"]),
    case("pg/unpopulated-views", Fail, "public.m")
        .made(&["create materialized view m as select 1 with no data"]),
    case("pg/next-month-partitions", Fail, "e")
        .made(&[PARTITIONED, "create table e1 partition of e for values from ('2020-01-01') to ('2020-02-01')"]),
    case("pg/next-month-partitions", Pass, "")
        .made(&[PARTITIONED, "create table e1 partition of e for values from ('2020-01-01') to (maxvalue)"]),
    case("pg/partition-gaps", Warn, "2020-02-01")
        .made(&[PARTITIONED, "create table e1 partition of e for values from ('2020-01-01') to ('2020-02-01')",
                "create table e2 partition of e for values from ('2020-03-01') to (maxvalue)"]),
    case("pg/default-partition-rows", Warn, "e1")
        .made(&[PARTITIONED, "create table e1 partition of e default", "insert into e values (now())"]),
    case("pg/sequence-exhaustion", Warn, "s.id")
        .made(&["create table s (id serial)", "select setval('s_id_seq', 1700000000)"]),
    case("pg/sequence-exhaustion", Fail, "s.id")
        .made(&["create table s (id serial)", "select setval('s_id_seq', 2100000000)"]),
    case("pg/missing-fk-indexes", Warn, "c_ref").made(&["drop index c_t_id_idx", "alter table c add constraint c_ref foreign key (t_id) references t"]),
    case("pg/duplicate-indexes", Warn, "t_v2").made(&["create index t_v1 on t (v)", "create index t_v2 on t (v)"]),
    case("pg/dead-rows", Warn, "t").made(&["update t set v = v + 1"]).trip("from_rows=1"),
    case("pg/measured-bloat", Warn, "t").with("table=t;above=99%")
        .made(&["insert into t select i, i from generate_series(11, 9999) i", "delete from t where id > 10"]).trip("above=30%"),
    case("pg/stale-statistics", Warn, "n").made(&["create table n as select 1"]),
    case("pg/disabled-triggers", Fail, "checks a foreign key")
        .made(&["alter table c add foreign key (t_id) references t", "alter table c disable trigger all"]),
    case("pg/cache-hit", Warn, "").trip("at_least=200%"),
    case("pg/columns-exist", Fail, "public.t.nope").with("columns=public.t.v").trip("columns=public.t.v, public.t.nope"),
    case("pg/tables-exist", Fail, "public.nope").with("tables=public.t").trip("tables=public.t, public.nope"),
    case("pg/orphan-references", Fail, "c_t_id_fkey").made(&[
        "insert into c values (1, 99)", "alter table c add foreign key (t_id) references t not valid"]),
    case("pg/missing-grants", Fail, "INSERT, UPDATE").with("roles=app;rights=SELECT,INSERT,UPDATE;except=public.c")
        .made(&["revoke insert, update on t from app"]),
    case("pg/replica-identity", Fail, "c").made(&["create publication p for table c"]),
];

/// Those that judge nothing: what stands in their rows.
const SHOWN: &[Case] = &[
    case("pg/identity", Shown, "primary"),
    case("pg/database-size", Shown, ""),
    case("pg/rewrite-need", Shown, "t"),
    case("pg/role-timeouts", Shown, "lock_timeout=7s")
        .made(&["do $$ begin execute format('alter database %I set lock_timeout = ''7s''', current_database()); end $$"]),
    case("pg/dependents", Shown, "referenced by").with("table=public.t")
        .made(&["alter table c add foreign key (t_id) references t", "create view w as select v from t"]),
    case("pg/write-rate", Shown, "t"),
    case("pg/counters", Shown, "deadlocks"),
    case("pg/object-counts", Shown, "tables"),
    case("pg/catalog-fingerprint", Shown, "public.t.v"),
    case("pg/row-estimates", Shown, "t"),
    case("pg/row-counts", Shown, "10"),
    case("pg/materialized-views", Shown, "public.m").made(&["create materialized view m as select 1"]),
    case("pg/table-sizes", Shown, "t"),
    case("pg/index-usage", Shown, "t_pkey"),
    case("pg/unused-indexes", Shown, "t_v").made(&["create index t_v on t (v)"]),
    case("pg/enum-values", Shown, "sad, ok").made(&["create type mood as enum ('ok')", "alter type mood add value 'sad' before 'ok'"]),
    case("pg/statements", Shown, "select count(*) from t").made(&["create extension pg_stat_statements", "select count(*) from t"]),
    case("pg/slow-statements", Shown, "select count(*) from t").with("at_most=500").made(&["create extension pg_stat_statements", "select count(*) from t"]),
];

fn start() -> Sandbox {
    let options = Options {
        password: Some("right".into()),
        listen: Listen::Loopback,
        ..Options::default()
    };
    let options = options
        .setting("wal_level", "logical")
        .setting("archive_mode", "on")
        .setting("archive_command", "/bin/true")
        .setting("autovacuum", "off")
        .setting("deadlock_timeout", "60s")
        .setting("shared_preload_libraries", "pg_stat_statements");
    Sandbox::start(&any_server().unwrap(), options).unwrap()
}

/// Makes the database that all others are copies of: every check passes in it.
fn template(server: &Sandbox) {
    let before = "create role app login password 'right'; select pg_switch_wal()";
    server.execute("postgres", before).unwrap();
    server.create_database("well").unwrap();
    let sql = "create extension pgstattuple; create table t (id int primary key, v int not null default 0);
        insert into t select i, i from generate_series(1, 10) i; alter table t alter v drop not null;
        create table c (id int, t_id int); create index on c (t_id);
        grant select, insert, update on t to app; analyze";
    server.execute("well", sql).unwrap();
}

/// A database where every check passes; returns its address.
fn clean(server: &Sandbox, name: &str) -> String {
    let sql = format!("create database {name} template well");
    server.execute("postgres", &sql).unwrap();
    server.url(name)
}

fn arguments(case: &Case, tripped: bool) -> BTreeMap<String, String> {
    let texts = [case.with, if tripped { case.trip } else { "" }];
    let pairs = texts
        .iter()
        .flat_map(|t| t.split(';'))
        .filter_map(|p| p.split_once('='));
    pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

async fn ask(url: &str, name: &str, given: &BTreeMap<String, String>) -> (Table, Judged) {
    let check = ready::find(name).unwrap_or_else(|| panic!("there is no {name}"));
    let arguments = Arguments::new(check, given).unwrap();
    let mut looker = Looker::open(url, "holdpoint.ready.test").await.unwrap();
    let seen = looker
        .check(check, &arguments, Duration::from_secs(20))
        .await;
    let seen = seen.unwrap_or_else(|e| panic!("{name}: {e}"));
    let judged = judge(check.rows, &seen);
    (seen, judged)
}

/// Asks until it says what it must.
async fn must_say(url: &str, case: &Case) {
    let given = arguments(case, true);
    let begun = Instant::now();
    loop {
        let (seen, judged) = ask(url, case.check, &given).await;
        let rows: Vec<String> = seen.rows.iter().flatten().flatten().cloned().collect();
        let told = case.told.is_empty() || rows.iter().any(|cell| cell.contains(case.told));
        if judged.verdict == case.verdict && told {
            return;
        }
        if begun.elapsed() > LONGEST {
            let Case {
                check,
                verdict,
                told,
                ..
            } = case;
            let said = format!(
                "{check} should say {verdict:?} with `{told}`, and says {judged:?} with {seen:?}"
            );
            WRONG.lock().unwrap().push(said);
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

async fn passes(url: &str, check: &'static str, with: &'static str) {
    must_say(url, &case(check, Pass, "").with(with)).await;
}

#[tokio::test]
async fn every_check_passes_where_all_is_well_and_finds_what_is_not() {
    let server = start();
    template(&server);
    let url = clean(&server, "clean");
    for case in AT_REST
        .iter()
        .filter(|case| case.check != "pg/session-timeouts")
    {
        let plain = Case {
            verdict: Pass,
            told: "",
            trip: "",
            ..*case
        };
        must_say(&url, &plain).await;
    }
    let limited = format!("{url}?options=-c%20lock_timeout=5s%20-c%20statement_timeout=20min");
    passes(&limited, "pg/session-timeouts", "").await;
    for check in [
        "pg/prepared-transactions",
        "pg/replication-lag",
        "pg/replication-slots",
        "pg/xmin-horizon",
        "pg/archiving",
        "pg/long-transactions",
        "pg/idle-in-transaction",
        "pg/waiting-locks",
        "pg/backup-running",
        "pg/migration-lock",
        "pg/blocking-tree",
        "pg/lock-queue",
        "pg/locks-not-granted",
        "pg/strong-locks",
        "pg/self-block",
        "pg/autovacuum-running",
        "pg/ddl-rights",
    ] {
        passes(&url, check, "").await;
    }
    for (n, case) in AT_REST.iter().chain(SHOWN).enumerate() {
        let url = clean(&server, &format!("d{n}"));
        let mut maker = Client::open(&url).await;
        for sql in case.made {
            let _ = maker.try_run(sql).await;
        }
        drop(maker);
        must_say(&url, case).await;
    }
    busy(&server).await;
    whole_server(&server).await;
    let wrong = WRONG.lock().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Those for which sessions must hold and wait.
async fn busy(server: &Sandbox) {
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
async fn whole_server(server: &Sandbox) {
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

/// A program that receives the write-ahead log, and says only now and then how far it is.
struct Receiver {
    child: Child,
    _dir: tempfile::TempDir,
}

impl Receiver {
    fn start(server: &Sandbox) -> Option<Self> {
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

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn no_check_is_untested() {
    let source = include_str!("ready.rs");
    let named: BTreeSet<&str> = source
        .split('"')
        .filter(|word| word.starts_with("pg/"))
        .collect();
    let all = ready::all()
        .iter()
        .filter(|check| check.family == Family::Postgres);
    let untested: Vec<&str> = all
        .map(|c| c.name)
        .filter(|name| !named.contains(name))
        .collect();
    assert!(untested.is_empty(), "nothing tests {untested:?}");
}
