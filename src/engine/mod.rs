//! What touches the world. Engines speak `domain`, and know nothing of the screen.

pub mod attempt;
pub mod clock;
pub mod database;
pub mod driving;
pub mod machine;
pub mod project;
pub mod questions;
pub mod rundir;
pub mod samples;
pub mod sandbox;
pub mod seal;
pub mod store;
pub mod timer;
pub mod witness;
