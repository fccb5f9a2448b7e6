//! Locks on tables and other objects: who holds them, and who stands in the queue.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::domain::sample::model::{Blocker, LockWait};
use crate::engine::database::error::DatabaseError;
use crate::engine::database::mysql::compatible::{bars, goes_before, may_have_grown};
use crate::engine::database::mysql::connect::Link;
use crate::engine::database::mysql::locks::{Waiters, Waiting};
use crate::engine::database::mysql::row::{Row, fetch, sets};

/// A metadata lock, had or wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ticket {
    kind: String,
    schema: String,
    name: String,
    mode: String,
    granted: bool,
    pid: i32,
}

impl Ticket {
    fn is_of(&self, other: &Self) -> bool {
        (&self.kind, &self.schema, &self.name) == (&other.kind, &other.schema, &other.name)
    }

    /// `shop.invoices`, `schema shop`, `user lock migrate`.
    fn object(&self) -> String {
        let name = match (self.schema.as_str(), self.name.as_str()) {
            ("", name) => name.to_owned(),
            (schema, "") => schema.to_owned(),
            (schema, name) => format!("{schema}.{name}"),
        };
        match self.kind.as_str() {
            "TABLE" => name,
            "BACKUP" | "BACKUP LOCK" => "the server's backup lock".to_owned(),
            "GLOBAL" => "the global read lock".to_owned(),
            "COMMIT" => "the commit lock".to_owned(),
            "USER LEVEL LOCK" => format!("user lock {name}"),
            kind => format!("{} {name}", kind.to_lowercase()),
        }
    }
}

/// Reads who holds and who waits for metadata locks from the performance schema.
pub(in crate::engine::database::mysql) async fn waiters(
    link: &mut Link,
    waited_ms: &HashMap<i32, u64>,
    limit: Duration,
) -> Result<Waiters, DatabaseError> {
    let wanted = "SELECT OBJECT_TYPE, OBJECT_SCHEMA, OBJECT_NAME, LOCK_TYPE, LOCK_STATUS, OWNER_THREAD_ID \
         FROM performance_schema.metadata_locks";
    let sql = [
        // Names of what is waited for: the many that are held and wanted by nobody need not travel.
        format!(
            "{wanted} WHERE (OBJECT_TYPE, IFNULL(OBJECT_SCHEMA, ''), IFNULL(OBJECT_NAME, '')) IN \
             (SELECT OBJECT_TYPE, IFNULL(OBJECT_SCHEMA, ''), IFNULL(OBJECT_NAME, '') \
              FROM performance_schema.metadata_locks WHERE LOCK_STATUS = 'PENDING')"
        ),
        "SELECT THREAD_ID, PROCESSLIST_ID FROM performance_schema.threads WHERE PROCESSLIST_ID IS NOT NULL".to_owned(),
    ];
    let answers = sets(link, &sql, limit).await?;
    let [tickets, threads] = answers.as_slice() else {
        return Ok(Waiters::new());
    };
    let pids: HashMap<i64, i32> = threads
        .iter()
        .filter_map(|r| Some((r.long("THREAD_ID")?, r.pid("PROCESSLIST_ID")?)))
        .collect();
    let tickets: Vec<Ticket> = tickets
        .iter()
        .filter_map(|r| {
            Some(Ticket {
                kind: r.text("OBJECT_TYPE"),
                schema: r.text("OBJECT_SCHEMA"),
                name: r.text("OBJECT_NAME"),
                mode: r.text("LOCK_TYPE"),
                granted: r.raw("LOCK_STATUS") == "GRANTED",
                pid: *pids.get(&r.long("OWNER_THREAD_ID")?)?,
            })
        })
        .collect();
    Ok(of_tickets(&tickets, waited_ms))
}

fn of_tickets(tickets: &[Ticket], waited_ms: &HashMap<i32, u64>) -> Waiters {
    let mut waiters = Waiters::new();
    for wanted in tickets.iter().filter(|t| !t.granted) {
        let others: Vec<&Ticket> = tickets
            .iter()
            .filter(|t| t.pid != wanted.pid && t.is_of(wanted))
            .collect();
        let granted = others.iter().filter(|t| t.granted);
        let barring = granted
            .clone()
            .filter(|t| bars(&t.kind, &t.mode, &wanted.mode));
        let mut hard = blockers(barring.map(|t| (t.pid, t.mode.clone())));
        let before = others
            .iter()
            .filter(|t| !t.granted && goes_before(&t.kind, &t.mode, &wanted.mode));
        let mut soft: Vec<i32> = before.map(|t| t.pid).collect();
        soft.sort_by_key(|pid| std::cmp::Reverse(waited_ms.get(pid).copied()));
        soft.dedup();
        let mut suspects = Vec::new();
        if hard.is_empty() && soft.is_empty() {
            let grown = granted.filter(|t| may_have_grown(&t.kind, &t.mode));
            let grown = blockers(grown.map(|t| (t.pid, format!("{} or more", t.mode))));
            // Somebody holds it, and only one can: it is he.
            match grown.as_slice() {
                [_] => hard = grown,
                several => suspects = several.iter().map(|b| b.pid).collect(),
            }
        }
        let object = wanted.object();
        let group = format!("{} {} {object}", wanted.kind, wanted.mode);
        let lock = LockWait {
            mode: wanted.mode.clone(),
            object,
            group,
            ..LockWait::default()
        };
        let waiting = Waiting {
            lock,
            hard,
            soft,
            suspects,
        };
        waiters.entry(wanted.pid).or_insert(waiting);
    }
    waiters
}

