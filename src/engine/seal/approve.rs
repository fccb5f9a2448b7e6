//! Adding a signature to a log: what is stated and what is above it is signed, and nothing else is touched.

use chrono::Local;

use crate::domain::report::signoff::{self, Decision, Statement};
use crate::domain::report::time;
use crate::engine::seal::bundle::{Bundle, Closing};
use crate::engine::seal::desk::Desk;
use crate::engine::seal::error::SealError;
use crate::engine::seal::keys::Key;
use crate::engine::seal::sign::sign;

/// Who signs what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The role.
    pub role: String,
    /// The decision.
    pub decision: Decision,
    /// What is to be remarked; empty: nothing.
    pub remark: String,
    /// The signer's printed name.
    pub name: String,
    /// The signer's identity, as in the trust file.
    pub identity: String,
    /// The signer's key.
    pub key: Key,
}

/// Appends a signature block to the log of a closed run, which is written first where it is missing.
///
/// # Errors
/// The run is open, the log is not what the journal tells, the role is unknown, the key does not sign, the disk refuses.
pub fn append_signoff(
    desk: &Desk,
    bundle: &Bundle,
    approval: &Approval,
) -> Result<Statement, SealError> {
    let ending = bundle.ending()?;
    if ending.closed == Closing::Open {
        return Err(SealError::NotClosed);
    }
    let role = known_role(bundle, &approval.role)?;
    let log = bundle.write_log()?;
    let number = next_number(bundle, &log)?;
    let is_operator = ending.operator.as_deref() == Some(approval.identity.as_str());
    let statement = Statement {
        name: approval.name.clone(),
        identity: approval.identity.clone(),
        role,
        decision: approval.decision,
        remark: approval.remark.clone(),
        meaning: signoff::meaning(approval.decision, is_operator).to_owned(),
        signed_at: time::to_second(Local::now().fixed_offset()),
        key: approval.key.fingerprint(),
    };
    let covered = log.clone() + &statement.block(number);
    let namespace = signoff::namespace(&statement.role);
    let armour = sign(desk, &namespace, &approval.key, covered.as_bytes())?;
    let signed = covered + &armour + signoff::closing();
    let path = bundle.log.clone();
    if signoff::read(&signed).is_none_or(|l| l.blocks.len() != number || l.unsigned != 0) {
        let why = "name, identity and role must be plain words".to_owned();
        return Err(SealError::NotTheRecord { path, why });
    }
    if bundle.log()?.as_deref() != Some(log.as_str()) {
        return Err(SealError::Changed { path });
    }
    bundle.replace_log(&signed)?;
    Ok(statement)
}

/// Roles are those of the runbook, whose spelling is kept; a runbook that names none leaves them free.
fn known_role(bundle: &Bundle, wanted: &str) -> Result<String, SealError> {
    let roles = bundle.book()?.roles;
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
