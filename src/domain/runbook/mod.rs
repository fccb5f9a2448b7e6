//! The plan.

pub mod model;
pub mod quote;
pub mod variables;
