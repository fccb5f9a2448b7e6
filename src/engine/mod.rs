//! What touches the world. Engines speak `domain`, and know nothing of the screen.

pub mod attempt;
pub mod database;
pub mod sandbox;
pub mod seal;
