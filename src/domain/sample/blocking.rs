//! Who waits for whom: root blockers first, everybody under the one that has stood in the way longest.

use crate::domain::sample::model::{Prepared, Sample, Session};
pub use crate::domain::sample::weave::tree;
use crate::domain::sample::words::lasting;

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
    /// Those of them that the sample lists, as indices into [`Sample::sessions`]; the others are only counted.
    pub alike: Vec<usize>,
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
    /// Whoever holds it: the server does not tell. By index into [`Sample::sessions`], one who waits for it.
    Untold(usize),
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

impl Node {
    /// Returns the session in this row.
    pub fn session<'a>(&self, sample: &'a Sample) -> Option<&'a Session> {
        match self.who {
            Who::Session(at) => sample.sessions.get(at),
            Who::Prepared(_) | Who::PreparedUnknown | Who::Untold(_) | Who::Gone(_) => None,
        }
    }

    /// Returns the prepared transaction in this row.
    pub fn prepared<'a>(&self, sample: &'a Sample) -> Option<&'a Prepared> {
        match self.who {
            Who::Prepared(at) => sample.prepared().get(at),
            Who::Session(_) | Who::PreparedUnknown | Who::Untold(_) | Who::Gone(_) => None,
        }
    }

    /// Returns the row in words: `pid 4711 cron, idle in transaction for 14 min`.
    pub fn words(&self, sample: &Sample) -> String {
        match &self.who {
            Who::Gone(pid) => format!("pid {pid}, which has just ended or is not listed"),
            Who::Untold(waiter) => sample
                .sessions
                .get(*waiter)
                .map_or_else(String::new, |s| untold(s, sample)),
            Who::PreparedUnknown => "a prepared transaction".to_owned(),
            Who::Prepared(_) => self
                .prepared(sample)
                .map_or_else(String::new, Prepared::words),
            Who::Session(_) => self
                .session(sample)
                .map_or_else(String::new, Session::words),
        }
    }

    /// Returns those who are folded into this row and are listed, each as a row of its own.
    pub fn opened(&self) -> impl Iterator<Item = Self> + '_ {
        self.alike.iter().map(|at| Self {
            who: Who::Session(*at),
            waits: self.waits.clone(),
            folded: 0,
            alike: Vec::new(),
            behind: 0,
            children: Vec::new(),
        })
    }

    fn walk<'a>(&'a self, depth: usize, rows: &mut Vec<(usize, &'a Self)>) {
        rows.push((depth, self));
        for child in &self.children {
            child.walk(depth + 1, rows);
        }
    }
}

/// Says that it is not told whom `waiter` waits for, and who it may be.
fn untold(waiter: &Session, sample: &Sample) -> String {
    let mut perhaps = waiter
        .suspects
        .iter()
        .filter_map(|pid| sample.session(*pid));
    let Some(first) = perhaps.next() else {
        return "somebody whom this server does not name".to_owned();
    };
    let more = match perhaps.count() {
        0 => String::new(),
        n => format!(", or {n} more"),
    };
    format!(
        "somebody whom this server does not name, perhaps {}{more}",
        first.words()
    )
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

    /// Returns the session of the run that waits for another session of the run which will not move by itself, blocker first.
    ///
    /// A tool that builds an index beside its own open transaction hangs so, for ever: only ending one of the two helps.
    pub fn waits_for_itself<'a>(&'a self, sample: &Sample) -> Option<(&'a Node, &'a Node)> {
        fn find<'a>(node: &'a Node, sample: &Sample) -> Option<(&'a Node, &'a Node)> {
            let idle = node.waits.is_none()
                && node
                    .session(sample)
                    .is_some_and(|s| s.step().is_some() && s.is_idle_in_transaction());
            let ours = |n: &&Node| n.session(sample).is_some_and(|s| s.step().is_some());
            let below = node.children.iter().find(ours).filter(|_| idle);
            let deeper = || node.children.iter().find_map(|child| find(child, sample));
            below.map(|below| (node, below)).or_else(deeper)
        }
        self.roots.iter().find_map(|root| find(root, sample))
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
    let ms = lock.and_then(|l| l.wait_ms).or(session.query_ms);
    lasting(ms.unwrap_or_default())
}
