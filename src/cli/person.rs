//! Who signs: the options that all signing commands share, and the question which key is meant.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use clap::Args;

use crate::cli::failure::{Failure, USAGE};
use crate::cli::log::failure;
use crate::cli::tell;
use crate::domain::tame;
use crate::engine::seal::{Desk, Key, SealError, Signer, find, remember};

/// Who signs.
#[derive(Debug, Clone, Args)]
pub struct PersonArgs {
    /// The SSH key to sign with: a file, or the fingerprint of one in the agent.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Your printed name; git's `user.name` by default.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Who you are in lists of signers; git's `user.email` by default.
    #[arg(long, value_name = "IDENTITY")]
    pub identity: Option<String>,
}

/// Returns who signs, and says so.
///
/// # Errors
/// There is no key, or several and nobody to ask.
pub fn signer(desk: &Desk, args: &PersonArgs) -> Result<Signer, Failure> {
    let signer = Signer {
        name: args.name.clone().unwrap_or_else(|| desk.name()),
        identity: args.identity.clone().unwrap_or_else(|| desk.identity()),
        key: key(desk, args.key.as_deref()).map_err(|e| refused(&e))?,
    };
    tell(&tame::line(format!(
        "{} <{}> signs with key {} ({})",
        signer.name,
        signer.identity,
        signer.key.fingerprint(),
        signer.key.source()
    )));
    if let Some(touch) = signer.key.touch() {
        tell(touch);
    }
    Ok(signer)
}

/// Returns the key to sign with. Among several, who sits at the terminal is asked once, and the answer is remembered.
///
/// # Errors
/// There is none, or several and nobody to ask.
pub fn key(desk: &Desk, wanted: Option<&str>) -> Result<Key, SealError> {
    match find(desk, wanted) {
        Err(SealError::SeveralKeys { keys }) if std::io::stdin().is_terminal() => {
            let Some(key) = choose(&keys) else {
                return Err(SealError::SeveralKeys { keys });
            };
            remember(desk, &key)?;
            Ok(key)
        }
        found => found,
    }
}

fn choose(keys: &[Key]) -> Option<Key> {
    let mut out = std::io::stderr();
    let _ = writeln!(out, "There are several SSH keys. Which one signs?");
    for (at, key) in keys.iter().enumerate() {
        let _ = writeln!(out, "  {}  {}", at + 1, tame::line(key.told()));
    }
    loop {
        let _ = write!(
            out,
            "1 to {} (the answer is remembered, --key overrides it): ",
            keys.len()
        );
        let _ = out.flush();
        let mut line = String::new();
        if !matches!(std::io::stdin().lock().read_line(&mut line), Ok(n) if n > 0) {
            return None;
        }
        let chosen = line
            .trim()
            .parse::<usize>()
            .ok()
            .and_then(|n| keys.get(n.checked_sub(1)?));
        if let Some(key) = chosen {
            return Some(key.clone());
        }
    }
}

/// What the caller can mend by calling otherwise is wrong usage.
pub fn refused(error: &SealError) -> Failure {
    let mut failure = failure(error);
    if matches!(
        error,
        SealError::UnknownRole { .. }
            | SealError::NotPermitted { .. }
            | SealError::SeveralKeys { .. }
            | SealError::Addendum(_)
    ) {
        failure.code = USAGE;
    }
    failure
}
