//! One session, looked at closely.

/// What a closer look at a session found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionDetail {
    /// The session.
    pub pid: i32,
    /// Its start, exactly as the server printed it; empty: the server does not tell.
    pub backend_start: String,
    /// Its whole statement as far as the server keeps it, line by line, tamed; empty: hidden, or none.
    pub query: Vec<String>,
    /// What it holds and waits for; the waits first, then the strongest.
    pub locks: Vec<LockSeen>,
}

/// A lock that a session holds or waits for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LockSeen {
    /// `public.invoices`, `transactionid`, …
    pub object: String,
    /// `AccessExclusiveLock`
    pub mode: String,
    /// Whether it has it.
    pub standing: Standing,
    /// How many of the kind: row and page locks are counted.
    pub n: u32,
}

/// Whether a lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// It is.
    #[default]
    Held,
    /// It is waited for.
    Wanted,
}
