//! A fixture for every mistake: its place, what it points at, what is said, and the hint.

mod actions;
mod flow;
mod head;
mod keys;
mod names;
mod probes;
mod sql;
mod types;
mod using;
mod variables;
mod yaml;
