//! PostgreSQL, 12 and later.

pub mod statement;
