//! MySQL 5.7 and later, MariaDB 10.3 and later.
//!
//! A server of this family knows no application names. What is ours is known by other means, see [`mark`].

mod births;
mod compatible;
mod connect;
mod control;
mod detail;
mod dsn;
mod grants;
mod identity;
mod locks;
mod look;
mod mark;
mod monitor;
mod option_files;
mod replication;
mod rights;
mod row;
mod server;
mod sessions;
mod slow;
mod statement;
mod sweep;
mod tables;
mod trouble;

pub use control::Control;
pub use dsn::Dsn;
pub(super) use dsn::is_address;
pub use identity::identify;
pub use look::Looker;
pub use monitor::observe;
pub use statement::{mode, run_statements};
pub use sweep::{Tool, at_work, cancel_application, cancel_tool, tool_from_now, tool_sessions};
