//! Moments of a production window, told by events, samples and keys: what the screens are drawn from.

#![expect(
    clippy::unwrap_used,
    reason = "a scene that cannot be told is a broken test"
)]

mod server;
mod story;

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use holdpoint::app::message::{Came, Msg};
use holdpoint::app::model::{Model, Now, Purpose};
use holdpoint::app::update::update;
use holdpoint::domain::attempt::Ended;
use holdpoint::domain::run::event::{AlarmRaised, Event};
use holdpoint::domain::run::state::RunState;
use holdpoint::domain::runbook::model::{Action, Confirm, Level, Runbook, StepId};
use holdpoint::domain::sample::model::Sample;
use holdpoint::domain::sample::news::MonitorNews;

use crate::scenes::server::{counts, identity, of_strangers};
use crate::scenes::story::{MONO_MS, START_MS};

pub use server::{calm, lock_storm};
pub use story::{Story, book};

/// A run that waits for its first confirmation.
pub fn fresh() -> Model {
    let mut story = Story::opened();
    story.sample(calm());
    story.model
}

fn applying() -> Story {
    let mut story = Story::opened();
    story.ready();
    for connections in [48, 48, 51, 50, 55, 61, 70] {
        story.sample(Sample {
            counts: counts(connections, 0),
            ..calm()
        });
    }
    story.later(5);
    story.start("apply");
    story.later(42);
    story.sample(lock_storm());
    story.print("INFO  [alembic.runtime.migration] Context impl PostgresqlImpl.\n");
    story.print("INFO  [alembic.runtime.migration] Will assume transactional DDL.\n");
    story.print("INFO  [alembic.runtime.migration] Running upgrade 4f1c0d2a77be -> 9a22f03b11cd, add invoice.currency\n");
    story
}

/// The dangerous step waits for a lock and the application waits behind it.
pub fn storm() -> Model {
    let mut story = applying();
    story.tell(Event::AlarmRaised(AlarmRaised {
        rule: "blocked >= 5 for 10s".into(),
        level: Level::Critical,
        seen: "blocked 33".into(),
        blocker: "pid 4711 nightly-invoices, idle in transaction for 14 min".into(),
        during: Vec::new(),
    }));
    story.model
}

fn failed() -> Story {
    let mut story = applying();
    story.sample(calm());
    story.print("sqlalchemy.exc.OperationalError: (psycopg.errors.LockNotAvailable) canceling statement due to lock timeout\n");
    story.print("[SQL: ALTER TABLE invoices ADD COLUMN currency text]\n");
    story.end(
        "apply",
        Ended::Failed {
            exit: Some(1),
            signal: None,
        },
        "exit 1: canceling statement due to lock timeout",
        44_000,
    );
    story.later(3);
    story
}

/// The dangerous step has failed.
pub fn failure() -> Model {
    failed().model
}

/// … and Enter was pressed.
pub fn failure_choices() -> Model {
    let mut story = failed();
    story.key(KeyCode::Enter);
    story.model
}

/// The dangerous step asks for the target's name, of which a part is typed.
pub fn typed_danger() -> Model {
    let mut story = Story::opened();
    story.ready();
    story.sample(calm());
    story.key(KeyCode::Enter);
    for c in "produ".chars() {
        story.key(KeyCode::Char(c));
    }
    story.key(KeyCode::Enter);
    story.model
}

/// The decision is open, the second way is marked.
pub fn deciding() -> Model {
    to_decide().model
}

/// … and its reason is being typed.
pub fn deciding_with_a_reason() -> Model {
    let mut story = to_decide();
    story.key(KeyCode::Tab);
    for c in "errors doubled".chars() {
        story.key(KeyCode::Char(c));
    }
    story.model
}

fn to_decide() -> Story {
    let mut story = Story::opened();
    story.ready();
    story.pass("apply", 44);
    story.pass("api-answers", 2);
    story.sample(calm());
    story.key(KeyCode::Enter);
    story.key(KeyCode::Down);
    story
}

/// A manual step with boxes is being confirmed.
pub fn confirming() -> Model {
    let mut story = Story::opened();
    story.sample(calm());
    story.key(KeyCode::Enter);
    story.key(KeyCode::Char(' '));
    story.model
}

/// The database has not answered for 12 s while the step runs.
pub fn lost() -> Model {
    let mut story = applying();
    story.later(12);
    let why = "connection to db1:5432 was closed by the server".to_owned();
    let _ = update(
        &mut story.model,
        Msg::Monitor(MonitorNews::Lost {
            why,
            for_ms: 12_000,
        }),
    );
    story.model.recording = holdpoint::app::model::Recording::Saved;
    story.model
}

/// The help lies on top.
pub fn help() -> Model {
    let mut story = Story::opened();
    story.sample(calm());
    story.key(KeyCode::Char('?'));
    story.model
}

/// The runbook's own text lies on top.
pub fn reading() -> Model {
    let mut story = Story::opened();
    story.sample(calm());
    story.key(KeyCode::Char('b'));
    story.model
}

/// A server is watched, with no runbook.
pub fn monitoring() -> Model {
    let mut model = Model::new(
        Purpose::Monitor,
        Arc::new(Runbook::default()),
        RunState::default(),
    );
    model.now = Now {
        wall_ms: START_MS,
        mono_ms: MONO_MS,
    };
    let _ = update(&mut model, Msg::Monitor(MonitorNews::Identity(identity())));
    for connections in [40, 44, 48, 60, 71] {
        let sample = Sample {
            counts: counts(connections, connections / 10),
            ..calm()
        };
        let _ = update(
            &mut model,
            Msg::Monitor(MonitorNews::Sampled(Box::new(sample))),
        );
    }
    let _ = update(
        &mut model,
        Msg::Monitor(MonitorNews::Sampled(Box::new(of_strangers(lock_storm())))),
    );
    let _ = update(
        &mut model,
        Msg::Key {
            key: KeyEvent::new(KeyCode::Char('l'), KeyModifiers::NONE),
            at_ms: MONO_MS,
            came: Came::Alone,
        },
    );
    model
}

/// A step whose command is longer than any screen, not begun.
pub fn long_command() -> Story {
    let mut story = Story::opened();
    let book = Arc::make_mut(&mut story.model.book);
    let at = book
        .steps
        .iter()
        .position(|s| matches!(s.action, Action::Run(_)))
        .unwrap();
    if let Action::Run(shell) = &mut book.steps[at].action {
        let lines = (1..=80).map(|n| format!("echo line {n} of the script"));
        shell.script = lines.collect::<Vec<_>>().join("\n");
    }
    story.model.checklist.selected = Some(book_step(&story.model, at));
    story
}

fn book_step(model: &Model, at: usize) -> StepId {
    model.book.steps[at].id.clone()
}

/// The blocker is selected on the monitor.
pub fn monitor_focus() -> Model {
    let mut story = applying();
    story.key(KeyCode::Char('l'));
    story.model
}

/// A manual step whose instruction is longer than the screen is being confirmed.
pub fn long_question() -> Story {
    let mut story = Story::opened();
    let book = Arc::make_mut(&mut story.model.book);
    let lines = (1..=30).map(|n| format!("- line {n} of the instruction"));
    book.steps[0].action = Action::Confirm(Confirm {
        text: lines.collect::<Vec<_>>().join("\n"),
        items: Vec::new(),
    });
    story.key(KeyCode::Enter);
    story
}
