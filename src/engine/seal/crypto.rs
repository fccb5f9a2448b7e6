//! Whether a signature is this key's over these bytes: the arithmetic alone, nothing about trust.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
    VerificationAlgorithm,
};

use crate::engine::seal::wire::{Reader, SshSignature};

/// What the arithmetic says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sum {
    /// The signature is this key's over these bytes.
    Right,
    /// It is not.
    Wrong,
    /// A kind of key that only OpenSSH itself can judge.
    Unknown,
}

/// Returns whether `signature` is its key's over `message`.
pub fn verify(signature: &SshSignature, message: &[u8]) -> Sum {
    let Some(covered) = signature.covered(message) else {
        return Sum::Wrong;
    };
    let right = match signature.key.kind.as_str() {
        "ssh-ed25519" => ed25519(signature, &covered),
        "ecdsa-sha2-nistp256" => ecdsa(signature, &covered, 32, &ECDSA_P256_SHA256_FIXED),
        "ecdsa-sha2-nistp384" => ecdsa(signature, &covered, 48, &ECDSA_P384_SHA384_FIXED),
        "ssh-rsa" => rsa(signature, &covered),
        _ => return Sum::Unknown,
    };
    if right.is_some() {
        Sum::Right
    } else {
        Sum::Wrong
    }
}

/// Reads the signature proper; its algorithm must be `kind`.
fn value<'a>(signature: &'a SshSignature, kind: &str) -> Option<&'a [u8]> {
    let mut reader = Reader::new(&signature.value);
    let named = reader.string()?;
    let value = reader.string()?;
    (named == kind.as_bytes() && reader.is_done()).then_some(value)
}

fn ed25519(signature: &SshSignature, covered: &[u8]) -> Option<()> {
    let mut key = Reader::new(&signature.key.blob);
    key.string()?;
    let point = key.string().filter(|_| key.is_done())?;
    let value = value(signature, "ssh-ed25519")?;
    UnparsedPublicKey::new(&ED25519, point)
        .verify(covered, value)
        .ok()
}

fn ecdsa(
    signature: &SshSignature,
    covered: &[u8],
    size: usize,
    algorithm: &'static dyn VerificationAlgorithm,
) -> Option<()> {
    let mut key = Reader::new(&signature.key.blob);
    let kind = std::str::from_utf8(key.string()?).ok()?;
    let curve = key.string()?;
    let point = key.string().filter(|_| key.is_done())?;
    if !kind.as_bytes().ends_with(curve) {
        return None;
    }
    let mut parts = Reader::new(value(signature, kind)?);
    let (r, s) = (parts.integer()?, parts.integer()?);
    if !parts.is_done() {
        return None;
    }
    let fixed = [padded(r, size)?, padded(s, size)?].concat();
    UnparsedPublicKey::new(algorithm, point)
        .verify(covered, &fixed)
        .ok()
}

fn rsa(signature: &SshSignature, covered: &[u8]) -> Option<()> {
    let mut key = Reader::new(&signature.key.blob);
    key.string()?;
    let (e, n) = (key.integer()?, key.integer()?);
    if !key.is_done() {
        return None;
    }
    let kinds: [(&str, &'static RsaParameters); 2] = [
        ("rsa-sha2-256", &RSA_PKCS1_2048_8192_SHA256),
        ("rsa-sha2-512", &RSA_PKCS1_2048_8192_SHA512),
    ];
    kinds.into_iter().find_map(|(kind, parameters)| {
        let value = padded(value(signature, kind)?, n.len())?;
        RsaPublicKeyComponents { n, e }
            .verify(parameters, covered, &value)
            .ok()
    })
}

fn padded(number: &[u8], size: usize) -> Option<Vec<u8>> {
    let missing = size.checked_sub(number.len())?;
    let mut whole = vec![0; missing];
    whole.extend(number);
    Some(whole)
}
