//! What is slow to read, on a connection of its own: it must not hold up the panels, whatever it waits for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::timeout;

use crate::domain::sample::extra::{Extras, Lack, Statements, Tables};
use crate::domain::sample::news::{Extra, Need, Wishes};
use crate::engine::database::error::{DatabaseError, Trouble};
use crate::engine::database::monitor::{Connection as _, Source};

/// The server gives up after 2 s by itself; whoever says nothing for longer is gone.
const LIMIT: Duration = Duration::from_secs(4);
/// Time between two readings of one kind, at least.
const EVERY: Duration = Duration::from_secs(5);
/// Time between two questions for the database's size.
const SIZE_EVERY: Duration = Duration::from_mins(1);
/// A reading may take this part of the time until the next.
const PART: u32 = 50;
/// Time after a reading that failed.
const AGAIN: Duration = Duration::from_secs(10);
/// The connection is closed when nothing was asked for so long.
const UNUSED: Duration = Duration::from_mins(1);

/// What is read slowly, as one family of servers does it; remembered over all connections.
pub(super) trait Slow<Link>: Default + Send {
    /// Reads the tables worth a row.
    fn tables(
        &mut self,
        link: &mut Link,
        limit: Duration,
    ) -> impl Future<Output = Result<Tables, DatabaseError>> + Send;

    /// Reads what statements cost; where the server does not count it the answer says so.
    fn statements(
        &mut self,
        link: &mut Link,
        limit: Duration,
    ) -> impl Future<Output = Result<Statements, DatabaseError>> + Send;

    /// Reads the bytes of the monitored database.
    fn size(
        &mut self,
        link: &mut Link,
        limit: Duration,
    ) -> impl Future<Output = Result<Option<u64>, DatabaseError>> + Send;

    /// Returns in which way `error` keeps something from being read.
    fn lack_of(error: &DatabaseError) -> Lack;
}

/// What was last read beside the refresh.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Beside {
    pub extras: Extras,
    pub database_bytes: Option<u64>,
}

/// Reads what is wished for, each at its own pace, until nobody listens any more.
///
/// Tables and statements are read once without being wished for: what they grow is counted from the beginning.
pub(super) async fn watch_extras<S: Source>(
    source: S,
    mut wishes: watch::Receiver<Wishes>,
    tell: watch::Sender<Beside>,
) {
    let mut desk: Desk<S> = Desk::new();
    let mut link: Option<S::Link> = None;
    let mut used = Instant::now();
    while !tell.is_closed() {
        let wished = wishes.borrow_and_update().clone();
        let Some((due, what)) = desk.next(&wished) else {
            close_unused::<S>(&mut link, used).await;
            if changed(&mut wishes, &tell, UNUSED).await.is_none() {
                return;
            }
            continue;
        };
        let rest = due.saturating_duration_since(Instant::now());
        if !rest.is_zero() {
            close_unused::<S>(&mut link, used).await;
            if changed(&mut wishes, &tell, rest.min(UNUSED))
                .await
                .is_none()
            {
                return;
            }
            continue;
        }
        let began = Instant::now();
        let failed = match opened(&source, &mut link).await {
            Ok(open) => desk.read(what, open, &tell).await.err(),
            Err(error) => {
                note(what, Lack::NoConnection(error.said), &tell);
                Some(Trouble::Unreachable)
            }
        };
        if failed.is_some_and(|kind| kind != Trouble::Refused) {
            link = None;
        }
        used = Instant::now();
        desk.again(what, began.elapsed(), failed);
    }
}

async fn close_unused<S: Source>(link: &mut Option<S::Link>, used: Instant) {
    if used.elapsed() >= UNUSED
        && let Some(link) = link.take()
    {
        link.close().await;
    }
}

/// Waits for another wish or for `time` to pass; `None`: nobody listens any more.
async fn changed(
    wishes: &mut watch::Receiver<Wishes>,
    tell: &watch::Sender<Beside>,
    time: Duration,
) -> Option<()> {
    tokio::select! {
        () = tell.closed() => None,
        woken = timeout(time, wishes.changed()) => match woken {
            Ok(Err(_)) => None,
            Ok(Ok(())) | Err(_) => Some(()),
        },
    }
}

