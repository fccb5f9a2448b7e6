//! Database servers: connecting, sampling, acting on a session. One folder a server family.

mod beside;
pub mod error;
mod looker;
mod monitor;
mod pace;
pub mod postgres;
mod values;

pub use error::{DatabaseError, SqlError};
pub use looker::Looker;
