//! One attempt at one step, in a process of its own that outlives the screen.
//!
//! The attempt's directory is the only tongue between the two: `action.json` (what is to be done), `lock` (held by the
//! supervisor as long as it lives; says who it is before any work begins), `cancel` (somebody wants it stopped) and
//! `exit.json` (how it ended, written once, atomically). Output lies in `output/NAME.txt`.

mod conclusion;
mod ending;
mod error;
mod files;
mod gate;
mod http;
mod job;
mod keep;
mod launch;
mod learning;
mod mask;
mod orders;
mod output;
mod process;
mod ready;
mod report;
mod secrets;
mod shell;
mod sql;
mod state;
mod supervisor;
mod sweep;
mod tail;
mod tries;
mod verdict;
mod words;

pub use error::AttemptError;
pub use gate::{GATE, begin};
pub use launch::{
    Asked, SUBCOMMAND, cancel, launch, launch_interactive, launch_interactive_with, launch_with,
};
pub use secrets::of_environment;
pub use state::{AttemptState, ended, state};
pub use supervisor::supervise;
pub use tail::{Chunk, Tail};
