//! Who waits for which lock, and who is in the way: read apart from the sessions, and joined with them here.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sqlx::postgres::PgRow;

use crate::domain::sample::model::{Blocker, LockWait, Session};
use crate::engine::database::postgres::modes::conflict;
use crate::engine::database::postgres::names::Names;
use crate::engine::database::postgres::object::Object;
use crate::engine::database::postgres::rights::Rights;
use crate::engine::database::postgres::row;

/// Of those that want the same mode on the same object so many have a row.
const LISTED: usize = 20;
/// Blockers of one session that are named.
const NAMED: usize = 16;

/// What one reading of the locks told.
#[derive(Debug, Default)]
pub(super) struct Locks {
    /// Those that want the same mode on the same object.
    queues: Vec<Queue>,
    /// Each waiter's queue, and its place there, counted from zero.
    places: HashMap<i32, (usize, usize)>,
    /// Whom the server names as in a session's way.
    by: BTreeMap<i32, BTreeSet<i32>>,
    /// Who holds what is waited for.
    held: HashMap<Object, Vec<Holder>>,
    /// The transactions of the prepared ones by their virtual ones: the smallest, for savepoints have some too.
    prepared: HashMap<String, u64>,
    /// The rows that those want who wait for the transaction that changed them.
    rows: HashMap<i32, Object>,
}

/// Those that want the same mode on the same object, the longest waiting first.
#[derive(Debug)]
struct Queue {
    object: Object,
    mode: String,
    pids: Vec<i32>,
    wait_ms: Vec<Option<u64>>,
}

#[derive(Debug)]
struct Holder {
    pid: i32,
    mode: String,
    /// Its virtual transaction.
    transaction: String,
}

impl Locks {
    pub fn read(rows: &[PgRow]) -> Self {
        let mut locks = Self::default();
        for r in rows {
            let pids: Vec<i32> = row::get(r, "pids").unwrap_or_default();
            let first = pids.first().copied().unwrap_or_default();
            match row::text(r, "what").as_str() {
                "wait" => locks.waits(pids, r),
                "by" => {
                    let by: Vec<i32> = row::get(r, "by_pids").unwrap_or_default();
                    locks.stands_behind(first, by);
                }
                _ => locks.holds(first, r),
            }
        }
        locks
    }

    fn waits(&mut self, pids: Vec<i32>, r: &PgRow) {
        let queue = self.queues.len();
        let places = pids.iter().enumerate();
        self.places
            .extend(places.map(|(place, pid)| (*pid, (queue, place))));
        let wait_ms: Vec<Option<i64>> = row::get(r, "wait_ms").unwrap_or_default();
        let positive = |ms: i64| u64::try_from(ms).unwrap_or_default();
        self.queues.push(Queue {
            object: Object::read(r),
            mode: row::text(r, "mode"),
            pids,
            wait_ms: wait_ms.into_iter().map(|ms| ms.map(positive)).collect(),
        });
    }

    /// The server names `by` as in the way of `pid`.
    pub fn stands_behind(&mut self, pid: i32, by: Vec<i32>) {
        if !by.is_empty() {
            self.by.insert(pid, by.into_iter().collect());
        }
    }

    fn holds(&mut self, pid: i32, r: &PgRow) {
        let object = Object::read(r);
        let transaction = row::text(r, "transaction");
        if object.kind == "tuple" {
            self.rows.insert(pid, object.clone());
        }
        if pid == 0
            && object.kind == "transactionid"
            && let Ok(number) = object.transaction.parse()
        {
            let smallest = self.prepared.entry(transaction.clone()).or_insert(number);
            *smallest = number.min(*smallest);
        }
        self.held.entry(object).or_default().push(Holder {
            pid,
            mode: row::text(r, "mode"),
            transaction,
        });
    }

    fn wait_ms(&self, pid: i32) -> Option<u64> {
        let (queue, place) = self.places.get(&pid)?;
        self.queues[*queue].wait_ms.get(*place).copied().flatten()
    }

