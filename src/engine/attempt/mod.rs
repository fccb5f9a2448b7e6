//! One attempt at one step, in a process of its own.
