//! The shipped runbooks, walked by the real program on real projects and a real server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod alembic;
mod flyway;
mod gradle;
mod prisma;
mod sqlx;
#[path = "../support/mod.rs"]
mod support;
