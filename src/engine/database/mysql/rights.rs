//! What the monitor's user may see, what the server records of locks, and its limits: asked once a connection.

use std::time::Duration;

use crate::engine::database::error::{DatabaseError, Trouble};
use crate::engine::database::mysql::connect::{Brand, Link};
use crate::engine::database::mysql::replication;
use crate::engine::database::mysql::row::fetch;

/// Where it is read who holds metadata locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Metadata {
    /// From the performance schema: who holds and who waits.
    Recorded,
    /// From MariaDB's plugin: who holds what; who waits for it is only known by its state.
    Plugin(Why),
    /// Nowhere.
    Untold(Why),
}

/// Why it is not told who holds metadata locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    Off,
    InstrumentOff,
    NoRight,
}

impl Why {
    fn remedy(self) -> &'static str {
        match self {
            Self::Off => "the server runs without performance_schema=ON",
            Self::InstrumentOff => {
                "UPDATE performance_schema.setup_instruments SET ENABLED='YES' \
                 WHERE NAME='wait/lock/metadata/sql/mdl'"
            }
            Self::NoRight => "GRANT SELECT ON performance_schema.*",
        }
    }
}

/// Something that not every user may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    /// Other users' sessions, and transactions.
    Process,
    /// How the server replicates.
    Replication,
    /// Prepared XA transactions.
    Recover,
    /// Threads in the performance schema.
    Threads,
}

/// What the monitor's user may see, and the server's limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rights {
    pub brand: Brand,
    pub version: [u32; 3],
    pub max_connections: u32,
    pub metadata: Metadata,
    held: Vec<Right>,
}

impl Rights {
    pub async fn ask(link: &mut Link, limit: Duration) -> Result<Self, DatabaseError> {
        let (brand, version) = (link.version.brand, link.version.parts);
        let sql = "SELECT @@max_connections AS max_connections, @@performance_schema AS ps";
        let rows = fetch(link, sql, limit).await?;
        let first = rows.first();
        let max_connections = first.map_or(0, |r| r.count("max_connections"));
        let on = first.is_some_and(|r| r.raw("ps") == "1");
        let mut held = Vec::new();
        // A limit of nothing would be answered without looking.
        for (right, sql) in [
            (
                Right::Process,
                "SELECT 1 FROM information_schema.INNODB_TRX LIMIT 1",
            ),
            (Right::Replication, replication::statement(brand, version)),
            (Right::Recover, replication::recover(brand)),
        ] {
            if answers(link, sql, limit).await? {
                held.push(right);
            }
        }
        if tells_threads(link, limit).await? {
            held.push(Right::Threads);
        }
        Ok(Self {
            brand,
            version,
            max_connections,
            metadata: metadata(link, on, limit).await?,
            held,
        })
    }

    /// Whether the user may see it.
    pub fn may(&self, right: Right) -> bool {
        self.held.contains(&right)
    }

    /// Returns what cannot be seen, one sentence each, and what would help.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let mut note = |said: &str| notes.push(said.to_owned());
        if !self.may(Right::Process) {
            note(
                "this user sees its own sessions alone, and no transactions: GRANT PROCESS ON *.*",
            );
        }
        let told = match self.metadata {
            Metadata::Recorded => None,
            Metadata::Plugin(why) => Some(("who waits for which metadata lock", why)),
            Metadata::Untold(why) => Some(("who holds metadata locks", why)),
        };
        if let Some((what, why)) = told {
            note(&format!("it is not told {what}: {}", why.remedy()));
        }
        if !self.may(Right::Replication) {
            note(match self.brand {
                Brand::MariaDb => {
                    "this user may not ask how it replicates: GRANT SLAVE MONITOR ON *.*"
                }
                Brand::MySql => {
                    "this user may not ask how it replicates: GRANT REPLICATION CLIENT ON *.*"
                }
            });
        }
        if !self.may(Right::Recover) {
            note("this user may not list prepared XA transactions: GRANT XA_RECOVER_ADMIN ON *.*");
        }
        notes
    }
}

async fn metadata(link: &mut Link, on: bool, limit: Duration) -> Result<Metadata, DatabaseError> {
    let plugin = "SELECT 1 FROM information_schema.METADATA_LOCK_INFO LIMIT 1";
    let table = "SELECT 1 FROM performance_schema.metadata_locks LIMIT 1";
    let instrument = "SELECT ENABLED FROM performance_schema.setup_instruments WHERE NAME = 'wait/lock/metadata/sql/mdl' \
         AND (SELECT ENABLED FROM performance_schema.setup_consumers WHERE NAME = 'global_instrumentation') = 'YES'";
    let why = if !on {
        Why::Off
    } else if answers(link, table, limit).await? {
        // Who may not read how it is set up is taken at what it reads.
        let set = fetch(link, instrument, limit).await;
        match set {
            Ok(rows) if rows.iter().any(|r| r.raw("ENABLED") == "YES") => {
                return Ok(Metadata::Recorded);
            }
            Ok(_) => Why::InstrumentOff,
            Err(e) if e.kind == Trouble::Refused => return Ok(Metadata::Recorded),
            Err(e) => return Err(e),
        }
    } else {
        Why::NoRight
    };
    if link.version.brand == Brand::MariaDb && answers(link, plugin, limit).await? {
        return Ok(Metadata::Plugin(why));
    }
    Ok(Metadata::Untold(why))
}

/// Whether the performance schema is on and tells this user all threads.
pub(super) async fn tells_threads(link: &mut Link, limit: Duration) -> Result<bool, DatabaseError> {
    let on = fetch(link, "SELECT @@performance_schema AS ps", limit).await?;
    let on = on.first().is_some_and(|r| r.raw("ps") == "1");
    let sql = "SELECT 1 FROM performance_schema.threads LIMIT 1";
    Ok(on && answers(link, sql, limit).await?)
}

/// Whether the server answers `sql` for this user.
async fn answers(link: &mut Link, sql: &str, limit: Duration) -> Result<bool, DatabaseError> {
    match fetch(link, sql, limit).await {
        Ok(_) => Ok(true),
        Err(e) if e.kind == Trouble::Refused => Ok(false),
        Err(e) => Err(e),
    }
}
