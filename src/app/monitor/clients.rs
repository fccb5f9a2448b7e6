//! Who is connected: one row for each user, database and application.

use crate::app::model::Model;
use crate::app::monitor::filter;
use crate::app::monitor::panel::{Panel, RowKey};
use crate::app::monitor::table::{Cell, Column, Row, Table, Value};
use crate::domain::sample::model::ClientTally;

const COLUMNS: &[Column] = &[
    Column::amounts("n", 5, 0),
    Column::amounts("active", 6, 0),
    Column::words("user", 14, 0),
    Column::words("database", 14, 0),
    Column::words("application", usize::MAX, 0),
];

/// Returns the rows of the Connections panel.
pub fn table(model: &Model) -> Table<'_> {
    let sample = model.monitor.picture().sample;
    let clients = sample.into_iter().flat_map(|s| &s.counts.by_client);
    let rows = clients.map(row).collect();
    let empty = "nobody is connected".to_owned();
    Table::arranged(
        COLUMNS,
        rows,
        0,
        model.monitor.arranged(Panel::Connections),
        empty,
    )
}

fn key(client: &ClientTally) -> RowKey {
    RowKey::Named(format!(
        "{}\n{}\n{}",
        client.user, client.database, client.application
    ))
}

fn row(client: &ClientTally) -> Row<'_> {
    let words = |text: &'_ str| -> Value<'static> {
        if text.is_empty() {
            Value::Nothing
        } else {
            Value::text(text.to_owned())
        }
    };
    Row::new(
        key(client),
        vec![
            Value::Count(client.n.into()).into(),
            Cell::from(Value::Count(client.active.into())).quiet(),
            words(&client.user).into(),
            Cell::from(words(&client.database)).quiet(),
            words(&client.application).into(),
        ],
    )
}

/// Returns the filter that leaves the sessions of the client `key` alone in the Activity panel.
pub fn sessions_of(model: &Model, key: &RowKey) -> Option<String> {
    let sample = model.monitor.picture().sample?;
    let client = sample
        .counts
        .by_client
        .iter()
        .find(|c| self::key(c) == *key)?;
    let words = [
        ("user", &client.user),
        ("database", &client.database),
        ("application", &client.application),
    ];
    let words = words
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(column, text)| filter::word(column, text));
    Some(words.collect::<Vec<_>>().join(" "))
}
