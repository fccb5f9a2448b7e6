//! The tables worth a row: sizes, growth since the first reading, dead rows, cleaning, scans and writes.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::postgres::PgRow;
use tokio::time::timeout;

use crate::domain::sample::extra::{Cleaned, CleanedBy, Lack, Measured, Table, Tables};
use crate::domain::sample::rates::number;
use crate::engine::database::error::DatabaseError;
use crate::engine::database::postgres::connect::Link;
use crate::engine::database::postgres::slow::lack_of;
use crate::engine::database::postgres::{row, trouble};

const TABLES: &str = include_str!("sql/tables.sql");
/// Rows wanted by size for the panel.
const ROWS: i32 = 60;
/// Rows wanted for the first reading, so that growth is known for most that come up later.
const FIRST_ROWS: i32 = 1_000;

/// What is remembered from reading to reading.
#[derive(Default)]
pub(super) struct TableReader {
    first: Option<First>,
    last: Option<(i64, HashMap<u32, u64>)>,
    measured: HashMap<u32, (u64, u64)>,
}

/// The first reading: growth and scans are counted from it.
struct First {
    at_ms: i64,
    /// Whether it holds every table: then what it does not hold is new.
    whole: bool,
    of: HashMap<u32, Base>,
}

#[derive(Clone, Copy, Default)]
struct Base {
    bytes: Option<u64>,
    seq_scans: u64,
    index_scans: u64,
}

impl TableReader {
    /// Returns whether growth can be counted already.
    pub fn has_begun(&self) -> bool {
        self.first.is_some()
    }

    /// Reads once. While tables are locked their sizes are estimates; what else is in the way is the error.
    pub async fn read(
        &mut self,
        link: &mut Link,
        limit: Duration,
    ) -> Result<Tables, DatabaseError> {
        let rows = if self.has_begun() { ROWS } else { FIRST_ROWS };
        let rows = match ask(link, rows, Sizes::Measure, limit).await {
            // Somebody took a table for himself in this very moment.
            Err(error) if lack_of(&error) == Lack::Locked => {
                ask(link, rows, Sizes::Guess, limit).await?
            }
            asked => asked?,
        };
        Ok(self.tables(&rows))
    }

    fn tables(&mut self, rows: &[PgRow]) -> Tables {
        let at_ms = rows.first().and_then(|r| row::long(r, "at_ms"));
        let at_ms = at_ms.unwrap_or_default();
        let of = rows.first().map_or(0, |r| row::count(r, "of_all"));
        let begun = self.begun(rows, at_ms, of);
        let since_ms = u64::try_from(at_ms - begun).unwrap_or_default();
        let mut tables: Vec<Table> = rows.iter().map(|r| self.table(r, at_ms)).collect();
        let writes = rows.iter().map(|r| (oid(r), total(r, "writes")));
        self.last = Some((at_ms, writes.collect()));
        let largest = |t: &Table| std::cmp::Reverse(t.bytes);
        tables.sort_by_key(largest);
        tables.truncate(usize::try_from(ROWS).unwrap_or_default() + 30);
        let guessed = tables.iter().filter(|t| t.measured == Measured::Estimated);
        let guessed = u32::try_from(guessed.count()).unwrap_or(u32::MAX);
        Tables {
            at_ms,
            rows: tables,
            of,
            since_ms,
            lack: (guessed > 0).then_some(Lack::SizesWithheld(guessed)),
        }
    }

    /// Keeps the first reading; returns when it was.
    fn begun(&mut self, rows: &[PgRow], at_ms: i64, of: u32) -> i64 {
        let base = |r: &PgRow| Base {
            bytes: row::unsigned(r, "bytes"),
            seq_scans: total(r, "seq_scans"),
            index_scans: total(r, "idx_scans"),
        };
        let first = self.first.get_or_insert_with(|| First {
            at_ms,
            whole: of as usize == rows.len(),
            of: rows.iter().map(|r| (oid(r), base(r))).collect(),
        });
        if !first.whole {
            // What was too small for the first reading is counted from when it first came up.
            for r in rows {
                first.of.entry(oid(r)).or_insert_with(|| base(r));
            }
        }
        first.at_ms
    }

