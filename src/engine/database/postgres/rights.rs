//! What the monitor's role may see, and the server's limits: asked once a connection.

use std::time::Duration;

use tokio::time::timeout;

use crate::engine::database::error::DatabaseError;
use crate::engine::database::postgres::connect::Link;
use crate::engine::database::postgres::{row, trouble};

const RIGHTS: &str = include_str!("sql/rights.sql");

/// What the monitor's role may see, and the server's limits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Rights {
    /// `server_version_num`
    pub version: i32,
    pub max_connections: u32,
    /// Connections that this limit keeps from ordinary roles.
    pub reserved: u32,
    pub reads_all_stats: bool,
    pub may_signal: bool,
    pub tracks: bool,
    /// The number of the database that is connected to.
    pub datid: u32,
    /// The monitor's own session.
    pub own: Own,
}

/// The monitor's own session, by which it is known whether the server runs on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Own {
    pub pid: i32,
    pub age_ms: u64,
    /// Whether it came through a local socket, or over an address that every machine has for itself.
    pub is_near: bool,
}

impl Rights {
    pub async fn ask(link: &mut Link, limit: Duration) -> Result<Self, DatabaseError> {
        let query = sqlx::query(RIGHTS).fetch_one(&mut link.conn);
        let row = match timeout(limit, query).await {
            Ok(row) => row.map_err(|e| trouble::asking(&e))?,
            Err(_) => return Err(trouble::silent(&link.address, limit.as_secs())),
        };
        let row = &row;
        let reached_at = row::text(row, "reached_at");
        let kept_back: u32 = row::text(row, "reserved16").parse().unwrap_or_default();
        Ok(Self {
            version: row::int(row, "version").unwrap_or_default(),
            max_connections: row::count(row, "max_connections"),
            reserved: row::count(row, "reserved") + kept_back,
            reads_all_stats: row::get(row, "reads_all_stats").unwrap_or_default(),
            may_signal: row::get(row, "may_signal").unwrap_or_default(),
            tracks: row::text(row, "track_activities") == "on",
            datid: row::oid(row, "datid").unwrap_or_default(),
            own: Own {
                pid: row::int(row, "own_pid").unwrap_or_default(),
                age_ms: row::unsigned(row, "own_ms").unwrap_or_default(),
                is_near: matches!(reached_at.as_str(), "" | "::1")
                    || reached_at.starts_with("127."),
            },
        })
    }

    /// Returns how many connections may be open without being superuser.
    pub fn limit(&self) -> u32 {
        self.max_connections.saturating_sub(self.reserved)
    }

    /// Returns what cannot be seen, one sentence each.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.reads_all_stats {
            notes.push("this role sees other users' sessions without statement, state and wait: grant it pg_monitor".to_owned());
        }
        if !self.tracks {
            notes.push("the server does not record statements: track_activities is off".to_owned());
        }
        if self.version < 120_000 {
            notes.push(
                "this server is older than PostgreSQL 12: the panels may stay empty".to_owned(),
            );
        }
        notes
    }
}
