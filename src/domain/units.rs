//! Durations, sizes and offsets, read and printed.
