//! One server for all tests, sessions that hold and wait, and a monitor to look at.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use holdpoint::domain::sample::blocking::{Forest, tree};
use holdpoint::domain::sample::model::Session;
use holdpoint::domain::sample::news::{Watched, Wishes};
use holdpoint::domain::sample::{MonitorNews, Sample};
use holdpoint::engine::database::postgres::{Dsn, observe};
use holdpoint::engine::sandbox::{Listen, Options, Sandbox, any_server};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub const PATIENCE: Duration = Duration::from_mins(1);

/// The server that the tests share; it goes when this process does.
pub fn server() -> &'static Sandbox {
    static SERVER: OnceLock<Sandbox> = OnceLock::new();
    SERVER.get_or_init(own_server)
}

/// A server for one test alone.
pub fn own_server() -> Sandbox {
    let options = Options {
        password: Some("right".into()),
        listen: Listen::Loopback,
        ..Options::default()
    };
    let options = options
        .setting("max_connections", "400")
        .setting("deadlock_timeout", "60s")
        .setting("autovacuum", "off");
    Sandbox::start(&any_server().unwrap(), options).unwrap()
}

/// Makes a fresh database on the shared server; returns its name.
pub fn fresh() -> String {
    fresh_on(server())
}

/// Makes a fresh database with a table `t` of ten rows; returns its name.
pub fn fresh_on(server: &Sandbox) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("db{}", NEXT.fetch_add(1, Ordering::Relaxed));
    server.create_database(&name).unwrap();
    let sql = "create table t (id int primary key, v int); insert into t select i, 0 from generate_series(1, 10) i";
    server.execute(&name, sql).unwrap();
    name
}

/// A session of somebody else.
pub struct Client {
    conn: PgConnection,
    pub pid: i32,
}

impl Client {
    pub async fn open(url: &str) -> Self {
        Self::called(url, "somebody").await
    }

    pub async fn called(url: &str, name: &str) -> Self {
        let options: PgConnectOptions = url.parse().unwrap();
        let options = options.application_name(name).disable_statement_logging();
        let mut conn = options.connect().await.unwrap();
        let row = sqlx::raw_sql("select pg_backend_pid()").fetch_one(&mut conn);
        let pid = row
            .await
            .unwrap()
            .try_get_raw(0)
            .unwrap()
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        Self { conn, pid }
    }

    /// A session that runs `sql` and stays.
    pub async fn with(url: &str, sql: &str) -> Self {
        let mut client = Self::open(url).await;
        client.run(sql).await;
        client
    }

    pub async fn run(&mut self, sql: &str) {
        self.try_run(sql).await.unwrap();
    }

    pub async fn try_run(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::raw_sql(sql).execute(&mut self.conn).await.map(drop)
    }

    pub async fn value(&mut self, sql: &str) -> Option<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        let row = sqlx::raw_sql(sql).fetch_one(&mut self.conn).await.unwrap();
        let value = row.try_get_raw(0).unwrap();
        value.as_str().ok().map(str::to_owned)
    }

    /// Sends `sql`, which will wait; returns the pid and the session once it has ended.
    pub fn waits(mut self, sql: &str) -> (i32, JoinHandle<Result<Self, sqlx::Error>>) {
        let (pid, sql) = (self.pid, sql.to_owned());
        let task = tokio::spawn(async move {
            self.try_run(&sql).await?;
            Ok(self)
        });
        (pid, task)
    }
}

/// Returns whom the server itself names as blockers of `pid`.
pub async fn server_says(asker: &mut Client, pid: i32) -> Vec<i32> {
    let sql = format!("select array_to_string(pg_blocking_pids({pid}), ',')");
    let text = asker.value(&sql).await.unwrap_or_default();
    let mut pids: Vec<i32> = text.split(',').filter_map(|p| p.parse().ok()).collect();
    pids.sort_unstable();
    pids.dedup();
    pids
}

/// Waits until the server says that `pid` waits for a lock.
pub async fn waiting(asker: &mut Client, pid: i32) {
    let sql = format!("select wait_event_type from pg_stat_get_activity({pid})");
    let looked = async {
        while asker.value(&sql).await.as_deref() != Some("Lock") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looked)
        .await
        .expect("it should wait for a lock by now");
}

