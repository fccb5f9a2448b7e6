//! All that the screen can show.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::app::checklist::Checklist;
use crate::app::dialog::Dialog;
use crate::app::keys::Scope;
use crate::app::monitor::{Monitor, Typing};
use crate::app::output::Output;
use crate::app::shown::Moved;
use crate::domain::run::event::{Confirmed, Event};
use crate::domain::run::state::{CancelState, RunState};
use crate::domain::runbook::model::{Action, Runbook, StepId};
use crate::domain::sample::history::History;
use crate::domain::sample::{Sample, headline};

/// What the program was started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To drive a run.
    Drive,
    /// To follow another process's run without touching it.
    Watch,
    /// To watch a server, with no runbook.
    Monitor,
}

/// A moment, on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// Milliseconds since 1970.
    pub wall_ms: i64,
    /// Milliseconds on a clock that only runs forward.
    pub mono_ms: u64,
}

/// How things stood when a step began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    /// When, on the forward clock.
    pub mono_ms: u64,
    /// How many alarms the run had had by then.
    pub alarms: usize,
}

/// Which pane has the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pane {
    /// The checklist.
    #[default]
    Checklist,
    /// The step and its output.
    Output,
    /// The monitor panel.
    Monitor,
}

/// How much weight a line has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Text.
    #[default]
    Plain,
    /// What can wait.
    Quiet,
    /// What is under way or asks for attention.
    Active,
    /// What went well.
    Good,
    /// A warning.
    Warning,
    /// What can do harm or has.
    Danger,
}

/// One line for the operator, on the status line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it says.
    pub text: String,
    /// How much weight it has.
    pub tone: Tone,
}

/// Whether the journal can be written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Recording {
    /// Everything is on disk.
    #[default]
    Saved,
    /// Records are on their way to the disk.
    Saving,
    /// The disk refused; nothing is offered until it takes records again.
    Refused {
        /// What it said.
        why: String,
    },
}

/// All that the screen can show.
#[derive(Debug)]
pub struct Model {
    /// What the program was started for.
    pub purpose: Purpose,
    /// The plan.
    pub book: Arc<Runbook>,
    /// The run as the journal has it.
    pub run: RunState,
    /// The run's directory; empty when there is no run.
    pub run_dir: PathBuf,
    /// Whether the runbook's file is still what the run executes.
    pub book_file: BookFile,
    /// The directory of the runbook's file, absolute.
    pub runbook_dir: String,
    /// The present.
    pub now: Now,
    /// Values of the environment variables that the runbook names, without the secret ones.
    pub environment: BTreeMap<String, String>,
    /// Names of environment variables whose values are secret.
    pub secret_names: Vec<String>,
    /// How long steps took on another target, in milliseconds: `staging: 38 s`.
    pub rehearsed: BTreeMap<StepId, (String, u64)>,
    /// Acts among the later duties that no addendum tells yet.
    pub unsigned: usize,
    /// The checklist's cursor.
    pub checklist: Checklist,
    /// The output of the step that is shown.
    pub output: Output,
    /// The monitors.
    pub monitor: Monitor,
    /// Which pane has the keyboard.
    pub focus: Pane,
    /// What lies on top.
    pub dialog: Option<Dialog>,
    /// Whether the journal can be written.
    pub recording: Recording,
    /// One line for the operator.
    pub notice: Option<Notice>,
    /// When each question to a person first stood on the screen, on the forward clock.
    pub shown: BTreeMap<StepId, u64>,
    /// How things stood when each step was last started.
    pub begun: BTreeMap<StepId, Begun>,
    /// How far the step's text is moved.
    pub step_moved: Moved,
    /// Whether the panel that has the keyboard fills the screen.
    pub zoom: Zoom,
    /// Appends on their way to the disk. While there are any, nothing is decided on what the disk may not hold.
    pub pending: usize,
    /// Since when appends have been on their way without a pause, on the forward clock.
    pub saving_ms: u64,
    /// Facts that the disk refused; they are written as soon as it takes records again.
    pub unsaved: Vec<Vec<Event>>,
    /// Attempts that are to be stopped and whose record is on its way to the disk.
    pub to_stop: Vec<Stopping>,
    /// Attempts that were told to stop before that was recorded, because the disk refuses or hangs.
    pub told_to_stop: Vec<Stopping>,
    /// A failed step that is run again by itself, and when, on the forward clock.
    pub retry: Option<Retrial>,
    /// When Enter last answered or tried to answer a dialog, on the forward clock.
    pub entered_ms: Option<u64>,
    /// A confirmation that waits for the digest of its file.
    pub undigested: Option<Confirmed>,
    /// Whether the server has said who it is since this process took the run up.
    pub identified: Identified,
    /// Which part the server played when it was last looked at, `primary` or `standby`; empty: nobody looked yet.
    pub role_seen: String,
    /// Since when the server has not answered, on the forward clock.
    pub lost_ms: Option<u64>,
}

