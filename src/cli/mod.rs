//! Who starts it, and how it ends.
