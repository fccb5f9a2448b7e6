//! A step, and what surrounds its action.

use crate::domain::expect::Expectation;
use crate::domain::runbook::model::action::{Access, Action};
use crate::domain::runbook::model::target::Offset;
use crate::domain::runbook::model::{Length, Place, StepId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One line of the checklist.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its name.
    pub id: StepId,
    /// Its place as people say it: `3.2`, in a rollback path `downgrade.1`.
    pub number: String,
    /// Its place in the file counted from one; names its files (`06.1`).
    pub ordinal: usize,
    /// Which list it stands in.
    pub place: Place,
    /// The line of the file where it begins, counted from one.
    pub line: usize,
    /// What the operator reads.
    pub title: String,
    /// More to read, as markdown.
    pub note: Option<String>,
    /// What is done.
    pub action: Action,
    /// Whether it can do harm.
    pub danger: Danger,
    /// Kills it.
    pub timeout: Option<Length>,
    /// How long it usually takes; only warns.
    pub takes: Option<Length>,
    /// What must be seen for it to have succeeded.
    pub expect: Option<Expectation>,
    /// Values read from its output: name and a regular expression whose first group (else the whole match) is taken.
    pub capture: Vec<Capture>,
    /// What follows a failure.
    pub on_failure: OnFailure,
    /// Repeated by itself this often.
    pub retry: Option<Retry>,
    /// Polled until it holds or this much time has passed.
    pub until: Option<Length>,
    /// Targets it is for; empty: all.
    pub only: Vec<String>,
    /// Parameters and the values they must have for this step to apply.
    pub condition: BTreeMap<String, String>,
    /// Who may confirm it.
    pub role: Option<String>,
    /// It does not start before this.
    pub not_before: Option<Offset>,
    /// Whether it waits for a key although it is automated.
    pub start: Start,
    /// Whether going back is possible after it.
    pub way_back: WayBack,
    /// Whether it may be skipped.
    pub skipping: Skipping,
    /// A read-only question that tells whether it took effect.
    pub verify: Option<Probe>,
    /// It applies only when that step was started.
    pub undoes: Option<StepId>,
    /// It runs beside the others.
    pub background: Option<Background>,
    /// What the log is to show of it.
    pub evidence: Evidence,
    /// How to find its sessions on the server where its tool ignores `PGAPPNAME`.
    pub sessions: Option<Sessions>,
}

/// Whether a step can do harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Danger {
    /// It starts by itself.
    #[default]
    None,
    /// It waits for a key, and on a protected target for the target's name.
    High,
}

/// A named value read from a step's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// Becomes `${name}`.
    pub name: String,
    /// A regular expression (multi-line mode); its first group, else the whole match, is the value.
    pub pattern: String,
}

/// What follows a failure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// The run holds.
    #[default]
    Hold,
    /// It goes on; the failure is a deviation.
    Continue,
    /// The run holds and offers this rollback path first.
    Offer(String),
}

/// Repeating a failed step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// How often it is repeated after the first attempt.
    pub times: u32,
    /// How long is waited before each.
    pub wait: Length,
    /// Only when this regular expression matches the output or the reason.
    pub only_if: Option<String>,
}

/// Who starts an automated step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// The run, when its turn comes.
    #[default]
    Automatic,
    /// The operator, with a key.
    ByHand,
}

/// Whether there is a way back after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WayBack {
    /// There is.
    #[default]
    Open,
    /// From its start on going back needs a typed override.
    Closed,
}

/// Whether a step may be skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Skipping {
    /// With a reason.
    #[default]
    Allowed,
    /// Never: it is critical.
    Forbidden,
}

/// A read-only question about the world, with what its answer must be.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// What is asked: [`Action::Check`], [`Action::Sql`] (read only), [`Action::Http`] or [`Action::Use`].
    pub action: Action,
    /// What must be seen.
    pub expect: Option<Expectation>,
}

/// A step that runs beside the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Background {
    /// When it is ended.
    pub until: BackgroundEnd,
    /// A line that matches this regular expression raises a critical alarm.
    pub alarm_on: Option<String>,
}

/// When a background step is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackgroundEnd {
    /// With its phase.
    Phase,
    /// With the run.
    Run,
}

/// What the log is to show of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// Nothing besides its result.
    #[default]
    None,
    /// A text that the operator types.
    Text,
    /// An address that the operator gives.
    Link,
    /// A file, whose digest goes into the log.
    File,
    /// Its output.
    Show,
}

/// How to find a step's sessions on the server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sessions {
    /// The database user.
    pub user: Option<String>,
    /// The application name.
    pub application: Option<String>,
}

impl Step {
    /// Returns a step with `action` and nothing else.
    pub fn of(action: Action) -> Self {
        Self {
            id: StepId::new(""),
            number: String::new(),
            ordinal: 0,
            place: Place::Phase(0),
            line: 0,
            title: String::new(),
            note: None,
            action,
            danger: Danger::None,
            timeout: None,
            takes: None,
            expect: None,
            capture: Vec::new(),
            on_failure: OnFailure::Hold,
            retry: None,
            until: None,
            only: Vec::new(),
            condition: BTreeMap::new(),
            role: None,
            not_before: None,
            start: Start::Automatic,
            way_back: WayBack::Open,
            skipping: Skipping::Allowed,
            verify: None,
            undoes: None,
            background: None,
            evidence: Evidence::None,
            sessions: None,
        }
    }

    /// Whether a program does it, and not a person.
    pub fn is_automated(&self) -> bool {
        match self.action {
            Action::Run(_)
            | Action::Check(_)
            | Action::Sql(_)
            | Action::Http(_)
            | Action::Use(_)
            | Action::Watch(_) => true,
            Action::Confirm(_) | Action::Decide(_) | Action::Sign(_) => false,
        }
    }

    /// Whether it only looks, so that repeating it is harmless.
    pub fn only_looks(&self) -> bool {
        match &self.action {
            Action::Check(_) | Action::Watch(_) | Action::Use(_) => true,
            Action::Sql(sql) => sql.access == Access::ReadOnly,
            Action::Http(http) => matches!(http.method.as_str(), "GET" | "HEAD"),
            Action::Run(_) | Action::Confirm(_) | Action::Decide(_) | Action::Sign(_) => false,
        }
    }

    /// Returns the name of its `attempt`th attempt's files: `06.1`.
    pub fn attempt_name(&self, attempt: u32) -> String {
        format!("{:02}.{attempt}", self.ordinal)
    }
}
