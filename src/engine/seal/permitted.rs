//! Whether a signature would count, asked before it is given: one that the list does not allow can never be taken back.

use std::fs;
use std::path::Path;

use chrono::Utc;

use crate::engine::seal::error::SealError;
use crate::engine::seal::keys::Key;
use crate::engine::seal::trust::{Trust, Word};

/// Says whether `list` lets `identity` sign with `key` in `namespace` now; without a list nobody knows, and anybody may.
///
/// Lists with certificate authorities are not asked: what a certificate allows is told by its verifier.
///
/// # Errors
/// It does not, and why.
pub fn permitted(
    list: Option<&Path>,
    key: &Key,
    identity: &str,
    namespace: &str,
) -> Result<(), SealError> {
    let Some(list) = list else { return Ok(()) };
    let Ok(text) = fs::read_to_string(list) else {
        return Ok(());
    };
    let trust = Trust::read(&text);
    if trust.has_authorities() || key.public.is_certificate() {
        return Ok(());
    }
    match trust.judge(&key.public, identity, namespace, Utc::now()) {
        Word::Allowed => Ok(()),
        Word::Refused(why) => Err(SealError::NotPermitted {
            identity: identity.to_owned(),
            list: list.display().to_string(),
            why,
        }),
    }
}
