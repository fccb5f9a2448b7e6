//! One refresh of the monitor: sessions, counts, and what the server says of itself.

use serde::{Deserialize, Serialize};

use crate::domain::ready::Family;
use crate::domain::runbook::model::StepId;
pub use crate::domain::sample::extra::Extras;
use crate::domain::sample::machine::{Machine, Taken};
pub use crate::domain::sample::server::{
    Archive, Prepared, PreparedIn, Progress, Rates, Receiver, Sender, Server, Slot, SlotUse, Totals,
};

/// Everything that one refresh saw.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Sample {
    /// Whose server it is: what it has no view of is not shown as nothing.
    pub family: Family,
    /// The server's clock, in milliseconds since 1970.
    pub at_ms: i64,
    /// The sessions worth a row: all that wait, block or work; blockers with most waiters first.
    pub sessions: Vec<Session>,
    /// The machine, where server and monitor share it; `None`: they do not, or it is not told.
    pub machine: Option<Machine>,
    /// All sessions, counted.
    pub counts: Counts,
    /// Counters, replication, slots, prepared transactions, progress; `None` until they were read.
    pub server: Option<Server>,
    /// What is read beside the refresh, where it was asked for.
    pub extras: Extras,
    /// The runbook's own values.
    pub values: Vec<OwnReading>,
    /// Milliseconds that the refresh took.
    pub took_ms: u64,
    /// Milliseconds until the next one.
    pub interval_ms: u64,
    /// What this role may not see, and what could not be read this time.
    pub notes: Vec<String>,
}

/// One session.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    /// The server's process id.
    pub pid: i32,
    /// The leader, where it is a parallel worker.
    pub leader: Option<i32>,
    /// `client backend`, `autovacuum worker`, …
    pub kind: String,
    /// The database user; its number where the name is not known.
    pub user: String,
    /// `application_name`
    pub application: String,
    /// The client's address; empty: a local socket, or hidden.
    pub client: String,
    /// The database; its number where the name is not known.
    pub database: String,
    /// `active`, `idle`, `idle in transaction`, …; empty: hidden, or a background process.
    pub state: String,
    /// What it waits for.
    pub wait: Option<Wait>,
    /// Milliseconds since its transaction began.
    pub xact_ms: Option<u64>,
    /// Milliseconds since its statement began.
    pub query_ms: Option<u64>,
    /// Milliseconds since its state changed.
    pub state_ms: Option<u64>,
    /// Milliseconds since it connected.
    pub age_ms: Option<u64>,
    /// Its start, exactly as the server printed it: with the pid it names the session for ever.
    pub backend_start: String,
    /// Transactions by which it holds back the cleaning of old rows.
    pub xmin_age: Option<u64>,
    /// The beginning of its statement, tamed; empty: none, or hidden.
    pub query: String,
    /// The lock it waits for.
    pub lock: Option<LockWait>,
    /// Those that hold the very lock.
    pub hard: Vec<Blocker>,
    /// Stands before it in the queue, where nobody holds the very lock.
    pub soft: Option<i32>,
    /// Where the server does not tell who holds the lock: those who may, the longest transaction first.
    pub suspects: Vec<i32>,
    /// Blockers in all, hard and soft.
    pub n_blockers: u32,
    /// Sessions directly behind it.
    pub n_waiters: u32,
    /// What its process takes of the machine; `None`: it is another, it takes nothing, or nobody asked.
    pub taken: Option<Taken>,
    /// Whether it is the run's own.
    pub ours: Ours,
}

/// What a session waits for: `Lock`, `relation`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wait {
    /// The kind of event.
    pub kind: String,
    /// The event.
    pub event: String,
}

/// A lock that is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LockWait {
    /// `AccessExclusiveLock`
    pub mode: String,
    /// On what, for people: `public.invoices`, `row (12,3) of public.invoices`, `transaction 733`.
    pub object: String,
    /// Same for all who want the same mode on the same object, and for nobody else.
    pub group: String,
    /// Place among them, counted from one.
    pub place: u32,
    /// How many they are, listed or not.
    pub of: u32,
    /// Milliseconds waited; before PostgreSQL 14, and for metadata locks of MySQL, at most since the statement began.
    pub wait_ms: Option<u64>,
}

/// Somebody who holds the very lock that another wants.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Blocker {
    /// The session; 0: a prepared transaction.
    pub pid: i32,
    /// The modes held, separated by commas.
    pub modes: String,
    /// The transactions of the prepared ones, where `pid` is 0.
    pub prepared: Vec<String>,
}

/// Whether a session is the run's own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ours {
    /// A stranger.
    #[default]
    No,
    /// A step's, by its application name.
    Step {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
    },
    /// Probably a step's: the right user or name, and it began after the step did.
    Probable {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
    },
    /// The monitor's, the control's or the console's.
    Monitor,
}

/// All sessions, counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Connections of clients, the monitor's own included.
    pub connections: u32,
    /// Connections that may be open without being superuser.
    pub limit: u32,
    /// Connections kept back for superusers.
    pub reserved: u32,
    /// Clients that work.
    pub active: u32,
    /// Clients with nothing to do.
    pub idle: u32,
    /// Clients that hold a transaction open and do nothing.
    pub idle_in_transaction: u32,
    /// Sessions that wait for a lock.
    pub blocked: u32,
    /// Milliseconds of the longest transaction of any client.
    pub longest_xact_ms: Option<u64>,
    /// The largest number of transactions by which any session holds back the cleaning of old rows.
    pub xmin_age: Option<u64>,
    /// By kind, state and wait.
    pub by_state: Vec<Tally>,
    /// By user, database and application, the largest first; at most 24.
    pub by_client: Vec<ClientTally>,
}

/// Sessions of one kind, state and wait.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// `client backend`, …
    pub kind: String,
    /// `active`, …; empty: hidden, or a background process.
    pub state: String,
    /// What they wait for.
    pub wait: Option<Wait>,
    /// How many.
    pub n: u32,
    /// Milliseconds of the longest transaction among them.
    pub xact_ms: Option<u64>,
}

/// Connections of one user, database and application.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientTally {
    /// The user.
    pub user: String,
    /// The database.
    pub database: String,
    /// `application_name`
    pub application: String,
    /// How many.
    pub n: u32,
    /// How many of them work.
    pub active: u32,
}

/// What a runbook's own value is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnReading {
    /// Its name.
    pub name: String,
    /// What was read, as text; `None`: a null, no row, or never read.
    pub value: Option<String>,
    /// Why the last question failed; empty: it did not.
    pub error: String,
    /// Milliseconds since it was read.
    pub age_ms: u64,
}
