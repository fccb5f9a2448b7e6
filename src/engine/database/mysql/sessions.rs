//! The sessions worth a row, and all others counted.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::domain::ready::Family;
use crate::domain::sample::model::{ClientTally, Counts, LockWait, Sample, Session, Tally, Wait};
use crate::domain::sample::news::Extra;
use crate::domain::sample::own::MONITOR_NAME;
use crate::engine::database::error::DatabaseError;
use crate::engine::database::monitor::Budget;
use crate::engine::database::mysql::births::Births;
use crate::engine::database::mysql::connect::{Brand, Link};
use crate::engine::database::mysql::locks::{self, Waiters, Waiting};
use crate::engine::database::mysql::mark;
use crate::engine::database::mysql::rights::{Metadata, Right, Rights};
use crate::engine::database::mysql::row::{Row, SIGN, fetch, sets};

/// Sessions read at most; more are counted.
const READ: usize = 3_000;
/// Clients that are told apart in the counts.
const CLIENTS: usize = 24;
/// Suspects named at most.
const SUSPECTS: usize = 5;

/// What is remembered from look to look.
#[derive(Debug, Default)]
pub(super) struct Memory {
    births: Births,
    last_ms: Option<i64>,
    started_s: Option<i64>,
}

/// A transaction of the engine.
struct Transaction {
    ms: u64,
    wait_ms: Option<u64>,
}

/// Looks at all sessions.
pub(super) async fn look(
    link: &mut Link,
    rights: &Rights,
    memory: &mut Memory,
    budget: &Budget<'_>,
    limit: Duration,
) -> Result<Sample, DatabaseError> {
    let answers = sets(link, &statements(rights, budget), limit).await?;
    let [clock, listed, groups, transactions] = answers.as_slice() else {
        return Ok(Sample::default());
    };
    let at_ms = clock.first().and_then(|r| r.long("at_ms"));
    let at_ms = at_ms.unwrap_or_default();
    let uptime = clock.first().and_then(|r| r.long("uptime"));
    let largest = groups.iter().filter_map(|r| r.long("largest")).max();
    memory.births.see(at_ms, largest.unwrap_or_default());
    let started = started_s(memory, at_ms, uptime);
    let known: HashMap<i32, Transaction> = transactions.iter().filter_map(transaction).collect();
    let reading = Reading {
        known: &known,
        births: &memory.births,
        at_ms,
        started,
        address: link.address.clone(),
    };
    let rows = listed.iter().filter_map(|row| reading.session(row));
    let mut sessions: Vec<Session> = rows.collect();
    let mut notes = Vec::new();
    if listed.iter().any(|row| row.pid("ID").is_none()) {
        notes.push("sessions with numbers beyond 2147483647 are not shown".to_owned());
    }
    let waiters = waiters(link, rights, &sessions, transactions, limit).await?;
    let missing = missing(&waiters, &sessions);
    if !missing.is_empty() {
        let rows = fetch(link, &by_number(rights, budget, &missing), limit).await?;
        sessions.extend(rows.iter().filter_map(|row| reading.session(row)));
    }
    let names: Vec<String> = budget.steps.iter().map(|s| s.app_name.clone()).collect();
    for (id, name) in mark::holders(link, &names, limit).await? {
        let id = i32::try_from(id).unwrap_or_default();
        for session in sessions.iter_mut().filter(|s| s.pid == id) {
            session.application.clone_from(&name);
        }
    }
    weigh(&mut sessions, waiters, memory, &known, at_ms);
    let mut sample = Sample {
        family: Family::MySql,
        at_ms,
        notes,
        ..Sample::default()
    };
    sample.counts = counts(groups, &sessions, rights);
    sample.sessions = worth_a_row(sessions, budget);
    memory.last_ms = Some(at_ms);
    Ok(sample)
}

