//! The engines against the real world: shells, files, processes, servers.

mod attempt;
mod attempt_http;
mod attempt_sql;
mod attempt_stop;
mod workshop;
