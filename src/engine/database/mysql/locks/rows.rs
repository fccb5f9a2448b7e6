//! Locks on rows, as the storage engine tells them.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::domain::sample::model::{Blocker, LockWait};
use crate::engine::database::error::DatabaseError;
use crate::engine::database::mysql::connect::{Brand, Link};
use crate::engine::database::mysql::locks::{Waiters, Waiting};
use crate::engine::database::mysql::row::{Row, fetch, sets};

/// Edges read at most: a pile on one row has as many as the square of its size.
const EDGES: usize = 4_000;

/// A row lock that is waited for, and by whose lock.
struct Edge {
    waiter: i32,
    by: Whose,
    held: String,
    lock: LockWait,
}

/// Whose lock stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Whose {
    /// A session has it.
    Has(i32),
    /// A session waits for it too, and came first.
    Waits(i32),
    /// A prepared transaction has it.
    Prepared(String),
    /// One of those who have only read: the engine does not tell which.
    SomeReader,
}

/// A transaction of the engine.
pub(in crate::engine::database::mysql) struct Transaction {
    /// Its number; `0`: it has only read, and shares that with all who have only read.
    pub id: String,
    /// Its session; 0: none, it is prepared.
    pub pid: i32,
    /// The lock that it waits for.
    pub wants: String,
    /// Whether it holds any lock.
    pub holds: Holds,
}

/// Whether a transaction holds any lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine::database::mysql) enum Holds {
    Something,
    Nothing,
}

/// Reads who waits for whom on rows and tables of the engine.
pub(in crate::engine::database::mysql) async fn waiters(
    link: &mut Link,
    transactions: &[Transaction],
    limit: Duration,
) -> Result<Waiters, DatabaseError> {
    let edges = match link.version.brand {
        Brand::MariaDb => of_information_schema(link, transactions, limit).await?,
        Brand::MySql => of_performance_schema(link, limit).await?,
    };
    Ok(of_edges(edges, &readers(transactions)))
}

/// Sessions whose transactions have only read, hold something and wait for nothing.
fn readers(transactions: &[Transaction]) -> Vec<i32> {
    let reads = |t: &&Transaction| {
        t.id == "0" && t.pid > 0 && t.wants.is_empty() && t.holds == Holds::Something
    };
    transactions.iter().filter(reads).map(|t| t.pid).collect()
}

fn of_edges(edges: Vec<Edge>, readers: &[i32]) -> Waiters {
    let mut waiters = Waiters::new();
    let mut unnamed: BTreeMap<i32, (usize, String)> = BTreeMap::new();
    for edge in edges {
        let waiting = waiters.entry(edge.waiter).or_insert_with(|| Waiting {
            lock: edge.lock,
            ..Waiting::default()
        });
        match edge.by {
            Whose::Waits(pid) => {
                if pid != edge.waiter && !waiting.soft.contains(&pid) {
                    waiting.soft.push(pid);
                }
            }
            Whose::Has(pid) => {
                if !waiting.hard.iter().any(|b| b.pid == pid) {
                    waiting.hard.push(blocker(pid, &edge.held));
                }
            }
            Whose::Prepared(transaction) => {
                let known = waiting.hard.iter_mut().find(|b| b.pid == 0);
                match known {
                    Some(known) => known.prepared.push(transaction),
                    None => waiting.hard.push(Blocker {
                        prepared: vec![transaction],
                        ..blocker(0, &edge.held)
                    }),
                }
            }
            Whose::SomeReader => {
                let unnamed = unnamed.entry(edge.waiter).or_default();
                unnamed.0 += 1;
                unnamed.1 = edge.held;
            }
        }
    }
    for (pid, (many, held)) in unnamed {
        let Some(waiting) = waiters.get_mut(&pid) else {
            continue;
        };
        let may: Vec<i32> = readers.iter().copied().filter(|r| *r != pid).collect();
        // As many hold it as there are who can: it is they.
        if may.len() == many {
            waiting
                .hard
                .extend(may.iter().map(|pid| blocker(*pid, &held)));
        } else {
            waiting.suspects = may;
        }
    }
    waiters
}

