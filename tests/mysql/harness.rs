//! One server for all tests, and sessions that hold and wait.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use holdpoint::domain::sample::news::Watched;
use holdpoint::engine::sandbox::MariaSandbox;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, sleep};

use crate::maria::Kind;
pub use crate::watcher::PATIENCE;
use crate::watcher::Watcher;

const KINDS: [Kind; 3] = [Kind::Installed, Kind::MySql80, Kind::MySql9];

/// The server of a kind that the tests share; it goes when this process does. `None`: there is none on this machine.
pub fn server(kind: Kind) -> Option<&'static MariaSandbox> {
    static SERVERS: [OnceLock<Option<MariaSandbox>>; 3] = [const { OnceLock::new() }; 3];
    let settings = [("log_bin", "binlog"), ("server_id", "1")];
    let server = SERVERS[kind as usize].get_or_init(|| kind.start("right", &settings));
    server.as_ref()
}

/// Runs `test` on every server that is here; `HOLDPOINT_TEST_ON=MySql9` is one alone. Who fails is named.
#[expect(clippy::print_stderr, reason = "printed where the test has failed")]
pub async fn on_each<Test>(test: fn(&'static MariaSandbox) -> Test)
where
    Test: Future<Output = ()> + Send + 'static,
{
    let only = std::env::var("HOLDPOINT_TEST_ON").ok();
    let wanted = |kind: &Kind| {
        only.as_ref()
            .is_none_or(|only| *only == format!("{kind:?}"))
    };
    let run = |kind| async move {
        let found = spawn_blocking(move || server(kind)).await.unwrap();
        if let Some(server) = found {
            test(server).await;
        }
    };
    let tasks: Vec<_> = KINDS
        .into_iter()
        .filter(wanted)
        .map(|kind| (kind, tokio::spawn(run(kind))))
        .collect();
    let mut failed = Vec::new();
    for (kind, task) in tasks {
        if let Err(error) = task.await {
            eprintln!("it failed on {kind:?}");
            failed.push(error);
        }
    }
    if let Some(error) = failed.pop() {
        std::panic::resume_unwind(error.into_panic());
    }
}

/// Makes a test of each function: on every server of the family, at the same time, for most of it is waiting.
macro_rules! on_each_server {
    ($($name:ident)*) => {
        mod on_each_server {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 3)]
                async fn $name() {
                    crate::harness::on_each(super::$name).await;
                }
            )*
        }
    };
}
pub(crate) use on_each_server;

/// Makes a fresh database with a table `t` of ten rows (`id`, `v`); returns its name.
pub fn fresh(server: &MariaSandbox) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("db{}", NEXT.fetch_add(1, Ordering::Relaxed));
    server.create_database(&name).unwrap();
    let rows: Vec<String> = (1..=10).map(|i| format!("({i}, 0)")).collect();
    let sql = format!(
        "create table t (id int primary key, v int) engine = innodb; insert into t values {}",
        rows.join(", ")
    );
    server.execute(&name, &sql).unwrap();
    name
}

/// A session of somebody else.
pub struct Client {
    conn: MySqlConnection,
    pub id: u64,
}

impl Client {
    pub async fn open(url: &str) -> Self {
        let options: MySqlConnectOptions = url.parse().unwrap();
        let options = options.disable_statement_logging();
        let mut client = Self {
            conn: options.connect().await.unwrap(),
            id: 0,
        };
        let id = client.value("select connection_id()").await;
        client.id = id.unwrap().parse().unwrap();
        client
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
        let bytes: Option<Vec<u8>> = row.try_get_unchecked(0).unwrap();
        bytes.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    /// Sends `sql`, which will wait; returns the connection's number and the session once it has ended.
    pub fn waits(mut self, sql: &str) -> (u64, JoinHandle<Result<Self, sqlx::Error>>) {
        let (id, sql) = (self.id, sql.to_owned());
        let task = tokio::spawn(async move {
            self.try_run(&sql).await?;
            Ok(self)
        });
        (id, task)
    }
}

/// Waits until `sql` answers `wanted`.
pub async fn until(asker: &mut Client, sql: &str, wanted: &str) {
    let began = Instant::now();
    loop {
        let is = asker.value(sql).await;
        if is.as_deref() == Some(wanted) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{sql}: {is:?}, never {wanted}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// A monitor that looks seldom enough: the engine tells anew only what nobody has asked for 100 ms.
pub fn watch(url: &str) -> Watcher {
    Watcher::planned(url, plan())
}

/// How often it looks.
pub fn plan() -> Watched {
    Watched {
        every: Duration::from_millis(300),
        ..Watched::default()
    }
}
