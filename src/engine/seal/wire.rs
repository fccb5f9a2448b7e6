//! OpenSSH's binary formats: public keys and signatures (`PROTOCOL.sshsig`), and their armour.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ring::digest::{SHA256, SHA512, digest};

use crate::domain::report::signoff::{BEGIN, END};

/// Characters of an armoured line.
const WIDTH: usize = 70;

/// Reads length-prefixed values from a blob.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Returns a reader of `blob`.
    pub fn new(blob: &'a [u8]) -> Self {
        Self(blob)
    }

    /// Returns the next string; `None` where there is none.
    pub fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    /// Returns the next number.
    pub fn number(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    /// Returns the next positive integer, without leading zeros.
    pub fn integer(&mut self) -> Option<&'a [u8]> {
        let bytes = self.string()?;
        let zeros = bytes.iter().take_while(|b| **b == 0).count();
        Some(&bytes[zeros..])
    }

    /// Returns the next byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// Whether nothing is left.
    pub fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

fn put(blob: &mut Vec<u8>, value: &[u8]) {
    let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
    blob.extend(length.to_be_bytes());
    blob.extend(value);
}

/// A public key as it stands on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// Its type: `ssh-ed25519`.
    pub kind: String,
    /// The whole blob.
    pub blob: Vec<u8>,
}

impl PublicKey {
    /// Reads a blob.
    pub fn from_blob(blob: &[u8]) -> Option<Self> {
        let kind = std::str::from_utf8(Reader::new(blob).string()?)
            .ok()?
            .to_owned();
        let blob = blob.to_vec();
        Some(Self { kind, blob })
    }

    /// Reads `ssh-ed25519 AAAA… comment`; returns the comment too.
    pub fn from_line(line: &str) -> Option<(Self, String)> {
        let mut words = line.split_whitespace();
        let (kind, body) = (words.next()?, words.next()?);
        let key = Self::from_blob(&STANDARD.decode(body).ok()?)?;
        (key.kind == kind).then(|| (key, words.collect::<Vec<_>>().join(" ")))
    }

    /// Returns `ssh-ed25519 AAAA…`.
    pub fn line(&self) -> String {
        format!("{} {}", self.kind, STANDARD.encode(&self.blob))
    }

    /// Whether it is a certificate: then only OpenSSH itself judges it.
    pub fn is_certificate(&self) -> bool {
        self.kind.contains("-cert-v")
    }

    /// Returns `SHA256:…`. A certificate's blob is taken whole, other than OpenSSH does.
    pub fn fingerprint(&self) -> String {
        format!(
            "SHA256:{}",
            STANDARD_NO_PAD.encode(digest(&SHA256, &self.blob))
        )
    }
}

/// A signature over bytes in a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshSignature {
    /// Whose.
    pub key: PublicKey,
    /// What for.
    pub namespace: String,
    /// `sha256` or `sha512`.
    pub hash: String,
    /// The signature proper: its algorithm, and the value.
    pub value: Vec<u8>,
}

impl SshSignature {
    /// Reads an armoured signature; `None` where it is not exactly as it would be written.
    pub fn from_armour(armour: &str) -> Option<Self> {
        let body = armour.strip_prefix(BEGIN)?.strip_prefix('\n')?;
        let body = body.strip_suffix(&format!("{END}\n"))?;
        let text: String = body.split('\n').collect();
        let blob = STANDARD.decode(text).ok()?;
        let read = Self::from_blob(&blob)?;
        (read.armour() == armour).then_some(read)
    }

    /// Reads a signature as other programs armour it: lines of any length, CRLF.
    pub fn from_foreign_armour(armour: &str) -> Option<Self> {
        let body = armour.trim().strip_prefix(BEGIN)?.strip_suffix(END)?;
        let text: String = body.split_ascii_whitespace().collect();
        Self::from_blob(&STANDARD.decode(text).ok()?)
    }

    fn from_blob(blob: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(blob.strip_prefix(b"SSHSIG")?);
        let version = reader.number()?;
        let key = PublicKey::from_blob(reader.string()?)?;
        let mut text = || Some(std::str::from_utf8(reader.string()?).ok()?.to_owned());
        let (namespace, reserved, hash) = (text()?, text()?, text()?);
        let value = reader.string()?.to_vec();
        let known = version == 1 && reserved.is_empty() && !namespace.is_empty();
        (known && reader.is_done()).then_some(Self {
            key,
            namespace,
            hash,
            value,
        })
    }

    /// Returns the armoured signature, line end included.
    pub fn armour(&self) -> String {
        let mut blob = b"SSHSIG\0\0\0\x01".to_vec();
        put(&mut blob, &self.key.blob);
        put(&mut blob, self.namespace.as_bytes());
        put(&mut blob, b"");
        put(&mut blob, self.hash.as_bytes());
        put(&mut blob, &self.value);
        let text = STANDARD.encode(blob);
        let mut armour = format!("{BEGIN}\n");
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.len().min(WIDTH));
            armour.push_str(line);
            armour.push('\n');
            rest = after;
        }
        armour + END + "\n"
    }

    /// Returns the bytes that the signature proper is over; `None`: an unknown hash.
    pub fn covered(&self, message: &[u8]) -> Option<Vec<u8>> {
        let hash = match self.hash.as_str() {
            "sha256" => digest(&SHA256, message),
            "sha512" => digest(&SHA512, message),
            _ => return None,
        };
        let mut covered = b"SSHSIG".to_vec();
        put(&mut covered, self.namespace.as_bytes());
        put(&mut covered, b"");
        put(&mut covered, self.hash.as_bytes());
        put(&mut covered, hash.as_ref());
        Some(covered)
    }
}
