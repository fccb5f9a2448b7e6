//! Every ready check on a database that trips it, and on one that is clean.

use std::collections::BTreeMap;
use std::time::Duration;

use holdpoint::domain::ready::{self, Arguments, Family, Judged, Table, Verdict, judge};
use holdpoint::engine::database::Looker;
use holdpoint::engine::questions;
use tokio::time::{Instant, sleep};

use crate::harness::{Client, fresh, on_each_server, until};
use Verdict::{Fail, Pass, Shown, Warn};
use holdpoint::engine::sandbox::{Brand, MariaOptions, MariaSandbox};

on_each_server! {
    what_tables_and_settings_tell
    what_is_told_is_not_of_yesterday
    rights_are_asked_as_the_user_that_migrates
    a_replica_takes_no_writes_and_keeps_no_log
    what_sessions_tell
    flyways_history_is_read_and_the_failed_one_found
    a_check_for_another_family_is_refused
}

/// How long a check may take to see what was done, on a busy machine.
const LONGEST: Duration = Duration::from_mins(1);

/// What a check is told on a clean database, what it is told to trip it, what is made for that, and what it must say.
struct Case(
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Verdict,
    &'static str,
);

const TABLES: &[Case] = &[
    Case(
        "my/server-version",
        "",
        "mariadb_at_least=990000;mysql_at_least=990000",
        "",
        Fail,
        "990000",
    ),
    Case(
        "my/connection-headroom",
        "",
        "warn_above=0%;fail_above=0%",
        "",
        Fail,
        "150",
    ),
    Case(
        "my/connection-headroom",
        "",
        "warn_above=0%",
        "",
        Warn,
        "150",
    ),
    Case(
        "my/session-timeouts",
        "lock_wait_timeout_at_most=400d",
        "lock_wait_timeout_at_most=1m",
        "",
        Fail,
        "lock_wait_timeout",
    ),
    Case(
        "my/non-innodb-tables",
        "",
        "",
        "create table m (a int) engine = myisam",
        Warn,
        "m",
    ),
    Case("my/ddl-rights", "", "rights=CREATE, NOPE", "", Fail, "NOPE"),
    Case(
        "my/auto-increment",
        "",
        "",
        "create table a (id tinyint auto_increment primary key); insert into a values (100)",
        Warn,
        "79.5",
    ),
    Case(
        "my/auto-increment",
        "",
        "",
        "create table a (id tinyint unsigned auto_increment primary key); insert into a values (250)",
        Fail,
        "unsigned",
    ),
];

const SHOWN: &[Case] = &[
    Case("my/identity", "", "", "", Shown, "root"),
    Case("my/table-sizes", "", "", "", Shown, "t"),
    Case("my/counters", "", "", "", Shown, "_commit"),
    Case("my/object-counts", "", "", "", Shown, "foreign keys"),
    Case("my/row-estimates", "", "", "", Shown, "t"),
    Case(
        "my/catalog-fingerprint",
        "",
        "",
        "create view w as select v from t",
        Shown,
        "t.PRIMARY",
    ),
];

