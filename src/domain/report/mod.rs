//! The signed markdown log.
