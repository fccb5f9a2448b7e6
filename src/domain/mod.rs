//! What is true. No clock, no files, no network, no screen.

pub mod attempt;
pub mod audit;
pub mod difference;
pub mod digest;
pub mod expect;
pub mod import;
pub mod journal;
pub mod migrations;
pub mod project;
pub mod ready;
pub mod redact;
pub mod report;
pub mod run;
pub mod runbook;
pub mod sample;
pub mod signal;
pub mod statements;
pub mod tame;
pub mod units;
