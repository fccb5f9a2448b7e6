//! Database servers: connecting, sampling, acting on a session. One folder a server family.

pub mod error;
pub mod postgres;

pub use error::{DatabaseError, SqlError};
