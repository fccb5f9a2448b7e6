//! What is weak in a list of signers.

use chrono::{DateTime, Utc};

use crate::engine::seal::trust::{Part, Signer, Trust, matches_list};
use crate::engine::seal::wire::{PublicKey, Reader};

/// RSA keys with fewer bits are weak.
const RSA_BITS: usize = 3072;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Worth knowing.
    Note,
    /// It lets somebody sign who should not, or somebody not who should.
    Weak,
}

/// Something about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The line's number, counted from one.
    pub line: usize,
    /// How bad.
    pub grade: Grade,
    /// What, and what to do.
    pub text: String,
}

/// Returns what is weak in the list that `text` holds, at `now`.
pub fn lint(text: &str, now: DateTime<Utc>) -> Vec<Remark> {
    let trust = Trust::read(text);
    let mut remarks: Vec<Remark> = trust
        .unreadable
        .iter()
        .map(|line| weak(*line, "it cannot be read, so it trusts nobody: write `identity options key`, as `holdpoint trust add` does"))
        .collect();
    let lines: Vec<&str> = text.lines().collect();
    for (at, signer) in trust.signers.iter().enumerate() {
        remarks.extend(principals(signer));
        remarks.extend(namespaces(signer));
        remarks.extend(strength(signer));
        remarks.extend(times(
            signer,
            lines.get(signer.line - 1).copied().unwrap_or_default(),
            now,
        ));
        remarks.extend(shared(signer, &trust.signers[..at]));
    }
    remarks.sort_by_key(|r| r.line);
    remarks
}

fn weak(line: usize, text: impl Into<String>) -> Remark {
    let text = text.into();
    Remark {
        line,
        grade: Grade::Weak,
        text,
    }
}

fn note(line: usize, text: impl Into<String>) -> Remark {
    let text = text.into();
    Remark {
        line,
        grade: Grade::Note,
        text,
    }
}

fn principals(signer: &Signer) -> Option<Remark> {
    if matches_list(&signer.principals, "anybody") && matches_list(&signer.principals, "any@body") {
        return Some(weak(
            signer.line,
            format!(
                "`{}` is everybody: whoever has this key signs under any name; name the person",
                signer.principals
            ),
        ));
    }
    let wild = signer.principals.contains(['*', '?']);
    (wild && signer.part == Part::Signs).then(|| {
        weak(signer.line, format!(
            "`{}` lets one key sign under several names; name the person (patterns are for `cert-authority`)",
            signer.principals
        ))
    })
}

fn namespaces(signer: &Signer) -> Option<Remark> {
    match &signer.namespaces {
        None => Some(weak(
            signer.line,
            format!(
                "no `namespaces`: {} may sign as every role, review runbooks, and sign anything else; give the roles",
                signer.principals
            ),
        )),
        Some(list)
            if matches_list(list, "role.anything@holdpoint") && signer.part == Part::Signs =>
        {
            let also = if matches_list(list, "anything@else") {
                " and for anything else"
            } else {
                ""
            };
            Some(weak(
                signer.line,
                format!(
                    "{} may sign as every role{also}: name the roles",
                    signer.principals
                ),
            ))
        }
        Some(_) => None,
    }
}

fn strength(signer: &Signer) -> Option<Remark> {
    match signer.key.kind.as_str() {
        "ssh-dss" => Some(weak(
            signer.line,
            "a DSA key: OpenSSH does not take it any more; end the line and add an Ed25519 key",
        )),
        "ssh-rsa" => {
            let bits = rsa_bits(&signer.key)?;
            (bits < RSA_BITS).then(|| weak(signer.line, format!("an RSA key of {bits} bits: {RSA_BITS} is the least; end the line and add another key")))
        }
        _ => None,
    }
}

fn rsa_bits(key: &PublicKey) -> Option<usize> {
    let mut reader = Reader::new(&key.blob);
    reader.string()?;
    reader.integer()?;
    let modulus = reader.integer()?;
    let first = modulus.first()?;
    Some(modulus.len() * 8 - usize::try_from(first.leading_zeros()).ok()?)
}

fn times(signer: &Signer, line: &str, now: DateTime<Utc>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    match (signer.after, signer.before) {
        (Some(after), Some(before)) if after >= before => {
            remarks.push(weak(
                signer.line,
                "it never holds: `valid-after` is not before `valid-before`",
            ));
        }
        (_, Some(before)) if before <= now => remarks.push(note(
            signer.line,
            format!(
                "{} ended {}: the line stays, for what was signed before",
                signer.principals,
                before.format("%Y-%m-%d")
            ),
        )),
        _ => {}
    }
    let local = ["valid-after=\"", "valid-before=\""].iter().any(|option| {
        let value = line
            .split_once(option)
            .and_then(|(_, rest)| rest.split_once('"'));
        value.is_some_and(|(time, _)| !time.ends_with(['Z', 'z']))
    });
    if local {
        remarks.push(note(signer.line, "a time without `Z` is local time, another one wherever it is read: end it with `Z` (OpenSSH 9.1)"));
    }
    remarks
}

/// One key is one person's: two names behind it are not four eyes.
fn shared(signer: &Signer, before: &[Signer]) -> Option<Remark> {
    let other = before
        .iter()
        .find(|s| s.key == signer.key && s.principals != signer.principals)?;
    Some(weak(
        signer.line,
        format!(
            "the key of line {} under another name ({} and {}): who signed cannot be told",
            other.line, other.principals, signer.principals
        ),
    ))
}
