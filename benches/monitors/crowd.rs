//! Sessions of others on a server: idle ones, or a pile-up behind an `ALTER TABLE`.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::support::Done;

/// What goes on at a server.
#[derive(Debug, Clone, Copy)]
pub struct Scene {
    /// Its name.
    pub name: &'static str,
    connections: usize,
    active: usize,
    waiting: usize,
    /// What makes holdpoint look once a second: while nobody waits it looks half as often as it is told.
    pub every: &'static str,
}

impl Scene {
    /// From the smallest to the largest.
    pub const ALL: [Self; 4] = [
        Self {
            name: "10 connections",
            connections: 10,
            active: 0,
            waiting: 0,
            every: "500ms",
        },
        Self {
            name: "200 connections",
            connections: 200,
            active: 0,
            waiting: 0,
            every: "500ms",
        },
        Self {
            name: "200, of which 100 wait behind an ALTER",
            connections: 200,
            active: 10,
            waiting: 100,
            every: "1s",
        },
        Self {
            name: "1,000, of which 50 active, 100 wait behind an ALTER",
            connections: 1_000,
            active: 50,
            waiting: 100,
            every: "1s",
        },
    ];
}

/// The sessions; they go with it.
pub struct Crowd {
    _idle: Vec<PgConnection>,
    _busy: JoinSet<()>,
}

impl Crowd {
    /// Opens the sessions of `scene` and waits until each is at its place.
    pub async fn gather(url: &str, scene: Scene) -> Done<Self> {
        let options: PgConnectOptions = url.parse()?;
        let options = options
            .application_name("crowd")
            .disable_statement_logging();
        let (mut idle, mut busy) = (Vec::new(), JoinSet::new());
        for _ in 0..scene.connections {
            idle.push(options.connect().await?);
        }
        let mut taken = idle.split_off(scene.connections - scene.active);
        for conn in taken.drain(..) {
            keep_busy(&mut busy, conn, "select pg_sleep(100000)");
        }
        if scene.waiting > 0 {
            pile_up(&mut idle, &mut busy, scene.waiting).await?;
        }
        Ok(Self {
            _idle: idle,
            _busy: busy,
        })
    }
}

/// An idle transaction holds a table, an `ALTER` waits for it, and readers wait for the `ALTER`.
async fn pile_up(idle: &mut Vec<PgConnection>, busy: &mut JoinSet<()>, waiting: usize) -> Done {
    let mut asker = idle.pop().ok_or("nobody is left to ask")?;
    let mut holder = idle.pop().ok_or("nobody is left to hold")?;
    run(&mut asker, "create table t (id int)").await?;
    run(&mut holder, "begin; select from t").await?;
    let alters = idle.pop().ok_or("nobody is left to alter")?;
    keep_busy(busy, alters, "alter table t add column x int");
    until_waiting(&mut asker, 1).await?;
    for conn in idle.drain(idle.len() - waiting + 1..) {
        keep_busy(busy, conn, "select * from t");
    }
    until_waiting(&mut asker, waiting).await?;
    idle.extend([asker, holder]);
    Ok(())
}

fn keep_busy(busy: &mut JoinSet<()>, mut conn: PgConnection, sql: &'static str) {
    busy.spawn(async move {
        // It ends when its server does.
        let _ = run(&mut conn, sql).await;
    });
}

async fn run(conn: &mut PgConnection, sql: &'static str) -> Done {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await?;
    Ok(())
}

async fn until_waiting(asker: &mut PgConnection, sessions: usize) -> Done {
    let sql = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'";
    let look = async {
        loop {
            let n: i64 = sqlx::query_scalar(sql).fetch_one(&mut *asker).await?;
            if usize::try_from(n)? == sessions {
                return Ok(());
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_mins(1), look).await?
}
