//! Moments of a production window, told by events, samples and keys: what the screens are drawn from.

#![expect(
    clippy::unwrap_used,
    reason = "a scene that cannot be told is a broken test"
)]

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use holdpoint::app::message::Msg;
use holdpoint::app::model::{Identified, Model, Now, Purpose};
use holdpoint::app::monitor::Link;
use holdpoint::app::update::update;
use holdpoint::domain::attempt::{Ended, Outcome};
use holdpoint::domain::journal::Entry;
use holdpoint::domain::run::event::{
    AlarmRaised, Confirmed, Event, Finished, Opened, Operator, Peaks, Started, TargetSeen,
};
use holdpoint::domain::run::state::RunState;
use holdpoint::domain::runbook::model::{Action, Confirm, Level, Runbook, StepId};
use holdpoint::domain::runbook::parse::parse;
use holdpoint::domain::sample::model::{
    Blocker, ClientTally, Counts, LockWait, Ours, Progress, Rates, Sample, Server, Session, Wait,
};
use holdpoint::domain::sample::news::MonitorNews;

const BOOK: &str = include_str!("book.yaml");

/// 02:00 UTC on 20 November 2026: the planned start.
const START_MS: i64 = 1_795_140_000_000;
/// The forward clock at the planned start.
const MONO_MS: u64 = 10_000_000;

/// Returns the runbook that all scenes run.
pub fn book() -> Runbook {
    parse(BOOK.as_bytes(), "book.yaml", &|name| {
        Err(std::io::Error::other(name.to_owned()))
    })
    .unwrap()
}

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
        story.tell(Event::Target(TargetSeen {
            version: "PostgreSQL 15.4".into(),
            database: "billing".into(),
            address: "db1:5432".into(),
            user: "deploy".into(),
            role: "primary".into(),
            ..TargetSeen::default()
        }));
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

    fn now(&self) -> Now {
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
            ended,
            summary: summary.into(),
            duration_ms,
            output: holdpoint::domain::attempt::OutputDigest::default(),
            values: std::collections::BTreeMap::default(),
            secret_values: Vec::new(),
            checked: None,
            left_behind: Vec::new(),
            kept: None,
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
        let _ = update(&mut self.model, Msg::Key { key, at_ms });
    }
}

fn session(pid: i32, user: &str, application: &str, state: &str, query: &str, ms: u64) -> Session {
    Session {
        pid,
        kind: "client backend".into(),
        user: user.into(),
        application: application.into(),
        client: "10.0.4.17".into(),
        database: "billing".into(),
        state: state.into(),
        xact_ms: Some(ms),
        query_ms: Some(ms),
        state_ms: Some(ms),
        query: query.into(),
        ..Session::default()
    }
}

fn lock(mode: &str, group: &str, of: u32, wait_ms: u64) -> LockWait {
    LockWait {
        mode: mode.into(),
        object: "public.invoices".into(),
        group: group.into(),
        place: 1,
        of,
        wait_ms: Some(wait_ms),
    }
}

fn waits(mut session: Session, lock: LockWait, behind: i32, held: &str) -> Session {
    session.wait = Some(Wait {
        kind: "Lock".into(),
        event: "relation".into(),
    });
    session.lock = Some(lock);
    session.n_blockers = 1;
    if held.is_empty() {
        session.soft = Some(behind);
    } else {
        session.hard = vec![Blocker {
            pid: behind,
            modes: held.into(),
            prepared: Vec::new(),
        }];
    }
    session
}

fn counts(connections: u32, blocked: u32) -> Counts {
    let client = |user: &str, application: &str, n, active| ClientTally {
        user: user.into(),
        database: "billing".into(),
        application: application.into(),
        n,
        active,
    };
    Counts {
        connections,
        limit: 97,
        reserved: 3,
        active: 12,
        idle: connections.saturating_sub(15),
        idle_in_transaction: 3,
        blocked,
        longest_xact_ms: Some(842_000),
        by_client: vec![
            client("api", "billing-api", 41, 9),
            client("worker", "celery", 24, 2),
            client("report", "", 11, 1),
            client("cron", "nightly-invoices", 4, 0),
            client("deploy", "holdpoint.7f3a2c.apply.1", 1, 1),
        ],
        ..Counts::default()
    }
}

