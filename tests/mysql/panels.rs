//! What each panel shows on each server to each kind of user, or what it lacks: kept as a table, `tests/mysql/panels.md`.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;
use std::time::Duration;

use holdpoint::domain::runbook::model::OwnValue;
use holdpoint::domain::sample::Sample;
use holdpoint::domain::sample::extra::Lack;
use holdpoint::domain::sample::news::{Extra, Watched};
use holdpoint::engine::sandbox::{Brand, MariaSandbox};

use crate::harness::{Client, fresh, plan};
use crate::watcher::Watcher;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mysql/panels.md");
const HEAD: &str = "| server | user | Locks | Connections | Activity | Progress | Replication | Database | Tables | Statements | own values |\n\
                    |---|---|---|---|---|---|---|---|---|---|---|";
const SHOWN: &str = "✔";
const OWN: &str = "own sessions alone";
/// The tests of several servers run at the same time.
static WRITING: Mutex<()> = Mutex::new(());

/// The user, and what he may besides his own tables.
const USERS: [(&str, &str); 4] = [
    ("root", ""),
    (
        "watcher",
        "PROCESS, REPLICATION CLIENT, SELECT on performance_schema",
    ),
    ("lister", "PROCESS"),
    ("plain", "nothing"),
];

/// Looks at every panel as each kind of user, while somebody waits, a table is altered and a replica is fed.
pub async fn by_user(server: &'static MariaSandbox) {
    let db = fresh(server);
    let url = server.url(&db);
    let brand = server.binaries().brand;
    let mut asker = Client::open(&url).await;
    let rows = "create table d (i int); insert into d values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9); \
         create table big (i int) as select a.i from d a, d b, d c, d e, d f";
    asker.run(rows).await;
    create_users(&mut asker, &db, brand).await;
    let holder = Client::with(&url, "begin; select * from t").await;
    let (waiter, waits) = Client::open(&url)
        .await
        .waits("alter table t add column w int");
    let mut builder = Client::open(&url).await;
    let alters = i32::try_from(builder.id).unwrap();
    let work = tokio::spawn(async move {
        loop {
            builder
                .run("alter table big engine = innodb, algorithm = copy")
                .await;
        }
    });
    let scene = Scene {
        db: &db,
        waiter: i32::try_from(waiter).unwrap(),
        alters,
    };
    let mut lines = Vec::new();
    for (user, may) in USERS {
        let password = Some("right");
        let sees = match (user, brand) {
            ("plain", _) => Sees::Itself,
            ("lister", Brand::MySql) => Sees::Sessions,
            _ => Sees::All,
        };
        let url = server.url_as(&db, user, password);
        let sample = scene.seen_by(&url, sees).await;
        let cells = scene.cells(&sample).join(" | ");
        let may = if may.is_empty() {
            user.to_owned()
        } else {
            format!("with {may}")
        };
        lines.push(format!("| {} | {may} | {cells} |", series(server)));
    }
    work.abort();
    drop(holder);
    drop(waits.await);
    for (user, _) in &USERS[1..] {
        asker.run(&format!("drop user '{user}'@'%'")).await;
    }
    compare(&lines, &series(server));
}

async fn create_users(asker: &mut Client, db: &str, brand: Brand) {
    for (user, _) in &USERS[1..] {
        asker
            .run(&format!(
                "create user '{user}'@'%' identified by 'right'; grant all on `{db}`.* to '{user}'@'%'"
            ))
            .await;
    }
    let replicates = match brand {
        Brand::MariaDb => "slave monitor",
        Brand::MySql => "replication client, xa_recover_admin",
    };
    asker
        .run(&format!(
            "grant process, {replicates} on *.* to 'watcher'@'%'; grant select on performance_schema.* to 'watcher'@'%'; \
             grant process on *.* to 'lister'@'%'"
        ))
        .await;
}

/// `MariaDB 10.11`, `MySQL 8.0`, `MySQL 9`: from there on the versions of a server show the same.
fn series(server: &MariaSandbox) -> String {
    let binaries = server.binaries();
    let mut parts = binaries.version.split('.');
    let (major, minor) = (parts.next().unwrap(), parts.next().unwrap());
    match binaries.brand {
        Brand::MariaDb => format!("MariaDB {major}.{minor}"),
        Brand::MySql if major == "8" => format!("MySQL 8.{minor}"),
        Brand::MySql => format!("MySQL {major}"),
    }
}

/// What a user must see before the panels are read.
#[derive(Clone, Copy)]
enum Sees {
    Itself,
    Sessions,
    All,
}

