//! What is slow to read from MySQL and MariaDB: tables, what statements cost, the database's size.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::sample::extra::{Lack, Statement, Statements, Tables};
use crate::engine::database::beside::Slow;
use crate::engine::database::costs::{Cost, Ledger};
use crate::engine::database::error::DatabaseError;
use crate::engine::database::mysql::connect::Link;
use crate::engine::database::mysql::row::{Row, fetch, sets};
use crate::engine::database::mysql::tables::TableReader;

/// Characters of a statement's text at most.
const TEXT: usize = 2_000;

/// What is remembered from reading to reading.
#[derive(Default)]
pub struct SlowReader {
    tables: TableReader,
    costs: Ledger<(String, String)>,
}

impl Slow<Link> for SlowReader {
    async fn tables(&mut self, link: &mut Link, limit: Duration) -> Result<Tables, DatabaseError> {
        self.tables.read(link, limit).await
    }

    async fn statements(
        &mut self,
        link: &mut Link,
        limit: Duration,
    ) -> Result<Statements, DatabaseError> {
        let counted = "SELECT @@performance_schema AS ps";
        let counted = fetch(link, counted, limit).await?;
        if counted.first().is_none_or(|r| r.raw("ps") != "1") {
            return Ok(Statements {
                lack: Some(Lack::NoPerformanceSchema),
                ..Statements::default()
            });
        }
        let from =
            "FROM performance_schema.events_statements_summary_by_digest WHERE DIGEST IS NOT NULL";
        let sql = format!(
            "SELECT SCHEMA_NAME, DIGEST, COUNT_STAR, SUM_TIMER_WAIT, SUM_ROWS_SENT + SUM_ROWS_AFFECTED AS n_rows, \
                    SUM_CREATED_TMP_DISK_TABLES AS disk, \
                    CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) AS at_ms {from}"
        );
        let rows = fetch(link, &sql, limit).await?;
        let at_ms = rows.first().and_then(|r| r.long("at_ms"));
        let now: HashMap<(String, String), Cost> = rows.iter().map(|r| (key(r), cost(r))).collect();
        let named = |(schema, digest): &(String, String)| Statement {
            id: i64::from_str_radix(digest.get(..15).unwrap_or(digest), 16).ok(),
            database: crate::domain::tame::line(schema),
            // Until its text is read it is named by its digest.
            query: digest.clone(),
            ..Statement::default()
        };
        let mut statements = self.costs.difference(now, at_ms.unwrap_or_default(), named);
        let digests: Vec<String> = (statements.rows.iter())
            .filter(|s| s.query.bytes().all(|b| b.is_ascii_hexdigit()))
            .map(|s| format!("'{}'", s.query))
            .collect();
        if !digests.is_empty() {
            let sql = format!(
                "SELECT DIGEST, LEFT(DIGEST_TEXT, {TEXT}) AS query {from} AND DIGEST IN ({})",
                digests.join(", ")
            );
            let texts = fetch(link, &sql, limit).await?;
            let texts: HashMap<String, String> = texts
                .iter()
                .map(|r| (r.raw("DIGEST"), r.statement("query")))
                .collect();
            for row in &mut statements.rows {
                row.query = texts.get(&row.query).cloned().unwrap_or_default();
            }
        }
        Ok(statements)
    }

    async fn size(
        &mut self,
        link: &mut Link,
        limit: Duration,
    ) -> Result<Option<u64>, DatabaseError> {
        // The files' sizes, which no table's lock keeps from being read; the tables' own where the files are hidden.
        let name = match link.version.brand {
            super::connect::Brand::MariaDb => "INNODB_SYS_TABLESPACES",
            super::connect::Brand::MySql => "INNODB_TABLESPACES",
        };
        let of = |what: &str| format!("SELECT SUM({what}) AS bytes FROM information_schema");
        let files = format!(
            "{}.{name} WHERE NAME LIKE '%/%' AND (DATABASE() IS NULL OR SUBSTRING_INDEX(NAME, '/', 1) = DATABASE())",
            of("FILE_SIZE")
        );
        let tables = format!(
            "{}.TABLES WHERE TABLE_SCHEMA = DATABASE()",
            of("DATA_LENGTH + INDEX_LENGTH")
        );
        for sql in [files, tables] {
            if let Ok(sets) = sets(link, &[sql], limit).await
                && let Some(bytes) = sets.iter().flatten().find_map(|r| r.unsigned("bytes"))
            {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    fn lack_of(error: &DatabaseError) -> Lack {
        lack_of(error)
    }
}

fn key(row: &Row) -> (String, String) {
    (row.raw("SCHEMA_NAME"), row.raw("DIGEST"))
}

fn cost(row: &Row) -> Cost {
    let count = |name| row.unsigned(name).unwrap_or_default();
    Cost {
        calls: count("COUNT_STAR"),
        // Picoseconds.
        total_ms: row.fraction("SUM_TIMER_WAIT").unwrap_or_default() / 1e9,
        rows: count("n_rows"),
        temp: count("disk"),
        ..Cost::default()
    }
}

/// Returns in which way `error` keeps something from being read.
fn lack_of(error: &DatabaseError) -> Lack {
    let number = |number: &str| error.said.ends_with(&format!("({number})"));
    if number("1205") {
        Lack::Locked
    } else if number("1969") || number("3024") {
        Lack::Slow
    } else if number("1142") || number("1227") || number("1044") {
        Lack::Refused(format!(
            "{}: GRANT SELECT ON performance_schema.*",
            error.said
        ))
    } else {
        Lack::Refused(error.said.clone())
    }
}
