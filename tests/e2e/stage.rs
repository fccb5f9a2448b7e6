//! Where a story plays: a home, a data directory and a runbook of its own, and the program started in them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;
use serde_json::Value;
use tempfile::TempDir;

use crate::leftovers::Leftovers;
use crate::session::{PATIENCE, Session};

/// The program.
const PROGRAM: &str = env!("CARGO_BIN_EXE_holdpoint");
/// A wide terminal: every pane is drawn.
pub const WIDE: (u16, u16) = (180, 50);

/// A place for one story.
pub struct Stage {
    // In front of the directory, for it goes first.
    _leftovers: Leftovers,
    dir: TempDir,
    env: Vec<(String, OsString)>,
    /// The size of terminals that are started from now on.
    pub size: (u16, u16),
}

impl Stage {
    /// An empty place; nothing of the caller's environment reaches it but `PATH`.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["home", "work"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let path = |name: &str| dir.path().join(name).into_os_string();
        let env = [
            ("PATH", std::env::var_os("PATH").unwrap_or_default()),
            ("TERM", "xterm-256color".into()),
            ("LANG", "C.UTF-8".into()),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
            ("HOME", path("home")),
            ("HOLDPOINT_DATA", path("data")),
        ];
        let env = env
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect();
        let size = WIDE;
        Self {
            _leftovers: Leftovers::of(dir.path()),
            dir,
            env,
            size,
        }
    }

    /// A place whose work directory holds `run.yaml`.
    pub fn with(runbook: &str) -> Self {
        let stage = Self::new();
        stage.write("run.yaml", runbook);
        stage
    }

    /// Sets a variable of the program's environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a variable of the program's environment.
    pub fn set(&mut self, name: &str, value: &str) {
        self.env.retain(|(other, _)| other != name);
        self.env.push((name.to_owned(), value.into()));
    }

    /// Returns a path in the work directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("work").join(name)
    }

    /// Returns the home directory.
    pub fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// Writes a file into the work directory.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// Returns what a file in the work directory holds; empty: it is not there.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Waits until a file in the work directory holds `text`.
    pub fn wait_for_file(&self, name: &str, text: &str) {
        wait(&format!("`{text}` in {name}"), || {
            self.read(name).contains(text)
        });
    }

    /// Starts the program in a terminal.
    pub fn start(&self, args: &[&str]) -> Session {
        let mut command = CommandBuilder::new(PROGRAM);
        command.args(args);
        command.env_clear();
        for (name, value) in &self.env {
            command.env(name, value);
        }
        command.cwd(self.path(""));
        Session::start(command, self.size)
    }

    /// Starts the run of `run.yaml` in a terminal.
    pub fn run(&self) -> Session {
        self.start(&["run", "run.yaml"])
    }

    /// Runs the program without a terminal to its end.
    pub fn plain(&self, args: &[&str]) -> Output {
        let mut command = Command::new(PROGRAM);
        command
            .args(args)
            .env_clear()
            .envs(self.env.iter().map(|(n, v)| (n, v)));
        command.current_dir(self.path("")).stdin(Stdio::null());
        command.output().unwrap()
    }

    /// Runs the program without a terminal; returns the exit code and what it said on standard error.
    pub fn said(&self, args: &[&str]) -> (i32, String) {
        let output = self.plain(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap_or(-1), said)
    }

    /// Returns the directory of the only run.
    pub fn run_dir(&self) -> PathBuf {
        let mut runs = self.runs();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs.remove(0)
    }

    /// Returns the directories of all runs, those of demonstrations too.
    pub fn runs(&self) -> Vec<PathBuf> {
        let data = self.dir.path().join("data");
        let within = |dir: PathBuf| {
            let entries = fs::read_dir(dir).into_iter().flatten();
            entries.map(|entry| entry.unwrap().path())
        };
        let mut runs: Vec<PathBuf> = within(data.join("runs")).collect();
        runs.extend(within(data.join("demo")).flat_map(|demo| within(demo.join("runs"))));
        runs
    }

    /// Returns the records of the only run's journal.
    pub fn journal(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.run_dir().join("journal.jsonl")).unwrap();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole
            .lines()
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
            self.events(kind).len() >= count
        });
        self.events(kind)
    }

    /// Returns the text of a file in the run's directory.
    pub fn kept(&self, name: &str) -> String {
        fs::read_to_string(self.run_dir().join(name)).unwrap_or_default()
    }

    /// Returns the processes at work in the work directory, the program's own screens and supervisors aside.
    pub fn processes(&self) -> Vec<u32> {
        let here = fs::canonicalize(self.path("")).unwrap();
        let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| {
            let entry = entry.unwrap();
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let program = fs::read_link(entry.path().join("exe")).ok()?;
            let ours = program == Path::new(PROGRAM);
            let at = fs::read_link(entry.path().join("cwd")).ok()?;
            (at == here && !ours).then_some(pid)
        });
        pids.collect()
    }

    /// Waits until an attempt has written how it ended.
    pub fn wait_ended(&self, attempt: &str) {
        let file = self.run_dir().join(format!("attempts/{attempt}/exit.json"));
        wait(&format!("{}", file.display()), || file.exists());
    }
}

/// Waits until `done`.
pub fn wait(what: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
