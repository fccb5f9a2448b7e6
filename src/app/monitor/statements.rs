//! Statements by what they cost since the monitor began, as the server itself counts them.

use crate::app::model::Model;
use crate::app::monitor::panel::{Panel, RowKey};
use crate::app::monitor::table::{Cell, Column, Row, Table, Value};
use crate::domain::ready::Family;
use crate::domain::sample::extra::{Level, Statement};
use crate::domain::sample::rates::whole;
use crate::domain::sample::words::lasting;

const COLUMNS: &[Column] = &[
    Column::amounts("share", 16, 0),
    Column::amounts("total", 9, 96),
    Column::amounts("calls", 8, 0),
    Column::amounts("calls/s", 9, 70),
    Column::amounts("mean", 9, 40),
    Column::amounts("rows", 8, 76),
    Column::amounts("hit", 6, 84),
    Column::amounts("temp", 8, 120),
    Column::words("user", 12, 110),
    Column::words("database", 12, 130),
    Column::words("statement", usize::MAX, 0),
];
/// MySQL and MariaDB count by schema, and tables that went to disk instead of blocks.
const MYSQL: &[Column] = &[
    Column::amounts("share", 16, 0),
    Column::amounts("total", 9, 96),
    Column::amounts("calls", 8, 0),
    Column::amounts("calls/s", 9, 70),
    Column::amounts("mean", 9, 40),
    Column::amounts("rows", 8, 76),
    Column::amounts("on disk", 8, 110),
    Column::words("database", 12, 100),
    Column::words("statement", usize::MAX, 0),
];
/// The part of all time.
const FIRST: usize = 0;
/// Bytes of a block.
const BLOCK: u64 = 8_192;

/// Returns the Statements panel.
pub fn table(model: &Model) -> Table<'_> {
    let sample = model.monitor.picture().sample;
    let statements = sample.and_then(|s| s.extras.statements.as_deref());
    let rows = statements.into_iter().flat_map(|s| &s.rows);
    let (columns, row): (_, fn(usize, &Statement) -> Row<'_>) =
        match model.monitor.picture().family() {
            Family::Postgres | Family::Any => (COLUMNS, row),
            Family::MySql => (MYSQL, mysql_row),
        };
    let rows = rows.enumerate().map(|(at, s)| row(at, s)).collect();
    let empty = match statements {
        None => "the statements are being read".to_owned(),
        Some(statements) => statements.lack.as_ref().map_or_else(
            || "no statement has ended since the monitor began".to_owned(),
            ToString::to_string,
        ),
    };
    let arrangement = model.monitor.arranged(Panel::Statements);
    Table::arranged(columns, rows, FIRST, arrangement, empty)
}

/// Returns what is to be said above the rows.
pub fn head(model: &Model) -> Option<String> {
    let sample = model.monitor.picture().sample?;
    let statements = sample.extras.statements.as_deref()?;
    if statements.rows.is_empty() {
        return None;
    }
    let own = match whole(statements.own_ms) {
        0 => String::new(),
        ms => format!("; holdpoint's own, {}, are left out", time(ms)),
    };
    let many = match statements.of {
        1 => "one statement took".to_owned(),
        n => format!("{n} different statements took together"),
    };
    Some(format!(
        "{many} {} in the last {}{own}",
        time(whole(statements.total_ms)),
        lasting(statements.since_ms)
    ))
}

/// From milliseconds to hours.
fn time(ms: u64) -> String {
    match ms {
        0..2_000 => format!("{ms} ms"),
        _ => lasting(ms),
    }
}

fn mysql_row(at: usize, statement: &Statement) -> Row<'_> {
    let mut row = row(at, statement);
    let mut cells = row.cells.into_iter();
    let mut kept: Vec<Cell<'_>> = cells.by_ref().take(6).collect();
    kept.push(Cell::from(Value::Count(statement.temp_blocks)).quiet());
    kept.extend(cells.skip(3));
    row.cells = kept;
    row
}

fn row(at: usize, statement: &Statement) -> Row<'_> {
    // One that is hidden has no number: its place must do.
    let key = match statement.id {
        Some(id) => format!("{id} {} {}", statement.user, statement.database),
        None => format!("hidden {at}"),
    };
    let text = match (statement.query.as_str(), statement.level) {
        ("", _) => Cell::from(Value::text("hidden from this role, or no longer known")).quiet(),
        (query, Level::Top) => Value::text(query).into(),
        (query, Level::Nested) => Value::text(format!("in a function: {query}")).into(),
    };
    Row::new(
        RowKey::Named(key),
        vec![
            Value::Bar(statement.share).into(),
            Value::Span(statement.total_ms).into(),
            Value::Count(statement.calls).into(),
            Cell::from(Value::known(statement.calls_per_s, Value::PerSecond)).quiet(),
            Value::Span(statement.mean_ms()).into(),
            Cell::from(Value::Count(statement.rows)).quiet(),
            Cell::from(Value::known(statement.hit_ratio(), Value::Part)).quiet(),
            Cell::from(Value::Bytes(statement.temp_blocks.saturating_mul(BLOCK))).quiet(),
            Cell::from(Value::text(statement.user.as_str())).quiet(),
            Cell::from(Value::text(statement.database.as_str())).quiet(),
            text,
        ],
    )
}
