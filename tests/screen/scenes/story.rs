//! A run that is told second by second: events, samples, bytes and keys.

#![expect(
    clippy::unwrap_used,
    reason = "a scene that cannot be told is a broken test"
)]

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use holdpoint::app::message::{Came, Msg};
use holdpoint::app::model::{Identified, Model, Now, Purpose};
use holdpoint::app::monitor::Link;
use holdpoint::app::update::update;
use holdpoint::domain::attempt::{Ended, Outcome};
use holdpoint::domain::journal::Entry;
use holdpoint::domain::run::event::{Confirmed, Event, Finished, Opened, Operator, Peaks, Started};
use holdpoint::domain::run::state::RunState;
use holdpoint::domain::runbook::model::{Runbook, StepId};
use holdpoint::domain::runbook::parse::parse;
use holdpoint::domain::sample::model::Sample;
use holdpoint::domain::sample::news::MonitorNews;

use crate::scenes::server::identity;

const BOOK: &str = include_str!("../book.yaml");

/// 02:00 UTC on 20 November 2026: the planned start.
pub(super) const START_MS: i64 = 1_795_140_000_000;

/// The forward clock at the planned start.
pub(super) const MONO_MS: u64 = 10_000_000;

/// A run that is told second by second.
pub struct Story {
    seq: u64,
    at_s: i64,
    pub model: Model,
}

impl Story {
    /// Returns a run that was opened 19 minutes before its planned start.
    pub fn opened() -> Self {
        let mut model = Model::new(Purpose::Drive, Arc::new(book()), RunState::default());
        model.identified = Identified::Yes;
        model.runbook_dir = String::from("/srv/billing");
        model
            .environment
            .insert("DATABASE_URL".into(), "postgresql://db1/billing".into());
        let mut story = Self {
            seq: 0,
            at_s: -19 * 60,
            model,
        };
        let opened = Opened {
            run: "20261120T014100Z-billing-7f3a2c".into(),
            title: "Alembic migration".into(),
            target: "production".into(),
            parameters: [("release".to_owned(), "v2.4.0".to_owned())].into(),
            planned_start: Some(START_MS / 1000),
            ..Opened::default()
        };
        story.tell(Event::RunOpened(Box::new(opened)));
        story.tell(Event::Operator(Operator {
            name: "Dana Kovač".into(),
            identity: "dana@example.com".into(),
            key: "SHA256:abc".into(),
            key_source: "agent".into(),
        }));
        story.tell(Event::Target(identity()));
        story
    }

    /// Lets `seconds` pass.
    pub fn later(&mut self, seconds: i64) {
        self.at_s += seconds;
        let now = self.now();
        let _ = update(&mut self.model, Msg::Tick(now));
    }

    /// Goes to so many seconds after the planned start.
    pub fn at(&mut self, seconds: i64) {
        self.later(seconds - self.at_s);
    }

    pub(super) fn now(&self) -> Now {
        Now {
            wall_ms: START_MS + self.at_s * 1000,
            mono_ms: MONO_MS.checked_add_signed(self.at_s * 1000).unwrap(),
        }
    }

    /// Puts an event on disk.
    pub fn tell(&mut self, event: Event) {
        let now = self.now();
        self.model.now = now;
        self.seq += 1;
        let t = chrono::DateTime::from_timestamp_millis(now.wall_ms).unwrap();
        let entry = Entry {
            seq: self.seq,
            t: t.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            mono_ms: now.mono_ms,
            by: "dana@example.com".into(),
            event,
        };
        let _ = update(&mut self.model, Msg::Journaled(vec![entry]));
        // What the autopilot asked for is on disk only when the story says so.
        self.model.pending = 0;
        self.model.recording = holdpoint::app::model::Recording::Saved;
    }

    /// A person confirms a step.
    pub fn confirm(&mut self, step: &str) {
        self.tell(Event::StepConfirmed(Confirmed {
            step: StepId::new(step),
            answer: String::new(),
            file_sha256: String::new(),
            seen_ms: 4_000,
            on_behalf_of: String::new(),
        }));
    }

    /// An automated step starts.
    pub fn start(&mut self, step: &str) {
        let attempt = self
            .model
            .run
            .record(&StepId::new(step))
            .map_or(0, |r| r.attempts)
            + 1;
        self.tell(Event::StepStarted(Started {
            step: StepId::new(step),
            attempt,
            command: String::new(),
            app_name: String::new(),
            typed: String::new(),
            reason: String::new(),
        }));
    }

    /// It ends.
    pub fn end(&mut self, step: &str, ended: Ended, summary: &str, duration_ms: u64) {
        let id = StepId::new(step);
        let attempt = self.model.run.record(&id).map_or(1, |r| r.attempts);
        let outcome = Outcome {
            duration_ms,
            ..Outcome::of(ended, summary)
        };
        self.tell(Event::StepFinished(Finished {
            step: id,
            attempt,
            outcome,
            peaks: Peaks::default(),
        }));
    }

    /// It starts and passes.
    pub fn pass(&mut self, step: &str, seconds: i64) {
        self.start(step);
        self.later(seconds);
        self.end(step, Ended::Passed, "exit 0", seconds.unsigned_abs() * 1000);
    }

    /// Everything up to the dangerous step is done.
    pub fn ready(&mut self) {
        self.confirm("the-team-knows");
        self.pass("new-enough", 1);
        self.pass("backup", 252);
        self.at(30);
        self.pass("maintenance", 12);
    }

    /// Bytes of the shown attempt come.
    pub fn print(&mut self, text: &str) {
        self.model.output.take(text.as_bytes(), 0);
    }

    /// A refresh of the monitor comes.
    pub fn sample(&mut self, sample: Sample) {
        let _ = update(
            &mut self.model,
            Msg::Monitor(MonitorNews::Sampled(Box::new(sample))),
        );
    }

    /// A key is pressed, long after the last one.
    pub fn key(&mut self, code: KeyCode) {
        let _ = update(&mut self.model, Msg::Drawn);
        self.later(2);
        if let (Some(sample), Link::Live) = (
            self.model.monitor.sample.clone(),
            self.model.monitor.link.clone(),
        ) {
            self.sample(*sample);
        }
        let at_ms = self.model.now.mono_ms;
        let key = KeyEvent::new(code, KeyModifiers::NONE);
        let _ = update(
            &mut self.model,
            Msg::Key {
                key,
                at_ms,
                came: Came::Alone,
            },
        );
    }
}

/// Returns the runbook that all scenes run.
pub fn book() -> Runbook {
    parse(BOOK.as_bytes(), "book.yaml", &|name| {
        Err(std::io::Error::other(name.to_owned()))
    })
    .unwrap()
}
