//! What a monitor is asked for, and what it tells.

use std::time::Duration;

use crate::domain::run::event::TargetSeen;
use crate::domain::runbook::model::OwnValue;
use crate::domain::sample::model::Sample;
use crate::domain::sample::own::OwnStep;

/// What the monitor tells.
#[derive(Debug, Clone, PartialEq)]
pub enum MonitorNews {
    /// It is connected for the first time; compare with `must_be`.
    Identity(TargetSeen),
    /// A refresh.
    Sampled(Box<Sample>),
    /// The server cannot be asked. Told again at every attempt to reconnect that fails.
    Lost {
        /// What was said, and a hint where there is one.
        why: String,
        /// Milliseconds since the last answer (or since the first attempt).
        for_ms: u64,
    },
    /// It is connected again, perhaps to another server: compare with `must_be`.
    Back(TargetSeen),
}

/// What a monitor watches from start to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The shortest time between two refreshes.
    pub every: Duration,
    /// The runbook's own values.
    pub values: Vec<OwnValue>,
    /// Rows of sessions at most.
    pub rows: u32,
    /// Bytes of a statement at most.
    pub query_bytes: u32,
}

impl Default for Watched {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(1),
            values: Vec::new(),
            rows: 200,
            query_bytes: 1_000,
        }
    }
}

/// What a monitor is asked for at the moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wishes {
    /// The steps that run: their sessions are marked, and refreshes are quick.
    pub steps: Vec<OwnStep>,
    /// Whether anybody needs refreshes.
    pub need: Need,
    /// The database's size, once a minute.
    pub sizes: Extra,
    /// The largest tables.
    pub tables: Extra,
    /// What statements cost.
    pub statements: Extra,
    /// A row for each session that does nothing.
    pub idle: Extra,
    /// What each session takes of the machine, where it is this one.
    pub processes: Extra,
    /// The shortest time between two refreshes; `None`: as it was planned.
    pub every: Option<Duration>,
}

/// Whether anybody needs refreshes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Need {
    /// A panel is shown, an alarm is judged, or a step runs.
    #[default]
    Refreshes,
    /// Nobody looks: only the connection is kept alive.
    Heartbeat,
}

/// Whether something is asked for that only some panels need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extra {
    /// No panel that shows it is open, and neither an alarm nor the record needs it.
    #[default]
    Unasked,
    /// Somebody needs it.
    Asked,
}
