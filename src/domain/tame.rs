//! Untrusted text made harmless for a terminal and for markdown.
