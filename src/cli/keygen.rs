//! `holdpoint keygen`: makes a key to sign with, and says how others come to trust it.

use clap::Args;

use crate::cli::failure::Failure;
use crate::cli::log::failure;
use crate::cli::tell;
use crate::domain::tame;
use crate::engine::seal::{Desk, Passphrase, allowed_line, make, own};

/// `holdpoint keygen`
#[derive(Debug, Clone, Args)]
pub struct KeygenArgs {
    /// Who you are in lists of signers; git's `user.email` by default.
    #[arg(long, value_name = "IDENTITY")]
    pub identity: Option<String>,
    /// Make it without a passphrase: whoever can read the file can sign as you.
    #[arg(long)]
    pub no_passphrase: bool,
}

/// Makes an Ed25519 key in holdpoint's configuration directory; prints the line that trusts it.
///
/// # Errors
/// There is a key already, or `ssh-keygen` does not make one.
pub fn keygen(args: &KeygenArgs) -> Result<u8, Failure> {
    let desk = Desk::this();
    let identity = args.identity.clone().unwrap_or_else(|| desk.identity());
    let passphrase = if args.no_passphrase {
        Passphrase::None
    } else {
        Passphrase::Asked
    };
    let key = make(&desk, &own(&desk), &identity, passphrase).map_err(|e| failure(&e))?;
    tell(&format!(
        "made {} ({})",
        own(&desk).display(),
        key.fingerprint()
    ));
    tell("whoever verifies your signatures puts this line into their allowed_signers file:");
    tell(&tame::line(allowed_line(&identity, &key)));
    Ok(0)
}
