//! What a migration tool's history table says, held against the files: applied, pending, failed, changed, out of order.
//!
//! The tools' own words are not asked: several of them end with 0 although a migration failed or was edited.

mod checksum;
mod graph;
mod scripts;
mod status;
mod tool;

pub use scripts::{File, Script, scripts};
pub use status::{Wanted, status};
pub use tool::Tool;