fn blocker(pid: i32, modes: &str) -> Blocker {
    Blocker {
        pid,
        modes: modes.to_owned(),
        prepared: Vec::new(),
    }
}

async fn of_information_schema(
    link: &mut Link,
    transactions: &[Transaction],
    limit: Duration,
) -> Result<Vec<Edge>, DatabaseError> {
    let of = "SELECT w.requested_lock_id, w.blocking_trx_id, w.blocking_lock_id FROM information_schema.INNODB_LOCK_WAITS w";
    let waits_for = "SELECT trx_requested_lock_id FROM information_schema.INNODB_TRX WHERE trx_requested_lock_id IS NOT NULL";
    let sql = [
        // In a pile everybody waits for everybody before him: those who have the lock come first, the rest as far as there is room.
        format!(
            "{of} WHERE w.blocking_trx_id = 0 OR w.blocking_lock_id NOT IN ({waits_for}) LIMIT {EDGES}"
        ),
        format!(
            "{of} WHERE w.blocking_trx_id <> 0 AND w.blocking_lock_id IN ({waits_for}) LIMIT {EDGES}"
        ),
        format!(
            "SELECT lock_id, lock_mode, lock_type, lock_table, lock_index, lock_page, lock_rec \
             FROM information_schema.INNODB_LOCKS LIMIT {EDGES}"
        ),
    ];
    let answers = sets(link, &sql, limit).await?;
    let locks = answers.get(2).map(Vec::as_slice).unwrap_or_default();
    let locks: HashMap<String, &Row> = locks.iter().map(|r| (r.raw("lock_id"), r)).collect();
    let mut edges = Vec::new();
    for row in answers.iter().take(2).flatten() {
        let (requested, blocking) = (row.raw("requested_lock_id"), row.raw("blocking_lock_id"));
        let Some(wanted) = locks.get(&requested) else {
            continue;
        };
        let held = locks.get(&blocking);
        let held = held.map_or_else(String::new, |r| r.text("lock_mode"));
        let lock = row_lock(
            &wanted.text("lock_table").replace('`', ""),
            &wanted.text("lock_index"),
            &wanted.text("lock_mode"),
            wanted.long("lock_page").zip(wanted.long("lock_rec")),
        );
        let Some(by) = whose(transactions, &row.raw("blocking_trx_id"), &blocking) else {
            continue;
        };
        // Those who have only read may share the name of what they want.
        let waiters = transactions.iter().filter(|t| t.wants == requested);
        edges.extend(waiters.map(|waiter| Edge {
            waiter: waiter.pid,
            by: by.clone(),
            held: held.clone(),
            lock: lock.clone(),
        }));
    }
    Ok(edges)
}

fn whose(transactions: &[Transaction], id: &str, lock: &str) -> Option<Whose> {
    if id == "0" {
        return Some(Whose::SomeReader);
    }
    let owner = transactions.iter().find(|t| t.id == id)?;
    Some(if owner.pid == 0 {
        Whose::Prepared(owner.id.clone())
    } else if owner.wants == lock {
        Whose::Waits(owner.pid)
    } else {
        Whose::Has(owner.pid)
    })
}

/// `table`, where it is a table lock; else the row's place in an index.
fn row_lock(table: &str, index: &str, mode: &str, place: Option<(i64, i64)>) -> LockWait {
    let object = match place {
        None => format!("table {table}"),
        Some((page, row)) if index == "PRIMARY" => format!("row ({page},{row}) of {table}"),
        Some((page, row)) => format!("row ({page},{row}) of {table}, index {index}"),
    };
    LockWait {
        mode: mode.to_owned(),
        group: format!("innodb {mode} {object}"),
        object,
        ..LockWait::default()
    }
}

