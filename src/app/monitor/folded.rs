//! Waiters that share a row in Activity, as they do in the lock tree.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::model::Model;
use crate::app::monitor::panel::{Panel, RowKey};
use crate::domain::sample::blocking::Who;

/// Waiters that have no row of their own: a storm would bury those who work.
#[derive(Default)]
pub(super) struct Folded {
    /// Places in the sample of those who are folded away.
    pub away: BTreeSet<usize>,
    /// Places of those who stand for others, and for how many.
    into: Vec<(usize, u32)>,
}

impl Folded {
    /// As the lock tree folds them. Whoever filters looks for single ones, and the row under the cursor stays.
    pub fn of(model: &Model) -> Self {
        let arrangement = model.monitor.arranged(Panel::Activity);
        let picture = model.monitor.picture();
        let mut folded = Self::default();
        let Some(sample) = picture.sample.filter(|_| arrangement.filter.is_empty()) else {
            return folded;
        };
        for (_, node) in picture.forest.rows() {
            let Who::Session(first) = node.who else {
                continue;
            };
            let listed = node.alike.iter().copied();
            let selected = |at: &usize| {
                let session = sample.sessions.get(*at);
                session.map(|s| RowKey::Session(s.pid)) == arrangement.selected
            };
            let (stays, away): (Vec<usize>, Vec<usize>) = listed.partition(selected);
            let more = node
                .folded
                .saturating_sub(u32::try_from(stays.len()).unwrap_or_default());
            if more > 0 {
                folded.into.push((first, more));
            }
            folded.away.extend(away);
        }
        folded
    }

    /// Returns for how many more the session at that place in the sample stands.
    pub fn behind(&self, at: usize) -> u32 {
        let stands = self.into.iter().find(|(first, _)| *first == at);
        stands.map_or(0, |(_, more)| *more)
    }
}

/// Returns what is to be known of waiters that have no row.
pub fn said(model: &Model) -> Option<String> {
    let sample = model.monitor.picture().sample?;
    if model.monitor.arranged(Panel::Activity).filter.is_empty() {
        let folded = Folded::of(model);
        return (!folded.into.is_empty())
            .then(|| "N behind: so many wait alike; a filter lists each".to_owned());
    }
    let waiting = sample.sessions.iter().filter_map(|s| s.lock.as_ref());
    let queues: BTreeMap<&str, (u32, u32)> = waiting.fold(BTreeMap::new(), |mut queues, lock| {
        let (of, listed) = queues.entry(lock.group.as_str()).or_default();
        *of = lock.of.max(*of);
        *listed += 1;
        queues
    });
    let unlisted = queues
        .values()
        .map(|(of, listed)| of.saturating_sub(*listed));
    match unlisted.sum::<u32>() {
        0 => None,
        n => Some(format!(
            "{n} further back in the queues are only counted, and not filtered"
        )),
    }
}
