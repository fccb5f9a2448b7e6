//! Names behind numbers, asked for once: the refresh itself touches no catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::postgres::types::Oid;
use tokio::time::timeout;

use crate::engine::database::postgres::connect::Link;
use crate::engine::database::postgres::row;

const NAMES: &str = include_str!("sql/names.sql");
/// How long nothing is asked after the catalogs were locked.
const PAUSE: Duration = Duration::from_secs(5);
/// A number that has no name yet (an uncommitted table) is asked for again after this time.
const AGAIN: Duration = Duration::from_secs(10);

/// What a number stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Relation,
    Database,
    Role,
}

/// Names that were found, and those that are missing.
#[derive(Default)]
pub(super) struct Names {
    found: BTreeMap<(Kind, u32), String>,
    missing: BTreeSet<(Kind, u32)>,
    nameless: BTreeMap<(Kind, u32), Instant>,
    silent_until: Option<Instant>,
}

impl Names {
    /// Returns the name, else the number; what has no name is asked for with the next [`Names::ask`].
    pub fn of(&mut self, kind: Kind, number: u32) -> String {
        if let Some(name) = self.found.get(&(kind, number)) {
            return name.clone();
        }
        self.missing.insert((kind, number));
        number.to_string()
    }

    /// Asks for what was missing; returns whether any name was found. A locked catalog leaves the numbers as they are.
    pub async fn ask(&mut self, link: &mut Link, limit: Duration) -> bool {
        let now = Instant::now();
        if self.silent_until.is_some_and(|until| now < until) {
            return false;
        }
        self.nameless.retain(|_, asked| now - *asked < AGAIN);
        let missing = std::mem::take(&mut self.missing);
        let missing: Vec<_> = missing
            .into_iter()
            .filter(|m| !self.nameless.contains_key(m))
            .collect();
        if missing.is_empty() {
            return false;
        }
        let of = |kind| {
            let numbers = missing.iter().filter(|(k, _)| *k == kind);
            numbers.map(|(_, n)| Oid(*n)).collect::<Vec<_>>()
        };
        let query = sqlx::query(NAMES)
            .bind(of(Kind::Relation))
            .bind(of(Kind::Database))
            .bind(of(Kind::Role))
            .fetch_all(&mut link.conn);
        let Ok(Ok(rows)) = timeout(limit, query).await else {
            self.silent_until = Some(now + PAUSE);
            return false;
        };
        let before = self.found.len();
        self.found.extend(rows.iter().filter_map(named));
        let nameless = missing.into_iter().filter(|m| !self.found.contains_key(m));
        self.nameless.extend(nameless.map(|m| (m, now)));
        self.found.len() > before
    }
}

fn named(row: &PgRow) -> Option<((Kind, u32), String)> {
    let kind = match row::text(row, "kind").as_str() {
        "r" => Kind::Relation,
        "d" => Kind::Database,
        "u" => Kind::Role,
        _ => return None,
    };
    let number = row.try_get::<Oid, _>("oid").ok()?.0;
    Some(((kind, number), row::text(row, "name")))
}
