//! What acting on a server brought, whatever its family.

/// What statements brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SqlSeen {
    /// Rows that the last statement returned, or touched where it returns none.
    pub rows: u64,
    /// First column of the first row of the last statement that returned rows; `None`: no row, or null.
    pub first_value: Option<String>,
    /// Statements that ran.
    pub statements: u32,
    /// `SELECT: 3 rows`, `UPDATE: 12 rows touched`: the last statement in words.
    pub tag: String,
}

/// What became of the sessions of an application that was to be stopped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Swept {
    /// Sessions that were found, by their numbers on the server.
    pub found: Vec<i64>,
    /// Of these, whose statement was cancelled.
    pub cancelled: Vec<i64>,
    /// Of these, that were ended.
    pub terminated: Vec<i64>,
    /// Still there at the end; empty: confirmed gone.
    pub left: Vec<i64>,
}
