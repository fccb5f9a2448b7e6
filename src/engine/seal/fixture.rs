//! A run's directory and people with keys, for the tests of signing and verifying.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::domain::attempt::{Ended, Outcome, OutputDigest};
use crate::domain::digest::sha256_hex;
use crate::domain::journal::{Entry, FORMAT, GENESIS};
use crate::domain::report::signoff::Decision;
use crate::domain::run::event::*;
use crate::domain::runbook::model::StepId;
use crate::engine::seal::verify::{Question, Verdict, VerifyError, VerifyReport, verify};
use crate::engine::seal::*;

const BOOK: &str = "\
runbook: 1
title: Orders get a status
roles: [Database Admin, QA Lead]
phases:
  - phase: All
    steps:
      - step: Upgrade the schema
        id: upgrade
        run: echo upgraded
";

pub const RUN: &str = "20261120T090000Z-orders-7f3a2c";

/// A closed run, and a home beside it.
pub struct Place {
    pub root: TempDir,
    pub desk: Desk,
    pub bundle: Bundle,
    agent: Option<Child>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(agent) = &mut self.agent {
            let _ = agent.kill();
            let _ = agent.wait();
        }
    }
}

impl Place {
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let home = root.path().join("home");
        fs::create_dir_all(home.join(".ssh")).unwrap();
        let config = home.join("config");
        let dir = root.path().join(RUN);
        fs::create_dir_all(dir.join("output")).unwrap();
        fs::write(dir.join("runbook.yaml"), BOOK).unwrap();
        fs::write(dir.join("output/01.1.txt"), "upgraded\n").unwrap();
        fs::write(dir.join("journal.jsonl"), journal(&events())).unwrap();
        let bundle = Bundle::at(&dir);
        let desk = Desk::at(home, config, None);
        Self {
            root,
            desk,
            bundle,
            agent: None,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// A key file of this kind, made by the real `ssh-keygen`.
    pub fn key(&self, name: &str, kind: &[&str]) -> Key {
        let path = self.path(name);
        let made = Command::new("ssh-keygen")
            .args(["-q", "-N", "", "-C", name, "-t"])
            .args(kind)
            .arg("-f")
            .arg(&path)
            .stdin(Stdio::null())
            .status();
        assert!(made.unwrap().success());
        find(&self.desk, Some(&path.to_string_lossy())).unwrap()
    }

    /// A list of signers: `(identity, options, key)`.
    pub fn trust(&self, people: &[(&str, &str, &Key)]) -> PathBuf {
        let path = self.path("allowed_signers");
        let line = |(identity, options, key): &(&str, &str, &Key)| {
            format!("{identity} {options} {}\n", key.public.line())
        };
        fs::write(&path, people.iter().map(line).collect::<String>()).unwrap();
        path
    }

    pub fn sign(&self, role: &str, identity: &str, key: &Key) -> Result<(), SealError> {
        let approval = Approval {
            role: role.into(),
            decision: Decision::Approved,
            remark: String::new(),
            signer: signer(identity, key),
        };
        append_signoff(&self.desk, &self.bundle, &approval).map(|_| ())
    }

    /// Dana and Quinn sign, and a list trusts them.
    pub fn signed(&self) -> PathBuf {
        let (dana, quinn) = (
            self.key("dana", &["ed25519"]),
            self.key("quinn", &["ed25519"]),
        );
        self.sign("Database Admin", "dana@example.com", &dana)
            .unwrap();
        self.sign("qa lead", "quinn@example.com", &quinn).unwrap();
        self.trust(&[
            (
                "dana@example.com",
                "namespaces=\"role.database-admin@holdpoint\"",
                &dana,
            ),
            (
                "quinn@example.com",
                "namespaces=\"role.qa-lead@holdpoint\"",
                &quinn,
            ),
        ])
    }

    pub fn asked(&self, question: &Question) -> Result<VerifyReport, VerifyError> {
        verify(&self.desk, &self.bundle.dir, question)
    }

    pub fn verified(&self, trust: &Path) -> VerifyReport {
        let trust = Some(trust.to_owned());
        self.asked(&Question {
            trust,
            ..Question::default()
        })
        .unwrap()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.bundle.log).unwrap()
    }

