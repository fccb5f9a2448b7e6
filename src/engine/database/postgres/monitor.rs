//! The monitor: asks a server at a steady pace over one connection, tells what it saw, and comes back after a loss.

use std::time::{Duration, Instant};

use sqlx::Connection as _;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::domain::sample::model::{Sample, Server};
use crate::domain::sample::news::{MonitorNews, Need, Watched, Wishes};
use crate::domain::sample::own::{MONITOR_NAME, whose};
use crate::engine::clock;
use crate::engine::database::error::{DatabaseError, Trouble};
use crate::engine::database::postgres::connect::{Link, ask, connect};
use crate::engine::database::postgres::dsn::Dsn;
use crate::engine::database::postgres::extras::{Beside, watch_extras};
use crate::engine::database::postgres::identity::who;
use crate::engine::database::postgres::names::Names;
use crate::engine::database::postgres::pace::{Life, Pace};
use crate::engine::database::postgres::rights::Rights;
use crate::engine::database::postgres::sessions::{Budget, Waits};
use crate::engine::database::postgres::values::{Readings, aged, unread, watch_values};
use crate::engine::database::postgres::{server, sessions, trouble};

/// The server gives up after 2 s by itself; whoever says nothing for longer is gone.
const LIMIT: Duration = Duration::from_secs(4);
/// Time between two signs of life while nobody needs refreshes.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How long counters are left alone after a catalog was locked.
const LOCKED_PAUSE: Duration = Duration::from_secs(5);
/// Refusals in a row before it is said that nothing can be read.
const REFUSALS: u32 = 3;

