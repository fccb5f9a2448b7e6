//! PostgreSQL, 12 and later.

mod connect;
mod control;
mod costs;
mod detail;
mod dialect;
mod dsn;
mod identity;
pub mod libpq;
mod locks;
mod look;
mod modes;
mod monitor;
mod names;
mod notice;
mod object;
mod processes;
mod rights;
mod row;
mod server;
mod sessions;
pub(super) mod settings;
mod slow;
mod ssl;
mod statement;
mod tables;
mod trouble;

pub use control::{Control, at_work, cancel_application};
pub use dsn::Dsn;
pub use identity::identify;
pub use look::Looker;
pub use monitor::observe;
pub use statement::run_statements;
