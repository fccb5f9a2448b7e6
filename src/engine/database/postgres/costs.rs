//! What statements cost since the first reading, by the extension `pg_stat_statements`.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row as _};
use tokio::time::timeout;

use crate::domain::sample::extra::{Lack, Level, Statement, Statements};
use crate::domain::sample::rates::number;
use crate::engine::database::error::DatabaseError;
use crate::engine::database::postgres::connect::{Link, ask};
use crate::engine::database::postgres::names::{Kind, Names};
use crate::engine::database::postgres::{row, trouble};

/// Rows by the time they took.
const BY_TIME: usize = 40;
/// Rows by each of calls, mean time and rows.
const BY_OTHERS: usize = 15;
/// Bytes of a statement's text at most.
const TEXT_BYTES: i32 = 4_000;

/// Where the extension is, and which version of its columns; a parameter of its own exists only where it is loaded.
const WHERE: &str = "SELECT pg_catalog.quote_ident(n.nspname), e.extversion, \
     pg_catalog.current_setting('pg_stat_statements.max', true) \
     FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace \
     WHERE e.extname = 'pg_stat_statements'";

/// What is remembered from reading to reading.
#[derive(Default)]
pub(super) struct CostReader {
    first: Option<(i64, HashMap<Key, Cost>)>,
    last: Option<(i64, HashMap<Key, u64>)>,
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

#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Cost {
    calls: u64,
    total_ms: f64,
    rows: u64,
    hit: u64,
    read: u64,
    temp: u64,
}

impl Cost {
    /// Those hidden from this role have no number of their own: they are counted together.
    fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.total_ms += other.total_ms;
        self.rows += other.rows;
        self.hit += other.hit;
        self.read += other.read;
        self.temp += other.temp;
    }

    /// Returns what was added since `before`; a counter that went back was reset, and counts whole.
    fn since(self, before: Option<&Self>) -> Self {
        match before {
            Some(before) if before.calls <= self.calls => Self {
                calls: self.calls - before.calls,
                total_ms: (self.total_ms - before.total_ms).max(0.0),
                rows: self.rows.saturating_sub(before.rows),
                hit: self.hit.saturating_sub(before.hit),
                read: self.read.saturating_sub(before.read),
                temp: self.temp.saturating_sub(before.temp),
            },
            Some(_) | None => self,
        }
    }

    fn mean(&self) -> f64 {
        self.total_ms / number(self.calls.max(1))
    }
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
        let mut statements = self.difference(&now, at_ms.unwrap_or_default());
        self.name(link, &schema, &mut statements, limit).await?;
        Ok(statements)
    }

    fn difference(&mut self, now: &HashMap<Key, Cost>, at_ms: i64) -> Statements {
        let (begun, first) = self.first.get_or_insert_with(|| (at_ms, now.clone()));
        let grown = now
            .iter()
            .map(|(key, cost)| (*key, cost.since(first.get(key))));
        let grown: Vec<(Key, Cost)> = grown.filter(|(_, cost)| cost.calls > 0).collect();
        let total_ms: f64 = grown.iter().map(|(_, cost)| cost.total_ms).sum();
        let since_ms = u64::try_from(at_ms - *begun).unwrap_or_default();
        let hidden = now.keys().any(|key| key.id.is_none());
        let picked = pick(&grown);
        let rows = picked.into_iter().map(|(key, cost)| Statement {
            id: key.id,
            user: key.user.to_string(),
            database: key.database.to_string(),
            query: String::new(),
            level: key.level,
            calls: cost.calls,
            calls_per_s: self.speed(key, now[&key].calls, at_ms),
            total_ms: cost.total_ms,
            rows: cost.rows,
            share: if total_ms > 0.0 {
                cost.total_ms / total_ms
            } else {
                0.0
            },
            blocks_hit: cost.hit,
            blocks_read: cost.read,
            temp_blocks: cost.temp,
        });
        let rows = rows.collect();
        let calls = now.iter().map(|(key, cost)| (*key, cost.calls));
        self.last = Some((at_ms, calls.collect()));
        Statements {
            at_ms,
            rows,
            of: u32::try_from(grown.len()).unwrap_or(u32::MAX),
            total_ms,
            since_ms,
            lack: hidden.then_some(Lack::NoRight),
        }
    }

    fn speed(&self, key: Key, calls: u64, at_ms: i64) -> Option<f64> {
        let (before_ms, before) = self.last.as_ref()?;
        let ms = u64::try_from(at_ms - before_ms).ok().filter(|ms| *ms > 0)?;
        let grown = calls.checked_sub(before.get(&key).copied().unwrap_or_default())?;
        Some(number(grown) * 1_000.0 / number(ms))
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
                "SELECT s.queryid AS id, pg_catalog.substr(pg_catalog.textsend(s.query), 1, {TEXT_BYTES}) AS query \
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
            let shown: std::collections::HashSet<i64> = shown.collect();
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

/// How many are picked by what.
type Order = (usize, fn(&Cost) -> f64);

/// The dearest, and those that stand out by calls, by mean time or by rows.
fn pick(grown: &[(Key, Cost)]) -> Vec<(Key, Cost)> {
    let mut picked: HashMap<Key, Cost> = HashMap::new();
    let orders: [Order; 4] = [
        (BY_TIME, |c| c.total_ms),
        (BY_OTHERS, |c| number(c.calls)),
        (BY_OTHERS, Cost::mean),
        (BY_OTHERS, |c| number(c.rows)),
    ];
    let mut sorted: Vec<&(Key, Cost)> = grown.iter().collect();
    for (n, by) in orders {
        sorted.sort_by(|a, b| by(&b.1).total_cmp(&by(&a.1)));
        picked.extend(sorted.iter().take(n).map(|(key, cost)| (*key, *cost)));
    }
    let mut picked: Vec<(Key, Cost)> = picked.into_iter().collect();
    picked.sort_by(|a, b| b.1.total_ms.total_cmp(&a.1.total_ms));
    picked
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
        "SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::bigint AS at_ms, \
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
