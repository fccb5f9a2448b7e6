//! Signatures by ssh keys: made by `ssh-keygen`, checked here.

mod append;
mod audit;
mod bundle;
pub mod checkpoint;
mod crypto;
mod desk;
mod detached;
mod error;
mod keygen;
mod keys;
mod later;
mod permitted;
pub mod review;
mod scratch;
mod serial;
mod sign;
mod stock;
pub mod trust;
pub mod verify;
mod wire;

#[cfg(test)]
mod cases;
#[cfg(test)]
mod differential;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod reviewing;
#[cfg(test)]
mod signing;
#[cfg(test)]
mod tampering;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod witnessed;

pub use append::{Approval, Signer, append_addendum, append_signoff};
pub use audit::gather;
pub use bundle::{Bundle, Closing, Ending};
pub use desk::Desk;
pub use detached::detach;
pub use error::SealError;
pub use keygen::{DemoKey, Passphrase, allowed_line, demo_key, make};
pub use keys::{Key, Place, find, own, remember};
pub use later::{Later, append_later, signed_until};
pub use permitted::permitted;
pub use review::NAMESPACE as REVIEW;
pub use scratch::Scratch;
pub use serial::serial;
pub use sign::sign;
pub use wire::PublicKey;
