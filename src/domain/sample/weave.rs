//! Weaves who waits for whom into trees.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::ready::Family;
use crate::domain::sample::blocking::{By, Forest, Link, Node, Who};
use crate::domain::sample::model::{LockWait, Ours, Sample, Session};
use crate::domain::sample::own::MONITOR_NAME;

#[cfg(test)]
mod tests;

/// Leaf waiters of one kind under one blocker are folded into one row from here on.
const FOLD_FROM: usize = 4;

/// Returns who waits for whom in `sample`.
pub fn tree(sample: &Sample) -> Forest {
    let mut builder = Builder {
        sample,
        parents: BTreeMap::new(),
        children: BTreeMap::new(),
        circle_roots: BTreeMap::new(),
    };
    builder.link_all();
    builder.break_circles();
    for (child, (parent, ..)) in &builder.parents {
        let siblings = builder.children.entry(parent.clone()).or_default();
        siblings.push(child.clone());
    }
    let roots: BTreeSet<&Key> = builder.children.keys().collect();
    let mut roots: Vec<Node> = roots
        .into_iter()
        .filter(|key| !builder.parents.contains_key(key))
        .map(|key| builder.node(key))
        .collect();
    roots.sort_by_key(|node| Reverse(node.behind));
    let waiting = sample
        .counts
        .blocked
        .max(roots.iter().map(|r| r.behind).sum());
    Forest { roots, waiting }
}

/// Somebody who can stand in a row: a session by its own or its leader's pid, or a prepared transaction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Pid(i32),
    Prepared(String),
    /// Nobody tells who holds what this lock's waiters want.
    Untold(String),
}

struct Builder<'a> {
    sample: &'a Sample,
    /// Whoever waits: under whom, why, and with which session's lock.
    parents: BTreeMap<Key, (Key, Link, usize)>,
    children: BTreeMap<Key, Vec<Key>>,
    /// Members of a circle that were made roots: they wait all the same.
    circle_roots: BTreeMap<Key, Link>,
}

