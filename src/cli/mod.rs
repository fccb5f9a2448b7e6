//! Who starts it, and how it ends.

pub mod check;
pub mod demo;
pub mod schema;
