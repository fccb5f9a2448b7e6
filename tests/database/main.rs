//! The database engine against real PostgreSQL servers.

#[cfg(test)]
mod activity;
#[cfg(test)]
mod blocking;
#[cfg(test)]
mod connecting;
#[cfg(test)]
mod control;
#[cfg(test)]
mod extras;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod monitoring;
#[cfg(test)]
mod panels;
#[cfg(test)]
mod pooler;
#[cfg(test)]
mod ready;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod versions;
#[cfg(test)]
#[path = "../support/watcher.rs"]
mod watcher;
