//! PostgreSQL, 12 and later.

mod connect;
mod control;
mod dsn;
mod identity;
mod notice;
mod settings;
mod statement;
mod trouble;

pub use control::{Control, Swept, cancel_application};
pub use dsn::Dsn;
pub use identity::identify;
pub use statement::{SqlSeen, run_statements};
