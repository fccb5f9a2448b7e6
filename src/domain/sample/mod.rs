//! What a monitor saw, whatever the server.
