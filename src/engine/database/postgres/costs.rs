//! What statements cost since the first reading, by the extension `pg_stat_statements`.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row as _};
use tokio::time::timeout;

use crate::domain::sample::extra::{Lack, Level, Statement, Statements};
use crate::engine::database::costs::{Cost, Ledger};
use crate::engine::database::error::DatabaseError;
use crate::engine::database::postgres::connect::{Link, ask};
use crate::engine::database::postgres::names::{Kind, Names};
use crate::engine::database::postgres::{row, trouble};

/// Bytes of a statement's text at most.
const TEXT_BYTES: i32 = 4_000;

/// Stands in each statement of the monitor, behind its first word: servers drop what stands before it.
const MARK: &str = "/* holdpoint */";

/// Where the extension is, and which version of its columns; a parameter of its own exists only where it is loaded.
const WHERE: &str = "SELECT /* holdpoint */ pg_catalog.quote_ident(n.nspname), e.extversion, \
     pg_catalog.current_setting('pg_stat_statements.max', true) \
     FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace \
     WHERE e.extname = 'pg_stat_statements'";

/// What is remembered from reading to reading.
#[derive(Default)]
pub(super) struct CostReader {
    ledger: Ledger<Key>,
    texts: HashMap<i64, String>,
    names: Names,
}

/// One statement of one user in one database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    user: u32,
    database: u32,
    id: Option<i64>,
    level: Level,
}

impl CostReader {
    /// Reads once; where the extension is missing the answer says so.
    pub async fn read(
        &mut self,
        link: &mut Link,
        limit: Duration,
    ) -> Result<Statements, DatabaseError> {
        let (schema, columns) = match place(link, limit).await? {
            Ok(place) => place,
            Err(lack) => {
                return Ok(Statements {
                    lack: Some(lack),
                    ..Statements::default()
                });
            }
        };
        let rows = fetch(link, &counters(&schema, columns), limit).await?;
        let mut now: HashMap<Key, Cost> = HashMap::with_capacity(rows.len());
        for r in &rows {
            now.entry(key(r)).or_default().add(cost(r));
        }
        let at_ms = rows.first().and_then(|r| row::long(r, "at_ms"));
        drop(rows);
        let mut statements = self.difference(now, at_ms.unwrap_or_default());
        self.name(link, &schema, &mut statements, limit).await?;
        set_apart(&mut statements);
        Ok(statements)
    }

    fn difference(&mut self, now: HashMap<Key, Cost>, at_ms: i64) -> Statements {
        let hidden = now.keys().any(|key| key.id.is_none());
        let mut statements = self.ledger.difference(now, at_ms, |key| Statement {
            id: key.id,
            user: key.user.to_string(),
            database: key.database.to_string(),
            level: key.level,
            ..Statement::default()
        });
        statements.lack = hidden.then_some(Lack::NoRight);
        statements
    }

    /// Texts are dear to fetch: only those of rows that are shown, and each once.
    async fn name(
        &mut self,
        link: &mut Link,
        schema: &str,
        statements: &mut Statements,
        limit: Duration,
    ) -> Result<(), DatabaseError> {
        let ids = statements.rows.iter().filter_map(|s| s.id);
        let missing: Vec<i64> = ids.filter(|id| !self.texts.contains_key(id)).collect();
        if !missing.is_empty() {
            let sql = format!(
                "SELECT /* holdpoint */ s.queryid AS id, pg_catalog.substr(pg_catalog.textsend(s.query), 1, {TEXT_BYTES}) AS query \
                 FROM {schema}.pg_stat_statements(true) s WHERE s.queryid = ANY ($1)"
            );
            let query = sqlx::query(AssertSqlSafe(sql))
                .persistent(false)
                .bind(&missing);
            let rows = match timeout(limit, query.fetch_all(&mut link.conn)).await {
                Ok(rows) => rows.map_err(|e| trouble::asking(&e))?,
                Err(_) => return Err(trouble::silent(&link.address, limit.as_secs())),
            };
            let shown = statements.rows.iter().filter_map(|s| s.id);
            let shown: HashSet<i64> = shown.collect();
            self.texts.retain(|id, _| shown.contains(id));
            // What the server has forgotten is not asked for again.
            self.texts
                .extend(missing.into_iter().map(|id| (id, String::new())));
            let texts = rows
                .iter()
                .filter_map(|r| Some((row::long(r, "id")?, row::statement(r, "query"))));
            self.texts.extend(texts);
        }
        for asked in [true, false] {
            for row in &mut statements.rows {
                row.query = row
                    .id
                    .and_then(|id| self.texts.get(&id))
                    .cloned()
                    .unwrap_or_default();
                for (name, kind) in [
                    (&mut row.user, Kind::Role),
                    (&mut row.database, Kind::Database),
                ] {
                    if let Ok(number) = name.parse() {
                        *name = self.names.of(kind, number);
                    }
                }
            }
            if asked && !self.names.ask(link, limit).await {
                break;
            }
        }
        Ok(())
    }
}

