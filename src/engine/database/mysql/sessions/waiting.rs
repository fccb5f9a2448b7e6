//! Who of the sessions waits, and for whom, as far as the server tells.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::domain::sample::model::{LockWait, Session, Wait};
use crate::domain::sample::own::MONITOR_NAME;
use crate::engine::database::error::DatabaseError;
use crate::engine::database::mysql::connect::Link;
use crate::engine::database::mysql::locks::{Waiters, Waiting, metadata, rows};
use crate::engine::database::mysql::rights::{Metadata, Rights};
use crate::engine::database::mysql::row::Row;
use crate::engine::database::mysql::sessions::{CLIENT, Memory, Transaction};

/// Suspects named at most.
const SUSPECTS: usize = 5;

/// Returns what is locked where `state` says that a session waits for a lock: `table metadata`, `backup`, `user`.
pub(super) fn lock_of_state(state: &str) -> Option<&str> {
    if state == "User lock" {
        return Some("user");
    }
    let waits = state.strip_prefix("Waiting for ")?;
    let lock = waits
        .strip_suffix(" lock")
        .or_else(|| waits.strip_suffix(" flush"))?;
    // Replication threads wait for commits before them, which is no lock of theirs.
    (!lock.contains("prior transaction")).then_some(lock)
}

/// Who waits for whom, read only where somebody waits.
pub(super) async fn waiters(
    link: &mut Link,
    rights: &Rights,
    sessions: &[Session],
    transactions: &[Row],
    limit: Duration,
) -> Result<Waiters, DatabaseError> {
    let mut waiters = Waiters::new();
    let by_state = |s: &&Session| s.wait.as_ref().is_some_and(|w| w.kind == "Lock");
    let waiting: Vec<&Session> = sessions.iter().filter(by_state).collect();
    let ms = |s: &&Session| Some((s.pid, s.query_ms?));
    let waited: HashMap<i32, u64> = waiting.iter().filter_map(ms).collect();
    if rights.metadata == Metadata::Recorded && !waiting.is_empty() {
        waiters = metadata::waiters(link, &waited, limit).await?;
    }
    if transactions
        .iter()
        .any(|r| r.raw("trx_state") == "LOCK WAIT")
    {
        let all: Vec<rows::Transaction> = transactions.iter().map(of_engine).collect();
        waiters.extend(rows::waiters(link, &all, limit).await?);
    }
    // What only their state tells.
    let untold = waiting.iter().filter(|s| !waiters.contains_key(&s.pid));
    let untold: Vec<&Session> = untold.copied().collect();
    let told = match rights.metadata {
        Metadata::Plugin(_) if !untold.is_empty() => {
            let queries: Vec<(i32, String)> =
                untold.iter().map(|s| (s.pid, s.query.clone())).collect();
            metadata::by_plugin(link, &queries, limit).await?
        }
        Metadata::Plugin(_) | Metadata::Recorded | Metadata::Untold(_) => BTreeMap::new(),
    };
    for session in untold {
        let lock = session.wait.as_ref().map_or("", |w| w.event.as_str());
        let (object, suspects) = told.get(&session.pid).cloned().unwrap_or_default();
        let object = match (object.as_str(), lock) {
            ("", "table metadata") => "a table".to_owned(),
            ("", lock) => format!("a {lock} lock"),
            (_, _) => object,
        };
        // Which mode is wanted is not told either: those who do the same stand together.
        let lock = LockWait {
            mode: format!("{lock} lock"),
            group: format!("state {lock} {object} {}", session.verb(1)),
            object,
            ..LockWait::default()
        };
        let waiting = Waiting {
            lock,
            suspects,
            ..Waiting::default()
        };
        waiters.insert(session.pid, waiting);
    }
    Ok(waiters)
}

fn of_engine(row: &Row) -> rows::Transaction {
    rows::Transaction {
        id: row.raw("trx_id"),
        pid: row.pid("pid").unwrap_or_default(),
        wants: row.raw("trx_requested_lock_id"),
        holds: match row.count("trx_lock_structs") {
            0 => rows::Holds::Nothing,
            _ => rows::Holds::Something,
        },
    }
}

/// Those who stand in somebody's way and have no row: a session that holds LOCK TABLES does nothing and has no transaction.
pub(super) fn missing(waiters: &Waiters, sessions: &[Session]) -> Vec<i32> {
    let of = |w: &Waiting| {
        let hard = w.hard.iter().map(|b| b.pid);
        hard.chain(w.soft.iter().copied())
            .chain(w.suspects.iter().copied())
            .collect::<Vec<_>>()
    };
    let mut pids: Vec<i32> = waiters
        .values()
        .flat_map(of)
        .chain(waiters.keys().copied())
        .collect();
    pids.retain(|pid| *pid > 0 && !sessions.iter().any(|s| s.pid == *pid));
    pids.sort_unstable();
    pids.dedup();
    pids
}

