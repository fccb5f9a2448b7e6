//! How far long commands are, how fast they go, and how long they still take.

use crate::app::model::Model;
use crate::app::monitor::panel::{Panel, RowKey};
use crate::app::monitor::sessions;
use crate::app::monitor::table::{Cell, Column, Row, Table, Value};
use crate::domain::ready::Family;
use crate::domain::sample::metric::Grade;
use crate::domain::sample::model::Progress;
use crate::domain::sample::rates::number;
use crate::domain::units::bytes;

const COLUMNS: &[Column] = &[
    Column::amounts("pid", 7, 0),
    Column::words("application", 16, 100),
    Column::words("command", 25, 0),
    Column::words("on", 28, 0),
    Column::amounts("done", 16, 0),
    Column::amounts("left", 8, 50),
    Column::amounts("speed", 12, 84),
    Column::amounts("for", 8, 96),
    Column::words("phase", usize::MAX, 0),
];
/// How long they still take.
const FIRST: usize = 5;

/// Returns the Progress panel.
pub fn table(model: &Model) -> Table<'_> {
    let server = model.monitor.picture().server();
    let commands = server.into_iter().flat_map(|s| &s.progress);
    let rows = commands.map(|p| row(model, p)).collect();
    let empty = if server.is_none() {
        "the server's counters were not read yet".to_owned()
    } else {
        match model.monitor.picture().family() {
            Family::Postgres | Family::Any => {
                "nothing is in progress: index builds, vacuums, analyzes, clusters, copies and base backups are shown here"
            }
            Family::MySql => {
                "nothing is in progress: what ALTER, OPTIMIZE, CHECK, REPAIR and LOAD tell of themselves is shown here; \
                 MySQL tells it where UPDATE performance_schema.setup_consumers SET ENABLED='YES' WHERE NAME='events_stages_current' was done"
            }
        }
        .to_owned()
    };
    Table::arranged(
        COLUMNS,
        rows,
        FIRST,
        model.monitor.arranged(Panel::Progress),
        empty,
    )
    .whole()
}

fn row<'a>(model: &'a Model, progress: &'a Progress) -> Row<'a> {
    let picture = model.monitor.picture();
    let session = picture.session(progress.pid);
    let who = session.map_or_else(String::new, |s| sessions::name(model, s));
    let on = [&progress.index, &progress.relation]
        .into_iter()
        .find(|n| !n.is_empty());
    let per_second = match progress.unit.as_str() {
        "bytes" => Value::BytesPerSecond,
        _ => Value::PerSecond,
    };
    // Parts of a stage, and transactions that end when they end, have no speed that would tell anybody anything.
    let timed = !matches!(progress.unit.as_str(), "%" | "lockers");
    let rate = progress.rate.filter(|_| timed);
    let left = progress.left_ms.filter(|_| progress.unit != "lockers");
    let done = (progress.total > 0).then(|| number(progress.done) / number(progress.total));
    let phase = Cell::from(Value::text(phase(progress)));
    let mut row = Row::new(
        RowKey::Session(progress.pid),
        vec![
            Value::Number(progress.pid).into(),
            Value::text(who).into(),
            Value::text(progress.command.as_str()).into(),
            Value::text(on.map_or("", String::as_str)).into(),
            Value::known(done, Value::Bar).into(),
            Value::known(left, Value::Time).into(),
            Cell::from(Value::known(rate, per_second)).quiet(),
            Cell::from(Value::known(session.and_then(|s| s.query_ms), Value::Time)).quiet(),
            if progress.waits_for.is_some() {
                phase.graded(Grade::Look)
            } else {
                phase
            },
        ],
    );
    row.whose = session.map(sessions::whose).unwrap_or_default();
    row
}

/// The phase, what is counted in it, and whom it waits for.
fn phase(progress: &Progress) -> String {
    let counted = match (progress.total, progress.unit.as_str()) {
        (0, _) if progress.done == 0 => String::new(),
        (_, "%") => String::new(), // the bar says it
        (0, "bytes") => format!(", {}", bytes(progress.done)),
        (0, unit) => format!(", {} {unit}", progress.done),
        (total, "bytes") => format!(", {} of {}", bytes(progress.done), bytes(total)),
        (total, unit) => format!(", {} of {total} {unit}", progress.done),
    };
    let waits = progress
        .waits_for
        .map_or_else(String::new, |pid| format!("waits for {pid}: "));
    let said = format!("{}{counted}", progress.phase);
    format!("{waits}{}", said.trim_start_matches(", "))
}
