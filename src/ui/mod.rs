//! What is drawn. Reads the model; never changes it.

mod alarms;
mod call;
mod checklist;
mod dialog;
mod gauge;
mod glyphs;
mod header;
mod help;
mod markdown;
mod monitor;
mod output;
mod pane;
mod screen;
mod start;
mod status;
mod step;
mod table;
mod text;
pub mod theme;

pub use screen::{view, view_measured};
pub use start::view_start;
