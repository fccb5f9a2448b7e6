//! Secrets are blotted out of a stream before anything is stored or shown.
