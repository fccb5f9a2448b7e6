//! Who carries messages: the terminal, the loop, the effects.

pub mod bookkeeper;
pub mod driver;
pub mod headless;
pub mod input;
pub mod perform;
pub mod server;
pub mod steps;
pub mod terminal;
