//! Database servers: connecting, sampling, acting on a session. One folder a server family, and [`target`], which
//! knows what family an address leads to.

mod address;
mod beside;
mod costs;
mod dropped;
pub mod error;
mod looker;
mod monitor;
pub mod mysql;
mod pace;
pub mod postgres;
mod seen;
pub mod target;
mod telling;
mod values;
mod wire;

pub use error::{DatabaseError, SqlError};
pub use looker::Looker;
pub use seen::{SqlSeen, Swept};
pub use target::{Control, Dsn};