/// Gives every session what it waits for, its place among those who want the same, and who waits for it.
pub(super) fn weigh(
    sessions: &mut [Session],
    mut waiters: Waiters,
    memory: &mut Memory,
    known: &HashMap<i32, Transaction>,
    at_ms: i64,
) {
    let most = |s: &Session, w: &Waiting| {
        let most = s.query_ms.unwrap_or_default();
        let of_row = known.get(&s.pid).and_then(|t| t.wait_ms);
        (
            s.pid,
            w.lock.group.clone(),
            of_row.map_or(most, |ms| ms.min(most)),
        )
    };
    let waiting = sessions
        .iter()
        .filter_map(|s| Some(most(s, waiters.get(&s.pid)?)));
    let waiting: Vec<(i32, String, u64)> = waiting.collect();
    let waited = memory.births.waited(&waiting, at_ms, memory.last_ms);
    let queues = Queues::of(&waiters, &waited);
    let suspects = suspects(sessions, &waiters);
    for waiting in waiters.values_mut() {
        let untold = waiting.hard.is_empty() && waiting.soft.is_empty();
        if untold && waiting.suspects.is_empty() && waiting.lock.mode != "user lock" {
            waiting.suspects.clone_from(&suspects);
        }
    }
    for session in sessions {
        session.n_waiters = queues.behind.get(&session.pid).copied().unwrap_or_default();
        let Some(waiting) = waiters.remove(&session.pid) else {
            continue;
        };
        let of = queues.lengths.get(&waiting.lock.group).copied();
        session.n_blockers =
            u32::try_from(waiting.hard.len() + waiting.soft.len()).unwrap_or(u32::MAX);
        session.lock = Some(LockWait {
            place: queues.places.get(&session.pid).copied().unwrap_or(1),
            of: of.unwrap_or(1),
            wait_ms: waited.get(&session.pid).copied(),
            ..waiting.lock
        });
        if session.wait.as_ref().is_none_or(|w| w.kind != "Lock") {
            session.wait = Some(row_wait());
        }
        session.soft = waiting
            .soft
            .first()
            .copied()
            .filter(|_| waiting.hard.is_empty());
        session.hard = waiting.hard;
        session.suspects = waiting.suspects;
    }
}

/// Who stands where in the queues, and who is waited for.
#[derive(Default)]
struct Queues {
    /// How many want the same thing, by its group.
    lengths: HashMap<String, u32>,
    /// The place of each session that waits, counted from one.
    places: HashMap<i32, u32>,
    /// How many wait for each session.
    behind: HashMap<i32, u32>,
}

impl Queues {
    fn of(waiters: &Waiters, waited: &HashMap<i32, u64>) -> Self {
        let mut queues = Self::default();
        let mut order: Vec<(u64, i32)> = waited.iter().map(|(pid, ms)| (*ms, *pid)).collect();
        // Ages here are coarse: of those that are equally old the older session is taken to have come first.
        order.sort_unstable_by_key(|(ms, pid)| (std::cmp::Reverse(*ms), *pid));
        for (_, pid) in order {
            let Some(waiting) = waiters.get(&pid) else {
                continue;
            };
            let length = queues
                .lengths
                .entry(waiting.lock.group.clone())
                .or_default();
            *length += 1;
            queues.places.insert(pid, *length);
            let soft = waiting.soft.iter().copied();
            for blocker in waiting.hard.iter().map(|b| b.pid).chain(soft) {
                *queues.behind.entry(blocker).or_default() += 1;
            }
        }
        queues
    }
}

/// One who waits for a row shows what he does with it.
fn row_wait() -> Wait {
    Wait {
        kind: "Lock".to_owned(),
        event: "row".to_owned(),
    }
}

/// Where nobody tells who holds a lock: all who are in a transaction or a statement and wait for nobody, the oldest first.
fn suspects(sessions: &[Session], waiters: &Waiters) -> Vec<i32> {
    let may = |s: &&Session| {
        s.kind == CLIENT
            && s.state != "idle"
            && s.application != MONITOR_NAME
            && !waiters.contains_key(&s.pid)
    };
    let mut suspects: Vec<&Session> = sessions.iter().filter(may).collect();
    suspects.sort_by_key(|s| std::cmp::Reverse(s.xact_ms.or(s.query_ms)));
    suspects.truncate(SUSPECTS);
    suspects.iter().map(|s| s.pid).collect()
}
