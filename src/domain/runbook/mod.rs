//! The plan.

pub mod check;
#[rustfmt::skip]
mod keys;
pub mod model;
pub mod near;
pub mod parse;
pub mod problem;
mod read;
pub mod schema;
pub mod sql;
mod tree;
pub mod variables;

#[cfg(test)]
mod tests;