/// Takes out what the monitor itself asks: nobody looks at a panel to see what the panel costs.
fn set_apart(statements: &mut Statements) {
    let own = |s: &&Statement| s.query.contains(MARK);
    for own in statements.rows.iter().filter(own) {
        statements.own_ms += own.total_ms;
        statements.of = statements.of.saturating_sub(1);
    }
    statements.total_ms -= statements.own_ms;
    statements.rows.retain(|s| !own(&s));
    for row in &mut statements.rows {
        row.share = if statements.total_ms > 0.0 {
            row.total_ms / statements.total_ms
        } else {
            0.0
        };
    }
}

/// Which columns the installed version of the extension has: it may be older than the server.
#[derive(Clone, Copy)]
struct Columns {
    time: &'static str,
    level: &'static str,
}

/// Returns the schema and the columns, or what is missing.
async fn place(
    link: &mut Link,
    limit: Duration,
) -> Result<Result<(String, Columns), Lack>, DatabaseError> {
    let found = ask(link, WHERE, limit).await?;
    let Some([schema, version, loaded]) = found
        .into_iter()
        .next()
        .and_then(|r| <[_; 3]>::try_from(r).ok())
    else {
        return Ok(Err(Lack::NotInstalled));
    };
    if loaded.is_none() {
        return Ok(Err(Lack::NotPreloaded));
    }
    let version = version.unwrap_or_default();
    let version = version
        .strip_prefix("1.")
        .and_then(|v| v.parse::<u32>().ok());
    let version = version.unwrap_or(u32::MAX);
    let columns = Columns {
        time: if version >= 8 {
            "total_exec_time"
        } else {
            "total_time"
        },
        level: if version >= 9 { "toplevel" } else { "true" },
    };
    Ok(Ok((schema.unwrap_or_default(), columns)))
}

fn counters(schema: &str, columns: Columns) -> String {
    let Columns { time, level } = columns;
    format!(
        "SELECT /* holdpoint */ (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::bigint AS at_ms, \
                s.userid, s.dbid, s.queryid, {level} AS top, s.calls, s.{time} AS total_ms, s.rows, \
                s.shared_blks_hit AS hit, s.shared_blks_read AS read, s.temp_blks_written AS temp \
         FROM {schema}.pg_stat_statements(false) s"
    )
}

async fn fetch(link: &mut Link, sql: &str, limit: Duration) -> Result<Vec<PgRow>, DatabaseError> {
    let query = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut link.conn);
    match timeout(limit, query).await {
        Ok(rows) => rows.map_err(|e| trouble::asking(&e)),
        Err(_) => Err(trouble::silent(&link.address, limit.as_secs())),
    }
}

fn key(r: &PgRow) -> Key {
    let nested = r.try_get::<bool, _>("top").is_ok_and(|top| !top);
    Key {
        user: row::oid(r, "userid").unwrap_or_default(),
        database: row::oid(r, "dbid").unwrap_or_default(),
        id: row::long(r, "queryid"),
        level: if nested { Level::Nested } else { Level::Top },
    }
}

fn cost(r: &PgRow) -> Cost {
    let count = |name| row::unsigned(r, name).unwrap_or_default();
    Cost {
        calls: count("calls"),
        total_ms: row::get(r, "total_ms").unwrap_or_default(),
        rows: count("rows"),
        hit: count("hit"),
        read: count("read"),
        temp: count("temp"),
    }
}
