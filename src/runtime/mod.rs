//! Who carries messages: the terminal, the loop, the effects.
