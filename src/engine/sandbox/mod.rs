//! A throw-away database server for the demo and the tests.
//!
//! `find_server` looks for installed binaries, `fetch_server` brings a private copy, `Sandbox::start` runs one private
//! cluster in a temporary directory and takes all of it away when it is dropped, or when its owner dies.

mod account;
mod cluster;
mod fetch;
mod find;
mod host;
mod majors;
mod maria;
mod options;
mod packages;
pub mod shop;
mod stale;
mod standby;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;

use thiserror::Error;

pub use cluster::Sandbox;
pub use fetch::fetch_server;
pub use find::{ServerBinaries, find_server};
pub use majors::{PACKED, server_of};
pub use maria::{
    Brand, MYSQL_PACKED, MariaBinaries, MariaOptions, MariaSandbox, PackedMySql, find_maria,
    mysql_of,
};
pub use options::{Listen, Options};

/// Why there is no server.
#[derive(Debug, Error)]
pub enum SandboxError {
    /// No server binaries were found; fetching them may help.
    #[error(
        "no PostgreSQL server is installed here: install one (for example `apt-get install postgresql`), \
         or name its directory in HOLDPOINT_PG_BIN"
    )]
    NotInstalled,
    /// No MySQL or MariaDB was found.
    #[error(
        "no MariaDB or MySQL server is installed here: install one (for example `apt-get install mariadb-server`), \
         or name its directory in HOLDPOINT_MYSQL_BIN"
    )]
    NoMaria,
    /// A directory that was named holds no usable server.
    #[error("{dir} holds no usable server: {why}")]
    NotUsable {
        /// The directory.
        dir: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// No package client could bring a copy.
    #[error(
        "no copy of PostgreSQL could be brought: {why}; install one instead, for example `apt-get install postgresql`"
    )]
    NotFetched {
        /// What each client said.
        why: String,
    },
    /// No copy of MySQL could be brought.
    #[error(
        "no copy of MySQL {series} could be brought: {why}; or name the directory of one in HOLDPOINT_MYSQL_BIN"
    )]
    NoMySql {
        /// `8.0`
        series: &'static str,
        /// What stood in the way.
        why: String,
    },
    /// The server may not run as root and there is nobody else to run it as.
    #[error(
        "a database server must not run as root, and /etc/passwd names neither its own account nor `nobody`: start holdpoint as another user"
    )]
    NoAccount,
    /// A file or directory of the sandbox.
    #[error("{path}: {source}")]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A program of the server's could not be started.
    #[error("{program} does not start: {source}; may the account `{account}` read and run it?")]
    Program {
        /// Its path.
        program: PathBuf,
        /// The account it was to run as.
        account: String,
        /// What the system said.
        source: io::Error,
    },
    /// The cluster could not be made.
    #[error("the server's data directory could not be made: {said}")]
    Init {
        /// The end of what it printed.
        said: String,
    },
    /// The server ended or was not ready in time.
    #[error("the server did not come up ({why}); the end of its log: {log}")]
    NotReady {
        /// What happened.
        why: String,
        /// The end of its log.
        log: String,
    },
    /// A statement sent to prepare it.
    #[error("the sandbox's server refused a statement: {source}")]
    Statement {
        /// What the server said.
        source: sqlx::Error,
    },
}

impl SandboxError {
    /// Returns a mapper that adds the path to an input/output error.
    fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}

/// Finds a server, or fetches one without asking: for tests, where nobody is there to answer.
pub fn any_server() -> Result<ServerBinaries, SandboxError> {
    match find_server() {
        Err(SandboxError::NotInstalled) => fetch_server(&mut |_| {}),
        found => found,
    }
}
