//! The runbook's own values.

use crate::app::model::{Model, Purpose};
use crate::app::monitor::panel::{Panel, RowKey};
use crate::app::monitor::table::{Cell, Column, Row, Table, Value};
use crate::domain::sample::metric::Grade;
use crate::domain::sample::model::OwnReading;
use crate::domain::sample::track::{self, Tracks};

/// Milliseconds over which growth is measured.
const WINDOW_MS: i64 = 60_000;

const COLUMNS: &[Column] = &[
    Column::words("name", 24, 0),
    Column::words("value", 24, 0),
    Column::amounts("growth", 12, 56),
    Column::amounts("age", 6, 44),
    Column::amounts("of late", 30, 80),
    Column::words("said", usize::MAX, 0),
];

/// Returns the Values panel.
pub fn table(model: &Model) -> Table<'_> {
    let picture = model.monitor.picture();
    let values = picture.sample.into_iter().flat_map(|s| &s.values);
    let rows = values.map(|v| row(picture.tracks, v)).collect();
    let empty = match model.purpose {
        Purpose::Monitor => "values of one's own come from a runbook: there is none here",
        Purpose::Drive | Purpose::Watch => {
            "this runbook asks for no values of its own: they stand under monitor.values, each a name and a query"
        }
    };
    let arrangement = model.monitor.arranged(Panel::Values);
    Table::arranged(COLUMNS, rows, 0, arrangement, empty.to_owned())
}

fn row<'a>(tracks: &Tracks, own: &'a OwnReading) -> Row<'a> {
    let name = track::of_value(&own.name);
    let value = own.value.as_deref().map(Value::text);
    let grade = if own.error.is_empty() {
        Grade::Calm
    } else {
        Grade::Look
    };
    let growth = tracks.speed(&name, WINDOW_MS).filter(|g| *g != 0.0);
    Row::new(
        RowKey::Named(own.name.clone()),
        vec![
            Value::text(own.name.as_str()).into(),
            value.unwrap_or(Value::Nothing).into(),
            Cell::from(Value::known(growth, Value::PerSecond)).quiet(),
            Cell::from(Value::Time(own.age_ms)).quiet(),
            Cell::from(Value::Line(tracks.line(&name))).quiet(),
            Cell::from(Value::text(own.error.as_str())).graded(grade),
        ],
    )
}
