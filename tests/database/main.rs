//! The database engine against real PostgreSQL servers.

mod blocking;
mod connecting;
mod control;
mod harness;
mod monitoring;
mod statements;
