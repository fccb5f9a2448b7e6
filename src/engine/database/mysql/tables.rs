//! The tables worth a row: sizes, growth since the first reading, rows as the engine estimates them.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::sample::extra::{Lack, Measured, Table, Tables};
use crate::engine::database::error::DatabaseError;
use crate::engine::database::mysql::connect::Link;
use crate::engine::database::mysql::row::{Row, fetch};

/// Rows for the panel.
const ROWS: usize = 90;
/// Rows read, so that growth is known for most that come up later.
const READ: usize = 1_000;

/// What is remembered from reading to reading.
#[derive(Default)]
pub(super) struct TableReader {
    first: Option<(i64, HashMap<String, u64>)>,
    /// What was last read of each.
    known: HashMap<String, Table>,
}

impl TableReader {
    /// Reads once. A table that somebody holds for himself keeps the size that was last read.
    pub async fn read(
        &mut self,
        link: &mut Link,
        limit: Duration,
    ) -> Result<Tables, DatabaseError> {
        let rows = fetch(link, &of_schema(), limit).await?;
        let at_ms = rows.first().and_then(|r| r.long("at_ms"));
        let of = rows.first().map_or(0, |r| r.count("of_all"));
        let tables = rows.iter().map(|r| self.table(r)).collect();
        Ok(self.tables(tables, at_ms.unwrap_or_default(), of))
    }

    fn tables(&mut self, mut rows: Vec<Table>, at_ms: i64, of: u32) -> Tables {
        let exact = |t: &&Table| t.measured == Measured::Exactly;
        for table in rows.iter().filter(exact) {
            self.known.insert(table.name.clone(), table.clone());
        }
        if self.first.is_none() {
            let bytes = rows.iter().filter(exact);
            let bytes = bytes.map(|t| (t.name.clone(), t.bytes)).collect();
            self.first = Some((at_ms, bytes));
        }
        let withheld = rows.len() - rows.iter().filter(exact).count();
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
            lack: (withheld > 0)
                .then(|| Lack::SizesWithheld(u32::try_from(withheld).unwrap_or(u32::MAX))),
        }
    }

    /// A table that is locked has a name, and nothing else is told of it.
    fn table(&self, row: &Row) -> Table {
        let name = format!("{}.{}", row.text("db"), row.text("name"));
        let Some(bytes) = row.unsigned("bytes") else {
            let known = self.known.get(&name).cloned().unwrap_or_default();
            return Table {
                oid: number(&name),
                name,
                measured: Measured::Estimated,
                grown: None,
                ..known
            };
        };
        Table {
            oid: number(&name),
            name,
            bytes,
            index_bytes: row.unsigned("index_bytes").unwrap_or_default(),
            measured: Measured::Exactly,
            live: row.unsigned("live").unwrap_or_default(),
            engine: row.text("engine"),
            free_bytes: row.unsigned("free"),
            ..Table::default()
        }
    }
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
         ORDER BY DATA_LENGTH IS NOT NULL, DATA_LENGTH + INDEX_LENGTH DESC LIMIT {READ}"
    )
}

/// These servers number no tables for others to see: the name stands for the number (FNV-1a).
fn number(name: &str) -> u32 {
    name.bytes().fold(2_166_136_261, |hash: u32, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(16_777_619)
    })
}
