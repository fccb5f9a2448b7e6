//! The database engine against a real MariaDB, or a MySQL where `HOLDPOINT_MYSQL_BIN` leads to one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may fail them"
)]

#[cfg(test)]
mod blocking;
#[cfg(test)]
mod connecting;
#[cfg(test)]
mod control;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod monitoring;
#[cfg(test)]
mod quoting;
mod ready;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod statements;
#[cfg(test)]
#[path = "../support/watcher.rs"]
mod watcher;
