//! The database engine against real servers: the MariaDB that is installed (or the server to which `HOLDPOINT_MYSQL_BIN`
//! leads), MySQL 8.0 as Ubuntu packs it and MySQL 9 as Debian's unstable distribution does, each fetched once and not
//! installed. What the panels show on each to each kind of user stands in `panels.md`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may fail them"
)]

#[cfg(test)]
mod backups;
#[cfg(test)]
mod blocking;
#[cfg(test)]
mod connecting;
#[cfg(test)]
mod control;
#[cfg(test)]
mod harness;
#[cfg(test)]
#[path = "../support/maria.rs"]
mod maria;
#[cfg(test)]
mod monitoring;
#[cfg(test)]
mod panels;
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