/// A failed step that is run again by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retrial {
    /// The step.
    pub step: StepId,
    /// When, on the forward clock.
    pub due_ms: u64,
    /// Why: `retry 1 of 3, after: lock timeout`.
    pub reason: String,
}

/// What a runbook's file is to the run that was opened with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BookFile {
    /// What the run executes.
    #[default]
    Executed,
    /// It was edited since; the run goes on with its own copy.
    Edited,
}

/// An attempt that is to be stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopping {
    /// The step.
    pub step: StepId,
    /// The attempt.
    pub attempt: u32,
    /// The reason.
    pub reason: String,
}

/// Whether the server has said who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Identified {
    /// It has not; steps that depend on it wait.
    #[default]
    No,
    /// It has.
    Yes,
    /// It had, and does not answer any more: whoever answers next may be another.
    Lost,
}

/// Whether one pane fills the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Zoom {
    /// All panes that fit are shown.
    #[default]
    Shared,
    /// Only the pane that has the keyboard is.
    Full,
}

impl Model {
    /// Returns the model of a run of `book` that stands at `run`.
    pub fn new(purpose: Purpose, book: Arc<Runbook>, run: RunState) -> Self {
        Self {
            purpose,
            monitor: Monitor::default(),
            book,
            run,
            run_dir: PathBuf::new(),
            book_file: BookFile::default(),
            runbook_dir: String::new(),
            now: Now::default(),
            environment: BTreeMap::new(),
            secret_names: Vec::new(),
            rehearsed: BTreeMap::new(),
            unsigned: 0,
            checklist: Checklist::default(),
            output: Output::default(),
            focus: match purpose {
                Purpose::Drive | Purpose::Watch => Pane::Checklist,
                Purpose::Monitor => Pane::Monitor,
            },
            dialog: None,
            recording: Recording::Saved,
            notice: None,
            shown: BTreeMap::new(),
            begun: BTreeMap::new(),
            step_moved: Moved::default(),
            zoom: Zoom::default(),
            pending: 0,
            saving_ms: 0,
            unsaved: Vec::new(),
            to_stop: Vec::new(),
            told_to_stop: Vec::new(),
            retry: None,
            entered_ms: None,
            undigested: None,
            identified: Identified::No,
            role_seen: String::new(),
            lost_ms: None,
        }
    }

    /// Returns which part of the screen has the keyboard.
    pub fn scope(&self) -> Scope {
        match (&self.dialog, self.focus) {
            (Some(_), _) => Scope::Dialog,
            (None, Pane::Checklist) => Scope::Checklist,
            (None, Pane::Output) => Scope::Output,
            (None, Pane::Monitor) if self.monitor.typing == Typing::Filter => Scope::Filter,
            (None, Pane::Monitor) => Scope::Monitor,
        }
    }

    /// Notes that `step` has just been started.
    pub fn begin(&mut self, step: &StepId) {
        let begun = Begun {
            mono_ms: self.now.mono_ms,
            alarms: self.run.alarms.len(),
        };
        self.begun.insert(step.clone(), begun);
    }

