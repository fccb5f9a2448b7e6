//! Statements as they are written, by the simple protocol: everything comes back as text.

/// What statements brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SqlSeen {
    /// Rows that the last statement returned, or touched where it returns none.
    pub rows: u64,
    /// First column of the first row of the last statement that returned rows; `None`: no row, or null.
    pub first_value: Option<String>,
    /// Statements that ran.
    pub statements: u32,
    /// `3 rows`, `12 rows touched`: the last statement in words.
    pub tag: String,
}