async fn opened<'a, S: Source>(
    source: &S,
    link: &'a mut Option<S::Link>,
) -> Result<&'a mut S::Link, DatabaseError> {
    let open = match link.take() {
        Some(open) => open,
        None => source.for_slow().await?,
    };
    Ok(link.insert(open))
}

/// What can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Tables,
    Statements,
    Size,
}

/// What was read, and when it is read again.
struct Desk<S: Source> {
    slow: S::Slow,
    due: [Instant; 3],
    /// Whether the beginning was read or refused: it is not worth a second try while nobody wishes for it.
    begun: [bool; 2],
}

impl<S: Source> Desk<S> {
    fn new() -> Self {
        Self {
            slow: S::Slow::default(),
            due: [Instant::now(); 3],
            begun: [false; 2],
        }
    }

    /// Returns what is read next, and when; `None`: nothing is wished for.
    fn next(&self, wished: &Wishes) -> Option<(Instant, What)> {
        let asked = |extra| extra == Extra::Asked && wished.need == Need::Refreshes;
        let wanted = [
            (What::Tables, asked(wished.tables) || !self.begun[0]),
            (What::Statements, asked(wished.statements) || !self.begun[1]),
            (What::Size, asked(wished.sizes)),
        ];
        let wanted = wanted.into_iter().filter(|(_, wanted)| *wanted);
        let due = wanted.map(|(what, _)| (self.due[what as usize], what));
        due.min_by_key(|(due, _)| *due)
    }

    async fn read(
        &mut self,
        what: What,
        link: &mut S::Link,
        tell: &watch::Sender<Beside>,
    ) -> Result<(), Trouble> {
        let failed = match what {
            What::Tables => match self.slow.tables(link, LIMIT).await {
                Ok(tables) => {
                    tell.send_modify(|b| b.extras.tables = Some(Arc::new(tables)));
                    return Ok(());
                }
                Err(error) => error,
            },
            What::Statements => match self.slow.statements(link, LIMIT).await {
                Ok(statements) => {
                    tell.send_modify(|b| b.extras.statements = Some(Arc::new(statements)));
                    return Ok(());
                }
                Err(error) => error,
            },
            What::Size => match self.slow.size(link, LIMIT).await {
                Ok(bytes) => {
                    tell.send_modify(|b| b.database_bytes = bytes);
                    return Ok(());
                }
                Err(error) => error,
            },
        };
        note(what, S::Slow::lack_of(&failed), tell);
        Err(failed.kind)
    }

    fn again(&mut self, what: What, took: Duration, failed: Option<Trouble>) {
        let every = match what {
            What::Tables | What::Statements => EVERY,
            What::Size => SIZE_EVERY,
        };
        let pause = if failed.is_some() {
            AGAIN.max(every)
        } else {
            every
        };
        self.due[what as usize] = Instant::now() + pause.max(took * PART);
        let answered = failed.is_none_or(|kind| kind == Trouble::Refused);
        match what {
            What::Tables => self.begun[0] |= answered,
            What::Statements => self.begun[1] |= answered,
            What::Size => {}
        }
    }
}

/// Keeps the rows that were read before, and says why there are no newer ones.
fn note(what: What, lack: Lack, tell: &watch::Sender<Beside>) {
    tell.send_modify(|beside| match what {
        What::Tables => {
            let before = beside.extras.tables.as_deref().cloned();
            beside.extras.tables = Some(Arc::new(Tables {
                lack: Some(lack),
                ..before.unwrap_or_default()
            }));
        }
        What::Statements => {
            let before = beside.extras.statements.as_deref().cloned();
            beside.extras.statements = Some(Arc::new(Statements {
                lack: Some(lack),
                ..before.unwrap_or_default()
            }));
        }
        What::Size => {}
    });
}
