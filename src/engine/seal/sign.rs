//! Signing by `ssh-keygen`: the key may be in a file, an agent, or a token that wants to be touched.

use std::fs;
use std::io::{IsTerminal as _, stderr};
use std::process::Stdio;

use crate::domain::tame;
use crate::engine::seal::crypto::{self, Sum};
use crate::engine::seal::desk::Desk;
use crate::engine::seal::error::{SealError, io_at};
use crate::engine::seal::keys::{Key, Place};
use crate::engine::seal::scratch::Scratch;
use crate::engine::seal::stock;
use crate::engine::seal::wire::SshSignature;

/// Signs `bytes` in `namespace`; returns the armoured signature, checked, line end included.
///
/// The terminal is inherited: a passphrase, a PIN or a touch may be asked for, so no screen may be drawn meanwhile.
///
/// # Errors
/// `ssh-keygen` cannot be started, refuses, or signs with another key than asked.
pub fn sign(desk: &Desk, namespace: &str, key: &Key, bytes: &[u8]) -> Result<String, SealError> {
    let scratch = Scratch::new()?;
    let message = scratch.write("record", bytes)?;
    let key_file = match &key.place {
        Place::File(path) => path.clone(),
        Place::Agent => scratch.write("key.pub", format!("{}\n", key.public.line()).as_bytes())?,
    };
    let program = desk.ssh_keygen();
    let seen = stderr().is_terminal();
    let mut command = desk.command(&program);
    if program == "ssh-keygen" {
        // Other programs that git may name need not know it.
        command.arg("-q");
    }
    command
        .args(["-Y", "sign", "-n", namespace, "-f"])
        .arg(&key_file)
        .arg(&message);
    command.stdout(Stdio::null());
    command.stderr(if seen {
        Stdio::inherit()
    } else {
        Stdio::piped()
    });
    let ended = command
        .spawn()
        .and_then(std::process::Child::wait_with_output)
        .map_err(|source| SealError::NoProgram {
            program: program.clone(),
            source,
        })?;
    if !ended.status.success() {
        let said = if seen {
            "it said why above".to_owned()
        } else {
            tame::line(ended.stderr.trim_ascii())
        };
        return Err(SealError::Refused { program, said });
    }
    let path = scratch.path().join("record.sig");
    let armour = fs::read_to_string(&path).map_err(io_at(&path))?;
    checked(desk, namespace, key, bytes, &armour)
}

/// What comes back is not taken on trust: it must be this key's signature over these bytes.
fn checked(
    desk: &Desk,
    namespace: &str,
    key: &Key,
    bytes: &[u8],
    armour: &str,
) -> Result<String, SealError> {
    let bad = |why: &str| SealError::BadSignature(why.to_owned());
    let signature = SshSignature::from_foreign_armour(armour)
        .ok_or_else(|| bad("it is not of a form that is known here"))?;
    if signature.namespace != namespace {
        return Err(bad("it is for another purpose"));
    }
    if signature.key != key.public {
        return Err(bad("it was made with another key"));
    }
    let armour = signature.armour();
    match crypto::verify(&signature, bytes) {
        Sum::Right => Ok(armour),
        Sum::Wrong => Err(bad("it does not fit what was to be signed")),
        Sum::Unknown if stock::check(desk, &signature, bytes)? => Ok(armour),
        Sum::Unknown => Err(bad("OpenSSH does not accept it")),
    }
}
