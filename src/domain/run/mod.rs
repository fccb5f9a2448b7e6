//! A run: its events, its state, and what may happen next.

pub mod amend;
pub mod assign;
pub mod cleaned;
pub mod decide;
pub mod event;
#[cfg(test)]
pub mod fixture;
pub mod later;
pub mod next;
pub mod review;
pub mod schedule;
pub mod shortened;
pub mod state;
pub mod values;
pub mod verdict;

#[cfg(test)]
mod honest;
#[cfg(test)]
mod tests;
