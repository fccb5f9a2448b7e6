//! How bad what stands on a panel is: so that nobody has to look at all of them.

use crate::app::monitor::panel::Panel;
use crate::app::monitor::{Picture, grade_of};
use crate::domain::sample::metric::{Grade, grade, idle_slots};

/// Returns the worst of what `panel` shows, whatever its filter.
pub fn worst(picture: Picture, panel: Panel) -> Grade {
    let Some(sample) = picture.sample else {
        return Grade::Calm;
    };
    let by = |names: &[&str]| names.iter().map(|name| grade(name, sample)).max();
    let graded = match panel {
        Panel::Locks => by(&["longest_wait", "blocked_by_us", "our_wait"]),
        Panel::Connections => by(&["connections", "idle_in_transaction"]),
        Panel::Activity => by(&["longest_transaction"]),
        Panel::Progress => {
            let commands = picture.server().into_iter().flat_map(|s| &s.progress);
            let some = commands.into_iter().any(|p| p.waits_for.is_some());
            some.then_some(Grade::Look)
        }
        Panel::Replication => {
            let idle = picture.server().map_or(0, idle_slots);
            let of_slots = if idle > 0 { Grade::Look } else { Grade::Calm };
            by(&["replication_lag", "slot_retained"]).max(Some(of_slots))
        }
        Panel::Database => {
            let server = picture.server();
            let oldest = server.and_then(|s| s.prepared.iter().map(|p| p.age_ms).max());
            by(&["deadlocks", "frozen_age"]).max(Some(grade_of("longest_transaction", oldest)))
        }
        // What migrations are worth is no sample's to say.
        Panel::Tables | Panel::Statements | Panel::Migrations => None,
        Panel::Values => {
            let failed = sample.values.iter().any(|v| !v.error.is_empty());
            failed.then_some(Grade::Look)
        }
    };
    graded.unwrap_or(Grade::Calm)
}
