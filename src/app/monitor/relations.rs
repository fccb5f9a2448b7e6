//! The largest tables: how they grow, what is dead in them, when they were cleaned.

use crate::app::model::Model;
use crate::app::monitor::panel::{Panel, RowKey};
use crate::app::monitor::table::{Cell, Column, Row, Table, Value};
use crate::domain::ready::Family;
use crate::domain::sample::extra::{self, CleanedBy, Measured};
use crate::domain::sample::metric::{Grade, WRAPAROUND};
use crate::domain::sample::rates::number;
use crate::domain::sample::words::lasting;

const COLUMNS: &[Column] = &[
    Column::words("name", 40, 0),
    Column::amounts("size", 9, 0),
    Column::amounts("indexes", 9, 100),
    Column::amounts("grown", 10, 40),
    Column::amounts("writes", 10, 60),
    Column::amounts("rows", 9, 50),
    Column::amounts("dead", 7, 0),
    Column::amounts("seq", 7, 110),
    Column::amounts("by index", 8, 118),
    Column::amounts("frozen", 7, 128),
    Column::words("vacuumed", usize::MAX, 0),
];
/// MySQL and MariaDB clean by themselves and count no scans.
const MYSQL: &[Column] = &[
    Column::words("name", 60, 0),
    Column::amounts("size", 9, 0),
    Column::amounts("indexes", 9, 80),
    Column::amounts("grown", 10, 40),
    Column::amounts("rows", 9, 50),
    Column::amounts("unused", 9, 70),
    Column::words("engine", usize::MAX, 60),
];
/// The size of all of it.
const FIRST: usize = 1;
/// From so many dead rows on their part is worth a look.
const MANY_DEAD: u64 = 10_000;

/// Returns the Tables panel.
pub fn table(model: &Model) -> Table<'_> {
    let tables = model
        .monitor
        .picture()
        .sample
        .and_then(|s| s.extras.tables.as_deref());
    let family = model.monitor.picture().family();
    let (columns, row): (_, fn(&extra::Table) -> Row<'_>) = match family {
        Family::Postgres | Family::Any => (COLUMNS, row),
        Family::MySql => (MYSQL, mysql_row),
    };
    let rows = tables.into_iter().flat_map(|t| &t.rows).map(row).collect();
    let empty = match tables {
        None => "the tables are being read".to_owned(),
        Some(tables) => tables.lack.as_ref().map_or_else(
            || "this database has no tables".to_owned(),
            ToString::to_string,
        ),
    };
    let arrangement = model.monitor.arranged(Panel::Tables);
    Table::arranged(columns, rows, FIRST, arrangement, empty)
}

/// Returns what is to be said above the rows.
pub fn head(model: &Model) -> Option<String> {
    let tables = model.monitor.picture().sample?.extras.tables.as_deref()?;
    if tables.rows.is_empty() {
        return None;
    }
    let many = tables.rows.len();
    let of = usize::try_from(tables.of).unwrap_or(many);
    let (most, counted) = match model.monitor.picture().family() {
        Family::Postgres | Family::Any => {
            ("the largest, the deadest, the busiest", "growth and scans")
        }
        Family::MySql => ("the largest; rows are estimated", "growth"),
    };
    let which = if of > many {
        format!("{many} of {of} tables: {most}")
    } else {
        format!("all {of} tables")
    };
    Some(format!(
        "{which}; {counted} of the last {}",
        lasting(tables.since_ms)
    ))
}

fn mysql_row(table: &extra::Table) -> Row<'_> {
    Row::new(
        RowKey::Named(table.oid.to_string()),
        vec![
            Value::text(table.name.as_str()).into(),
            size(table),
            Cell::from(Value::Bytes(table.index_bytes)).quiet(),
            Value::known(grown(table), Value::Grown).into(),
            Value::Count(table.live).into(),
            Cell::from(Value::known(table.free_bytes, Value::Bytes)).quiet(),
            Cell::from(Value::text(table.engine.as_str())).quiet(),
        ],
    )
}

fn row(table: &extra::Table) -> Row<'_> {
    let part = table.dead_part();
    let dead = match table.dead {
        0 => Grade::Calm,
        n if n >= MANY_DEAD && part >= 0.4 => Grade::Stop,
        n if n >= MANY_DEAD && part >= 0.2 => Grade::Look,
        _ => Grade::Calm,
    };
    let frozen = number(table.frozen_age) / WRAPAROUND;
    let of_frozen = match frozen {
        0.8.. => Grade::Stop,
        0.5.. => Grade::Look,
        _ => Grade::Calm,
    };
    let vacuumed = table.vacuumed.map_or("never".to_owned(), |cleaned| {
        let by = match cleaned.by {
            CleanedBy::Auto => "",
            CleanedBy::Hand => " by hand",
        };
        format!("{} ago{by}", lasting(cleaned.ago_ms))
    });
    Row::new(
        RowKey::Named(table.oid.to_string()),
        vec![
            Value::text(table.name.as_str()).into(),
            size(table),
            Cell::from(Value::Bytes(table.index_bytes)).quiet(),
            Value::known(grown(table), Value::Grown).into(),
            Value::known(table.writes_per_s, Value::PerSecond).into(),
            Value::Count(table.live).into(),
            Cell::from(Value::Part(part)).graded(dead),
            Cell::from(Value::Count(table.seq_scans)).quiet(),
            Cell::from(Value::Count(table.index_scans)).quiet(),
            Cell::from(Value::Part(frozen)).graded(of_frozen).quiet(),
            Cell::from(Value::text(vacuumed)).quiet(),
        ],
    )
}

/// A size that was not measured is marked so.
fn size(table: &extra::Table) -> Cell<'static> {
    match table.measured {
        Measured::Exactly => Value::Bytes(table.bytes).into(),
        Measured::Estimated if table.bytes == 0 => Value::Nothing.into(),
        // Somebody holds it: the number is no measurement.
        Measured::Estimated => Cell::from(Value::Bytes(table.bytes)).quiet(),
    }
}

fn grown(table: &extra::Table) -> Option<f64> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "bytes past 2^53 are shown rounded anyway"
    )]
    let grown = table.grown.map(|n| n as f64);
    grown
}