/// A monitor, and everything it told.
pub struct Watcher {
    pub wishes: watch::Sender<Wishes>,
    pub news: Arc<Mutex<Vec<MonitorNews>>>,
    changed: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Watcher {
    pub fn on(url: &str) -> Self {
        let plan = Watched {
            every: Duration::from_millis(100),
            ..Watched::default()
        };
        Self::planned(url, plan)
    }

    pub fn planned(url: &str, plan: Watched) -> Self {
        let (wishes, wished) = watch::channel(Wishes::default());
        let (tell, changed) = watch::channel(0);
        let news = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&news);
        let dsn = Dsn::read(url).unwrap();
        let task = tokio::spawn(async move {
            observe(dsn, plan, wished, move |news| {
                told.lock().unwrap().push(news);
                tell.send_modify(|n| *n += 1);
            })
            .await;
        });
        Self {
            wishes,
            news,
            changed,
            task,
        }
    }

    /// Waits for news told from now on that `pick` takes.
    pub async fn next<T>(&mut self, pick: impl Fn(&MonitorNews) -> Option<T>) -> T {
        let from = self.news.lock().unwrap().len();
        self.since(from, pick).await
    }

    /// Waits for news, told already or later, that `pick` takes.
    pub async fn any<T>(&mut self, pick: impl Fn(&MonitorNews) -> Option<T>) -> T {
        self.since(0, pick).await
    }

    async fn since<T>(&mut self, from: usize, pick: impl Fn(&MonitorNews) -> Option<T>) -> T {
        let found = async {
            loop {
                self.changed.mark_unchanged();
                let found = self.news.lock().unwrap()[from..].iter().find_map(&pick);
                if let Some(found) = found {
                    return found;
                }
                self.changed
                    .changed()
                    .await
                    .expect("the monitor should not end");
            }
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        found.unwrap_or_else(|_| {
            let news = self.news.lock().unwrap();
            panic!("it was never told; last: {:#?}", news.last())
        })
    }

    /// Waits for a sample that `holds`.
    pub async fn sample(&mut self, holds: impl Fn(&Sample) -> bool) -> Sample {
        self.next(|news| match news {
            MonitorNews::Sampled(sample) if holds(sample) => Some(sample.as_ref().clone()),
            _ => None,
        })
        .await
    }

    /// Waits for a sample in which all of `pids` wait.
    pub async fn with_waiters(&mut self, pids: &[i32]) -> Sample {
        let waits = |s: &Session| s.lock.is_some() || s.n_blockers > 0;
        let all = |sample: &Sample| {
            pids.iter()
                .all(|pid| sample.session(*pid).is_some_and(waits))
        };
        self.sample(all).await
    }
}

/// Draws the tree over `pids` as text: one line a row, two blanks a level; sessions as letters in the order of `pids`.
pub fn drawn(sample: &Sample, pids: &[i32]) -> Vec<String> {
    fn draw(sample: &Sample, forest: &Forest, pids: &[i32]) -> Vec<String> {
        let letter = |pid: i32| match pids.iter().position(|p| *p == pid) {
            Some(at) => char::from(b'A' + u8::try_from(at).unwrap()).to_string(),
            None => format!("pid {pid}"),
        };
        let rows = forest.rows().into_iter().map(|(depth, node)| {
            let who = match (node.session(sample), node.prepared(sample)) {
                (Some(session), _) => letter(session.leader.unwrap_or(session.pid)),
                (None, Some(prepared)) => format!("'{}'", prepared.gid),
                (None, None) => node.words(sample),
            };
            let folded = match node.folded {
                0 => String::new(),
                n => format!(" +{n}"),
            };
            let how = node.waits.as_ref().map_or_else(String::new, |link| {
                let others = link.others.iter().map(|pid| letter(*pid));
                let others: String = others.map(|l| format!(" and {l}")).collect();
                format!(" {:?}{others}", link.by)
            });
            (depth, format!("{}{who}{folded}{how}", "  ".repeat(depth)))
        });
        rows.map(|(_, line)| line).collect()
    }
    // The server is shared: only trees in which one of ours stands are drawn.
    let mut forest = tree(sample);
    forest.roots.retain(|root| {
        let only = Forest {
            roots: vec![root.clone()],
            waiting: 0,
        };
        only.rows().iter().any(|(_, node)| {
            let session = node.session(sample);
            session.is_some_and(|s| {
                pids.contains(&s.pid) || s.leader.is_some_and(|l| pids.contains(&l))
            })
        })
    });
    draw(sample, &forest, pids)
}