fn blockers(held: impl Iterator<Item = (i32, String)>) -> Vec<Blocker> {
    let mut by_pid: BTreeMap<i32, Vec<String>> = BTreeMap::new();
    for (pid, mode) in held {
        let modes = by_pid.entry(pid).or_default();
        if !modes.contains(&mode) {
            modes.push(mode);
        }
    }
    let blocker = |(pid, modes): (i32, Vec<String>)| Blocker {
        pid,
        modes: modes.join(", "),
        prepared: Vec::new(),
    };
    by_pid.into_iter().map(blocker).collect()
}

/// Whom the plugin of MariaDB lets be suspected of holding what a waiter's statement speaks of.
pub(in crate::engine::database::mysql) async fn by_plugin(
    link: &mut Link,
    waiters: &[(i32, String)],
    limit: Duration,
) -> Result<BTreeMap<i32, (String, Vec<i32>)>, DatabaseError> {
    let sql = "SELECT THREAD_ID, LOCK_MODE, TABLE_SCHEMA, TABLE_NAME FROM information_schema.METADATA_LOCK_INFO \
         WHERE LOCK_TYPE = 'Table metadata lock'";
    let rows = fetch(link, sql, limit).await?;
    let mut found = BTreeMap::new();
    for (pid, query) in waiters {
        let named = |r: &&Row| is_named(query, &r.raw("TABLE_NAME"));
        let mut suspects = Vec::new();
        let mut object = String::new();
        for row in rows.iter().filter(named) {
            let Some(holder) = row.pid("THREAD_ID").filter(|holder| holder != pid) else {
                continue;
            };
            object = format!("{}.{}", row.text("TABLE_SCHEMA"), row.text("TABLE_NAME"));
            if !suspects.contains(&holder) {
                suspects.push(holder);
            }
        }
        if !suspects.is_empty() {
            found.insert(*pid, (object, suspects));
        }
    }
    Ok(found)
}

/// Whether a statement speaks of the table `name`.
fn is_named(query: &str, name: &str) -> bool {
    let mut words = query.split(|c: char| !(c.is_alphanumeric() || "_$-".contains(c)));
    !name.is_empty() && words.any(|word| word.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(pid: i32, mode: &str, granted: bool) -> Ticket {
        Ticket {
            kind: "TABLE".into(),
            schema: "shop".into(),
            name: "t".into(),
            mode: mode.into(),
            granted,
            pid,
        }
    }

    fn told(tickets: &[Ticket]) -> Vec<String> {
        let waiters = of_tickets(tickets, &HashMap::from([(2, 900), (3, 100)]));
        let told = waiters.iter().map(|(pid, w)| {
            let hard: Vec<i32> = w.hard.iter().map(|b| b.pid).collect();
            format!(
                "{pid} hard {hard:?} soft {:?} perhaps {:?}",
                w.soft, w.suspects
            )
        });
        told.collect()
    }

    #[test]
    fn readers_queue_behind_an_alter_that_waits_for_an_idle_reader() {
        let tickets = [
            ticket(1, "SHARED_READ", true),
            ticket(2, "SHARED_UPGRADABLE", true),
            ticket(2, "EXCLUSIVE", false),
            ticket(3, "SHARED_READ", false),
        ];
        assert_eq!(
            told(&tickets),
            [
                "2 hard [1] soft [] perhaps []",
                "3 hard [] soft [2] perhaps []"
            ]
        );
    }

    #[test]
    fn a_lock_that_has_grown_since_it_was_recorded_is_found_where_only_one_can_be_it() {
        let one = [
            ticket(1, "SHARED_READ", true),
            ticket(3, "SHARED_WRITE", false),
        ];
        assert_eq!(told(&one), ["3 hard [1] soft [] perhaps []"]);
        let two = [
            ticket(1, "SHARED_READ", true),
            ticket(2, "SHARED_READ", true),
            ticket(3, "SHARED_WRITE", false),
        ];
        assert_eq!(told(&two), ["3 hard [] soft [] perhaps [1, 2]"]);
    }

    #[test]
    fn a_table_is_named_by_a_whole_word() {
        assert!(is_named(
            "alter table `shop`.`invoices` add x int",
            "invoices"
        ));
        assert!(!is_named("select * from invoices_old", "invoices"));
    }
}