    pub fn edit(&self, file: &str, change: impl Fn(String) -> String) {
        let path = self.bundle.dir.join(file);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, change(text)).unwrap();
    }

    /// Starts a real agent for this place and puts a key into it; the private file is taken away.
    pub fn agent(&mut self, key: &str) {
        let socket = self.path("agent.sock");
        let mut agent = Command::new("ssh-agent")
            .args(["-D", "-a"])
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Its socket has a name before anybody listens at it.
        while UnixStream::connect(&socket).is_err() {
            assert!(agent.try_wait().unwrap().is_none(), "the agent ended");
            thread::sleep(Duration::from_millis(1));
        }
        self.agent = Some(agent);
        self.desk.agent = Some(socket.into());
        let added = self.desk.command("ssh-add").arg(self.path(key)).output();
        let added = added.unwrap();
        let said = String::from_utf8_lossy(&added.stderr);
        assert!(added.status.success(), "{said}");
        fs::remove_file(self.path(key)).unwrap();
    }
}

/// Who signs with this key.
pub fn signer(identity: &str, key: &Key) -> Signer {
    Signer {
        name: identity.split('@').next().unwrap().into(),
        identity: identity.into(),
        key: key.clone(),
    }
}

/// A small run from its opening to its close.
pub fn events() -> Vec<Event> {
    let step = StepId::new("upgrade");
    let output = b"upgraded\n";
    vec![
        Event::RunOpened(Box::new(Opened {
            format: FORMAT.into(),
            tool: "0.1.0".into(),
            run: RUN.into(),
            title: "Orders get a status".into(),
            runbook_sha256: sha256_hex(BOOK.as_bytes()),
            utc_offset_min: 60,
            ..Opened::default()
        })),
        Event::Operator(Operator {
            name: "Dana".into(),
            identity: "dana@example.com".into(),
            ..Operator::default()
        }),
        Event::StepStarted(Started {
            step: step.clone(),
            attempt: 1,
            command: "echo upgraded".into(),
            app_name: String::new(),
            typed: String::new(),
            reason: String::new(),
        }),
        Event::StepFinished(Finished {
            step,
            attempt: 1,
            outcome: Outcome {
                duration_ms: 41_700,
                output: OutputDigest {
                    path: "output/01.1.txt".into(),
                    sha256: sha256_hex(output),
                    bytes: 9,
                    lines: 1,
                    ..OutputDigest::default()
                },
                ..Outcome::of(Ended::Passed, "exit 0")
            },
            peaks: Peaks::default(),
        }),
        Event::RunClosed(Closed {
            status: Status::Success,
            remark: String::new(),
            clock_offset_ms: None,
        }),
    ]
}

/// The journal of these events, a second apart.
pub fn journal(events: &[Event]) -> String {
    journal_at(events, |at| format!("09:00:{at:02}"))
}

/// The journal of these events, each at the time that `clock` says.
pub fn journal_at(events: &[Event], clock: impl Fn(usize) -> String) -> String {
    let mut head = GENESIS.to_owned();
    let mut text = String::new();
    for (at, event) in events.iter().cloned().enumerate() {
        let entry = Entry {
            seq: at as u64 + 1,
            t: format!("2026-11-20T{}.000Z", clock(at)),
            mono_ms: at as u64 * 1_000,
            by: "dana@example.com".into(),
            event,
        };
        let line = entry.encode(&head).unwrap();
        head = sha256_hex(line.as_bytes());
        text += &line;
    }
    text
}

/// The head of a journal at its record `seq`, counted from one.
pub fn head(journal: &str, seq: usize) -> String {
    let record = journal.split_inclusive('\n').nth(seq - 1).unwrap();
    sha256_hex(record.as_bytes())
}

/// The report has this verdict and says this.
#[track_caller]
pub fn says(report: &VerifyReport, verdict: Verdict, text: &str) {
    let told = report.text();
    assert_eq!(report.verdict, verdict, "{told}");
    assert!(told.contains(text), "`{text}` is not in:\n{told}");
}
