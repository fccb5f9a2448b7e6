//! What every walk through a shipped runbook needs: a server, a place for the run, people with keys, a terminal.

mod dialogs;
mod leftovers;
pub mod person;
#[expect(dead_code, reason = "other stories use the rest of it")]
mod pty;
mod sessions;
mod signers;
mod storm;
pub mod story;
