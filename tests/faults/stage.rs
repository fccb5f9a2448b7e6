//! Where a fault strikes: a home, a data directory and a runbook of its own, and the program started in them.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;
use serde_json::Value;
use tempfile::TempDir;

use crate::leftovers::Leftovers;
use crate::pty::Pty;
use crate::terminal::{PATIENCE, SIZE};

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_holdpoint");

pub struct Stage {
    // In front of the directory, for it goes first.
    _leftovers: Leftovers,
    dir: TempDir,
    env: Vec<(String, OsString)>,
}

/// Whether the long version is asked for.
pub fn is_long() -> bool {
    std::env::var("HOLDPOINT_FAULTS").is_ok_and(|how| how == "long")
}

impl Stage {
    pub fn with(runbook: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["home", "work"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        fs::write(dir.path().join("work/run.yaml"), runbook).unwrap();
        let path = |name: &str| dir.path().join(name).into_os_string();
        let env = [
            ("PATH", std::env::var_os("PATH").unwrap_or_default()),
            ("TERM", "xterm-256color".into()),
            ("LANG", "C.UTF-8".into()),
            ("NO_PROXY", "127.0.0.1".into()),
            ("HOME", path("home")),
            ("HOLDPOINT_DATA", path("data")),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value)).into();
        Self {
            _leftovers: Leftovers::of(dir.path()),
            dir,
            env,
        }
    }

    /// Sets a variable of the program's environment.
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// Returns a path in the work directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("work").join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub fn touch(&self, name: &str) {
        fs::write(self.path(name), "").unwrap();
    }

    /// Starts the program in a terminal.
    pub fn start(&self, args: &[&str]) -> Pty {
        let mut command = CommandBuilder::new(PROGRAM);
        command.args(args);
        self.dressed(command)
    }

    fn dressed(&self, mut command: CommandBuilder) -> Pty {
        command.env_clear();
        for (name, value) in &self.env {
            command.env(name, value);
        }
        command.cwd(self.path(""));
        Pty::start(command, SIZE, PATIENCE)
    }

    /// Starts the run of `run.yaml` in a terminal, in the network namespace `space`.
    pub fn start_in(&self, space: &str) -> Pty {
        let mut command = CommandBuilder::new("ip");
        command.args(["netns", "exec", space, PROGRAM, "run", "run.yaml"]);
        self.dressed(command)
    }

    /// Starts the run of `run.yaml` in a terminal.
    pub fn run(&self) -> Pty {
        self.start(&["run", "run.yaml"])
    }

    /// Runs the program without a terminal to its end.
    pub fn plain(&self, args: &[&str]) -> Output {
        let mut command = Command::new(PROGRAM);
        command.args(args).env_clear();
        command.envs(self.env.iter().map(|(n, v)| (n, v)));
        command.current_dir(self.path("")).stdin(Stdio::null());
        command.output().unwrap()
    }

    /// Returns the directory of the only run.
    pub fn run_dir(&self) -> PathBuf {
        let runs = fs::read_dir(self.data().join("runs")).unwrap();
        let runs: Vec<PathBuf> = runs.map(|run| run.unwrap().path()).collect();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs[0].clone()
    }

    pub fn run_dir_is_there(&self) -> bool {
        let runs = fs::read_dir(self.data().join("runs"));
        let mut runs = runs.into_iter().flatten().flatten();
        runs.any(|run| run.path().join("journal.jsonl").exists())
    }

    /// Returns the records of the only run's journal.
    pub fn journal(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.run_dir().join("journal.jsonl")).unwrap();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let lines = whole.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Returns the data of the journal's records of one type.
    pub fn events(&self, kind: &str) -> Vec<Value> {
        let journal = self.journal().into_iter();
        let of_kind = journal.filter(|entry| entry["type"] == kind);
        of_kind.map(|entry| entry["data"].clone()).collect()
    }

    /// Waits until the journal holds `count` records of a type; returns them.
    pub fn wait_events(&self, kind: &str, count: usize) -> Vec<Value> {
        wait(&format!("{count} × {kind} in the journal"), || {
            self.run_dir_is_there() && self.events(kind).len() >= count
        });
        self.events(kind)
    }

    /// Returns the log of the only run as it is written for people.
    pub fn log(&self) -> String {
        let name = self.run_dir();
        let said = self.plain(&["log", name.to_str().unwrap()]);
        assert!(said.status.success(), "{said:?}");
        String::from_utf8(said.stdout).unwrap()
    }

    /// Checks that the record of the only run is whole, as far as that is told without signatures.
    pub fn assert_verifies(&self) {
        let name = self.run_dir();
        self.log(); // it is written where it is missing
        let said = self.plain(&["verify", name.to_str().unwrap()]);
        // 2: nothing contradicts, and nobody has signed.
        assert_eq!(said.status.code(), Some(2), "{said:?}");
    }
}

/// Waits until `done`.
pub fn wait(what: &str, done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
