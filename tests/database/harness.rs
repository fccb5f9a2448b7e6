//! One server for all tests, and sessions that hold and wait.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use holdpoint::engine::sandbox::{Listen, Options, Sandbox, any_server};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

pub use crate::watcher::{PATIENCE, Watcher, drawn};

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
    until(asker, &sql, "Lock").await;
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
        sleep(Duration::from_millis(10)).await;
    }
}
