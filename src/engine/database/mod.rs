//! Database servers: connecting, sampling, acting on a session. One folder a server family.

pub mod error;
mod looker;
pub mod postgres;

pub use error::{DatabaseError, SqlError};
pub use looker::Looker;