    /// Of `pids` the one that came last to its queue.
    fn last<'a>(&self, pids: impl Iterator<Item = &'a i32>) -> Option<i32> {
        let waited = |pid: &i32| self.wait_ms(*pid).unwrap_or(u64::MAX);
        pids.copied().min_by_key(waited)
    }

    /// Returns the sessions that must have a row, `most` at most: those in the way, then those that wait, the first of each queue first.
    pub fn listed(&self, most: usize) -> Vec<i32> {
        let waits = |pid: &&i32| self.places.contains_key(pid);
        let mut listed: Vec<i32> = Vec::new();
        for by in self.by.values() {
            listed.extend(by.iter().filter(|pid| !waits(pid)));
            listed.extend(self.last(by.iter().filter(waits)));
        }
        let waiters = self.places.iter().map(|(pid, (_, place))| (*place, *pid));
        let mut waiters: Vec<_> = waiters.filter(|(place, _)| *place < LISTED).collect();
        waiters.sort_unstable();
        listed.extend(waiters.into_iter().map(|(_, pid)| pid));
        let mut seen = BTreeSet::from([0]);
        listed.retain(|pid| seen.insert(*pid));
        listed.truncate(most);
        listed
    }

    /// Tells each of `sessions` what it waits for, who is in its way, and how many are behind it; puts those with most behind them first.
    pub fn join(&self, sessions: &mut [Session], rights: &Rights, names: &mut Names) {
        let leads = sessions.iter().filter_map(|s| Some((s.pid, s.leader?)));
        let leaders: HashMap<i32, i32> = leads.collect();
        let behind = self.behind();
        for session in &mut *sessions {
            let pid = session.pid;
            session.n_waiters = behind.get(&pid).copied().unwrap_or_default();
            session.lock = self.lock(pid, rights, names);
            let Some(by) = self.by.get(&pid) else {
                continue;
            };
            session.n_blockers = number(by.len());
            let hard = by.iter().filter_map(|by| self.hard(pid, *by, &leaders));
            session.hard = hard.collect();
            let holds = |pid: &i32| session.hard.iter().any(|hard| hard.pid == *pid);
            session.soft = self.last(by.iter().filter(|pid| !holds(pid)));
            session.hard.truncate(NAMED);
        }
        sessions.sort_by_key(|s| {
            let waited = s.lock.as_ref().and_then(|l| l.wait_ms);
            std::cmp::Reverse((s.n_waiters, waited, s.xact_ms))
        });
    }

    /// How many are directly behind whom: the first of each queue stands for all of it.
    fn behind(&self) -> HashMap<i32, u32> {
        let mut behind: HashMap<i32, u32> = HashMap::new();
        for (pid, by) in &self.by {
            let weight = match self.places.get(pid) {
                Some((queue, 0)) => number(self.queues[*queue].pids.len()),
                Some(_) => 0,
                None => 1,
            };
            for pid in by {
                *behind.entry(*pid).or_default() += weight;
            }
        }
        behind
    }

    fn lock(&self, pid: i32, rights: &Rights, names: &mut Names) -> Option<LockWait> {
        let (queue, place) = self.places.get(&pid)?;
        let queue = &self.queues[*queue];
        let object = &queue.object;
        Some(LockWait {
            object: object.words(self.rows.get(&pid), rights, names),
            group: format!("{} {} {}", object.kind, queue.mode, object.key()),
            mode: queue.mode.clone(),
            place: number(place + 1),
            of: number(queue.pids.len()),
            wait_ms: self.wait_ms(pid),
        })
    }

    /// Returns how `by`, or a parallel worker of it, holds the very object that `pid` waits for; `None`: it does not.
    fn hard(&self, pid: i32, by: i32, leaders: &HashMap<i32, i32>) -> Option<Blocker> {
        let (queue, _) = self.places.get(&pid)?;
        let queue = &self.queues[*queue];
        let holders = self.held.get(&queue.object)?;
        // Who wants more than it holds stands in the queue: what it holds may be in nobody's way.
        let its = |h: &&Holder| {
            let of_it = h.pid == by || leaders.get(&h.pid) == Some(&by);
            h.pid != pid && of_it && conflict(&h.mode, &queue.mode)
        };
        let modes: BTreeSet<&str> = holders
            .iter()
            .filter(its)
            .map(|h| h.mode.as_str())
            .collect();
        let of_prepared = holders.iter().filter(|h| its(h) && h.pid == 0);
        let prepared: BTreeSet<u64> = of_prepared
            .filter_map(|h| self.prepared.get(&h.transaction).copied())
            .collect();
        (!modes.is_empty()).then(|| Blocker {
            pid: by,
            modes: Vec::from_iter(modes).join(","),
            prepared: prepared.iter().map(u64::to_string).collect(),
        })
    }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
