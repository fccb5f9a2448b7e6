//! What a run is told at its start: parameters, targets, window, people to call.

use crate::domain::runbook::model::Agent;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// A value asked for at the start, or given by `--set name=value`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameter {
    /// The name used as `${name}`.
    pub name: String,
    /// The question put to the operator; the name where there is none.
    pub ask: Option<String>,
    /// Taken when nothing is given. May hold `${…}`.
    pub default: Option<String>,
    /// A regular expression that the whole value must match.
    pub matches: Option<String>,
    /// The values to choose from; empty: any.
    pub one_of: Vec<String>,
}

/// A place where the runbook may run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Target {
    /// `staging`, `production`, …
    pub name: String,
    /// Connection URL or libpq-style string, with `${…}`; `None`: no database.
    pub database: Option<String>,
    /// Further named databases (`sql` steps say `on: name`), with `${…}`.
    pub databases: BTreeMap<String, String>,
    /// Whether dangerous steps ask for the target's name to be typed.
    pub protect: Protection,
    /// Whether the runbook must have been reviewed.
    pub reviewed: Demand,
    /// What the server must be before the first step and after every reconnect.
    pub must_be: Identity,
    /// Further values usable as `${name}` on this target.
    pub values: BTreeMap<String, String>,
}

/// Whether a target demands a reviewed runbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    /// A review is recorded where there is one.
    #[default]
    Welcome,
    /// Without one the run is refused, or goes on with a typed reason.
    Demanded,
}

/// How carefully a target is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// Dangerous steps ask for Enter.
    #[default]
    Open,
    /// Dangerous steps ask for the target's name to be typed.
    Protected,
}

/// What a server must be. Every text may hold `${…}`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// The database's name, exactly.
    pub database: Option<String>,
    /// Primary or standby.
    pub role: Option<ServerRole>,
    /// A comparison over the server's version, as `>= 11`.
    pub version: Option<String>,
    /// The host, exactly as connected to.
    pub host: Option<String>,
    /// PostgreSQL's system identifier.
    pub system_identifier: Option<String>,
}

/// Which part a server plays in replication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerRole {
    /// It takes writes.
    Primary,
    /// It replays another server's writes.
    Standby,
}

impl fmt::Display for ServerRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Primary => "primary",
            Self::Standby => "standby",
        })
    }
}

/// The change window, counted from the planned start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// From planned start to end.
    pub length: Duration,
    /// When going on or back must be decided.
    pub decide_by: Option<Offset>,
}

/// A point in time relative to the planned start: `T-30m` is -1800.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Offset {
    /// Seconds after (before, when negative) the planned start.
    pub seconds: i64,
}

/// A command that passes the journal's head on to where the operator cannot take it back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Witness {
    /// A shell script, which gets `holdpoint-head RUN SEQ HASH` on its standard input.
    pub script: String,
    /// After what time it is stopped; `None`: 10 s.
    pub timeout: Option<Duration>,
    /// Whether it may speak to the operator's ssh-agent.
    pub agent: Agent,
}

/// Somebody to call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contact {
    /// What they are.
    pub role: String,
    /// How to reach them.
    pub reach: String,
    /// What for.
    pub purpose: Option<String>,
}
