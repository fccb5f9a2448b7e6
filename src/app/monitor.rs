//! The monitor panels: the newest sample, its age, the histories, the alarms, and what the operator made of each panel.

use std::time::Duration;

use crate::app::dialog::SessionRef;
use crate::app::model::Model;
use crate::app::monitor::migrations::Migrations;
use crate::app::monitor::panel::{Arrangement, PANELS, Panel, RowKey};
use crate::app::monitor::said::Said;
use crate::app::monitor::table::Table;
use crate::domain::ready::Family;
use crate::domain::run::event::Peaks;
use crate::domain::sample::Sample;
use crate::domain::sample::alarm::Judge;
use crate::domain::sample::blocking::{self, Forest};
use crate::domain::sample::history::History;
use crate::domain::sample::metric::{Grade, graded, metric_named};
use crate::domain::sample::model::{Server, Session};
use crate::domain::sample::rates::number;
use crate::domain::sample::timeline::Recorder;
use crate::domain::sample::track::Tracks;

pub mod acts;
pub mod clients;
pub mod filter;
mod folded;
pub mod grades;
pub mod locks;
pub mod migrations;
pub mod panel;
pub mod progress;
pub mod relations;
pub mod replication;
pub mod said;
pub mod sessions;
pub mod statements;
pub mod table;
pub mod values;

/// Whether the server can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// The run has no database.
    None,
    /// It has one, and who only looks does not know how to reach it.
    Unasked {
        /// What is missing.
        why: String,
    },
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

/// Whether sessions that do nothing have a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Idle {
    /// They are only counted.
    #[default]
    Counted,
    /// They have.
    Shown,
}

/// Whether a closer look at a session is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Looking {
    /// None is.
    #[default]
    Nothing,
    /// It was asked for.
    Asked,
}

/// Whether the keyboard is at the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Typing {
    /// It is not.
    #[default]
    Nothing,
    /// It is: what is typed goes into the shown panel's filter.
    Filter,
}

/// What the panels show: the newest sample, or the one at which they were frozen.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// The sample.
    pub sample: Option<&'a Sample>,
    /// Who waits for whom in it.
    pub forest: &'a Forest,
    /// What was seen before.
    pub history: &'a History,
    /// How single things moved.
    pub tracks: &'a Tracks,
    /// When it came, on the forward clock.
    pub sampled_ms: u64,
}

impl<'a> Picture<'a> {
    /// Returns whose server it is.
    pub fn family(&self) -> Family {
        self.sample.map_or(Family::Postgres, |s| s.family)
    }

    /// Returns what the server says of itself, where it was read.
    pub fn server(&self) -> Option<&'a Server> {
        self.sample?.server.as_ref()
    }

    /// Returns the sessions that have a row.
    pub fn sessions(&self) -> impl Iterator<Item = &'a Session> + use<'a> {
        self.sample.into_iter().flat_map(|s| &s.sessions)
    }

    /// Returns the session `pid`, where it has a row.
    pub fn session(&self, pid: i32) -> Option<&'a Session> {
        self.sample?.session(pid)
    }
}

/// What the panels were frozen at.
#[derive(Debug, Clone)]
pub struct Frozen {
    sample: Box<Sample>,
    forest: Forest,
    history: History,
    tracks: Tracks,
    sampled_ms: u64,
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
    /// How single things moved.
    pub tracks: Tracks,
    /// Whether the history knows what is usual.
    pub baseline: Baseline,
    /// The alarms.
    pub judge: Judge,
    /// The worst since the running step began.
    pub peaks: Peaks,
    /// What is kept of the samples in the run's directory.
    pub recorder: Recorder,
    /// What is known of the migrations.
    pub migrations: Migrations,
    /// The panel that is shown where there is room for one.
    pub panel: Panel,
    /// Whether a closer look at a session is under way.
    pub looking: Looking,
    /// What the operator made of each panel.
    arrangements: [Arrangement; PANELS.len()],
    /// What the panels were frozen at; alarms and the record go on.
    pub frozen: Option<Box<Frozen>>,
    /// Whether idle sessions have a row.
    pub idle: Idle,
    /// Whether the keyboard is at the filter.
    pub typing: Typing,
    /// Lines of steps that raised alarms of late.
    said: Vec<Said>,
    /// The time between two samples that the operator asked for; `None`: as the runbook says.
    pub every: Option<Duration>,
}

impl Default for Monitor {
    fn default() -> Self {
        Self {
            link: Link::None,
            sample: None,
            forest: Forest::default(),
            sampled_ms: 0,
            history: History::default(),
            tracks: Tracks::default(),
            baseline: Baseline::Open,
            judge: Judge::default(),
            peaks: Peaks::default(),
            recorder: Recorder::default(),
            migrations: Migrations::default(),
            panel: Panel::Locks,
            looking: Looking::Nothing,
            arrangements: Default::default(),
            frozen: None,
            idle: Idle::Counted,
            typing: Typing::Nothing,
            said: Vec::new(),
            every: None,
        }
    }
}

