//! Why something could not be signed, or a record not be read.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::domain::report::ReportError;
use crate::domain::tame;
use crate::engine::seal::keys::Key;

/// Why something could not be signed.
#[derive(Debug, Error)]
pub enum SealError {
    /// The list of signers does not let them.
    #[error(
        "{list} does not let {identity} sign as that: {why}. The record would fail for everybody who goes by that list"
    )]
    NotPermitted {
        /// Who would sign.
        identity: String,
        /// Where the list lies.
        list: String,
        /// What it says.
        why: String,
    },
    /// There is no key.
    #[error(
        "there is no SSH key to sign with: `holdpoint keygen` makes one, or name one with --key; \
         a run may also be signed later with `holdpoint sign`"
    )]
    NoKey,
    /// There are several.
    #[error("there are several SSH keys, name one with --key:\n  {}", list(.keys))]
    SeveralKeys {
        /// All of them.
        keys: Vec<Key>,
    },
    /// A key cannot be read.
    #[error("{path} is no SSH key that can be used: {why}")]
    BadKey {
        /// Which.
        path: String,
        /// Why.
        why: String,
    },
    /// A program could not be started.
    #[error("`{program}` could not be started ({source}): install OpenSSH's client programs")]
    NoProgram {
        /// Which.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// It refused.
    #[error("`{program}` did not sign: {said}")]
    Refused {
        /// Which.
        program: String,
        /// What it said.
        said: String,
    },
    /// What came back is no signature of this key over these bytes.
    #[error("the signature that came back cannot be used: {0}")]
    BadSignature(String),
    /// There is no signature to take out.
    #[error("nobody has signed this log yet: `holdpoint sign` does")]
    Unsigned,
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The runbook of the run cannot be read.
    #[error("the run's runbook cannot be read: {0}")]
    Runbook(String),
    /// The journal cannot be told.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The log is not what the journal tells.
    #[error("{path} is not what the journal tells, so it is not signed: {why}")]
    NotTheRecord {
        /// The log.
        path: PathBuf,
        /// What differs.
        why: String,
    },
    /// The run goes on.
    #[error("the run is not closed: end it first (`holdpoint resume`), its record still grows")]
    NotClosed,
    /// The role is none of the runbook's.
    #[error("`{role}` is no role of this run: it asks for {known}")]
    UnknownRole {
        /// What was said.
        role: String,
        /// What the runbook names.
        known: String,
    },
    /// The text of an addendum cannot be taken.
    #[error("{0}")]
    Addendum(String),
    /// Somebody signs the same log at this moment.
    #[error(
        "{path} is being signed by somebody else at this moment: wait for them, then sign again"
    )]
    Busy {
        /// The log.
        path: PathBuf,
    },
    /// The log is behind the copy that was pushed.
    #[error(
        "{path} is behind its upstream by {commits} commit(s): `git pull` first, sign-offs are serial"
    )]
    Behind {
        /// The log.
        path: PathBuf,
        /// How many commits touch it upstream that are not here.
        commits: String,
    },
    /// The log changed while it was being signed.
    #[error("{path} was changed while it was being signed: sign again, over what it holds now")]
    Changed {
        /// The log.
        path: PathBuf,
    },
}

fn list(keys: &[Key]) -> String {
    let told: Vec<String> = keys.iter().map(|k| tame::line(k.told())).collect();
    told.join("\n  ")
}

/// Returns a function that says which file an error is about.
pub fn io_at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> SealError {
    let path = path.into();
    move |source| SealError::Io { path, source }
}