/// When the server was started, in seconds since 1970: said again only where it differs by more than rounding.
fn started_s(memory: &mut Memory, at_ms: i64, uptime: Option<i64>) -> i64 {
    let now = uptime.map(|uptime| at_ms / 1_000 - uptime);
    let known = memory.started_s;
    let same = known.zip(now).is_some_and(|(a, b)| (a - b).abs() <= 2);
    if !same {
        memory.started_s = now;
    }
    memory.started_s.unwrap_or_default()
}

fn statements(rights: &Rights, budget: &Budget<'_>) -> Vec<String> {
    let from = from(rights);
    let transactions = "SELECT trx_mysql_thread_id FROM information_schema.INNODB_TRX";
    let at_work = match (budget.idle, rights.may(Right::Process)) {
        (Extra::Asked, _) => String::new(),
        (Extra::Unasked, true) => {
            format!(
                " AND ({} <> 'Sleep' OR {} IN ({transactions}))",
                from.command, from.id
            )
        }
        (Extra::Unasked, false) => format!(" AND {} <> 'Sleep'", from.command),
    };
    let clock = "SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) AS at_ms, VARIABLE_VALUE AS uptime FROM ";
    let status = match rights.brand {
        Brand::MariaDb => "information_schema.GLOBAL_STATUS",
        Brand::MySql => "performance_schema.global_status",
    };
    vec![
        format!("{clock}{status} WHERE VARIABLE_NAME = 'Uptime'"),
        format!(
            "{}{at_work} ORDER BY {} = 'Sleep', {} DESC LIMIT {READ}",
            select(&from, budget),
            from.command,
            from.id
        ),
        format!(
            "SELECT {} AS USER, {} AS DB, {} AS COMMAND, COUNT(*) AS n, MAX({}) AS largest FROM {} WHERE {} IS NOT NULL GROUP BY 1, 2, 3",
            from.user, from.db, from.command, from.id, from.table, from.id
        ),
        if rights.may(Right::Process) {
            "SELECT trx_id, trx_mysql_thread_id AS pid, trx_state, trx_requested_lock_id, trx_lock_structs, \
                    TIMESTAMPDIFF(MICROSECOND, trx_started, NOW(6)) DIV 1000 AS ms, \
                    TIMESTAMPDIFF(MICROSECOND, trx_wait_started, NOW(6)) DIV 1000 AS wait_ms \
             FROM information_schema.INNODB_TRX"
                .to_owned()
        } else {
            "SELECT NULL AS trx_id LIMIT 0".to_owned()
        },
    ]
}

/// Where sessions are listed: what is cheap to read differs.
struct From {
    table: &'static str,
    id: &'static str,
    user: &'static str,
    host: &'static str,
    db: &'static str,
    command: &'static str,
    ms: &'static str,
    state: &'static str,
    query: &'static str,
}

fn from(rights: &Rights) -> From {
    let plain = From {
        table: "information_schema.PROCESSLIST",
        id: "ID",
        user: "USER",
        host: "HOST",
        db: "DB",
        command: "COMMAND",
        ms: "TIME_MS",
        state: "STATE",
        query: "INFO_BINARY",
    };
    match rights.brand {
        Brand::MariaDb => plain,
        // The old list holds a lock over all sessions while it is read.
        Brand::MySql if rights.may(Right::Threads) => From {
            table: "performance_schema.threads",
            id: "PROCESSLIST_ID",
            user: "PROCESSLIST_USER",
            host: "PROCESSLIST_HOST",
            db: "PROCESSLIST_DB",
            command: "PROCESSLIST_COMMAND",
            ms: "PROCESSLIST_TIME * 1000",
            state: "PROCESSLIST_STATE",
            query: "CAST(PROCESSLIST_INFO AS BINARY)",
        },
        Brand::MySql => From {
            ms: "TIME * 1000",
            query: "CAST(INFO AS BINARY)",
            ..plain
        },
    }
}

