//! The plan.

pub mod canonical;
pub mod check;
pub mod fill;
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
pub(in crate::domain) mod yaml;

pub(in crate::domain) use read::slug;

#[cfg(test)]
mod tests;