impl Builder<'_> {
    fn link_all(&mut self) {
        // The members of a group of waiters that the server was not asked about hang where its first member hangs.
        let mut groups: BTreeMap<&str, (Key, Link)> = BTreeMap::new();
        let sample = self.sample;
        let mut waiters: Vec<usize> = (0..sample.sessions.len())
            .filter(|i| sample.sessions[*i].lock.is_some() || sample.sessions[*i].n_blockers > 0)
            // What we look with gives up after milliseconds: it is nobody's worry.
            .filter(|i| sample.sessions[*i].application != MONITOR_NAME)
            .collect();
        waiters.sort_by_key(|i| sample.sessions[*i].lock.as_ref().map_or(0, |l| l.place));
        for at in waiters {
            let session = &sample.sessions[at];
            let group = session.lock.as_ref().map_or("", |l| l.group.as_str());
            let known = self.parent_of(session);
            let first = groups.get(group).filter(|_| !group.is_empty());
            let behind_its_own = known
                .as_ref()
                .is_some_and(|(parent, link)| link.by == By::Queue && self.in_group(parent, group));
            let above = match first {
                Some(first) if known.is_none() || behind_its_own => Some(first.clone()),
                _ => known,
            };
            let Some((parent, link)) = above else {
                continue;
            };
            let key = key_of(session);
            if parent != key {
                groups
                    .entry(group)
                    .or_insert_with(|| (parent.clone(), link.clone()));
                self.parents.entry(key).or_insert((parent, link, at));
            }
        }
    }

    fn in_group(&self, key: &Key, group: &str) -> bool {
        let session = match key {
            Key::Pid(pid) => self.sample.session(*pid),
            Key::Prepared(_) | Key::Untold(_) => None,
        };
        let lock = session.and_then(|s| s.lock.as_ref());
        lock.is_some_and(|l| l.group == group)
    }

    fn parent_of(&self, session: &Session) -> Option<(Key, Link)> {
        // The longest standing first: the server names them in whatever order it finds them.
        let mut hard: Vec<_> = session.hard.iter().collect();
        hard.sort_by_key(|b| (Reverse(self.standing_ms(b.pid)), b.pid));
        if let Some((first, others)) = hard.split_first() {
            let others = others.iter().map(|b| b.pid);
            let link = Link {
                by: By::Holder,
                held: first.modes.clone(),
                others: others.filter(|pid| *pid != first.pid).collect(),
            };
            return Some((blocker_key(first.pid, first.prepared.first()), link));
        }
        let link = Link {
            by: By::Queue,
            held: String::new(),
            others: Vec::new(),
        };
        if let Some(pid) = session.soft {
            return Some((blocker_key(pid, None), link));
        }
        let untold = self.sample.family == Family::MySql;
        let lock = session.lock.as_ref().filter(|_| untold)?;
        let link = Link {
            by: By::Holder,
            ..link
        };
        Some((Key::Untold(lock.object.clone()), link))
    }

    /// How long `pid` has held its locks: a prepared transaction stands longer than any session.
    fn standing_ms(&self, pid: i32) -> u64 {
        if pid == 0 {
            return u64::MAX;
        }
        let session = self.sample.session(pid);
        session
            .and_then(|s| s.xact_ms.or(s.query_ms))
            .unwrap_or_default()
    }

    /// A circle has no root: its member with the longest transaction becomes one, under a mark.
    fn break_circles(&mut self) {
        let keys: Vec<Key> = self.parents.keys().cloned().collect();
        for key in keys {
            let mut seen = vec![key.clone()];
            while let Some((parent, ..)) = seen.last().and_then(|k| self.parents.get(k)) {
                if let Some(from) = seen.iter().position(|k| k == parent) {
                    self.open_circle(&seen[from..]);
                    break;
                }
                seen.push(parent.clone());
            }
        }
    }

    fn open_circle(&mut self, circle: &[Key]) {
        for key in circle {
            if let Some((_, link, _)) = self.parents.get_mut(key) {
                link.by = By::Circle;
            }
        }
        let oldest = circle.iter().max_by_key(|key| match key {
            Key::Pid(pid) => self.standing_ms(*pid),
            Key::Prepared(_) | Key::Untold(_) => u64::MAX,
        });
        if let Some((oldest, (_, link, _))) = oldest.and_then(|k| self.parents.remove_entry(k)) {
            self.circle_roots.insert(oldest, link);
        }
    }

    fn node(&self, key: &Key) -> Node {
        let none = Vec::new();
        let children = self.children.get(key).unwrap_or(&none);
        let children = self.fold(children.iter().map(|child| self.node(child)).collect());
        let link = self.parents.get(key).map(|(_, link, _)| link);
        let link = link.or_else(|| self.circle_roots.get(key)).cloned();
        Node {
            who: self.who(key),
            waits: link,
            folded: 0,
            alike: Vec::new(),
            behind: children.iter().map(|c| 1 + c.folded + c.behind).sum(),
            children,
        }
    }

    fn who(&self, key: &Key) -> Who {
        match key {
            Key::Prepared(xid) if xid.is_empty() => match self.sample.prepared() {
                [_] => Who::Prepared(0),
                _ => Who::PreparedUnknown,
            },
            Key::Untold(_) => {
                let first = self.children.get(key).and_then(|c| c.first());
                let waiter = first.and_then(|child| self.parents.get(child));
                Who::Untold(waiter.map_or(usize::MAX, |(_, _, at)| *at))
            }
            Key::Prepared(xid) => {
                let at = self.sample.prepared().iter().position(|p| p.xid == *xid);
                at.map_or(Who::PreparedUnknown, Who::Prepared)
            }
            Key::Pid(pid) => {
                // A leader may wait by its workers only: the row is the leader's, the lock is the worker's.
                let at = self.sample.sessions.iter().position(|s| s.pid == *pid);
                let worker = self.parents.get(key).map(|(_, _, at)| *at);
                at.or(worker).map_or(Who::Gone(*pid), Who::Session)
            }
        }
    }

    /// Folds leaf waiters of one kind; those that were not listed are counted with them.
    fn fold(&self, mut rows: Vec<Node>) -> Vec<Node> {
        // Those that came within a millisecond stand as they queue: by their pids another would head them at each look.
        rows.sort_by_key(|row| {
            let place = self.lock(row).map_or(0, |l| l.place);
            (std::cmp::Reverse(self.waited(row)), place)
        });
        let mut leaves: BTreeMap<String, (Vec<usize>, u32)> = BTreeMap::new();
        let mut listed: BTreeMap<String, u32> = BTreeMap::new();
        for (at, row) in rows.iter().enumerate() {
            let Some(lock) = self.lock(row) else { continue };
            *listed.entry(lock.group.clone()).or_default() += 1;
            let unlisted = leaves.entry(lock.group.clone()).or_default();
            unlisted.1 = unlisted.1.max(lock.of);
            if row.children.is_empty() && !self.is_ours(row) {
                unlisted.0.push(at);
            }
        }
        let mut gone = BTreeSet::new();
        for (group, (members, of)) in leaves {
            let unlisted = of.saturating_sub(listed.get(&group).copied().unwrap_or_default());
            let Some((first, rest)) = members.split_first() else {
                continue;
            };
            if members.len() < FOLD_FROM && unlisted == 0 {
                continue;
            }
            rows[*first].folded = unlisted + u32::try_from(rest.len()).unwrap_or_default();
            rows[*first].behind = 0;
            let listed = rest.iter().filter_map(|at| match rows[*at].who {
                Who::Session(session) => Some(session),
                Who::Prepared(_) | Who::PreparedUnknown | Who::Untold(_) | Who::Gone(_) => None,
            });
            rows[*first].alike = listed.collect();
            gone.extend(rest.iter().copied());
        }
        let kept = rows.into_iter().enumerate();
        kept.filter(|(at, _)| !gone.contains(at))
            .map(|(_, row)| row)
            .collect()
    }

    fn lock(&self, row: &Node) -> Option<&LockWait> {
        row.session(self.sample)?.lock.as_ref()
    }

    fn waited(&self, row: &Node) -> u64 {
        let wait = self.lock(row).and_then(|l| l.wait_ms);
        wait.unwrap_or_default()
    }

    fn is_ours(&self, row: &Node) -> bool {
        let session = row.session(self.sample);
        session.is_some_and(|s| s.ours != Ours::No)
    }
}

fn key_of(session: &Session) -> Key {
    Key::Pid(session.leader.unwrap_or(session.pid))
}

fn blocker_key(pid: i32, prepared: Option<&String>) -> Key {
    match pid {
        0 => Key::Prepared(prepared.cloned().unwrap_or_default()),
        pid => Key::Pid(pid),
    }
}
