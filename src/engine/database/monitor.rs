//! The monitor: asks a server at a steady pace over one connection, tells what it saw, and comes back after a loss.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::domain::run::event::TargetSeen;
use crate::domain::sample::model::{Sample, Server};
use crate::domain::sample::news::{Extra, MonitorNews, Need, Watched, Wishes};
use crate::domain::sample::own::{OwnStep, whose};
use crate::engine::clock;
use crate::engine::database::beside::{Beside, Slow, watch_extras};
use crate::engine::database::error::{DatabaseError, Trouble};
use crate::engine::database::pace::{Life, Pace};
use crate::engine::database::values::{Readings, aged, unread, watch_values};
use crate::engine::timer::Timer;

/// The server gives up after 2 s by itself; whoever says nothing for longer is gone.
pub(super) const LIMIT: Duration = Duration::from_secs(4);
/// Time between two signs of life while nobody needs refreshes.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How long counters are left alone after a catalog was locked.
const LOCKED_PAUSE: Duration = Duration::from_secs(5);
/// Refusals in a row before it is said that nothing can be read.
const REFUSALS: u32 = 3;

/// A connection that can be asked.
pub(super) trait Connection: Send {
    /// Asks and waits no longer than `limit`; every row as text.
    fn ask(
        &mut self,
        sql: &str,
        limit: Duration,
    ) -> impl Future<Output = Result<Vec<Vec<Option<String>>>, DatabaseError>> + Send;

    /// Returns how many questions of looks went to the server and back.
    fn questions(&self) -> u32;

    /// Says goodbye; a goodbye that is not heard changes nothing.
    fn close(self) -> impl Future<Output = ()> + Send;
}

/// Where a server is, and how servers of its family are watched.
pub(super) trait Source: Clone + Send + Sync + 'static {
    /// An open connection.
    type Link: Connection;
    /// What is remembered over one connection.
    type Eye: Send;
    /// What is read slowly, on a connection of its own.
    type Slow: Slow<Self::Link>;

    /// Opens the connection of the panels; says which server answers.
    fn acquaint(
        &self,
    ) -> impl Future<Output = Result<(Self::Link, TargetSeen), DatabaseError>> + Send;

    /// Opens a connection for the runbook's own values.
    fn for_values(&self) -> impl Future<Output = Result<Self::Link, DatabaseError>> + Send;

    /// Opens a connection for what is read slowly.
    fn for_slow(&self) -> impl Future<Output = Result<Self::Link, DatabaseError>> + Send;

    /// Asks what only needs to be asked once a connection.
    fn open_eye(
        &self,
        link: &mut Self::Link,
    ) -> impl Future<Output = Result<Self::Eye, DatabaseError>> + Send;

    /// Looks at sessions and locks; returns how long that took, with the way there and back.
    fn look(
        eye: &mut Self::Eye,
        link: &mut Self::Link,
        budget: &Budget<'_>,
    ) -> impl Future<Output = Result<(Sample, Duration), DatabaseError>> + Send;

    /// Asks what the server says of itself; rates are counted from `before`.
    fn server(
        eye: &mut Self::Eye,
        link: &mut Self::Link,
        before: Option<&Server>,
    ) -> impl Future<Output = Result<Server, DatabaseError>> + Send;

    /// Returns what cannot be seen, one sentence each.
    fn notes(eye: &Self::Eye) -> Vec<String>;
}

/// What is asked for in one look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget<'a> {
    /// Rows at most.
    pub rows: i32,
    /// Bytes of each statement at most.
    pub query_bytes: i32,
    /// Whether idle sessions have a row.
    pub idle: Extra,
    /// What sessions take of the machine.
    pub processes: Extra,
    /// The steps that run.
    pub steps: &'a [OwnStep],
}

