//! A model with a disk that takes everything at once, and a clock: what tests sit at.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};

use crate::app::message::{Came, Effect, Msg};
use crate::app::model::{Model, Now, Purpose};
use crate::app::update::update;
use crate::domain::attempt::Outcome;
use crate::domain::journal::Entry;
use crate::domain::run::event::Event;
use crate::domain::run::fixture::{entries, run};
use crate::domain::run::state::Stand;
use crate::domain::runbook::model::{Runbook, StepId};
use crate::domain::signal::AttemptNews;

/// A model with a disk that takes everything at once, and a clock.
pub struct Desk {
    pub model: Model,
    pub seq: u64,
    /// Every effect but the appends.
    pub effects: Vec<Effect>,
    pub events: Vec<Event>,
    /// What the disk does with records.
    pub disk: Disk,
}

/// What a disk does with records.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    Takes,
    Refuses,
    Hangs,
}

impl Desk {
    pub fn new(book: Runbook, target: &str) -> Self {
        let model = Model::new(Purpose::Drive, Arc::new(book), run(target, vec![]));
        let mut desk = Self {
            model,
            seq: 1,
            effects: Vec::new(),
            events: Vec::new(),
            disk: Disk::Takes,
        };
        desk.wait(10_000);
        desk
    }

    pub fn tell(&mut self, msg: Msg) {
        let mut inbox = vec![msg];
        while let Some(msg) = inbox.pop() {
            for effect in update(&mut self.model, msg) {
                match effect {
                    Effect::Append(events) => match self.disk {
                        Disk::Takes => inbox.push(Msg::Journaled(self.write(events))),
                        Disk::Refuses => inbox.push(Msg::NotJournaled {
                            events,
                            why: "no space left".into(),
                        }),
                        Disk::Hangs => {}
                    },
                    other => self.effects.push(other),
                }
            }
        }
    }

    pub fn write(&mut self, events: Vec<Event>) -> Vec<Entry> {
        self.events.extend(events.clone());
        let mut written = entries(events);
        for entry in &mut written {
            self.seq += 1;
            entry.seq = self.seq;
        }
        written
    }

    /// Lets `ms` pass and draws a frame.
    pub fn wait(&mut self, ms: u64) {
        let now = self.model.now;
        let wall_ms = now.wall_ms + i64::try_from(ms).unwrap();
        self.tell(Msg::Tick(Now {
            wall_ms,
            mono_ms: now.mono_ms + ms,
        }));
        self.tell(Msg::Drawn);
    }

    pub fn press(&mut self, code: KeyCode) {
        let at_ms = self.model.now.mono_ms;
        self.tell(Msg::Key {
            key: KeyEvent::from(code),
            at_ms,
            came: Came::Alone,
        });
    }

    /// Types `text` as a person does, and Enter after a pause.
    pub fn type_and_enter(&mut self, text: &str) {
        for c in text.chars() {
            self.wait(60);
            self.press(KeyCode::Char(c));
        }
        self.enter();
    }

    pub fn enter(&mut self) {
        self.wait(1_000);
        self.press(KeyCode::Enter);
        self.wait(10);
    }

    pub fn ended(&mut self, step: &str, attempt: u32, outcome: Outcome) {
        let (step, outcome, tail) = (StepId::new(step), Box::new(outcome), String::new());
        self.tell(Msg::Attempt(AttemptNews::Ended {
            step,
            attempt,
            outcome,
            tail,
        }));
    }

    pub fn launched(&self) -> Vec<String> {
        let launched = self.effects.iter().filter_map(|e| match e {
            Effect::Launch { step, attempt } => Some(format!("{step}.{attempt}")),
            _ => None,
        });
        launched.collect()
    }

    pub fn stand(&self, step: &str) -> &Stand {
        self.model.run.stand(&StepId::new(step))
    }

    pub fn problem(&self) -> String {
        self.model
            .dialog
            .as_ref()
            .and_then(|d| d.problem.clone())
            .unwrap_or_default()
    }
}
