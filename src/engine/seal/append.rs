//! Adding a signature to a log: what is stated and what is above it is signed, and nothing else is touched.

use std::fs::{File, TryLockError};

use chrono::Local;

use crate::domain::report::signoff::{self, Addendum, Decision, Said, Statement};
use crate::domain::report::time;
use crate::engine::seal::bundle::{Bundle, Closing, Ending};
use crate::engine::seal::desk::Desk;
use crate::engine::seal::error::{SealError, io_at};
use crate::engine::seal::keys::Key;
use crate::engine::seal::sign::sign;

/// Who signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The printed name.
    pub name: String,
    /// The identity, as in the trust file.
    pub identity: String,
    /// The key.
    pub key: Key,
}

/// Who signs what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The role.
    pub role: String,
    /// The decision.
    pub decision: Decision,
    /// What is to be remarked; empty: nothing.
    pub remark: String,
    /// Who.
    pub signer: Signer,
}

/// Appends a signature block to the log of a closed run, which is written first where it is missing.
///
/// # Errors
/// The run is open, the log is not what the journal tells, the role is unknown, the key does not sign, somebody else
/// signs at the same time, the disk refuses.
pub fn append_signoff(
    desk: &Desk,
    bundle: &Bundle,
    approval: &Approval,
) -> Result<Statement, SealError> {
    let ending = closed(bundle)?;
    let book = bundle.book()?;
    let role = known_role(&book.roles, &approval.role)?;
    let signer = &approval.signer;
    let is_operator = ending.operator.as_deref() == Some(signer.identity.as_str());
    // What approving means stands in the reviewed runbook, so that nobody types their own liability.
    let meaning = match approval.decision {
        Decision::Approved | Decision::ApprovedWithRemarks => book.meanings.get(&role).cloned(),
        Decision::Rejected => None,
    };
    let usual = || signoff::meaning(approval.decision, is_operator).to_owned();
    let statement = Statement {
        name: signer.name.clone(),
        identity: signer.identity.clone(),
        role,
        decision: approval.decision,
        remark: approval.remark.clone(),
        meaning: meaning.unwrap_or_else(usual),
        signed_at: time::to_second(Local::now().fixed_offset()),
        key: signer.key.fingerprint(),
    };
    append(desk, bundle, &signer.key, &Said::SignOff(statement.clone()))?;
    Ok(statement)
}

/// Appends an addendum with this text to the log of a closed run: nothing above it is touched.
///
/// # Errors
/// As [`append_signoff`], or the text is empty or too long.
pub fn append_addendum(
    desk: &Desk,
    bundle: &Bundle,
    signer: &Signer,
    text: &[u8],
) -> Result<Addendum, SealError> {
    closed(bundle)?;
    let added = Addendum {
        name: signer.name.clone(),
        identity: signer.identity.clone(),
        text: signoff::addendum::text(text).map_err(SealError::Addendum)?,
        signed_at: time::to_second(Local::now().fixed_offset()),
        key: signer.key.fingerprint(),
    };
    append(desk, bundle, &signer.key, &Said::Addendum(added.clone()))?;
    Ok(added)
}

fn closed(bundle: &Bundle) -> Result<Ending, SealError> {
    let ending = bundle.ending()?;
    match ending.closed {
        Closing::Closed => Ok(ending),
        Closing::Open => Err(SealError::NotClosed),
    }
}

fn append(desk: &Desk, bundle: &Bundle, key: &Key, said: &Said) -> Result<(), SealError> {
    let _alone = alone(bundle)?;
    let log = bundle.write_log()?;
    let number = next_number(bundle, &log)?;
    let covered = log.clone() + &said.block(number);
    let armour = sign(desk, &said.namespace(), key, covered.as_bytes())?;
    let signed = covered + &armour + signoff::closing();
    let path = bundle.log.clone();
    let read = signoff::read(&signed);
    if read.is_none_or(|l| l.blocks.len() != number || l.unsigned != 0) {
        let why = "name, identity and role must be plain words".to_owned();
        return Err(SealError::NotTheRecord { path, why });
    }
    // Who does not take our lock (git, an editor, a copy) is still found out.
    if bundle.log()?.as_deref() != Some(log.as_str()) {
        return Err(SealError::Changed { path });
    }
    bundle.replace_log(&signed)
}

/// The right to append to a log. A child that is being started may hold a copy of the file: only unlocking gives it back.
struct Alone(File);

impl Drop for Alone {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// Sign-offs are serial: while one person's key is asked for, nobody else appends to the same log.
fn alone(bundle: &Bundle) -> Result<Alone, SealError> {
    let dir = File::open(&bundle.dir).map_err(io_at(&bundle.dir))?;
    match dir.try_lock() {
        Err(TryLockError::WouldBlock) => Err(SealError::Busy {
            path: bundle.log.clone(),
        }),
        // A file system without locks still has the look at the log before it is replaced.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Alone(dir)),
    }
}

/// Roles are those of the runbook, whose spelling is kept; a runbook that names none leaves them free.
fn known_role(roles: &[String], wanted: &str) -> Result<String, SealError> {
    let slug = signoff::slug(wanted);
    let found = roles
        .iter()
        .find(|r| !slug.is_empty() && signoff::slug(r) == slug);
    match found {
        Some(role) => Ok(role.clone()),
        None if roles.is_empty() && !slug.is_empty() => Ok(wanted.to_owned()),
        None => Err(SealError::UnknownRole {
            role: wanted.to_owned(),
            known: roles.join(", "),
        }),
    }
}

/// The record must be what the journal tells, and nothing may stand behind the last signature.
fn next_number(bundle: &Bundle, log: &str) -> Result<usize, SealError> {
    let bad = |why: &str| SealError::NotTheRecord {
        path: bundle.log.clone(),
        why: why.to_owned(),
    };
    let layout = signoff::read(log).ok_or_else(|| bad("it has no part for sign-offs"))?;
    if layout.unsigned > 0 {
        return Err(bad("there is text behind the last signature"));
    }
    if layout.record != bundle.tell()? {
        return Err(bad(
            "its text and the journal differ (`holdpoint verify` names the line)",
        ));
    }
    Ok(layout.blocks.len() + 1)
}
