//! What only OpenSSH itself can judge: certificates, P-521, tokens, revocation lists.

use std::fs::File;
use std::path::Path;
use std::process::{Output, Stdio};

use chrono::{DateTime, Utc};

use crate::domain::tame;
use crate::engine::seal::desk::Desk;
use crate::engine::seal::error::{SealError, io_at};
use crate::engine::seal::scratch::Scratch;
use crate::engine::seal::wire::{PublicKey, SshSignature};

/// Returns whether a signature fits its key and these bytes; says nothing about trust.
///
/// # Errors
/// `ssh-keygen` cannot be started.
pub fn check(desk: &Desk, signature: &SshSignature, message: &[u8]) -> Result<bool, SealError> {
    let args = ["-Y", "check-novalidate", "-n", &signature.namespace];
    run(desk, &args, signature, message).map(|ended| ended.status.success())
}

/// Returns what OpenSSH says against `signature` as that of `identity` at `time`; `None`: nothing.
///
/// # Errors
/// `ssh-keygen` cannot be started.
pub fn verify(
    desk: &Desk,
    trust: &Path,
    identity: &str,
    time: DateTime<Utc>,
    signature: &SshSignature,
    message: &[u8],
) -> Result<Option<String>, SealError> {
    let trust = trust.to_string_lossy();
    let time = format!("-Overify-time={}", time.format("%Y%m%d%H%M%SZ"));
    let args = [
        "-Y",
        "verify",
        "-f",
        &trust,
        "-I",
        identity,
        "-n",
        &signature.namespace,
        &time,
    ];
    let ended = run(desk, &args, signature, message)?;
    Ok((!ended.status.success()).then(|| tame::line(ended.stderr.trim_ascii())))
}

/// Returns whose key made `signature` by the list at `trust`, at `time`; the first where it names several.
pub fn whose(
    desk: &Desk,
    trust: &Path,
    time: DateTime<Utc>,
    signature: &SshSignature,
) -> Option<String> {
    let trust = trust.to_string_lossy();
    let time = format!("-Overify-time={}", time.format("%Y%m%d%H%M%SZ"));
    let args = ["-Y", "find-principals", "-f", &trust, &time];
    let ended = run(desk, &args, signature, b"").ok()?;
    let said = String::from_utf8(ended.stdout).ok()?;
    let first = said.lines().next().map(str::trim).filter(|l| !l.is_empty());
    first.filter(|_| ended.status.success()).map(str::to_owned)
}

fn run(
    desk: &Desk,
    args: &[&str],
    signature: &SshSignature,
    message: &[u8],
) -> Result<Output, SealError> {
    let scratch = Scratch::new()?;
    let armour = scratch.write("record.sig", signature.armour().as_bytes())?;
    let message = scratch.write("record", message)?;
    let input = File::open(&message).map_err(io_at(&message))?;
    let program = "ssh-keygen".to_owned();
    let asked = desk
        .command(&program)
        .args(args)
        .arg("-s")
        .arg(&armour)
        .stdin(input)
        .output();
    asked.map_err(|source| SealError::NoProgram { program, source })
}

/// Returns whether a key stands in a revocation list that OpenSSH wrote (`ssh-keygen -k`).
///
/// # Errors
/// `ssh-keygen` cannot be started.
pub fn is_revoked(desk: &Desk, list: &Path, key: &PublicKey) -> Result<bool, SealError> {
    let scratch = Scratch::new()?;
    let file = scratch.write("key.pub", format!("{}\n", key.line()).as_bytes())?;
    let program = "ssh-keygen".to_owned();
    let asked = desk
        .command(&program)
        .arg("-Q")
        .arg("-f")
        .arg(list)
        .arg(&file)
        .stdin(Stdio::null())
        .output();
    let ended = asked.map_err(|source| SealError::NoProgram { program, source })?;
    // Anything but a clear "ok" (a list that cannot be read, too) counts as revoked: never the other way round.
    Ok(!ended.status.success())
}
