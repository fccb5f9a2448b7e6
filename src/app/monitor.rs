//! The monitor panels: the newest sample, its age, the histories, the alarms, and where the cursor stands.

use crate::app::dialog::SessionRef;
use crate::domain::run::event::Peaks;
use crate::domain::sample::Sample;
use crate::domain::sample::alarm::Judge;
use crate::domain::sample::blocking::{self, Forest};
use crate::domain::sample::history::History;
use crate::domain::sample::model::Session;

/// Whether the server can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// The run has no database.
    None,
    /// Nobody has answered yet.
    Connecting,
    /// It answers.
    Live,
    /// It does not answer any more.
    Lost {
        /// What was said.
        why: String,
    },
}

/// Whether the history knows what is usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Baseline {
    /// Nothing has been changed yet: what is seen is what is usual.
    #[default]
    Open,
    /// It was kept when the first changing step began.
    Kept,
}

/// Which panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Panel {
    /// Who waits for whom.
    Locks,
    /// Connections by state, user, application.
    Connections,
    /// Sessions at work.
    Activity,
}

/// Every panel, in the order of its key.
pub const PANELS: [Panel; 3] = [Panel::Locks, Panel::Connections, Panel::Activity];

/// By what the activity table is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// The longest statement first.
    Duration,
    /// The longest transaction first.
    Transaction,
    /// The longest lock wait first.
    Wait,
    /// By user.
    User,
    /// By process.
    Pid,
}

impl SortBy {
    /// Returns the next column.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Duration => Self::Transaction,
            Self::Transaction => Self::Wait,
            Self::Wait => Self::User,
            Self::User => Self::Pid,
            Self::Pid => Self::Duration,
        }
    }
}

/// The monitor panels.
#[derive(Debug)]
pub struct Monitor {
    /// Whether the server can be asked.
    pub link: Link,
    /// The newest sample.
    pub sample: Option<Box<Sample>>,
    /// Who waits for whom in it.
    pub forest: Forest,
    /// When it came, on the forward clock.
    pub sampled_ms: u64,
    /// What was seen before, for the sparklines.
    pub history: History,
    /// Whether the history knows what is usual.
    pub baseline: Baseline,
    /// The alarms.
    pub judge: Judge,
    /// The worst since the running step began.
    pub peaks: Peaks,
    /// The panel that is shown where there is room for one.
    pub panel: Panel,
    /// The session that the cursor stands on.
    pub selected: Option<i32>,
    /// By what the activity table is sorted.
    pub sort: SortBy,
}

impl Default for Monitor {
    fn default() -> Self {
        Self {
            link: Link::None,
            sample: None,
            forest: Forest::default(),
            sampled_ms: 0,
            history: History::default(),
            baseline: Baseline::Open,
            judge: Judge::default(),
            peaks: Peaks::default(),
            panel: Panel::Locks,
            selected: None,
            sort: SortBy::Duration,
        }
    }
}

impl Monitor {
    /// Returns the sessions of the activity table, in its order.
    pub fn activity(&self) -> Vec<&Session> {
        let mut sessions: Vec<&Session> = self.sample.iter().flat_map(|s| &s.sessions).collect();
        let descending = std::cmp::Reverse::<Option<u64>>;
        let waited = |s: &Session| s.lock.as_ref().and_then(|l| l.wait_ms);
        match self.sort {
            SortBy::Duration => {
                sessions.sort_by_key(|s| (s.state == "idle", descending(s.query_ms)));
            }
            SortBy::Transaction => sessions.sort_by_key(|s| descending(s.xact_ms)),
            SortBy::Wait => sessions.sort_by_key(|s| descending(waited(s))),
            SortBy::User => sessions.sort_by(|a, b| (&a.user, a.pid).cmp(&(&b.user, b.pid))),
            SortBy::Pid => sessions.sort_by_key(|s| s.pid),
        }
        sessions
    }

    /// Returns the pids in the order in which the shown panel lists them.
    pub fn listed(&self) -> Vec<i32> {
        match self.panel {
            Panel::Locks => self.lock_pids(),
            Panel::Connections => Vec::new(),
            Panel::Activity => self.activity().iter().map(|s| s.pid).collect(),
        }
    }

    fn lock_pids(&self) -> Vec<i32> {
        let Some(sample) = &self.sample else {
            return Vec::new();
        };
        self.forest
            .rows()
            .into_iter()
            .filter_map(|(_, node)| node.session(sample).map(|s| s.pid))
            .collect()
    }

    /// Takes a sample in that came at `mono_ms` of the forward clock.
    pub fn take(&mut self, sample: Box<Sample>, mono_ms: u64) {
        self.forest = blocking::tree(&sample);
        self.history.push(&sample);
        self.peaks.see(&sample);
        self.sampled_ms = mono_ms;
        self.sample = Some(sample);
        self.link = Link::Live;
    }

    /// Moves the cursor by `rows`, down when positive.
    pub fn step_cursor(&mut self, rows: isize) {
        let listed = self.listed();
        let at = self
            .selected
            .and_then(|pid| listed.iter().position(|p| *p == pid));
        let to = at.map_or(0, |at| {
            at.saturating_add_signed(rows)
                .min(listed.len().saturating_sub(1))
        });
        self.selected = listed.get(to).copied();
    }

    /// Returns the session that the cursor stands on.
    pub fn selected_session(&self) -> Option<&Session> {
        let pid = self.selected?;
        self.sample.as_ref()?.sessions.iter().find(|s| s.pid == pid)
    }

    /// Returns what names `session` for ever.
    pub fn reference(session: &Session) -> SessionRef {
        SessionRef {
            pid: session.pid,
            backend_start: session.backend_start.clone(),
            user: session.user.clone(),
            application: session.application.clone(),
            query: session.query.chars().take(200).collect(),
            xact_ms: session.xact_ms,
        }
    }
}