/// Watches a server until the sender of `wishes` is gone.
///
/// `news` is called from this task; it must not block. The first news is [`MonitorNews::Identity`] or
/// [`MonitorNews::Lost`].
pub(super) async fn observe<S: Source>(
    source: S,
    plan: Watched,
    mut wishes: watch::Receiver<Wishes>,
    news: impl Fn(MonitorNews) + Send + Sync,
) {
    let (tell, values) = watch::channel(unread(&plan.values));
    let mut tasks = JoinSet::new();
    tasks.spawn(watch_values(source.clone(), plan.values.clone(), tell));
    let (tell_beside, beside) = watch::channel(Beside::default());
    let mut tell_beside = Some(tell_beside);
    let sources = Sources { values, beside };
    let mut last_answer = Instant::now();
    let mut first = true;
    while let Some(mut link) = reconnect(&source, &mut wishes, &news, last_answer, first).await {
        first = false;
        if let Some(tell) = tell_beside.take() {
            tasks.spawn(watch_extras(source.clone(), wishes.clone(), tell));
        }
        let seen = Watch::open(&source, &mut link, &plan, &sources).await;
        let ended = match seen {
            Ok(watch) => {
                watch
                    .run(&mut link, &mut wishes, &news, &mut last_answer)
                    .await
            }
            Err(error) => Some(error),
        };
        let Some(error) = ended else {
            link.close().await; // nobody wants to know any more
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
async fn reconnect<S: Source>(
    source: &S,
    wishes: &mut watch::Receiver<Wishes>,
    news: &(impl Fn(MonitorNews) + Send + Sync),
    last_answer: Instant,
    first: bool,
) -> Option<S::Link> {
    let mut pause = Duration::from_millis(500);
    loop {
        match source.acquaint().await {
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
struct Watch<'a, S: Source> {
    plan: &'a Watched,
    sources: &'a Sources,
    eye: S::Eye,
    pace: Pace,
    /// The way to the server and back.
    way: Duration,
    server: Option<Server>,
    server_pause: Option<Instant>,
    server_note: Option<String>,
    refreshes: u64,
    refusals: u32,
    timer: Timer,
}

impl<'a, S: Source> Watch<'a, S> {
    async fn open(
        source: &S,
        link: &mut S::Link,
        plan: &'a Watched,
        sources: &'a Sources,
    ) -> Result<Self, DatabaseError> {
        let eye = source.open_eye(link).await?;
        let began = Instant::now();
        link.ask("SELECT 1", LIMIT).await?;
        Ok(Self {
            plan,
            sources,
            eye,
            way: began.elapsed(),
            pace: Pace::new(plan.every),
            server: None,
            server_pause: None,
            server_note: None,
            refreshes: 0,
            refusals: 0,
            timer: Timer::at_rest(),
        })
    }

    /// Refreshes until the connection is lost (the reason), or nobody wants to know any more (`None`).
    async fn run(
        mut self,
        link: &mut S::Link,
        wishes: &mut watch::Receiver<Wishes>,
        news: &(impl Fn(MonitorNews) + Send + Sync),
        last_answer: &mut Instant,
    ) -> Option<DatabaseError> {
        loop {
            let asked = wishes.borrow_and_update().clone();
            let began = Instant::now();
            self.pace.aim(asked.every.unwrap_or(self.plan.every));
            let pause = match asked.need {
                Need::Heartbeat => match link.ask("SELECT 1", LIMIT).await {
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
            if !next_round(wishes, &asked, self.timer.sleep(rest)).await {
                return None;
            }
        }
    }

    async fn refresh(
        &mut self,
        link: &mut S::Link,
        wished: &Wishes,
    ) -> Result<Sample, DatabaseError> {
        let budget = Budget {
            rows: i32::try_from(self.plan.rows).unwrap_or(i32::MAX),
            query_bytes: i32::try_from(self.plan.query_bytes).unwrap_or(i32::MAX),
            idle: wished.idle,
            processes: wished.processes,
            steps: &wished.steps,
        };
        let asked = link.questions();
        let (mut sample, took) = S::look(&mut self.eye, link, &budget).await?;
        // A server is spared that is busy with our questions, not one that is far away.
        let took = took.saturating_sub(self.way * link.questions().wrapping_sub(asked));
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
        sample.notes.extend(S::notes(&self.eye));
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
    async fn ask_server(&mut self, link: &mut S::Link) -> Result<(), DatabaseError> {
        if self
            .server_pause
            .is_some_and(|until| Instant::now() < until)
        {
            return Ok(());
        }
        match S::server(&mut self.eye, link, self.server.as_ref()).await {
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
    until: impl Future<Output = ()>,
) -> bool {
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
