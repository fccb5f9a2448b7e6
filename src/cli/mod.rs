//! Who starts it, and how it ends.

pub mod demo;
