//! `holdpoint approve`: a reviewer signs a runbook, and every file that it names.

use std::path::PathBuf;

use clap::Args;

use crate::cli::failure::Failure;
use crate::cli::log::failure;
use crate::cli::person::{PersonArgs, signer};
use crate::cli::tell;
use crate::domain::digest::sha256_hex;
use crate::domain::run::review::ReviewFinding;
use crate::domain::tame;
use crate::engine::seal::{Desk, review};
use crate::runtime::{opening, seal};

/// `holdpoint approve`
#[derive(Debug, Clone, Args)]
pub struct ApproveArgs {
    /// The runbook that you have read and tested. Its signature goes beside it: `FILE.sig`.
    pub file: PathBuf,
    /// Who signs.
    #[command(flatten)]
    pub person: PersonArgs,
}

/// Signs the runbook; who must not change it afterwards is everybody.
///
/// # Errors
/// It is not valid, the key does not sign, the disk refuses.
pub fn approve(args: &ApproveArgs) -> Result<u8, Failure> {
    let source = opening::read(&args.file)?;
    let desk = Desk::this();
    let dir = source
        .path
        .parent()
        .map(ToOwned::to_owned)
        .unwrap_or_default();
    let mut files = vec![source.path.clone()];
    files.extend(source.files.keys().map(|name| dir.join(name)));
    let digest = sha256_hex(&source.bytes);
    tell(&tame::line(format!(
        "“{}”, {} steps, SHA-256 {digest}",
        source.book.title,
        source.book.steps.len()
    )));
    for name in source.files.keys() {
        tell(&tame::line(format!("with {name}")));
    }
    let signer = signer(&desk, &args.person)?;
    for path in review::approve(&desk, &signer.key, &files).map_err(|e| failure(&e))? {
        tell(&tame::line(format!("written: {}", path.display())));
    }
    let trust = std::env::var_os(seal::TRUST_ENV).map(Into::into);
    let found = opening::reviewed(&desk, &source, "", trust).review;
    if found.finding == ReviewFinding::Valid {
        tell(&tame::line(format!("{}; commit both", found.said())));
    } else {
        tell(&tame::line(format!(
            "not believed yet: {}. `holdpoint trust add {} KEY --reviewer` lets you review",
            found.said(),
            signer.identity
        )));
    }
    Ok(0)
}
