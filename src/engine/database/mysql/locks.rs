//! Who waits for whom: metadata locks, user locks and locks on rows.

pub(super) mod metadata;
pub(super) mod rows;

use std::collections::BTreeMap;

use crate::domain::sample::model::{Blocker, LockWait};

/// One who waits, and what for.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Waiting {
    pub lock: LockWait,
    pub hard: Vec<Blocker>,
    /// Served before it, and not holding the lock.
    pub soft: Vec<i32>,
    /// Where it is not proved who holds it: those who may.
    pub suspects: Vec<i32>,
}

/// Those who wait, by the numbers of their sessions.
pub(super) type Waiters = BTreeMap<i32, Waiting>;
