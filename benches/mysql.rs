//! What one look of holdpoint's monitor costs a MariaDB or MySQL, beside what other monitors ask, on the same server in the same minute.
//!
//! `cargo bench --bench mysql`; `HOLDPOINT_BENCH_SECONDS` is the length of each measurement, 20 by default. A server has one thread
//! for each connection: what that spends is read from `/proc/PID/task/TID/schedstat`, in nanoseconds.

#[expect(dead_code, reason = "other benchmarks use the rest of it")]
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use holdpoint::domain::sample::MonitorNews;
use holdpoint::domain::sample::news::{Watched, Wishes};
use holdpoint::engine::database::Dsn;
use holdpoint::engine::database::target::observe;
use holdpoint::engine::sandbox::{
    Brand, MYSQL_PACKED, MariaBinaries, MariaOptions, MariaSandbox, find_maria, mysql_of,
};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use support::Done;
use support::cost::Cost;
use support::figures::{ratio, table};

const HEADS: [&str; 8] = [
    "server",
    "scene",
    "tool",
    "looks",
    "server ms per look",
    "of SHOW FULL PROCESSLIST",
    "of innotop's lock questions",
    "rows shown",
];
const POLL: Duration = Duration::from_millis(100);

/// Sessions of others: connections, of which so many work, and so many wait behind an `ALTER`.
struct Scene(&'static str, usize, usize, usize);

static SCENES: [Scene; 3] = [
    Scene("10 connections", 10, 0, 0),
    Scene("200, 100 wait behind an ALTER", 200, 10, 100),
    Scene("1,000, 50 active, 100 wait behind an ALTER", 1_000, 50, 100),
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    let seconds = std::env::var("HOLDPOINT_BENCH_SECONDS");
    let length = Duration::from_secs(seconds.map_or(Ok(20), |s| s.parse())?);
    let mut rows = Vec::new();
    let packed = MYSQL_PACKED.iter().map(mysql_of);
    for binaries in [find_maria()].into_iter().chain(packed) {
        match binaries {
            Ok(binaries) => {
                for scene in &SCENES {
                    rows.extend(measure(&binaries, scene, length).await?);
                }
            }
            Err(why) => say(&format!("not measured: {why}")),
        }
    }
    say(&format!(
        "Each of {} s, all at the same time, one look a second\n\n{}",
        length.as_secs(),
        table(&HEADS, &rows)
    ));
    Ok(())
}

/// What others ask: by the user their thread is known.
const HOLDPOINT: &str = "holdpoint monitor";
const LIST: &str = "SHOW FULL PROCESSLIST";
const INNOTOP: &str = "innotop's lock questions";
const SYS: &str = "sys.schema_table_lock_waits";
const PEERS: [(&str, &str); 4] = [
    (HOLDPOINT, "by_holdpoint"),
    (LIST, "by_list"),
    (INNOTOP, "by_innotop"),
    (SYS, "by_sys"),
];

/// What is asked at each look. innotop reads the engine's status as text, the list, and row locks by joining the lock tables.
fn questions(name: &str, brand: Brand) -> &'static [&'static str] {
    match (name, brand) {
        (LIST, _) => &["SHOW FULL PROCESSLIST"],
        (INNOTOP, Brand::MariaDb) => &[
            "SHOW FULL PROCESSLIST",
            "SHOW ENGINE INNODB STATUS",
            "SELECT r.trx_mysql_thread_id, r.trx_query, b.trx_mysql_thread_id, b.trx_query FROM information_schema.innodb_lock_waits w \
             JOIN information_schema.innodb_trx b ON b.trx_id = w.blocking_trx_id \
             JOIN information_schema.innodb_trx r ON r.trx_id = w.requesting_trx_id",
        ],
        (INNOTOP, Brand::MySql) => &[
            "SHOW FULL PROCESSLIST",
            "SHOW ENGINE INNODB STATUS",
            "SELECT * FROM sys.innodb_lock_waits",
        ],
        // MariaDB 10.11's has no such view; this is the part of it that its tables can answer.
        (SYS, Brand::MariaDb) => &[
            "SELECT g.OBJECT_SCHEMA, g.OBJECT_NAME, pt.PROCESSLIST_ID AS waits, gt.PROCESSLIST_ID AS blocks \
             FROM performance_schema.metadata_locks g JOIN performance_schema.metadata_locks p \
               ON g.OBJECT_TYPE = p.OBJECT_TYPE AND g.OBJECT_SCHEMA = p.OBJECT_SCHEMA AND g.OBJECT_NAME = p.OBJECT_NAME \
               AND g.LOCK_STATUS = 'GRANTED' AND p.LOCK_STATUS = 'PENDING' \
             JOIN performance_schema.threads gt ON g.OWNER_THREAD_ID = gt.THREAD_ID \
             JOIN performance_schema.threads pt ON p.OWNER_THREAD_ID = pt.THREAD_ID",
        ],
        (SYS, Brand::MySql) => &["SELECT * FROM sys.schema_table_lock_waits"],
        _ => &[],
    }
}

