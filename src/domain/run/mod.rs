//! A run: its events, its state, and what may happen next.

pub mod event;
