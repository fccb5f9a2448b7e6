//! Who carries messages: the terminal, the loop, the effects.

pub mod bookkeeper;
pub mod claim;
pub mod driver;
pub mod edited;
pub mod headless;
pub mod input;
pub mod notify;
pub mod opening;
pub mod perform;
pub mod rehearsed;
pub mod samples;
pub mod seal;
pub mod server;
pub mod steps;
pub mod suspension;
pub mod terminal;
pub mod witness;