/// What a tool has seen so far.
#[derive(Clone, Default)]
struct Looked {
    looks: Arc<AtomicU32>,
    /// Rows of the last look.
    rows: Arc<AtomicU32>,
}

impl Looked {
    fn once(&self, rows: usize) {
        self.looks.fetch_add(1, Ordering::Relaxed);
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        self.rows.store(rows, Ordering::Relaxed);
    }

    fn looks(&self) -> u32 {
        self.looks.load(Ordering::Relaxed)
    }
}

fn start(binaries: &MariaBinaries) -> Done<MariaSandbox> {
    let options = MariaOptions::default()
        .observable(binaries.brand)
        .setting("max_connections", "1200")
        .setting("table_open_cache", "400");
    let server = MariaSandbox::start(binaries, options)?;
    server.create_database("shop")?;
    server.execute(
        "shop",
        "create table t (id int primary key, v int) engine = innodb; insert into t values (1, 0)",
    )?;
    for (_, user) in PEERS {
        server.execute(
            "",
            &format!("create user '{user}'@'%'; grant all on *.* to '{user}'@'%'"),
        )?;
    }
    Ok(server)
}

/// Holdpoint's monitor, one look a second.
async fn watches(dsn: Dsn, scene: &Scene, wished: watch::Receiver<Wishes>, looked: Looked) {
    // While nobody waits it looks half as often as it is told.
    let every = Duration::from_millis(if scene.3 > 0 { 1_000 } else { 500 });
    let plan = Watched {
        every,
        ..Watched::default()
    };
    observe(dsn, plan, wished, move |news| {
        if let MonitorNews::Sampled(sample) = news {
            looked.once(sample.sessions.len());
        }
    })
    .await;
}

/// Another tool, one look a second.
async fn asks(mut conn: MySqlConnection, questions: &'static [&'static str], looked: Looked) {
    loop {
        let mut most = 0;
        for sql in questions {
            let answer = sqlx::raw_sql(*sql).fetch_all(&mut conn).await;
            most = most.max(answer.map_or(0, |rows| rows.len()));
        }
        looked.once(most);
        sleep(Duration::from_secs(1)).await;
    }
}