impl Monitor {
    /// Returns what the panels show.
    pub fn picture(&self) -> Picture<'_> {
        match &self.frozen {
            Some(frozen) => Picture {
                sample: Some(&frozen.sample),
                forest: &frozen.forest,
                history: &frozen.history,
                tracks: &frozen.tracks,
                sampled_ms: frozen.sampled_ms,
            },
            None => Picture {
                sample: self.sample.as_deref(),
                forest: &self.forest,
                history: &self.history,
                tracks: &self.tracks,
                sampled_ms: self.sampled_ms,
            },
        }
    }

    /// Returns what the operator made of `panel`.
    pub fn arranged(&self, panel: Panel) -> &Arrangement {
        &self.arrangements[panel.place()]
    }

    /// Returns what the operator made of the shown panel, to change it.
    pub fn arrange(&mut self) -> &mut Arrangement {
        &mut self.arrangements[self.panel.place()]
    }

    /// Freezes the panels at the newest sample; nothing happens while there is none.
    pub fn freeze(&mut self) {
        self.frozen = self.sample.clone().map(|sample| {
            Box::new(Frozen {
                sample,
                forest: self.forest.clone(),
                history: self.history.clone(),
                tracks: self.tracks.clone(),
                sampled_ms: self.sampled_ms,
            })
        });
    }

    /// Takes a sample in that came at `mono_ms` of the forward clock.
    pub fn take(&mut self, sample: Box<Sample>, mono_ms: u64) {
        self.forest = blocking::tree(&sample);
        self.history.push(&sample);
        self.tracks.see(&sample);
        self.peaks.see(&sample);
        self.sampled_ms = mono_ms;
        self.sample = Some(sample);
        self.link = Link::Live;
    }

    /// Returns the session that the cursor stands on.
    pub fn selected_session(&self) -> Option<&Session> {
        match self.arranged(self.panel).selected {
            Some(RowKey::Session(pid)) => self.picture().session(pid),
            Some(RowKey::Named(_)) | None => None,
        }
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

/// Returns `panel` as a table; `None`: it is none.
pub fn table(model: &Model, panel: Panel) -> Option<Table<'_>> {
    match panel {
        Panel::Locks | Panel::Database => None,
        Panel::Connections => Some(clients::table(model)),
        Panel::Activity => Some(sessions::table(model)),
        Panel::Progress => Some(progress::table(model)),
        Panel::Replication => Some(replication::table(model)),
        Panel::Tables => Some(relations::table(model)),
        Panel::Statements => Some(statements::table(model)),
        Panel::Values => Some(values::table(model)),
        Panel::Migrations => Some(migrations::table(model)),
    }
}

/// Returns what `panel` says above its rows.
pub fn head(model: &Model, panel: Panel) -> Option<String> {
    match panel {
        Panel::Tables => relations::head(model),
        Panel::Statements => statements::head(model),
        Panel::Migrations => migrations::head(model),
        Panel::Locks
        | Panel::Connections
        | Panel::Activity
        | Panel::Progress
        | Panel::Replication
        | Panel::Database
        | Panel::Values => None,
    }
}

/// Returns what is missing on `panel` although it has rows.
pub fn lack(model: &Model, panel: Panel) -> Vec<String> {
    let Some(sample) = model.monitor.picture().sample else {
        return Vec::new();
    };
    let extras = &sample.extras;
    let lack = match panel {
        Panel::Activity => return sample.notes.clone(),
        Panel::Tables => extras
            .tables
            .as_deref()
            .filter(|t| !t.rows.is_empty())
            .and_then(|t| t.lack.as_ref()),
        Panel::Statements => extras
            .statements
            .as_deref()
            .filter(|s| !s.rows.is_empty())
            .and_then(|s| s.lack.as_ref()),
        Panel::Locks
        | Panel::Connections
        | Panel::Progress
        | Panel::Replication
        | Panel::Database
        | Panel::Values
        | Panel::Migrations => None,
    };
    lack.iter().map(ToString::to_string).collect()
}

/// Returns what helps to read `panel` where there is room for it.
pub fn hint(model: &Model, panel: Panel) -> Option<String> {
    (panel == Panel::Activity)
        .then(|| folded::said(model))
        .flatten()
}

/// Returns the rows of `panel` that the cursor can stand on, in the order in which they are shown.
pub fn listed(model: &Model, panel: Panel) -> Vec<RowKey> {
    if panel == Panel::Locks {
        return locks::keys(model);
    }
    let rows = table(model, panel).map_or_else(Vec::new, |t| t.rows);
    rows.into_iter().map(|row| row.key).collect()
}

/// Grades so many milliseconds (or whatever its unit is) by the thresholds of a metric.
pub fn grade_of(metric: &str, value: Option<u64>) -> Grade {
    match (metric_named(metric), value) {
        (Some(metric), Some(value)) => graded(metric, number(value)),
        _ => Grade::Calm,
    }
}
