//! Who waits for whom: root blockers first, everybody under the one that has stood in the way longest.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::sample::model::{LockWait, Ours, Prepared, Sample, Session};
use crate::domain::sample::words::lasting;

/// Leaf waiters of one kind under one blocker are folded into one row from here on.
const FOLD_FROM: usize = 4;

/// Who waits for whom.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Forest {
    /// Those who wait for nobody, most waiters behind them first.
    pub roots: Vec<Node>,
    /// Sessions that wait for a lock.
    pub waiting: u32,
}

/// One row of the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Who stands here.
    pub who: Who,
    /// How it is held up; `None`: it waits for nobody. At a root it is a [`By::Circle`].
    pub waits: Option<Link>,
    /// Further waiters of the same kind under the same blocker that have no row of their own.
    pub folded: u32,
    /// Sessions that wait behind it, directly or not.
    pub behind: u32,
    /// Those who wait for it, the longest waiting first.
    pub children: Vec<Node>,
}

/// Who stands in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// A session, as an index into [`Sample::sessions`].
    Session(usize),
    /// A prepared transaction, as an index into [`Sample::prepared`].
    Prepared(usize),
    /// A prepared transaction that is not known by name yet.
    PreparedUnknown,
    /// A session that ended between two reads, or has no row, by its pid.
    Gone(i32),
}

/// Why a session stands under another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// How it is held up.
    pub by: By,
    /// The modes that the one above holds; empty where it only stands before in the queue.
    pub held: String,
    /// Further pids that hold the very lock.
    pub others: Vec<i32>,
}

/// How a session is held up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The one above holds the very lock.
    Holder,
    /// The one above only stands before it in the queue.
    Queue,
    /// The one above waits for it in turn: a deadlock that the server has not broken yet.
    Circle,
}

/// Somebody who can stand in a row: a session by its own or its leader's pid, or a prepared transaction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Pid(i32),
    Prepared(String),
}

struct Builder<'a> {
    sample: &'a Sample,
    /// Whoever waits: under whom, why, and with which session's lock.
    parents: BTreeMap<Key, (Key, Link, usize)>,
    children: BTreeMap<Key, Vec<Key>>,
    /// Members of a circle that were made roots: they wait all the same.
    circle_roots: BTreeMap<Key, Link>,
}

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
    roots.sort_by_key(|node| std::cmp::Reverse(node.behind));
    let waiting = sample
        .counts
        .blocked
        .max(roots.iter().map(|r| r.behind).sum());
    Forest { roots, waiting }
}

impl Builder<'_> {
    fn link_all(&mut self) {
        // The members of a group of waiters that the server was not asked about hang where its first member hangs.
        let mut groups: BTreeMap<&str, (Key, Link)> = BTreeMap::new();
        let sample = self.sample;
        let mut waiters: Vec<usize> = (0..sample.sessions.len())
            .filter(|i| sample.sessions[*i].lock.is_some() || sample.sessions[*i].n_blockers > 0)
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
            Key::Prepared(_) => None,
        };
        let lock = session.and_then(|s| s.lock.as_ref());
        lock.is_some_and(|l| l.group == group)
    }

    fn parent_of(&self, session: &Session) -> Option<(Key, Link)> {
        let standing = |pid: i32| self.standing_ms(pid);
        let hard = session.hard.iter().max_by_key(|b| standing(b.pid));
        if let Some(first) = hard {
            let others = session.hard.iter().map(|b| b.pid);
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
        session.soft.map(|pid| (blocker_key(pid, None), link))
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
            Key::Prepared(_) => u64::MAX,
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
        rows.sort_by_key(|row| std::cmp::Reverse(self.waited(row)));
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

impl Node {
    /// Returns the session in this row.
    pub fn session<'a>(&self, sample: &'a Sample) -> Option<&'a Session> {
        match self.who {
            Who::Session(at) => sample.sessions.get(at),
            Who::Prepared(_) | Who::PreparedUnknown | Who::Gone(_) => None,
        }
    }

    /// Returns the prepared transaction in this row.
    pub fn prepared<'a>(&self, sample: &'a Sample) -> Option<&'a Prepared> {
        match self.who {
            Who::Prepared(at) => sample.prepared().get(at),
            Who::Session(_) | Who::PreparedUnknown | Who::Gone(_) => None,
        }
    }

    /// Returns the row in words: `pid 4711 cron, idle in transaction for 14 min`.
    pub fn words(&self, sample: &Sample) -> String {
        match &self.who {
            Who::Gone(pid) => format!("pid {pid}, which has just ended or is not listed"),
            Who::PreparedUnknown => "a prepared transaction".to_owned(),
            Who::Prepared(_) => self
                .prepared(sample)
                .map_or_else(String::new, Prepared::words),
            Who::Session(_) => self
                .session(sample)
                .map_or_else(String::new, Session::words),
        }
    }

    fn walk<'a>(&'a self, depth: usize, rows: &mut Vec<(usize, &'a Self)>) {
        rows.push((depth, self));
        for child in &self.children {
            child.walk(depth + 1, rows);
        }
    }
}

impl Forest {
    /// Returns every row with its depth, from top to bottom.
    pub fn rows(&self) -> Vec<(usize, &Node)> {
        let mut rows = Vec::new();
        for root in &self.roots {
            root.walk(0, &mut rows);
        }
        rows
    }

    /// Returns how many sessions wait behind a step of the run, directly or not.
    pub fn behind_ours(&self, sample: &Sample) -> u32 {
        fn count(node: &Node, sample: &Sample) -> u32 {
            if node.session(sample).is_some_and(|s| s.step().is_some()) {
                return node.behind;
            }
            node.children.iter().map(|c| count(c, sample)).sum()
        }
        self.roots.iter().map(|r| count(r, sample)).sum()
    }

    /// Returns the way from a root down to the first session of the run that waits.
    pub fn way_to_ours<'a>(&'a self, sample: &Sample) -> Option<Vec<&'a Node>> {
        fn find<'a>(node: &'a Node, sample: &Sample, way: &mut Vec<&'a Node>) -> bool {
            way.push(node);
            let ours = node.session(sample).is_some_and(|s| s.step().is_some());
            if ours && node.waits.is_some() || node.children.iter().any(|c| find(c, sample, way)) {
                return true;
            }
            way.pop();
            false
        }
        self.roots.iter().find_map(|root| {
            let mut way = Vec::new();
            find(root, sample, &mut way).then_some(way)
        })
    }
}

/// Returns who stands first, in words, where somebody waits: before our own step, else before most.
pub fn first_blocker(sample: &Sample) -> Option<String> {
    let forest = tree(sample);
    let way = forest.way_to_ours(sample);
    let first = way
        .and_then(|way| way.first().copied())
        .or(forest.roots.first())?;
    Some(first.words(sample))
}

/// Returns a lock's wait in words: `41 s`.
pub fn waited(session: &Session) -> String {
    let lock = session.lock.as_ref();
    lasting(lock.and_then(|l| l.wait_ms).unwrap_or_default())
}
