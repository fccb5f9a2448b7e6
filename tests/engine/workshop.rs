//! A run's directory to launch attempts in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use holdpoint::domain::attempt::{Assignment, ExitTwo, Outcome, ShellWork, TerminalUse, Work};
use holdpoint::domain::digest::sha256_hex;
use holdpoint::domain::runbook::model::{StepId, StopSignal};
use holdpoint::engine::attempt::{AttemptError, AttemptState, ended, launch_with, state};

/// The program whose hidden subcommand is the supervisor.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_holdpoint");

/// A run's directory.
pub struct Workshop {
    dir: tempfile::TempDir,
}

/// Returns an assignment to run `script`.
pub fn script(script: &str) -> Assignment {
    assignment(Work::Shell(shell(script)))
}

/// Returns an assignment to do `work`.
pub fn assignment(work: Work) -> Assignment {
    Assignment {
        step: StepId::new("a-step"),
        attempt: 1,
        app_name: "holdpoint.test.a-step.1".into(),
        work,
        expect: None,
        capture: Vec::new(),
        timeout_ms: None,
        until_ms: None,
        grace_ms: 500,
        secrets: Vec::new(),
        secret_values: Vec::new(),
        output_cap: 64 << 20,
        url_env: None,
        sessions_of: None,
    }
}

/// Returns the work to run `script`.
pub fn shell(script: &str) -> ShellWork {
    ShellWork {
        script: script.into(),
        shell: Vec::new(),
        dir: "/".into(),
        env: BTreeMap::new(),
        unset: Vec::new(),
        stop: StopSignal::Term,
        exit_two: ExitTwo::Fails,
        terminal: TerminalUse::Captured,
    }
}

impl Workshop {
    pub fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Launches attempt `name`.
    pub fn launch(&self, name: &str, assignment: &Assignment) -> Result<(), AttemptError> {
        self.launch_with(name, assignment, &[])
    }

    /// Launches attempt `name` with more in its environment.
    pub fn launch_env(&self, name: &str, assignment: &Assignment, env: &[(&str, &str)]) {
        self.launch_with(name, assignment, env).unwrap();
    }

    fn launch_with(
        &self,
        name: &str,
        assignment: &Assignment,
        env: &[(&str, &str)],
    ) -> Result<(), AttemptError> {
        // Whatever proxy the machine has, the servers of the tests are not behind it.
        let direct = [("NO_PROXY", "127.0.0.1"), ("no_proxy", "127.0.0.1")];
        let env: Vec<_> = direct
            .iter()
            .chain(env)
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        launch_with(Path::new(PROGRAM), self.path(), name, assignment, &env)
    }

    /// Waits until attempt `name` is over.
    pub fn over(&self, name: &str) -> AttemptState {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(ended(self.path().to_owned(), name.to_owned()))
    }

    /// Waits until attempt `name` has ended, and checks that the report agrees with the file.
    pub fn outcome(&self, name: &str) -> Outcome {
        let AttemptState::Ended(outcome) = self.over(name) else {
            panic!("no outcome: {:?}", state(self.path(), name));
        };
        if !outcome.output.sha256.is_empty() {
            let bytes = fs::read(self.output_path(name)).unwrap();
            assert_eq!(outcome.output.sha256, sha256_hex(&bytes));
            assert_eq!(outcome.output.bytes, bytes.len() as u64);
        }
        outcome
    }

    /// Runs it as attempt `01.1` to its end.
    pub fn run(&self, assignment: &Assignment) -> Outcome {
        self.launch("01.1", assignment).unwrap();
        self.outcome("01.1")
    }

    pub fn output_path(&self, name: &str) -> PathBuf {
        self.path().join(format!("output/{name}.txt"))
    }

    pub fn output(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.output_path(name)).unwrap()).into_owned()
    }

    /// Returns all that is stored of attempt `name`, to look for what must not be there.
    pub fn everything(&self, name: &str) -> String {
        let mut all = self.output(name);
        for entry in fs::read_dir(self.path().join("attempts").join(name)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                all += &String::from_utf8_lossy(&fs::read(path).unwrap());
            }
        }
        all
    }

    /// Returns the supervisor's pid once it works.
    pub fn supervisor(&self, name: &str) -> u32 {
        eventually(|| match state(self.path(), name) {
            AttemptState::Running { pid, .. } => Some(pid),
            _ => None,
        })
    }
}

/// Waits for an effect.
pub fn eventually<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "it never came");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process of that number runs.
pub fn runs(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .unwrap()
            .trim_start()
            .starts_with('Z')
    })
}