fn given(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
    pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

async fn ask(url: &str, name: &str, with: &str) -> (Table, Judged) {
    let check = ready::find(name).unwrap_or_else(|| panic!("there is no {name}"));
    let given = given(with);
    let arguments = Arguments::new(check, &given).unwrap();
    let mut looker = Looker::open(url, "holdpoint.ready.test.1").await.unwrap();
    let limit = Duration::from_secs(20);
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let seen = questions::ask(&mut looker, check, &arguments, here, limit).await;
    let seen = seen.unwrap_or_else(|e| panic!("{name}: {e}"));
    let judged = judge(check.rows, &seen);
    (seen, judged)
}

async fn must_say(url: &str, name: &str, with: &str, verdict: Verdict, told: &str) {
    let begun = Instant::now();
    loop {
        let (seen, judged) = ask(url, name, with).await;
        let mut cells = seen.rows.iter().flatten().flatten();
        if judged.verdict == verdict && (told.is_empty() || cells.any(|c| c.contains(told))) {
            return;
        }
        assert!(
            begun.elapsed() < LONGEST,
            "{name} should say {verdict:?} with `{told}`, and says {judged:?} with {seen:?}"
        );
        // InnoDB's views stand still for who looks more often than ten times a second.
        sleep(Duration::from_millis(150)).await;
    }
}

async fn what_tables_and_settings_tell(server: &'static MariaSandbox) {
    let clean = server.url(&fresh(server));
    for Case(name, with, trip, made, verdict, told) in TABLES {
        must_say(&clean, name, with, Pass, "").await;
        let database = fresh(server);
        if !made.is_empty() {
            server.execute(&database, made).unwrap();
        }
        must_say(&server.url(&database), name, trip, *verdict, told).await;
    }
    for Case(name, with, _, made, verdict, told) in SHOWN {
        let database = fresh(server);
        if !made.is_empty() {
            server.execute(&database, made).unwrap();
        }
        must_say(&server.url(&database), name, with, *verdict, told).await;
    }
    must_say(&clean, "my/is-writable", "", Pass, "").await;
    must_say(&clean, "my/binary-log", "", Pass, "").await;
}

/// MySQL tells sizes and numbers from a copy that it keeps for a day.
async fn what_is_told_is_not_of_yesterday(server: &'static MariaSandbox) {
    let database = fresh(server);
    let url = server.url(&database);
    let made = "create table a (id tinyint auto_increment primary key); insert into a values (1)";
    server.execute(&database, made).unwrap();
    // Somebody looks, so that there is a copy.
    let look = "select * from information_schema.tables where table_schema = database()";
    server.execute(&database, look).unwrap();
    must_say(&url, "my/auto-increment", "", Pass, "").await;
    server
        .execute(&database, "insert into a values (126)")
        .unwrap();
    must_say(&url, "my/auto-increment", "", Fail, "127").await;
}

async fn rights_are_asked_as_the_user_that_migrates(server: &'static MariaSandbox) {
    let database = fresh(server);
    let sql = format!(
        "create user 'dep'@'127.0.0.1' identified by 'p'; grant select, create, alter, index on `{database}`.* to 'dep'@'127.0.0.1'"
    );
    server.execute("", &sql).unwrap();
    let url = server.url_as(&database, "dep", Some("p"));
    must_say(&url, "my/ddl-rights", "rights=CREATE, ALTER", Pass, "").await;
    must_say(&url, "my/ddl-rights", "", Fail, "DROP").await;
    let misspelt = "rights=CREATE, ALTR";
    must_say(
        &url,
        "my/ddl-rights",
        misspelt,
        Fail,
        "no right of this name",
    )
    .await;
    let escaping = "rights=CREATE, x\\' or 1 -- ";
    must_say(
        &url,
        "my/ddl-rights",
        escaping,
        Fail,
        "no right of this name",
    )
    .await;
    let by_role = format!(
        "create role changer; grant drop, references on `{database}`.* to changer; grant changer to 'dep'@'127.0.0.1'"
    );
    server.execute("", &by_role).unwrap();
    must_say(&url, "my/ddl-rights", "", Fail, "DROP").await;
    let on = match server.binaries().brand {
        Brand::MariaDb => "set default role changer for 'dep'@'127.0.0.1'",
        Brand::MySql => "set default role changer to 'dep'@'127.0.0.1'",
    };
    server.execute("", on).unwrap();
    must_say(&url, "my/ddl-rights", "", Pass, "").await;
}

async fn a_replica_takes_no_writes_and_keeps_no_log(server: &'static MariaSandbox) {
    let binaries = server.binaries();
    let options = MariaOptions::default()
        .setting("read_only", "ON")
        .setting("lock_wait_timeout", "30")
        .setting("innodb_lock_wait_timeout", "30");
    let other = MariaSandbox::start(binaries, options).unwrap();
    let url = other.create_database("d").unwrap();
    must_say(&url, "my/is-writable", "", Fail, "read_only").await;
    must_say(&url, "my/binary-log", "", Warn, "off").await;
    must_say(&url, "my/session-timeouts", "", Pass, "ok").await;
}

async fn what_sessions_tell(server: &'static MariaSandbox) {
    let database = fresh(server);
    let url = server.url(&database);
    let mut asker = Client::open(&url).await;
    let held = "begin; update t set v = 1 where id = 1";
    let holder = Client::with(&url, held).await;
    let old = "longer_than=0s;fail_after=1h";
    must_say(&url, "my/long-transactions", old, Warn, &database).await;
    must_say(
        &url,
        "my/long-transactions",
        "fail_after=0s",
        Fail,
        &database,
    )
    .await;
    let mut waiter = Client::open(&url).await;
    let row = tokio::spawn(async move {
        let ended = waiter.try_run("update t set v = 2 where id = 1").await;
        (waiter, ended)
    });
    must_say(&url, "my/row-lock-waits", "", Warn, "update t set v = 2").await;
    must_say(&url, "my/sessions", "", Shown, "update t set v = 2").await;
    let mut changer = Client::open(&url).await;
    let alter = tokio::spawn(async move { changer.try_run("alter table t add w int").await });
    let waits = format!(
        "select count(*) from information_schema.processlist where db = '{database}' and state like 'Waiting for table metadata lock'"
    );
    until(&mut asker, &waits, "1").await;
    must_say(&url, "my/metadata-lock-waits", "", Fail, "alter table").await;
    must_say(&url, "my/alter-progress", "", Shown, "alter table").await;
    drop(holder);
    let (waiter, ended) = row.await.unwrap();
    ended.unwrap();
    drop(waiter);
    alter.await.unwrap().unwrap();
    must_say(&url, "my/row-lock-waits", "", Pass, "").await;
    must_say(&url, "my/metadata-lock-waits", "", Pass, "").await;
}

async fn flyways_history_is_read_and_the_failed_one_found(server: &'static MariaSandbox) {
    let database = fresh(server);
    let url = server.url(&database);
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [("V1__one.sql", "select 1;"), ("V2__two.sql", "select 2;")] {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let with = format!("tool=flyway;dir={}", dir.path().display());
    let table = "create table flyway_schema_history (installed_rank int primary key, version varchar(50), description varchar(200) not null,
        type varchar(20) not null, script varchar(1000) not null, checksum int, installed_by varchar(100) not null,
        installed_on timestamp not null default current_timestamp, execution_time int not null, success bool not null)";
    let (none, _) = ask(
        &url,
        "migrations/status",
        &format!("{with};pending=allowed"),
    )
    .await;
    assert_eq!(none.rows.len(), 2, "both are pending: {none:?}");
    server.execute(&database, table).unwrap();
    let line = "insert into flyway_schema_history values (1, '1', 'one', 'SQL', 'V1__one.sql', null, 'u', now(), 1, 1), (2, '2', 'two', 'SQL', 'V2__two.sql', null, 'u', now(), 1, 0)";
    server.execute(&database, line).unwrap();
    must_say(&url, "migrations/status", &with, Fail, "failed").await;
    let mend = "update flyway_schema_history set success = 1";
    server.execute(&database, mend).unwrap();
    let (seen, judged) = ask(&url, "migrations/status", &with).await;
    assert_ne!(judged.verdict, Fail, "{seen:?}");
}

#[test]
fn every_check_of_the_family_is_tried() {
    let here = include_str!("ready.rs");
    for check in ready::all().iter().filter(|c| c.family == Family::MySql) {
        let name = check.name;
        assert!(
            here.contains(&format!("\"{name}\"")),
            "{name} is tried nowhere"
        );
    }
}

async fn a_check_for_another_family_is_refused(server: &'static MariaSandbox) {
    let check = ready::find("pg/invalid-indexes").unwrap();
    let none = BTreeMap::new();
    let arguments = Arguments::new(check, &none).unwrap();
    let mut looker = Looker::open(&server.url(""), "holdpoint.ready.test.2")
        .await
        .unwrap();
    let limit = Duration::from_secs(5);
    let error = looker.check(check, &arguments, limit).await.unwrap_err();
    assert!(error.message.contains("is for PostgreSQL"), "{error}");
}
