//! Replicas that are fed, where a standby is fed itself, and slots.

use crate::app::model::Model;
use crate::app::monitor::grade_of;
use crate::app::monitor::panel::{Panel, RowKey};
use crate::app::monitor::table::{Cell, Column, Row, Table, Value};
use crate::domain::ready::Family;
use crate::domain::runbook::model::ServerRole;
use crate::domain::sample::metric::Grade;
use crate::domain::sample::model::{Receiver, Sender, Server, Slot, SlotUse};
use crate::domain::sample::track::{self, Tracks};
use crate::domain::sample::words::lasting;
use crate::domain::units::bytes;

/// Milliseconds over which growth is measured.
const WINDOW_MS: i64 = 30_000;
/// Milliseconds without a move after which replay is said to stand still, where there is something to replay.
const STILL_MS: u64 = 10_000;

const COLUMNS: &[Column] = &[
    Column::words("what", 13, 0),
    Column::words("name", 24, 0),
    Column::words("client", 15, 84),
    Column::amounts("behind", 9, 0),
    Column::amounts("growth", 12, 56),
    Column::amounts("lag", 8, 0),
    Column::amounts("of late", 16, 70),
    Column::words("state", usize::MAX, 0),
];
/// Bytes behind, or kept.
const FIRST: usize = 3;

/// Returns the Replication panel.
pub fn table(model: &Model) -> Table<'_> {
    let picture = model.monitor.picture();
    let mut rows = Vec::new();
    if let Some(server) = picture.server() {
        rows.extend(server.receiver.iter().map(|r| receiver(picture.tracks, r)));
        rows.extend(server.senders.iter().map(|s| sender(picture.tracks, s)));
        rows.extend(server.slots.iter().map(|s| slot(picture.tracks, s)));
    }
    let empty = empty(picture.server(), picture.family());
    Table::arranged(
        COLUMNS,
        rows,
        FIRST,
        model.monitor.arranged(Panel::Replication),
        empty,
    )
    .whole()
}

fn empty(server: Option<&Server>, family: Family) -> String {
    match server.map(|s| s.role) {
        None => "the server's counters were not read yet".to_owned(),
        Some(Some(ServerRole::Standby)) if family == Family::MySql => {
            "the server takes no writes, and nobody feeds it".to_owned()
        }
        Some(_) if family == Family::MySql => {
            "no replica is fed by this server, and it follows no other".to_owned()
        }
        Some(Some(ServerRole::Standby)) => {
            "a standby that nobody feeds at the moment: it replays what is archived, or nothing"
                .to_owned()
        }
        Some(_) => "no replica is fed by this server, and it has no replication slot".to_owned(),
    }
}

fn behind(tracks: &Tracks, name: &str, bytes: Option<u64>) -> [Cell<'static>; 3] {
    let growth = tracks.speed(name, WINDOW_MS).filter(|g| g.abs() >= 1.0);
    [
        Value::known(bytes, Value::Bytes).into(),
        Cell::from(Value::known(growth, Value::BytesPerSecond)).quiet(),
        Cell::from(Value::Line(tracks.line(name))).quiet(),
    ]
}

fn sender<'a>(tracks: &Tracks, sender: &'a Sender) -> Row<'a> {
    let [bytes, growth, line] = behind(tracks, &track::of_sender(sender), sender.unreplayed);
    let lag = sender.replay_lag_ms.max(sender.stuck_ms);
    let still = sender.stuck_ms.filter(|ms| *ms >= STILL_MS);
    let state = [sender.state.as_str(), sender.sync.as_str()].join(" ");
    let state = match (still, sender.state.as_str()) {
        (_, "") => Cell::from(Value::text("hidden from this role: grant it pg_monitor")).quiet(),
        (None, _) => Cell::from(Value::text(state.trim().to_owned())),
        (Some(ms), _) => {
            let said = format!("replay has not moved for {}, {}", lasting(ms), state.trim());
            Cell::from(Value::text(said)).graded(Grade::Look)
        }
    };
    Row::new(
        RowKey::Session(sender.pid),
        vec![
            Value::text("replica").into(),
            Value::text(sender.application.as_str()).into(),
            Cell::from(Value::text(sender.client.as_str())).quiet(),
            bytes,
            growth,
            Cell::from(Value::known(lag, Value::Time)).graded(grade_of("replication_lag", lag)),
            line,
            state,
        ],
    )
}

fn receiver<'a>(tracks: &Tracks, receiver: &'a Receiver) -> Row<'a> {
    let [bytes, growth, line] = behind(tracks, track::RECEIVER, receiver.unreplayed);
    let paused = !receiver.pause.is_empty() && receiver.pause != "not paused";
    let lag = receiver.replay_age_ms.max(receiver.stuck_ms);
    let still = receiver.stuck_ms.filter(|ms| *ms >= STILL_MS);
    let mut said = Vec::new();
    if paused {
        said.push(format!("replay {}", receiver.pause));
    }
    said.extend(still.map(|ms| format!("replay has not moved for {}", lasting(ms))));
    said.push(receiver.status.clone());
    said.extend(
        receiver
            .heard_ms
            .map(|ms| format!("heard {} ago", lasting(ms))),
    );
    let state = Cell::from(Value::text(said.join(", ")));
    let from = match receiver.from.as_str() {
        "" => "its primary",
        from => from,
    };
    Row::new(
        RowKey::Named("receiver".to_owned()),
        vec![
            Value::text("fed by").into(),
            Value::text("the primary").into(),
            Cell::from(Value::text(from)).quiet(),
            bytes,
            growth,
            Cell::from(Value::known(lag, Value::Time)).graded(grade_of("replication_lag", lag)),
            line,
            if paused || still.is_some() {
                state.graded(Grade::Look)
            } else {
                state
            },
        ],
    )
}

fn slot<'a>(tracks: &Tracks, slot: &'a Slot) -> Row<'a> {
    let [kept, growth, line] = behind(tracks, &track::of_slot(slot), slot.retained);
    let (usage, idle) = match slot.usage {
        SlotUse::Active => ("in use", Grade::Calm),
        SlotUse::Inactive => ("nobody reads it", Grade::Look),
    };
    let lost = match slot.wal_status.as_str() {
        "lost" => Grade::Stop,
        "unreserved" => Grade::Look,
        _ => Grade::Calm,
    };
    let safe = slot
        .safe
        .map_or(String::new(), |n| format!(", given up in {}", bytes(n)));
    let log = match slot.wal_status.as_str() {
        "" => String::new(),
        status => format!(", log {status}"),
    };
    let state = format!("{usage}{log}{safe}");
    Row::new(
        RowKey::Named(format!("slot {}", slot.name)),
        vec![
            Value::text(format!("{} slot", slot.kind)).into(),
            Value::text(slot.name.as_str()).into(),
            Value::Nothing.into(),
            kept.graded(grade_of("slot_retained", slot.retained)),
            growth,
            Value::Nothing.into(),
            line,
            Cell::from(Value::text(state)).graded(idle.max(lost)),
        ],
    )
}