    fn table(&mut self, r: &PgRow, at_ms: i64) -> Table {
        let oid = oid(r);
        let base = self.first.as_ref().and_then(|f| f.of.get(&oid)).copied();
        let new = Base {
            bytes: Some(0),
            ..Base::default()
        };
        let base = base.unwrap_or(new);
        let (bytes, index_bytes, measured) = self.sizes(r, oid);
        let live = total(r, "live");
        let grown = base.bytes.filter(|_| measured == Measured::Exactly);
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        Table {
            oid,
            name: row::text(r, "name"),
            bytes,
            index_bytes,
            measured,
            grown: grown.map(|base| signed(bytes) - signed(base)),
            live,
            dead: total(r, "dead"),
            vacuumed: cleaned(r, "vacuum_ms", "autovacuum_ms"),
            analyzed: cleaned(r, "analyze_ms", "autoanalyze_ms"),
            seq_scans: total(r, "seq_scans").saturating_sub(base.seq_scans),
            index_scans: total(r, "idx_scans").saturating_sub(base.index_scans),
            writes_per_s: self.writes(oid, total(r, "writes"), at_ms),
            frozen_age: u64::from(row::count(r, "frozen_age")),
            ..Table::default()
        }
    }

    /// A table that is held keeps the size it was last measured with.
    fn sizes(&mut self, r: &PgRow, oid: u32) -> (u64, u64, Measured) {
        let bytes = row::unsigned(r, "bytes").zip(row::unsigned(r, "index_bytes"));
        if let Some(sizes) = bytes {
            self.measured.insert(oid, sizes);
            return (sizes.0, sizes.1, Measured::Exactly);
        }
        let known = self.measured.get(&oid).copied();
        let (bytes, indexes) =
            known.unwrap_or_else(|| (total(r, "guessed_bytes"), total(r, "guessed_index_bytes")));
        (bytes, indexes, Measured::Estimated)
    }

    fn writes(&self, oid: u32, now: u64, at_ms: i64) -> Option<f64> {
        let (before_ms, before) = self.last.as_ref()?;
        let ms = u64::try_from(at_ms - before_ms).ok().filter(|ms| *ms > 0)?;
        let grown = now.checked_sub(*before.get(&oid)?)?;
        Some(number(grown) * 1_000.0 / number(ms))
    }
}

/// Whether files are measured.
#[derive(Clone, Copy, PartialEq)]
enum Sizes {
    Measure,
    Guess,
}

async fn ask(
    link: &mut Link,
    rows: i32,
    sizes: Sizes,
    limit: Duration,
) -> Result<Vec<PgRow>, DatabaseError> {
    let query = sqlx::query(TABLES)
        .bind(rows)
        .bind(sizes == Sizes::Measure)
        .fetch_all(&mut link.conn);
    match timeout(limit, query).await {
        Ok(rows) => rows.map_err(|e| trouble::asking(&e)),
        Err(_) => Err(trouble::silent(&link.address, limit.as_secs())),
    }
}

fn oid(r: &PgRow) -> u32 {
    row::oid(r, "oid").unwrap_or_default()
}

fn total(r: &PgRow, name: &str) -> u64 {
    row::unsigned(r, name).unwrap_or_default()
}

/// Returns the later of the two.
fn cleaned(r: &PgRow, by_hand: &str, by_itself: &str) -> Option<Cleaned> {
    let hand = row::unsigned(r, by_hand).map(|ago_ms| Cleaned {
        ago_ms,
        by: CleanedBy::Hand,
    });
    let auto = row::unsigned(r, by_itself).map(|ago_ms| Cleaned {
        ago_ms,
        by: CleanedBy::Auto,
    });
    hand.into_iter().chain(auto).min_by_key(|c| c.ago_ms)
}
