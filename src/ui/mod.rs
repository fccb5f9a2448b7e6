//! What is drawn. Reads the model; never changes it.
