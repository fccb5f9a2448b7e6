//! What engines may tell.
