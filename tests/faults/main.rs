//! Faults, really injected: what the database, a flood, a secret and a clock can do to a run.
//!
//! `HOLDPOINT_FAULTS=long cargo test --release --test faults -- --nocapture` does it with 5 GB of output and a line of
//! 1 GB; without it a short version runs.
#![allow(missing_docs, reason = "these are stories, not an interface")]
#![allow(clippy::print_stdout, reason = "what was seen is told")]

#[cfg(test)]
mod clocks;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod database;
#[cfg(test)]
mod flood;
#[cfg(test)]
#[path = "../support/leftovers.rs"]
mod leftovers;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod network;
#[cfg(test)]
mod parting;
#[cfg(test)]
#[path = "../support/pty.rs"]
#[expect(dead_code, reason = "other stories use the rest of it")]
mod pty;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod terminal;
