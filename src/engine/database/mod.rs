//! Database servers: connecting, sampling, acting on a session. One folder a server family.

pub mod postgres;
