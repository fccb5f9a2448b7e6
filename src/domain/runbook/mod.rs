//! The plan.

pub mod model;
