//! Making a key, and throw-away ones for the demo.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::domain::tame;
use crate::engine::seal::desk::Desk;
use crate::engine::seal::error::{SealError, io_at};
use crate::engine::seal::keys::{self, Key};

/// How a new key is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passphrase {
    /// `ssh-keygen` asks for one on the terminal.
    Asked,
    /// There is none.
    None,
}

/// Makes an Ed25519 key at `path`, which must not exist.
///
/// # Errors
/// There is one, `ssh-keygen` cannot be started or refuses, the disk refuses.
pub fn make(
    desk: &Desk,
    path: &Path,
    comment: &str,
    passphrase: Passphrase,
) -> Result<Key, SealError> {
    if path.exists() {
        return Err(SealError::BadKey {
            path: path.display().to_string(),
            why: "there is a key already: it is used as it is; move it away to make another"
                .to_owned(),
        });
    }
    if let Some(dir) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(io_at(dir))?;
    }
    let program = "ssh-keygen".to_owned();
    let mut command = desk.command(&program);
    command
        .args(["-q", "-t", "ed25519", "-C", comment, "-f"])
        .arg(path);
    match passphrase {
        Passphrase::Asked => command.stdin(Stdio::inherit()).stderr(Stdio::inherit()),
        Passphrase::None => command
            .args(["-N", ""])
            .stdin(Stdio::null())
            .stderr(Stdio::piped()),
    };
    let ended = command
        .stdout(Stdio::inherit())
        .spawn()
        .and_then(std::process::Child::wait_with_output);
    let ended = ended.map_err(|source| SealError::NoProgram {
        program: program.clone(),
        source,
    })?;
    if !ended.status.success() {
        let said = tame::line(ended.stderr.trim_ascii());
        return Err(SealError::Refused { program, said });
    }
    keys::find(desk, Some(&path.to_string_lossy()))
}

/// Returns the line of an `allowed_signers` file that lets `key` sign for `identity` in every role.
pub fn allowed_line(identity: &str, key: &Key) -> String {
    format!(
        "{identity} namespaces=\"role.*@holdpoint,checkpoint@holdpoint,addendum@holdpoint\" {}",
        key.public.line()
    )
}

/// A throw-away signer for the demo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoKey {
    /// The key, without a passphrase.
    pub key: Key,
    /// The list of signers that names it and nobody else.
    pub allowed_signers: PathBuf,
}

/// Makes a throw-away key and a list that trusts it for `identity`, both in `dir`, which is not the run's directory.
///
/// # Errors
/// `ssh-keygen` cannot be started or refuses, the disk refuses.
pub fn demo_key(desk: &Desk, dir: &Path, identity: &str) -> Result<DemoKey, SealError> {
    let key = make(
        desk,
        &dir.join("demo_key"),
        "holdpoint demo, throw-away",
        Passphrase::None,
    )?;
    let allowed_signers = dir.join("allowed_signers");
    let line = allowed_line(identity, &key);
    fs::write(
        &allowed_signers,
        format!("# The demo's own list: it trusts the throw-away key beside it.\n{line}\n"),
    )
    .map_err(io_at(&allowed_signers))?;
    Ok(DemoKey {
        key,
        allowed_signers,
    })
}
