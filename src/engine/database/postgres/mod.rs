//! PostgreSQL, 12 and later.
