//! What each panel shows on each version to each kind of role, or what it lacks: kept as a table, `tests/database/panels.md`.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;
use std::time::Duration;

use holdpoint::domain::runbook::model::OwnValue;
use holdpoint::domain::sample::Sample;
use holdpoint::domain::sample::extra::Lack;
use holdpoint::domain::sample::news::{Extra, Watched};
use holdpoint::engine::sandbox::Sandbox;

use crate::harness::{Client, Watcher, fresh_on, until, waiting};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/database/panels.md");
const HEAD: &str = "| version | role | Locks | Connections | Activity | Progress | Replication | Database | Tables | Statements | own values |\n\
                    |---|---|---|---|---|---|---|---|---|---|---|";
const SHOWN: &str = "✔";
/// The tests of several versions run at the same time.
static WRITING: Mutex<()> = Mutex::new(());

/// Looks at every panel as each kind of role, while somebody waits, an index is built and a replica streams.
pub async fn by_role(server: &Sandbox) {
    let db = fresh_on(server);
    let url = server.url(&db);
    let mut asker = Client::open(&url).await;
    asker
        .run("create extension pg_stat_statements; grant select on t to public; create table big as select i from generate_series(1, 50000) i; \
              create function slow(int) returns int language plpgsql immutable as 'begin perform pg_sleep(0.01); return $1; end'")
        .await;
    let holder = Client::with(&url, "begin; lock t in share mode").await;
    let (waiter, _waits) = Client::open(&url)
        .await
        .waits("insert into t values (50, 1)");
    waiting(&mut asker, waiter).await;
    let (builder, build) = Client::open(&url)
        .await
        .waits("create index on big (slow(i))");
    // It takes minutes, and is ended at the end: all roles see it at work.
    let at_work = format!(
        "select count(*) from pg_stat_progress_create_index where pid = {builder} and blocks_total > 0"
    );
    until(&mut asker, &at_work, "1").await;
    let mut rows = Vec::new();
    for (kind, role) in [
        ("superuser", "postgres"),
        ("pg_monitor", "watcher"),
        ("plain", "plain"),
    ] {
        let sample = seen_by(&server.url_as(&db, role, None), waiter).await;
        assert_eq!(sample.session(waiter).unwrap().hard[0].pid, holder.pid);
        let named = sample
            .notes
            .iter()
            .any(|n| n.contains("grant it pg_monitor"));
        assert_eq!(named, kind == "plain", "what is hidden is said");
        let major = server.binaries().major;
        let cells = cells(&sample, &db, waiter, builder);
        rows.push(format!("| {major} | {kind} | {} |", cells.join(" | ")));
    }
    asker
        .run(&format!("select pg_terminate_backend({builder})"))
        .await;
    assert!(build.await.unwrap().is_err());
    compare(&rows);
}

/// Looks until every panel has something to show.
async fn seen_by(url: &str, waiter: i32) -> Sample {
    let plan = Watched {
        every: Duration::from_millis(100),
        values: vec![OwnValue {
            name: "rows".into(),
            sql: "select count(*) from t".into(),
            every: Duration::from_secs(1),
        }],
        ..Watched::default()
    };
    let mut watcher = Watcher::planned(url, plan);
    watcher.wishes.send_modify(|w| {
        w.tables = Extra::Asked;
        w.statements = Extra::Asked;
    });
    let read = |s: &Sample| {
        let rates = s.server.as_ref().is_some_and(|s| s.rates.is_some());
        let tables = s
            .extras
            .tables
            .as_deref()
            .is_some_and(|t| !t.rows.is_empty() && !passing(t.lack.as_ref()));
        let costs = s
            .extras
            .statements
            .as_deref()
            .is_some_and(|s| s.at_ms > 0 && !passing(s.lack.as_ref()));
        let value = s.values.iter().any(|v| v.value.is_some());
        let waits = s.session(waiter).is_some_and(|s| s.lock.is_some());
        rates && tables && costs && value && waits
    };
    watcher.sample(read).await
}

/// Whether it lacks something only at the moment.
fn passing(lack: Option<&Lack>) -> bool {
    matches!(
        lack,
        Some(Lack::Locked | Lack::Slow | Lack::NoConnection(_))
    )
}

fn cells(sample: &Sample, db: &str, waiter: i32, builder: i32) -> [String; 9] {
    let or = |shown: bool, else_: &str| if shown { SHOWN } else { else_ }.to_owned();
    let lack = |lack: Option<&Lack>| lack.map_or(SHOWN.to_owned(), ToString::to_string);
    let server = sample.server.as_ref().unwrap();
    let waiter = sample.session(waiter).unwrap();
    let mut clients = sample.counts.by_client.iter();
    let here = clients.find(|c| c.database == db && c.application == "somebody");
    let working = here.is_some_and(|c| c.n >= 3 && c.active >= 1);
    let builds = server.progress.iter().find(|p| p.pid == builder);
    let sender = server.senders.iter().find(|s| s.application == "replica1");
    let tables = sample.extras.tables.as_deref().unwrap();
    let statements = sample.extras.statements.as_deref().unwrap();
    [
        or(!waiter.query.is_empty(), "who and what for, no statements"),
        or(working, "counted by user, not by state"),
        or(
            sample.session(builder).is_some_and(|s| !s.query.is_empty()),
            "own sessions, and those in locks",
        ),
        or(builds.is_some_and(|p| p.total > 0), "hidden"),
        or(sender.is_some_and(|s| s.state == "streaming"), "hidden"),
        or(server.rates.is_some(), "–"),
        lack(tables.lack.as_ref()),
        lack(statements.lack.as_ref()),
        or(sample.values.iter().all(|v| v.error.is_empty()), "–"),
    ]
}

/// Compares `rows` with those of their version in the file, or writes them there where `HOLDPOINT_WRITE_DOCS` is set.
fn compare(rows: &[String]) {
    let _alone = WRITING.lock().unwrap();
    let kept = fs::read_to_string(FILE).unwrap_or_default();
    let version = |row: &str| {
        row.split('|')
            .nth(1)
            .and_then(|v| v.trim().parse::<u32>().ok())
    };
    let mut all: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for row in kept.lines() {
        if let Some(version) = version(row) {
            all.entry(version).or_default().push(row.to_owned());
        }
    }
    let major = version(&rows[0]).unwrap();
    if std::env::var_os("HOLDPOINT_WRITE_DOCS").is_some() {
        all.insert(major, rows.to_vec());
        let lines: Vec<String> = all.into_values().flatten().collect();
        fs::write(FILE, format!("{HEAD}\n{}\n", lines.join("\n"))).unwrap();
        return;
    }
    assert_eq!(
        rows,
        all.remove(&major).unwrap_or_default(),
        "HOLDPOINT_WRITE_DOCS=1 cargo test --test database versions writes {FILE}"
    );
}
