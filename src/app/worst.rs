//! What must not happen at the worst moment: nothing confirmed, started or counted that was not.

