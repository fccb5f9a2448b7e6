//! Checkpoints: a journal's head, signed while the run goes on.

use crate::domain::report::signoff;
use crate::domain::run::event::{Checkpoint, StepSigned};
use crate::engine::seal::desk::Desk;
use crate::engine::seal::error::SealError;
use crate::engine::seal::keys::Key;
use crate::engine::seal::sign::sign;

/// What checkpoints are signed for.
pub const NAMESPACE: &str = "checkpoint@holdpoint";

/// What a checkpoint is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Covered<'a> {
    /// The run.
    pub run: &'a str,
    /// The number of the last record.
    pub seq: u64,
    /// Its digest.
    pub head: &'a str,
}

/// Returns the text that is signed, and posted to witnesses: `holdpoint-head RUN SEQ HASH`.
pub fn text(covered: Covered) -> String {
    format!(
        "holdpoint-head {} {} {}\n",
        covered.run, covered.seq, covered.head
    )
}

/// Reads such a text.
pub fn read(text: &str) -> Option<Covered<'_>> {
    let mut words = text.strip_suffix('\n')?.split(' ');
    let covered = match (
        words.next()?,
        words.next()?,
        words.next()?.parse(),
        words.next()?,
    ) {
        ("holdpoint-head", run, Ok(seq), head) => Covered { run, seq, head },
        _ => return None,
    };
    words.next().is_none().then_some(covered)
}

/// Signs a journal's head. The terminal is inherited, as in [`sign`].
///
/// # Errors
/// The key does not sign.
pub fn checkpoint(
    desk: &Desk,
    key: &Key,
    identity: &str,
    reason: &str,
    covered: Covered,
) -> Result<Checkpoint, SealError> {
    let text = text(covered);
    let signature = sign(desk, NAMESPACE, key, text.as_bytes())?;
    Ok(Checkpoint {
        reason: reason.to_owned(),
        text,
        signature,
        identity: identity.to_owned(),
        step: None,
    })
}

/// Lets a role sign a journal's head in a step, in that role's namespace. The terminal is inherited, as in [`sign`].
///
/// # Errors
/// The key does not sign.
pub fn in_step(
    desk: &Desk,
    key: &Key,
    identity: &str,
    said: StepSigned,
    covered: Covered,
) -> Result<Checkpoint, SealError> {
    let text = text(covered) + &said.text(identity);
    let signature = sign(desk, &signoff::namespace(&said.role), key, text.as_bytes())?;
    Ok(Checkpoint {
        reason: format!("step {}", said.step),
        text,
        signature,
        identity: identity.to_owned(),
        step: Some(Box::new(said)),
    })
}

/// Returns what a checkpoint must be signed for.
pub fn namespace(point: &Checkpoint) -> String {
    match &point.step {
        Some(said) => signoff::namespace(&said.role),
        None => NAMESPACE.to_owned(),
    }
}

/// Reads what a checkpoint is over; `None` where its text does not say what its fields do.
pub fn covered(point: &Checkpoint) -> Option<Covered<'_>> {
    let Some(said) = &point.step else {
        return read(&point.text);
    };
    let (head, rest) = point.text.split_at(point.text.find('\n')? + 1);
    (rest == said.text(&point.identity)).then(|| read(head))?
}