/// A quiet server.
pub fn calm() -> Sample {
    Sample {
        at_ms: START_MS,
        sessions: vec![
            session(
                4950,
                "api",
                "billing-api",
                "active",
                "SELECT * FROM invoices WHERE id = $1",
                3,
            ),
            session(
                4951,
                "worker",
                "celery",
                "active",
                "UPDATE jobs SET state = 'done' WHERE id = $1",
                12,
            ),
        ],
        counts: counts(48, 0),
        server: Some(Server {
            rates: Some(rates()),
            ..Server::default()
        }),
        interval_ms: 1_000,
        took_ms: 2,
        ..Sample::default()
    }
}

fn rates() -> Rates {
    Rates {
        tps: 412.0,
        rollbacks: 1.0,
        rows: 903.0,
        temp_bytes: 0.0,
        wal_bytes: 1.9e6,
        hit_ratio: Some(0.996),
        ..Rates::default()
    }
}

/// Our ALTER waits for a forgotten transaction, and the application waits behind our ALTER.
pub fn lock_storm() -> Sample {
    let cron = Session {
        state_ms: Some(842_000),
        ..session(
            4711,
            "cron",
            "nightly-invoices",
            "idle in transaction",
            "SELECT * FROM invoices FOR UPDATE",
            842_000,
        )
    };
    let ours = Session {
        ours: Ours::Step {
            step: StepId::new("apply"),
            attempt: 1,
        },
        ..session(
            4802,
            "deploy",
            "holdpoint.7f3a2c.apply.1",
            "active",
            "ALTER TABLE invoices ADD COLUMN currency text",
            41_000,
        )
    };
    let ours = waits(
        ours,
        lock("AccessExclusiveLock", "a", 1, 41_000),
        4711,
        "RowShareLock",
    );
    let mut sessions = vec![cron, ours];
    for pid in 4810..4816 {
        let waiter = session(
            pid,
            "api",
            "billing-api",
            "active",
            "SELECT * FROM invoices WHERE id = $1",
            38_000,
        );
        sessions.push(waits(
            waiter,
            lock("AccessShareLock", "b", 31, 38_000),
            4802,
            "",
        ));
    }
    let update = session(
        4822,
        "worker",
        "celery",
        "active",
        "UPDATE invoices SET paid = true WHERE id = $1",
        800,
    );
    sessions.push(waits(
        update,
        lock("RowExclusiveLock", "c", 1, 800),
        4802,
        "",
    ));
    sessions.push(session(
        4950,
        "api",
        "billing-api",
        "active",
        "SELECT * FROM customers WHERE id = $1",
        3,
    ));
    let progress = Progress {
        pid: 4960,
        command: "CREATE INDEX CONCURRENTLY".into(),
        phase: "building index: scanning table".into(),
        relation: "public.payments".into(),
        index: "payments_by_day".into(),
        done: 41_200,
        total: 120_000,
        unit: "blocks".into(),
        ..Progress::default()
    };
    Sample {
        at_ms: START_MS + 90_000,
        sessions,
        counts: counts(83, 33),
        server: Some(Server {
            rates: Some(rates()),
            progress: vec![progress],
            ..Server::default()
        }),
        interval_ms: 1_000,
        took_ms: 4,
        ..Sample::default()
    }
}

/// The same for somebody who drives no run.
fn of_strangers(mut sample: Sample) -> Sample {
    for session in &mut sample.sessions {
        session.ours = Ours::No;
    }
    sample
}

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
    let seen = TargetSeen {
        version: "PostgreSQL 15.4".into(),
        database: "billing".into(),
        address: "db1:5432".into(),
        user: "deploy".into(),
        role: "primary".into(),
        ..TargetSeen::default()
    };
    let _ = update(&mut model, Msg::Monitor(MonitorNews::Identity(seen)));
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
