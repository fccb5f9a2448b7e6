//! Tiny books and journals for the tests of the log.

use std::collections::BTreeMap;

use crate::domain::attempt::{Ended, Outcome, OutputDigest};
use crate::domain::digest::sha256_hex;
use crate::domain::journal::{Entry, FORMAT, GENESIS};
use crate::domain::report::render;
use crate::domain::report::scan::Scan;
use crate::domain::run::event::*;
use crate::domain::runbook::model::*;

/// A journal as it grows, with the files beside it.
#[derive(Default)]
pub struct Run {
    pub bytes: Vec<u8>,
    pub files: BTreeMap<String, Vec<u8>>,
    head: String,
    seq: u64,
    now_ms: u64,
    /// Milliseconds by which the wall clock has moved.
    pub moved_ms: i64,
}

/// 2026-11-20T09:00:00Z
const START: i64 = 1_795_165_200;

impl Run {
    /// A run that was opened.
    pub fn opened() -> Self {
        Self::opened_as(|_| ())
    }

    pub fn opened_as(change: impl Fn(&mut Opened)) -> Self {
        let mut opened = Opened {
            format: FORMAT.into(),
            tool: "0.1.0".into(),
            run: "20261120T090000Z-orders-7f3a2c".into(),
            title: "Orders get a status".into(),
            runbook_sha256: sha256_hex(b"runbook"),
            runbook_path: "/srv/orders.yaml".into(),
            target: "production".into(),
            protection: Some(Protection::Protected),
            host: "bastion-2".into(),
            os_user: "dkovac".into(),
            utc_offset_min: 60,
            ..Opened::default()
        };
        change(&mut opened);
        let mut run = Self {
            head: GENESIS.into(),
            ..Self::default()
        };
        run.then(Event::RunOpened(Box::new(opened)));
        run.then(Event::Operator(operator()));
        run
    }

    /// One more event, a second later.
    pub fn then(&mut self, event: Event) -> &mut Self {
        self.seq += 1;
        self.now_ms += 1_000;
        let ms = START * 1_000 + i64::try_from(self.now_ms).unwrap() + self.moved_ms;
        let t = chrono::DateTime::from_timestamp_millis(ms).unwrap();
        let entry = Entry {
            seq: self.seq,
            t: t.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            mono_ms: self.now_ms,
            by: "dana@example.com".into(),
            event,
        };
        let line = entry.encode(&self.head).unwrap();
        self.head = sha256_hex(line.as_bytes());
        self.bytes.extend(line.as_bytes());
        self
    }

    /// Milliseconds go by.
    pub fn wait(&mut self, ms: u64) -> &mut Self {
        self.now_ms += ms;
        self
    }

    /// An attempt from start to end.
    pub fn attempt(&mut self, step: &str, attempt: u32, ended: Ended, output: &[u8]) -> &mut Self {
        self.then(started(step, attempt));
        let path = format!("output/{step}.{attempt}.txt");
        self.files.insert(path.clone(), output.to_vec());
        let outcome = Outcome {
            summary: match ended {
                Ended::Passed => "exit 0".into(),
                Ended::Warned => "exit 2".into(),
                _ => "exit 1".into(),
            },
            ended,
            duration_ms: 6_412,
            output: OutputDigest {
                path,
                sha256: sha256_hex(output),
                bytes: output.len() as u64,
                ..OutputDigest::default()
            },
            values: BTreeMap::new(),
            secret_values: Vec::new(),
            checked: None,
            left_behind: Vec::new(),
            kept: None,
        };
        let peaks = Peaks {
            samples: 6,
            blocked: attempt,
            ..Peaks::default()
        };
        let step = StepId::new(step);
        self.then(Event::StepFinished(Finished {
            step,
            attempt,
            outcome,
            peaks,
        }))
    }

    /// The end.
    pub fn closed(&mut self, status: Status) -> &mut Self {
        self.then(Event::RunClosed(Closed {
            status,
            remark: String::new(),
            clock_offset_ms: Some(50),
        }))
    }

    /// The log.
    pub fn log(&self, book: &Runbook) -> String {
        let files = |path: &str| self.files.get(path).map(|bytes| Scan::of(bytes));
        render(book, &self.bytes, &files).unwrap().record
    }
}

pub fn operator() -> Operator {
    Operator {
        name: "Dana Kovač".into(),
        identity: "dana@example.com".into(),
        key: "SHA256:abc".into(),
        key_source: "agent".into(),
    }
}

pub fn started(step: &str, attempt: u32) -> Event {
    Event::StepStarted(Started {
        step: StepId::new(step),
        attempt,
        command: "alembic upgrade head".into(),
        app_name: String::new(),
        typed: String::new(),
        reason: String::new(),
    })
}

/// A book of one phase: `m` a manual step, `r` a command, `c` a check, `d` a decision; the ids are `01`, `02`, …
pub fn book(kinds: &str) -> Runbook {
    let steps: Vec<Step> = kinds
        .chars()
        .enumerate()
        .map(|(at, kind)| step(at, kind))
        .collect();
    Runbook {
        title: "Orders get a status".into(),
        roles: vec!["Database Admin".into(), "QA Lead".into()],
        phases: vec![Phase {
            title: "All".into(),
            at: None,
            later: None,
            items: (0..steps.len()).map(Item::Step).collect(),
        }],
        steps,
        ..Runbook::default()
    }
}

fn step(at: usize, kind: char) -> Step {
    let action = match kind {
        'm' => Action::Confirm(Confirm::default()),
        'r' => Action::Run(Shell::default()),
        'c' => Action::Check(Shell::default()),
        _ => Action::Decide(Vec::new()),
    };
    Step {
        id: StepId::new(format!("{:02}", at + 1)),
        number: format!("1.{}", at + 1),
        ordinal: at + 1,
        line: at + 1,
        title: format!("Title {}", at + 1),
        ..Step::of(action)
    }
}
