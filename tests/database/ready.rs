//! Every ready check on a server that trips it, and on one that is clean.

mod busy;
mod cases;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use holdpoint::domain::ready::Verdict::Pass;
use holdpoint::domain::ready::{self, Arguments, Family, Judged, Table, judge};
use holdpoint::engine::database::Looker;
use holdpoint::engine::sandbox::{Listen, Options, Sandbox, any_server};
use tokio::time::{Instant, sleep};

use crate::harness::Client;
use crate::ready::busy::{busy, whole_server};
use crate::ready::cases::{AT_REST, Case, SHOWN, case};

/// How long a check may take to see what was done, on a busy machine: statistics come a moment later.
const LONGEST: Duration = Duration::from_mins(1);

/// What was not said: all of it is told at the end.
static WRONG: Mutex<Vec<String>> = Mutex::new(Vec::new());

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

#[test]
fn no_check_is_untested() {
    let sources = [
        include_str!("ready.rs"),
        include_str!("ready/busy.rs"),
        include_str!("ready/cases.rs"),
    ];
    let named: BTreeSet<&str> = sources
        .iter()
        .flat_map(|source| source.split('"'))
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
