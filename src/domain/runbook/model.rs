//! The plan: what somebody wrote down before the window began.

mod action;
mod length;
mod lookup;
mod monitor;
mod step;
mod target;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

pub use action::{
    Access, Action, Agent, Choice, Confirm, Earlier, Http, Shell, Signing, Sql, StopSignal,
    Terminal, Transaction, Use, Watch,
};
pub use length::{Length, read as read_length};
pub use lookup::{Branches, Lookup};
pub use monitor::{AlarmAction, AlarmRule, Level, MonitorPlan, Op, OwnValue};
pub use step::{
    Background, BackgroundEnd, Capture, Danger, Evidence, OnFailure, Probe, Retry, Sessions,
    Skipping, Start, Step, WayBack,
};
pub use target::{
    Contact, Demand, Identity, Offset, Parameter, Protection, ServerRole, Target, Window, Witness,
};

/// A step's name: given in the file, else made from its title. Unique in its runbook and kept in the journal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub Arc<str>);

impl StepId {
    /// Returns the id spelled `text`.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(Arc::from(text.as_ref()))
    }

    /// Returns the id as it is spelled.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A whole runbook, checked: every id, path, target and variable that it names exists.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Runbook {
    /// The headline of screen and log.
    pub title: String,
    /// What it is for, as markdown.
    pub about: Option<String>,
    /// Values asked for at the start.
    pub parameters: Vec<Parameter>,
    /// Names of environment variables and captured values that are never shown.
    pub secrets: Vec<String>,
    /// Where it may run; the first is the default. May be empty: then there is no database beside it.
    pub targets: Vec<Target>,
    /// How long the window is and when to decide.
    pub window: Option<Window>,
    /// Who signs off, by role.
    pub roles: Vec<String>,
    /// What the approval of a role means, where the runbook says it.
    pub meanings: BTreeMap<String, String>,
    /// Whom to call.
    pub contacts: Vec<Contact>,
    /// Who is told the journal's head.
    pub witness: Option<Witness>,
    /// What is watched beside the steps.
    pub monitor: MonitorPlan,
    /// The way forward, in order.
    pub phases: Vec<Phase>,
    /// The ways back.
    pub rollback: Vec<RollbackPath>,
    /// More to read, as markdown.
    pub reference: Option<String>,
    /// Every step of every phase and path, in the order of the file. [`Item::Step`] points in here.
    pub steps: Vec<Step>,
    /// What is looked up in it on every frame.
    pub lookup: Lookup,
}

/// A part of the way forward.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Phase {
    /// Its headline.
    pub title: String,
    /// When it is planned to begin.
    pub at: Option<Offset>,
    /// Until when it is due, where it is a later duty: done after the run was closed and its log signed.
    pub later: Option<Offset>,
    /// What is to be done, in order.
    pub items: Vec<Item>,
}

/// A way back.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RollbackPath {
    /// Its name, as `offer NAME` and `go_to: NAME` say it.
    pub name: String,
    /// Its headline.
    pub title: String,
    /// When to take it.
    pub when: Vec<String>,
    /// What is to be done, in order.
    pub items: Vec<Item>,
}

/// One line of a list of steps.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A step, as an index into [`Runbook::steps`].
    Step(usize),
    /// Several under one headline.
    Group(Group),
}

/// Steps under one headline.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Its headline.
    pub title: String,
    /// Whether all are done or one.
    pub choose: Choose,
    /// What is in it, in order.
    pub items: Vec<Item>,
}

/// How many items of a group are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choose {
    /// All, in order.
    #[default]
    All,
    /// One, of the operator's choice.
    One,
}

/// Which list a step stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// An index into [`Runbook::phases`].
    Phase(usize),
    /// An index into [`Runbook::rollback`].
    Path(usize),
}

impl Runbook {
    /// Returns the step called `id`.
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        let known = self.lookup.of(self).place(id);
        let found = known.and_then(|at| self.steps.get(at));
        found
            .filter(|step| step.id == *id)
            .or_else(|| self.steps.iter().find(|step| step.id == *id))
    }

    /// Returns the `choose: one` groups around `step`, the outermost first: the steps of each of its items.
    pub fn choices(&self, step: &StepId) -> &[Branches] {
        self.lookup.of(self).choices(step)
    }

    /// Returns the steps of `place` in order.
    pub fn steps_in(&self, place: Place) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(move |step| step.place == place)
    }

    /// Returns the step whose look `step` is held against; `None`: it compares nothing, or there is none.
    pub fn compared_with(&self, step: &Step) -> Option<&Step> {
        let Action::Use(used) = &step.action else {
            return None;
        };
        let same = |other: &&Step| match &other.action {
            Action::Use(o) => o.check == used.check && o.on == used.on && o.compare.is_none(),
            _ => false,
        };
        match used.compare.as_ref()? {
            Earlier::First => self
                .steps
                .iter()
                .filter(same)
                .find(|o| o.ordinal < step.ordinal),
            Earlier::Step(id) => self.step(id),
        }
    }

    /// Returns the rollback path called `name` and its place.
    pub fn path(&self, name: &str) -> Option<(Place, &RollbackPath)> {
        self.rollback
            .iter()
            .enumerate()
            .find(|(_, p)| p.name == name)
            .map(|(i, p)| (Place::Path(i), p))
    }

    /// Whether what stands in `place` is a later duty.
    pub fn is_later(&self, place: Place) -> bool {
        match place {
            Place::Phase(at) => self.phases.get(at).is_some_and(|p| p.later.is_some()),
            Place::Path(_) => false,
        }
    }

    /// Returns the target called `name`.
    pub fn target(&self, name: &str) -> Option<&Target> {
        self.targets.iter().find(|t| t.name == name)
    }
}