const SETTINGS: &[(&str, &str)] = &[
    ("lock_timeout", "500ms"),
    ("statement_timeout", "2s"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("default_transaction_read_only", "on"),
    ("search_path", "pg_catalog"),
    ("jit", "off"),
    ("plan_cache_mode", "force_generic_plan"),
];

/// Watches a server until the sender of `wishes` is gone.
///
/// `news` is called from this task; it must not block. The first news is [`MonitorNews::Identity`] or
/// [`MonitorNews::Lost`].
pub async fn observe(
    dsn: Dsn,
    plan: Watched,
    mut wishes: watch::Receiver<Wishes>,
    news: impl Fn(MonitorNews) + Send + Sync,
) {
    let (tell, values) = watch::channel(unread(&plan.values));
    let mut tasks = JoinSet::new();
    tasks.spawn(watch_values(dsn.clone(), plan.values.clone(), tell));
    let (tell_beside, beside) = watch::channel(Beside::default());
    let mut tell_beside = Some(tell_beside);
    let sources = Sources { values, beside };
    let mut last_answer = Instant::now();
    let mut first = true;
    while let Some(mut link) = reconnect(&dsn, &mut wishes, &news, last_answer, first).await {
        first = false;
        if let Some(tell) = tell_beside.take() {
            tasks.spawn(watch_extras(dsn.clone(), wishes.clone(), tell));
        }
        let seen = Watch::open(&mut link, &plan, &sources).await;
        let ended = match seen {
            Ok(watch) => {
                watch
                    .run(&mut link, &mut wishes, &news, &mut last_answer)
                    .await
            }
            Err(error) => Some(error),
        };
        let Some(error) = ended else {
            // Nobody wants to know any more: a goodbye that is not heard changes nothing.
            let _ = timeout(LIMIT, link.conn.close()).await;
            return;
        };
        news(lost(&error, last_answer));
        if nap(&mut wishes, Duration::from_millis(500)).await.is_none() {
            return;
        }
    }
}

fn lost(error: &DatabaseError, last_answer: Instant) -> MonitorNews {
    let why = match error.hint.as_str() {
        "" => error.said.clone(),
        hint => format!("{}; {hint}", error.said),
    };
    let for_ms = u64::try_from(last_answer.elapsed().as_millis()).unwrap_or(u64::MAX);
    MonitorNews::Lost { why, for_ms }
}

/// Connects, however long it takes; `None`: nobody wants to know any more.
async fn reconnect(
    dsn: &Dsn,
    wishes: &mut watch::Receiver<Wishes>,
    news: &(impl Fn(MonitorNews) + Send + Sync),
    last_answer: Instant,
    first: bool,
) -> Option<Link> {
    let mut pause = Duration::from_millis(500);
    loop {
        match acquaint(dsn).await {
            Ok((link, seen)) => {
                news(if first {
                    MonitorNews::Identity(seen)
                } else {
                    MonitorNews::Back(seen)
                });
                return Some(link);
            }
            Err(error) => news(lost(&error, last_answer)),
        }
        nap(wishes, pause).await?;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

async fn acquaint(
    dsn: &Dsn,
) -> Result<(Link, crate::domain::run::event::TargetSeen), DatabaseError> {
    let mut link = connect(dsn, MONITOR_NAME, SETTINGS).await?;
    settings_hold(&mut link).await?;
    let seen = who(&mut link).await?;
    // No conversion: a statement's text in another encoding would fail the whole refresh.
    ask(&mut link, "SET client_encoding = 'SQL_ASCII'", LIMIT).await?;
    Ok((link, seen))
}

/// A pooler may take our settings and keep them to itself: then the next statement runs on another session without them.
async fn settings_hold(link: &mut Link) -> Result<(), DatabaseError> {
    let (name, wanted) = SETTINGS[0];
    let sql = format!("SELECT pg_catalog.current_setting('{name}')");
    let is = ask(link, &sql, LIMIT).await?;
    match is.into_iter().flatten().next().flatten() {
        Some(is) if is == wanted => Ok(()),
        is => Err(trouble::pooler(&format!(
            "{name} is {}, asked for was {wanted}",
            is.unwrap_or_default()
        ))),
    }
}

/// Sleeps for `time`, whatever is wished meanwhile; `None`: nobody wishes anything any more.
async fn nap(wishes: &mut watch::Receiver<Wishes>, time: Duration) -> Option<()> {
    let gone = async { while wishes.changed().await.is_ok() {} };
    match timeout(time, gone).await {
        Ok(()) => None,
        Err(_) => Some(()),
    }
}

/// What is read beside the refresh, on connections of their own.
struct Sources {
    values: watch::Receiver<Readings>,
    beside: watch::Receiver<Beside>,
}

/// What is remembered over one connection.
struct Watch<'a> {
    plan: &'a Watched,
    sources: &'a Sources,
    rights: Rights,
    names: Names,
    pace: Pace,
    server: Option<Server>,
    server_pause: Option<Instant>,
    server_note: Option<String>,
    waits: Waits,
    refreshes: u64,
    refusals: u32,
}

impl<'a> Watch<'a> {
    async fn open(
        link: &mut Link,
        plan: &'a Watched,
        sources: &'a Sources,
    ) -> Result<Self, DatabaseError> {
        Ok(Self {
            plan,
            sources,
            rights: Rights::ask(link, LIMIT).await?,
            names: Names::default(),
            pace: Pace::new(plan.every),
            server: None,
            server_pause: None,
            server_note: None,
            waits: Waits::default(),
            refreshes: 0,
            refusals: 0,
        })
    }

    /// Refreshes until the connection is lost (the reason), or nobody wants to know any more (`None`).
    async fn run(
        mut self,
        link: &mut Link,
        wishes: &mut watch::Receiver<Wishes>,
        news: &(impl Fn(MonitorNews) + Send + Sync),
        last_answer: &mut Instant,
    ) -> Option<DatabaseError> {
        loop {
            let asked = wishes.borrow_and_update().clone();
            let began = Instant::now();
            self.pace.aim(asked.every.unwrap_or(self.plan.every));
            let pause = match asked.need {
                Need::Heartbeat => match ask(link, "SELECT 1", LIMIT).await {
                    Ok(_) => HEARTBEAT,
                    Err(error) => return Some(error),
                },
                Need::Refreshes => match self.refresh(link, &asked).await {
                    Ok(sample) => {
                        self.refusals = 0;
                        let pause = Duration::from_millis(sample.interval_ms);
                        news(MonitorNews::Sampled(Box::new(sample)));
                        pause
                    }
                    Err(error) if error.kind == Trouble::Refused => {
                        self.refusals += 1;
                        if self.refusals >= REFUSALS {
                            news(lost(&error, *last_answer));
                        }
                        self.plan.every
                    }
                    Err(error) => return Some(error),
                },
            };
            if self.refusals == 0 {
                *last_answer = Instant::now();
            }
            let rest = pause.saturating_sub(began.elapsed());
            if !next_round(wishes, &asked, rest).await {
                return None;
            }
        }
    }

    async fn refresh(&mut self, link: &mut Link, wished: &Wishes) -> Result<Sample, DatabaseError> {
        let began = Instant::now();
        let budget = Budget {
            rows: i32::try_from(self.plan.rows).unwrap_or(i32::MAX),
            query_bytes: i32::try_from(self.plan.query_bytes).unwrap_or(i32::MAX),
            idle: wished.idle,
        };
        let rows = sessions::ask(link, &self.rights, budget, self.waits, LIMIT).await?;
        let mut sample = sessions::sample(&rows, &self.rights, &mut self.names);
        let waiting = sample.counts.blocked > 0 || sample.sessions.iter().any(|s| s.n_blockers > 0);
        self.waits = if waiting {
            Waits::Likely
        } else {
            Waits::Unlikely
        };
        let took = began.elapsed();
        if self.names.ask(link, LIMIT).await {
            sample = sessions::sample(&rows, &self.rights, &mut self.names);
        }
        if self.refreshes.is_multiple_of(2) || self.meets_a_new_prepared(&sample) {
            self.ask_server(link).await?;
        }
        self.refreshes += 1;
        let now = i64::try_from(clock::mono_ms()).unwrap_or(i64::MAX);
        for session in &mut sample.sessions {
            session.ours = whose(session, &wished.steps, now);
        }
        let life = if wished.steps.is_empty() && sample.counts.blocked == 0 {
            Life::Calm
        } else {
            Life::Busy
        };
        let interval = self.pace.next(took, life);
        sample.server.clone_from(&self.server);
        sample.values = aged(&self.sources.values.borrow());
        let beside = self.sources.beside.borrow().clone();
        sample.extras = beside.extras;
        if let Some(server) = &mut sample.server {
            server.database_bytes = beside.database_bytes;
        }
        sample.notes = self.rights.notes();
        sample.notes.extend(self.server_note.clone());
        sample.took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        sample.interval_ms = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
        Ok(sample)
    }

    /// A prepared transaction blocks that the counters have not named yet.
    fn meets_a_new_prepared(&self, sample: &Sample) -> bool {
        let known = self.server.iter().flat_map(|s| &s.prepared);
        let known: Vec<&str> = known.map(|p| p.xid.as_str()).collect();
        let blockers = sample.sessions.iter().flat_map(|s| &s.hard);
        let mut prepared = blockers.flat_map(|b| &b.prepared);
        prepared.any(|xid| !known.contains(&xid.as_str()))
    }

    /// Counters read catalogs: while these are locked the sessions go on without them.
    async fn ask_server(&mut self, link: &mut Link) -> Result<(), DatabaseError> {
        if self
            .server_pause
            .is_some_and(|until| Instant::now() < until)
        {
            return Ok(());
        }
        match server::ask(link, self.rights.version, self.server.as_ref(), LIMIT).await {
            Ok(server) => {
                self.server = Some(server);
                self.server_pause = None;
                self.server_note = None;
            }
            Err(error) if error.kind == Trouble::Refused => {
                self.server_pause = Some(Instant::now() + LOCKED_PAUSE);
                self.server_note = Some(format!("counters could not be read: {}", error.said));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Waits for the next refresh, or for a wish that cannot wait; false: nobody wishes anything any more.
async fn next_round(
    wishes: &mut watch::Receiver<Wishes>,
    before: &Wishes,
    pause: Duration,
) -> bool {
    let until = sleep(pause);
    tokio::pin!(until);
    loop {
        tokio::select! {
            () = &mut until => return wishes.has_changed().is_ok(),
            changed = wishes.changed() => {
                if changed.is_err() {
                    return false;
                }
                let now = wishes.borrow_and_update();
                let livelier = now.need == Need::Refreshes && before.need == Need::Heartbeat;
                let other = now.every != before.every || now.idle != before.idle;
                if livelier || other || now.steps.len() > before.steps.len() {
                    return true;
                }
            }
        }
    }
}
