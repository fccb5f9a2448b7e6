//! What every walk through a shipped runbook needs: a server, a place for the run, people with keys, a terminal.

pub mod person;
pub mod pty;
pub mod sessions;
pub mod signers;
pub mod story;