fn select(from: &From, budget: &Budget<'_>) -> String {
    format!(
        "SELECT {id} AS ID, {} AS USER, {} AS HOST, {} AS DB, {} AS COMMAND, {} AS ms, {} AS STATE, LEFT({}, {}) AS query \
         FROM {} WHERE {id} IS NOT NULL AND {id} <> CONNECTION_ID()",
        from.user,
        from.host,
        from.db,
        from.command,
        from.ms,
        from.state,
        from.query,
        budget.query_bytes,
        from.table,
        id = from.id,
    )
}

fn by_number(rights: &Rights, budget: &Budget<'_>, pids: &[i32]) -> String {
    let from = from(rights);
    let pids: Vec<String> = pids.iter().map(ToString::to_string).collect();
    format!(
        "{} AND {} IN ({})",
        select(&from, budget),
        from.id,
        pids.join(", ")
    )
}

fn transaction(row: &Row) -> Option<(i32, Transaction)> {
    let wait_ms = row.unsigned("wait_ms");
    let transaction = Transaction {
        ms: row.unsigned("ms").unwrap_or_default(),
        wait_ms: wait_ms.filter(|_| row.raw("trx_state") == "LOCK WAIT"),
    };
    Some((row.pid("pid")?, transaction))
}

/// What is needed to read a session.
struct Reading<'a> {
    known: &'a HashMap<i32, Transaction>,
    births: &'a Births,
    at_ms: i64,
    started: i64,
    address: String,
}

impl Reading<'_> {
    fn session(&self, row: &Row) -> Option<Session> {
        let pid = row.pid("ID")?;
        let command = row.text("COMMAND");
        let host = row.text("HOST");
        let transaction = self.known.get(&pid);
        let ms = row.unsigned("ms");
        let state = match (command.as_str(), transaction) {
            ("Sleep", Some(_)) => "idle in transaction",
            ("Sleep", None) => "idle",
            (_, _) => "active",
        };
        let user = row.text("USER");
        let kind = kind(&command, &user);
        let statement = row.statement("query");
        let ours = statement.starts_with(SIGN.trim_end());
        let own = mark::name_of(&self.address, u64::try_from(pid).ok()?);
        let own = own.or_else(|| ours.then(|| MONITOR_NAME.to_owned()));
        let said = row.text("STATE");
        Some(Session {
            pid,
            kind: kind.to_owned(),
            application: own.unwrap_or_default(),
            client: client(&host),
            database: row.text("DB"),
            wait: wait(&command, &said),
            xact_ms: transaction.map(|t| t.ms),
            query_ms: ms.filter(|_| command != "Sleep"),
            state_ms: ms,
            age_ms: self.births.age_ms(pid, self.at_ms),
            backend_start: format!("{} {user}@{host}", self.started),
            state: if kind == CLIENT { state } else { "" }.to_owned(),
            user,
            query: statement,
            ..Session::default()
        })
    }
}

/// What a client's session is called, as everywhere.
pub(super) const CLIENT: &str = "client backend";

fn kind(command: &str, user: &str) -> &'static str {
    match command {
        "Binlog Dump" | "Binlog Dump GTID" => "binlog sender",
        "Slave_IO" => "replication receiver",
        "Slave_SQL" | "Slave_worker" => "replication applier",
        _ if user == "event_scheduler" => "event scheduler",
        _ if user == "system user" => "replication applier",
        "Daemon" => "background",
        _ => CLIENT,
    }
}

/// The host without the port of its other end.
fn client(host: &str) -> String {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.ends_with(':') && port.bytes().all(|b| b.is_ascii_digit()) => {
            name.to_owned()
        }
        _ => host.to_owned(),
    }
}

