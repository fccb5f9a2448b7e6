//! What the benchmarks share: a program in a terminal, a place to play, what it costs, and figures as text.

pub mod cost;
pub mod figures;
pub mod place;
pub mod terminal;

/// Whatever went wrong; a benchmark ends with it.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;
/// What a benchmark returns.
pub type Done<T = ()> = Result<T, Failed>;
