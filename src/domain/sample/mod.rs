//! What a monitor saw, whatever the server.

pub mod alarm;
pub mod blocking;
pub mod detail;
pub mod extra;
pub mod headline;
pub mod history;
pub mod horizon;
pub mod identity;
pub mod machine;
pub mod metric;
pub mod model;
pub mod news;
pub mod own;
pub mod rates;
pub mod rule;
pub mod server;
pub mod timeline;
pub mod track;
mod weave;
pub mod words;

pub use model::Sample;
pub use news::MonitorNews;