/// What a session waits for, by the state that it shows.
fn wait(command: &str, state: &str) -> Option<Wait> {
    let lock = lock_of_state(state);
    let event = match (lock, command, state) {
        (Some(lock), _, _) => lock.to_owned(),
        (None, "Killed", _) => "is being ended".to_owned(),
        (None, "Sleep", _) | (_, _, "") => return None,
        (None, _, state) => state.to_owned(),
    };
    let kind = if lock.is_some() { "Lock" } else { "State" };
    Some(Wait {
        kind: kind.to_owned(),
        event,
    })
}

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
async fn waiters(
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
        waiters = locks::metadata(link, &waited, limit).await?;
    }
    if transactions
        .iter()
        .any(|r| r.raw("trx_state") == "LOCK WAIT")
    {
        let all: Vec<locks::Transaction> = transactions.iter().map(of_engine).collect();
        waiters.extend(locks::rows(link, &all, limit).await?);
    }
    // What only their state tells.
    let untold = waiting.iter().filter(|s| !waiters.contains_key(&s.pid));
    let untold: Vec<&Session> = untold.copied().collect();
    let told = match rights.metadata {
        Metadata::Plugin(_) if !untold.is_empty() => {
            let queries: Vec<(i32, String)> =
                untold.iter().map(|s| (s.pid, s.query.clone())).collect();
            locks::plugin(link, &queries, limit).await?
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

fn of_engine(row: &Row) -> locks::Transaction {
    locks::Transaction {
        id: row.raw("trx_id"),
        pid: row.pid("pid").unwrap_or_default(),
        wants: row.raw("trx_requested_lock_id"),
        holds: match row.count("trx_lock_structs") {
            0 => locks::Holds::Nothing,
            _ => locks::Holds::Something,
        },
    }
}

/// Those who stand in somebody's way and have no row: a session that holds LOCK TABLES does nothing and has no transaction.
fn missing(waiters: &Waiters, sessions: &[Session]) -> Vec<i32> {
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
fn weigh(
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
    let suspects = suspects(sessions, &waiters);
    let mut order: Vec<(u64, i32)> = waited.iter().map(|(pid, ms)| (*ms, *pid)).collect();
    order.sort_unstable_by(|a, b| b.cmp(a));
    let mut places: HashMap<String, u32> = HashMap::new();
    let mut n_waiters: HashMap<i32, u32> = HashMap::new();
    let mut place_of: HashMap<i32, u32> = HashMap::new();
    for (_, pid) in &order {
        let Some(waiting) = waiters.get_mut(pid) else {
            continue;
        };
        let place = places.entry(waiting.lock.group.clone()).or_default();
        *place += 1;
        place_of.insert(*pid, *place);
        let soft = waiting.soft.iter().copied();
        for blocker in waiting.hard.iter().map(|b| b.pid).chain(soft) {
            *n_waiters.entry(blocker).or_default() += 1;
        }
        let untold = waiting.hard.is_empty() && waiting.soft.is_empty();
        if untold && waiting.suspects.is_empty() && waiting.lock.mode != "user lock" {
            waiting.suspects.clone_from(&suspects);
        }
    }
    for session in sessions {
        session.n_waiters = n_waiters.get(&session.pid).copied().unwrap_or_default();
        let Some(waiting) = waiters.remove(&session.pid) else {
            continue;
        };
        let of = places.get(&waiting.lock.group).copied().unwrap_or(1);
        session.n_blockers =
            u32::try_from(waiting.hard.len() + waiting.soft.len()).unwrap_or(u32::MAX);
        session.lock = Some(LockWait {
            place: place_of.get(&session.pid).copied().unwrap_or(1),
            of,
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

fn counts(groups: &[Row], sessions: &[Session], rights: &Rights) -> Counts {
    let mut counts = Counts {
        limit: rights.max_connections,
        reserved: 1, // beyond the limit: whoever has CONNECTION ADMIN or SUPER may be one more
        ..Counts::default()
    };
    let clients = sessions.iter().filter(|s| s.kind == CLIENT);
    let in_transaction = clients.clone().filter(|s| s.is_idle_in_transaction());
    counts.idle_in_transaction = u32::try_from(in_transaction.count()).unwrap_or(u32::MAX);
    counts.longest_xact_ms = clients.filter_map(|s| s.xact_ms).max();
    let blocked = sessions
        .iter()
        .filter(|s| s.lock.is_some() && s.application != MONITOR_NAME);
    counts.blocked = u32::try_from(blocked.count()).unwrap_or(u32::MAX);
    let mut by_client: BTreeMap<(String, String), (u32, u32)> = BTreeMap::new();
    let mut idle = 0;
    for row in groups {
        let (user, command, n) = (row.text("USER"), row.text("COMMAND"), row.count("n"));
        if kind(&command, &user) != CLIENT {
            continue;
        }
        counts.connections += n;
        let client = by_client.entry((user, row.text("DB"))).or_default();
        client.0 += n;
        if command == "Sleep" {
            idle += n;
        } else {
            counts.active += n;
            client.1 += n;
        }
    }
    // The monitor's own works only to look.
    counts.active = counts.active.saturating_sub(1);
    counts.idle = (idle + 1).saturating_sub(counts.idle_in_transaction);
    counts.by_state = by_state(sessions, counts.idle);
    let mut by_client: Vec<ClientTally> = by_client
        .into_iter()
        .map(|((user, database), (n, active))| ClientTally {
            user,
            database,
            application: String::new(),
            n,
            active,
        })
        .collect();
    by_client.sort_by_key(|c| std::cmp::Reverse(c.n));
    by_client.truncate(CLIENTS);
    counts.by_client = by_client;
    counts
}

fn by_state(sessions: &[Session], idle: u32) -> Vec<Tally> {
    let mut tallies: Vec<Tally> = Vec::new();
    for session in sessions.iter().filter(|s| s.state != "idle") {
        let same = tallies.iter_mut().find(|t| {
            (&t.kind, &t.state, &t.wait) == (&session.kind, &session.state, &session.wait)
        });
        match same {
            Some(tally) => {
                tally.n += 1;
                tally.xact_ms = tally.xact_ms.max(session.xact_ms);
            }
            None => tallies.push(Tally {
                kind: session.kind.clone(),
                state: session.state.clone(),
                wait: session.wait.clone(),
                n: 1,
                xact_ms: session.xact_ms,
            }),
        }
    }
    tallies.push(Tally {
        kind: CLIENT.to_owned(),
        state: "idle".to_owned(),
        n: idle,
        ..Tally::default()
    });
    tallies
}

/// Blockers with most waiters first, then who waits longest, then who works longest.
fn worth_a_row(mut sessions: Vec<Session>, budget: &Budget<'_>) -> Vec<Session> {
    sessions.sort_by_key(|s| {
        let first = s.lock.as_ref().map_or(u32::MAX, |l| l.place);
        (
            std::cmp::Reverse(s.n_waiters),
            first,
            s.kind != CLIENT,
            s.state == "idle",
            std::cmp::Reverse(s.xact_ms.max(s.query_ms)),
        )
    });
    sessions.truncate(usize::try_from(budget.rows).unwrap_or_default());
    sessions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_that_are_waits_for_locks_are_known() {
        for (state, lock) in [
            ("Waiting for table metadata lock", Some("table metadata")),
            ("Waiting for backup lock", Some("backup")),
            ("Waiting for global read lock", Some("global read")),
            ("Waiting for table flush", Some("table")),
            ("User lock", Some("user")),
            ("Waiting for prior transaction to commit", None),
            ("Sending data", None),
            ("", None),
        ] {
            assert_eq!(lock_of_state(state), lock, "{state}");
        }
    }

    #[test]
    fn a_clients_port_is_not_its_name() {
        assert_eq!(client("10.0.0.7:51234"), "10.0.0.7");
        assert_eq!(client("localhost"), "localhost");
        assert_eq!(client("::1"), "::1");
    }
}