/// MySQL 8.0 and later. The record of a waiting lock is found by its key; the table of all locks is not walked through.
async fn of_performance_schema(
    link: &mut Link,
    limit: Duration,
) -> Result<Vec<Edge>, DatabaseError> {
    let sql = format!(
        "SELECT rt.PROCESSLIST_ID AS waiter, bt.PROCESSLIST_ID AS blocker, w.BLOCKING_ENGINE_TRANSACTION_ID AS transaction, \
                rl.OBJECT_SCHEMA, rl.OBJECT_NAME, rl.INDEX_NAME, rl.LOCK_TYPE, rl.LOCK_MODE, \
                rl.ENGINE_LOCK_ID, bl.LOCK_MODE AS held, bl.LOCK_STATUS AS status \
         FROM performance_schema.data_lock_waits w \
         JOIN performance_schema.data_locks rl ON rl.ENGINE_LOCK_ID = w.REQUESTING_ENGINE_LOCK_ID AND rl.ENGINE = w.ENGINE \
         JOIN performance_schema.data_locks bl ON bl.ENGINE_LOCK_ID = w.BLOCKING_ENGINE_LOCK_ID AND bl.ENGINE = w.ENGINE \
         JOIN performance_schema.threads rt ON rt.THREAD_ID = w.REQUESTING_THREAD_ID \
         LEFT JOIN performance_schema.threads bt ON bt.THREAD_ID = w.BLOCKING_THREAD_ID LIMIT {EDGES}"
    );
    let rows = fetch(link, &sql, limit).await?;
    let edge = |row: &Row| {
        let table = format!("{}.{}", row.text("OBJECT_SCHEMA"), row.text("OBJECT_NAME"));
        let id = row.raw("ENGINE_LOCK_ID");
        let place = place(&id).filter(|_| row.raw("LOCK_TYPE") == "RECORD");
        let by = match (row.pid("blocker"), row.raw("status") == "GRANTED") {
            (Some(pid), true) => Whose::Has(pid),
            (Some(pid), false) => Whose::Waits(pid),
            // A prepared transaction that has left its session has no thread.
            (None, _) => Whose::Prepared(row.raw("transaction")),
        };
        Some(Edge {
            waiter: row.pid("waiter")?,
            by,
            held: row.text("held"),
            lock: row_lock(
                &table,
                &row.text("INDEX_NAME"),
                &row.text("LOCK_MODE"),
                place,
            ),
        })
    };
    Ok(rows.iter().filter_map(edge).collect())
}

/// Returns page and row of a lock's name: `TRANSACTION:…:SPACE:PAGE:ROW:MEMORY`, which had fewer parts before 8.0.20.
fn place(id: &str) -> Option<(i64, i64)> {
    let mut parts = id.rsplit(':').skip(1).map(|part| part.parse::<i64>().ok());
    let row = parts.next().flatten();
    parts.next().flatten().zip(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rows_place_is_read_off_the_name_of_its_lock() {
        assert_eq!(place("4:180:2:7:5:93825634328608"), Some((7, 5)));
        assert_eq!(place("4:2:7:5:93825634328608"), Some((7, 5)));
        assert_eq!(place("MYISAM"), None);
    }

    #[test]
    fn readers_without_a_number_are_named_only_where_all_of_them_hold_it() {
        let edges = || {
            let edge = || Edge {
                waiter: 9,
                by: Whose::SomeReader,
                held: "S".into(),
                lock: LockWait::default(),
            };
            vec![edge(), edge()]
        };
        let told = |readers: &[i32]| {
            let waiters = of_edges(edges(), readers);
            let hard: Vec<i32> = waiters[&9].hard.iter().map(|b| b.pid).collect();
            (hard, waiters[&9].suspects.clone())
        };
        assert_eq!(told(&[1, 2]), (vec![1, 2], vec![]));
        assert_eq!(told(&[1, 2, 3]), (vec![], vec![1, 2, 3]));
    }
}
