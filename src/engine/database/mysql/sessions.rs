//! The sessions worth a row, and all others counted.

mod asked;
mod counted;
#[cfg(test)]
mod tests;
mod waiting;

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::ready::Family;
use crate::domain::sample::model::{Sample, Session, Wait};
use crate::domain::sample::own::MONITOR_NAME;
use crate::engine::database::error::DatabaseError;
use crate::engine::database::monitor::Budget;
use crate::engine::database::mysql::births::Births;
use crate::engine::database::mysql::connect::{Brand, Link};
use crate::engine::database::mysql::mark;
use crate::engine::database::mysql::rights::Rights;
use crate::engine::database::mysql::row::{Row, SIGN, fetch, sets};
use crate::engine::database::mysql::sessions::asked::{by_number, statements};
use crate::engine::database::mysql::sessions::counted::{counts, worth_a_row};
use crate::engine::database::mysql::sessions::waiting::{lock_of_state, missing, waiters, weigh};

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
    // MySQL tells whole seconds: they are the same for all that began in one.
    if rights.brand == Brand::MariaDb {
        memory.births.steady(&mut sessions, at_ms);
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
