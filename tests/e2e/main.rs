//! The real program in a real pseudo-terminal.
#![allow(missing_docs, reason = "these are stories, not an interface")]

#[cfg(test)]
mod alarmed;
#[cfg(test)]
mod amended;
#[cfg(test)]
mod auto;
#[cfg(test)]
mod begun;
#[cfg(test)]
mod checks;
#[cfg(test)]
mod choices;
#[cfg(test)]
mod coming_back;
#[cfg(test)]
mod database;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod input;
#[cfg(test)]
mod later;
#[cfg(test)]
#[path = "../support/leftovers.rs"]
mod leftovers;
#[cfg(test)]
#[path = "../support/maria.rs"]
mod maria;
#[cfg(test)]
mod mysql;
#[cfg(test)]
mod panels;
#[cfg(test)]
mod person;
#[cfg(test)]
#[path = "../support/pty.rs"]
#[expect(dead_code, reason = "other stories use the rest of it")]
mod pty;
#[cfg(test)]
mod reviewed;
#[cfg(test)]
mod sealed;
#[cfg(test)]
mod server;
#[cfg(test)]
mod session;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod terminal;
