//! The tables worth a row: sizes, growth since the first reading, rows as the engine estimates them.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::sample::extra::{Lack, Measured, Table, Tables};
use crate::engine::database::error::DatabaseError;
use crate::engine::database::mysql::connect::{Brand, Link};
use crate::engine::database::mysql::row::{Row, fetch};
use crate::engine::database::mysql::slow::lack_of;

/// Rows for the panel.
const ROWS: usize = 90;
/// Rows read, so that growth is known for most that come up later.
const READ: usize = 1_000;

/// What is remembered from reading to reading.
#[derive(Default)]
pub(super) struct TableReader {
    first: Option<(i64, HashMap<String, u64>)>,
    /// What was last read where nothing was in the way.
    whole: Vec<Table>,
}

impl TableReader {
    /// Reads once. While somebody holds a table for himself the files' sizes must do; what else is in the way is the error.
    pub async fn read(
        &mut self,
        link: &mut Link,
        limit: Duration,
    ) -> Result<Tables, DatabaseError> {
        match fetch(link, &of_schema(), limit).await {
            Ok(rows) => {
                let at_ms = at_ms(&rows);
                let tables: Vec<Table> = rows.iter().map(table).collect();
                self.whole.clone_from(&tables);
                let of = rows.first().map_or(0, |r| r.count("of_all"));
                Ok(self.tables(tables, at_ms, of, None))
            }
            Err(error) if [Lack::Locked, Lack::Slow].contains(&lack_of(&error)) => {
                let rows = fetch(link, &of_files(link.version.brand), limit).await;
                let Ok(rows) = rows else { return Err(error) };
                let at_ms = at_ms(&rows);
                let tables: Vec<Table> = rows.iter().map(|r| self.by_file(r)).collect();
                let of = u32::try_from(tables.len()).unwrap_or(u32::MAX);
                let lack = Lack::SizesWithheld(of);
                Ok(self.tables(tables, at_ms, of, Some(lack)))
            }
            Err(error) => Err(error),
        }
    }

    fn tables(&mut self, mut rows: Vec<Table>, at_ms: i64, of: u32, lack: Option<Lack>) -> Tables {
        if self.first.is_none() && lack.is_none() {
            let bytes = rows.iter().map(|t| (t.name.clone(), t.bytes)).collect();
            self.first = Some((at_ms, bytes));
        }
        let (begun, first) = self
            .first
            .clone()
            .unwrap_or_else(|| (at_ms, HashMap::new()));
        let whole = of as usize <= READ;
        for table in rows.iter_mut().filter(|t| t.measured == Measured::Exactly) {
            let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
            // What a whole first reading does not hold is new.
            let base = first.get(&table.name).copied().or(whole.then_some(0));
            table.grown = base.map(|base| signed(table.bytes) - signed(base));
        }
        rows.sort_by_key(|t| std::cmp::Reverse(t.bytes));
        rows.truncate(ROWS);
        Tables {
            at_ms,
            rows,
            of,
            since_ms: u64::try_from(at_ms - begun).unwrap_or_default(),
            lack,
        }
    }

    /// A table by the size of its file, with what else was known of it.
    fn by_file(&self, row: &Row) -> Table {
        let name = row.text("name").replacen('/', ".", 1);
        let known = self.whole.iter().find(|t| t.name == name);
        let mut table = known.cloned().unwrap_or_default();
        table.oid = number(&name);
        table.name = name;
        table.bytes = row.unsigned("bytes").unwrap_or_default();
        table.measured = Measured::Estimated;
        table.grown = None;
        table
    }
}

fn at_ms(rows: &[Row]) -> i64 {
    let first = rows.first().and_then(|r| r.long("at_ms"));
    first.unwrap_or_default()
}

const CLOCK: &str = "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) AS at_ms";
/// Schemas of the server itself; those of the others are all shown where none is chosen.
const OURS: &str = "(DATABASE() IS NULL AND TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys') \
     OR TABLE_SCHEMA = DATABASE())";

fn of_schema() -> String {
    format!(
        "SELECT {CLOCK}, TABLE_SCHEMA AS db, TABLE_NAME AS name, ENGINE AS engine, TABLE_ROWS AS live, \
                DATA_LENGTH + INDEX_LENGTH AS bytes, INDEX_LENGTH AS index_bytes, DATA_FREE AS free, \
                COUNT(*) OVER () AS of_all \
         FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND {OURS} \
         ORDER BY DATA_LENGTH + INDEX_LENGTH DESC LIMIT {READ}"
    )
}

fn of_files(brand: Brand) -> String {
    let name = match brand {
        Brand::MariaDb => "INNODB_SYS_TABLESPACES",
        Brand::MySql => "INNODB_TABLESPACES",
    };
    let ours = "(DATABASE() IS NULL AND NAME NOT LIKE 'mysql/%' OR SUBSTRING_INDEX(NAME, '/', 1) = DATABASE())";
    format!(
        "SELECT {CLOCK}, NAME AS name, FILE_SIZE AS bytes FROM information_schema.{name} \
         WHERE NAME LIKE '%/%' AND {ours} ORDER BY FILE_SIZE DESC LIMIT {READ}"
    )
}

fn table(row: &Row) -> Table {
    let name = format!("{}.{}", row.text("db"), row.text("name"));
    Table {
        oid: number(&name),
        name,
        bytes: row.unsigned("bytes").unwrap_or_default(),
        index_bytes: row.unsigned("index_bytes").unwrap_or_default(),
        measured: Measured::Exactly,
        live: row.unsigned("live").unwrap_or_default(),
        engine: row.text("engine"),
        free_bytes: row.unsigned("free"),
        ..Table::default()
    }
}

/// These servers number no tables for others to see: the name stands for the number (FNV-1a).
fn number(name: &str) -> u32 {
    name.bytes().fold(2_166_136_261, |hash: u32, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(16_777_619)
    })
}