struct Scene<'a> {
    db: &'a str,
    waiter: i32,
    alters: i32,
}

impl Scene<'_> {
    /// Looks until everything is there that this user may ever see.
    async fn seen_by(&self, url: &str, sees: Sees) -> Sample {
        let plan = Watched {
            values: vec![OwnValue {
                name: "rows".into(),
                sql: "select count(*) from d".into(),
                every: Duration::from_secs(1),
            }],
            ..plan()
        };
        let mut watcher = Watcher::planned(url, plan);
        watcher.wishes.send_modify(|w| {
            w.tables = Extra::Asked;
            w.statements = Extra::Asked;
        });
        let read = |s: &Sample| {
            let Some(server) = s.server.as_ref() else {
                return false;
            };
            let tables = s.extras.tables.as_deref();
            let tables = tables.is_some_and(|t| !t.rows.is_empty() && !passing(t.lack.as_ref()));
            let costs = s.extras.statements.as_deref();
            let costs = costs.is_some_and(|c| !passing(c.lack.as_ref()));
            let alters = server
                .progress
                .iter()
                .any(|p| p.pid == self.alters && p.total > 0);
            let works = s.session(self.alters).is_some_and(|s| !s.query.is_empty());
            let waits = s.session(self.waiter).is_some_and(|s| s.lock.is_some());
            let listed = works && waits && !server.senders.is_empty();
            let value = s.values.iter().any(|v| v.value.is_some());
            let all = match sees {
                Sees::Itself => true,
                Sees::Sessions => listed,
                Sees::All => listed && alters,
            };
            server.rates.is_some() && tables && costs && value && all
        };
        watcher.sample(read).await
    }

    fn cells(&self, sample: &Sample) -> [String; 9] {
        let or = |shown: bool, else_: &str| if shown { SHOWN } else { else_ }.to_owned();
        let lack = |lack: Option<&Lack>| lack.map_or(SHOWN.to_owned(), ToString::to_string);
        let server = sample.server.as_ref().unwrap();
        let waiter = sample.session(self.waiter);
        let alters = sample.session(self.alters);
        let holders = waiter.map_or(0, |w| w.hard.len());
        let mut clients = sample.counts.by_client.iter();
        let here = clients.find(|c| c.database == self.db && c.user.starts_with("root"));
        let progress = server.progress.iter().any(|p| p.pid == self.alters);
        let tables = sample.extras.tables.as_deref().unwrap();
        let statements = sample.extras.statements.as_deref().unwrap();
        [
            match waiter {
                Some(_) => or(holders > 0, "who waits, not for whom"),
                None => OWN.to_owned(),
            },
            or(here.is_some_and(|c| c.n >= 4 && c.active >= 1), OWN),
            or(alters.is_some_and(|s| !s.query.is_empty()), OWN),
            or(progress, "hidden"),
            or(!server.senders.is_empty(), "hidden"),
            or(server.rates.is_some(), "–"),
            lack(tables.lack.as_ref()),
            lack(statements.lack.as_ref()),
            or(sample.values.iter().all(|v| v.error.is_empty()), "–"),
        ]
    }
}

/// Whether it lacks something only at the moment: a table that is being altered has no size.
fn passing(lack: Option<&Lack>) -> bool {
    matches!(
        lack,
        Some(Lack::Locked | Lack::Slow | Lack::NoConnection(_) | Lack::SizesWithheld(_))
    )
}

/// Compares `lines` with those of their server in the file, or writes them there where `HOLDPOINT_WRITE_DOCS` is set.
fn compare(lines: &[String], series: &str) {
    let _alone = WRITING.lock().unwrap();
    let kept = fs::read_to_string(FILE).unwrap_or_default();
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in kept.lines().skip(HEAD.lines().count()) {
        let name = line.split('|').nth(1).unwrap_or_default().trim();
        all.entry(name.to_owned())
            .or_default()
            .push(line.to_owned());
    }
    if std::env::var_os("HOLDPOINT_WRITE_DOCS").is_some() {
        all.insert(series.to_owned(), lines.to_vec());
        let lines: Vec<String> = all.into_values().flatten().collect();
        fs::write(FILE, format!("{HEAD}\n{}\n", lines.join("\n"))).unwrap();
        return;
    }
    // A server that somebody else has installed is looked at, and has no line to be held against.
    if let Some(kept) = all.get(series) {
        assert_eq!(
            lines, kept,
            "HOLDPOINT_WRITE_DOCS=1 cargo test --test mysql replica writes {FILE}"
        );
    }
}
