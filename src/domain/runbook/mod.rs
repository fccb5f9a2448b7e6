//! The plan.

pub mod model;
pub mod variables;