async fn measure(
    binaries: &MariaBinaries,
    scene: &'static Scene,
    length: Duration,
) -> Done<Vec<Vec<String>>> {
    let server = start(binaries)?;
    let _crowd = gather(&server.url("shop"), scene).await?;
    let looked = PEERS.map(|_| Looked::default());
    let mut tools = JoinSet::new();
    let (_wishes, wished) = watch::channel(Wishes::default());
    for ((name, user), looked) in PEERS.into_iter().zip(looked.clone()) {
        let url = server.url_as("shop", user, None);
        if name == HOLDPOINT {
            tools.spawn(watches(Dsn::read(&url)?, scene, wished.clone(), looked));
        } else {
            let asked = questions(name, binaries.brand);
            tools.spawn(asks(open(&url).await?, asked, looked));
        }
    }
    sleep(Duration::from_secs(2)).await;
    let mut desk = open(&server.url("")).await?;
    let pid = std::fs::read_to_string(server.dir().join("data/server.pid"))?;
    let pid: u32 = pid.trim().parse()?;
    let before = looked.each_ref().map(Looked::looks);
    let mut costs = PEERS.map(|_| Cost::default());
    let began = Instant::now();
    while began.elapsed() < length {
        for (cost, (_, user)) in costs.iter_mut().zip(PEERS) {
            for thread in threads(&mut desk, binaries.brand, user).await? {
                cost.look_at_thread(pid, thread);
            }
        }
        sleep(POLL).await;
    }
    let counted = [0, 1, 2, 3].map(|at| looked[at].looks() - before[at]);
    tools.shutdown().await;
    let per_look = |at: usize| costs[at].spent() / counted[at].max(1);
    let [major, minor] = [0, 1].map(|at| binaries.version.split('.').nth(at).unwrap_or_default());
    let lines = PEERS.iter().enumerate().map(|(at, (name, _))| {
        vec![
            format!("{:?} {major}.{minor}", binaries.brand),
            scene.0.to_owned(),
            (*name).to_owned(),
            counted[at].to_string(),
            format!("{:.2}", per_look(at).as_secs_f64() * 1_000.0),
            ratio(per_look(at), per_look(1)),
            ratio(per_look(at), per_look(2)),
            looked[at].rows.load(Ordering::Relaxed).to_string(),
        ]
    });
    Ok(lines.collect())
}

async fn open(url: &str) -> Done<MySqlConnection> {
    let options: MySqlConnectOptions = url.parse()?;
    Ok(options.disable_statement_logging().connect().await?)
}

async fn threads(desk: &mut MySqlConnection, brand: Brand, user: &str) -> Done<Vec<u32>> {
    let sql = match brand {
        Brand::MariaDb => {
            format!("select tid from information_schema.processlist where user = '{user}'")
        }
        Brand::MySql => {
            format!(
                "select thread_os_id from performance_schema.threads where processlist_user = '{user}'"
            )
        }
    };
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(desk).await?;
    let number = |row: &sqlx::mysql::MySqlRow| {
        let bytes: Vec<u8> = row.try_get_unchecked(0).ok()?;
        String::from_utf8(bytes).ok()?.parse().ok()
    };
    Ok(rows.iter().filter_map(number).collect())
}

/// The sessions of others; they go with it.
struct Crowd {
    _idle: Vec<MySqlConnection>,
    _busy: JoinSet<()>,
}

async fn gather(url: &str, &Scene(_, connections, active, waiting): &Scene) -> Done<Crowd> {
    let mut idle = Vec::new();
    for _ in 0..connections - active - waiting {
        idle.push(open(url).await?);
    }
    let mut busy = JoinSet::new();
    let keep = async |busy: &mut JoinSet<()>, sql: &'static str| -> Done {
        let mut conn = open(url).await?;
        busy.spawn(async move {
            // It ends when its server does.
            let _ = sqlx::raw_sql(sql).execute(&mut conn).await;
        });
        Ok(())
    };
    for _ in 0..active {
        keep(&mut busy, "select sleep(1000)").await?;
    }
    if waiting > 0 {
        let mut holder = open(url).await?;
        sqlx::raw_sql("begin; select * from t")
            .execute(&mut holder)
            .await?;
        idle.push(holder);
        keep(&mut busy, "alter table t add column w int").await?;
        sleep(Duration::from_millis(500)).await;
        for _ in 1..waiting {
            keep(&mut busy, "select * from t").await?;
        }
        sleep(Duration::from_secs(1)).await;
    }
    Ok(Crowd {
        _idle: idle,
        _busy: busy,
    })
}

#[expect(
    clippy::print_stdout,
    reason = "its figures are what a benchmark is for"
)]
fn say(text: &str) {
    println!("{text}");
}
