//! Signatures by ssh keys: made by `ssh-keygen`, checked here.

mod approve;
mod bundle;
pub mod checkpoint;
mod crypto;
mod desk;
mod error;
mod keygen;
mod keys;
mod scratch;
mod sign;
mod stock;
mod trust;
pub mod verify;
mod wire;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tampering;
#[cfg(test)]
mod tests;

pub use approve::{Approval, append_signoff};
pub use bundle::{Bundle, Closing, Ending};
pub use desk::Desk;
pub use error::SealError;
pub use keygen::{DemoKey, Passphrase, allowed_line, demo_key, make};
pub use keys::{Key, Place, find, own};
pub use sign::sign;