    /// Takes over from the journal when the running steps began: the wall clock is asked this once and never again.
    pub fn begin_running(&mut self) {
        let running: Vec<StepId> = self.run.running().map(|(id, _)| id.clone()).collect();
        for id in running {
            let since = self.run.record(&id).and_then(|r| r.started_ms);
            let gone = self.now.wall_ms - since.unwrap_or(self.now.wall_ms);
            self.begin(&id);
            if let Some(begun) = self.begun.get_mut(&id) {
                let gone = u64::try_from(gone).unwrap_or(0);
                begun.mono_ms = begun.mono_ms.saturating_sub(gone);
            }
        }
    }

    /// Takes up the alarms that the journal has as raised, so that they are cleared when their rules no longer hold.
    pub fn take_up_alarms(&mut self) {
        let now = i64::try_from(self.now.mono_ms).unwrap_or(i64::MAX);
        for alarm in self.run.holding() {
            let lasted = (self.now.wall_ms - alarm.raised_ms).max(0);
            let since = now.saturating_sub(lasted);
            self.monitor.judge.take_up(&alarm.raised.rule, since, now);
        }
    }

    /// Leaves out the time for which the machine stood still: nobody watched then.
    pub fn stood_still(&mut self, for_ms: u64) {
        let watches = |id: &StepId| {
            let step = self.book.step(id);
            step.is_some_and(|s| matches!(s.action, Action::Watch(_)))
        };
        let ids: Vec<StepId> = self
            .begun
            .keys()
            .filter(|id| watches(id))
            .cloned()
            .collect();
        for id in ids {
            if let Some(begun) = self.begun.get_mut(&id) {
                begun.mono_ms += for_ms;
            }
        }
    }

    /// Returns for how many milliseconds `step` has been running; no change of the wall clock moves it.
    pub fn running_ms(&self, step: &StepId) -> u64 {
        let begun = self.begun.get(step);
        begun.map_or(0, |begun| self.now.mono_ms.saturating_sub(begun.mono_ms))
    }

    /// Returns the one sentence on who blocks whom now; `None` while nobody waits.
    pub fn blocking_line(&self) -> Option<String> {
        self.blocking_of(self.monitor.sample.as_ref()?, &self.monitor.history)
    }

    /// Returns the one sentence on who blocks whom in what the panels show.
    pub fn blocking_shown(&self) -> Option<String> {
        let picture = self.monitor.picture();
        self.blocking_of(picture.sample?, picture.history)
    }

    fn blocking_of(&self, sample: &Sample, history: &History) -> Option<String> {
        let title = |id: &StepId| {
            self.book
                .step(id)
                .map_or_else(|| id.to_string(), |s| s.title.clone())
        };
        headline::one_line(sample, history, title)
    }

    /// Returns whether the attempt that `record` is of was asked to stop, on record or before it can be recorded.
    pub fn cancel_of(&self, step: &StepId) -> CancelState {
        match (self.told_to_stop(step), self.run.record(step)) {
            (Some(_), _) => CancelState::Asked,
            (None, record) => record.map_or(CancelState::NotAsked, |r| r.cancel),
        }
    }

    /// Returns why the running attempt of `step` was asked to stop.
    pub fn cancelled_because(&self, step: &StepId) -> &str {
        let recorded = || self.run.record(step).map_or("", |r| r.why.as_str());
        self.told_to_stop(step)
            .map_or_else(recorded, |told| told.reason.as_str())
    }

    fn told_to_stop(&self, step: &StepId) -> Option<&Stopping> {
        let attempt = self.run.record(step)?.attempts;
        let mut told = self.told_to_stop.iter();
        told.find(|told| told.step == *step && told.attempt == attempt)
    }

    /// Puts one line on the status line.
    pub fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.notice = Some(Notice {
            text: text.into(),
            tone,
        });
    }
}
