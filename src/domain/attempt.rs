//! One attempt at one step: what its supervisor is told, and what it reports. Both are files of the run directory.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::expect::Expectation;
use crate::domain::runbook::model::{Access, Capture, StepId, StopSignal, Transaction};

/// `attempts/NN.A/action.json`: everything a supervisor needs, every variable expanded, no secret in it.
///
/// Secrets reach the supervisor by its environment only; the assignment names the variables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The step.
    pub step: StepId,
    /// Counted from one.
    pub attempt: u32,
    /// Sent as `application_name`: `holdpoint.RUN.STEP.ATTEMPT`, under 64 bytes.
    pub app_name: String,
    /// What is done.
    pub work: Work,
    /// What must be seen.
    #[serde(default)]
    pub expect: Option<Expectation>,
    /// Values read from the output.
    #[serde(default)]
    pub capture: Vec<Capture>,
    /// Milliseconds after which it is stopped.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
    /// Polled until it holds or this many milliseconds have passed.
    #[serde(default)]
    pub until_ms: Option<u64>,
    /// Milliseconds between asking it to stop and killing it.
    pub grace_ms: u64,
    /// Names of environment variables whose values are blotted out of everything that is stored.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// Names of captured values that are secret: kept apart from `exit.json`.
    #[serde(default)]
    pub secret_values: Vec<String>,
    /// Bytes of output kept in the file; the digest covers what was kept.
    pub output_cap: u64,
    /// The environment variable with the connection string of the step's database, where it has one: after a stop its
    /// server sessions (those whose `application_name` is `app_name`) are cancelled there.
    #[serde(default)]
    pub url_env: Option<String>,
    /// The database user that its tool's sessions are known by, where the server knows no `application_name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions_of: Option<String>,
}

/// What a supervisor does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// A command.
    Shell(ShellWork),
    /// Statements.
    Sql(SqlWork),
    /// A request.
    Http(HttpWork),
    /// A ready check.
    Ready(ReadyWork),
}

/// A command, ready to be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShellWork {
    /// The script.
    pub script: String,
    /// The shell and its arguments; empty: `bash -euo pipefail -c`, or `sh -eu -c` where there is no bash.
    #[serde(default)]
    pub shell: Vec<String>,
    /// Working directory, absolute.
    pub dir: String,
    /// Variables added to the environment: parameters, captured values, the step's own. No secrets.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Variables taken out of the environment.
    #[serde(default)]
    pub unset: Vec<String>,
    /// How it is asked to stop.
    #[serde(default)]
    pub stop: StopSignal,
    /// Whether exit 2 is a warning and not a failure.
    #[serde(default)]
    pub exit_two: ExitTwo,
    /// Whether the step has the whole terminal (standard streams are inherited, nothing is captured).
    #[serde(default)]
    pub terminal: TerminalUse,
}

/// What exit status 2 means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitTwo {
    /// A failure, as any other.
    #[default]
    Fails,
    /// A warning: the check looked and had something to say.
    Warns,
}

/// Whether a command has the whole terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TerminalUse {
    /// Its output goes into the output file.
    #[default]
    Captured,
    /// Its standard streams are the terminal's.
    Inherited,
}

/// Statements, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SqlWork {
    /// The environment variable that holds the connection string (it may hold a password).
    pub url_env: String,
    /// The statements.
    pub text: String,
    /// What each `${name}` in the text stands for; it is quoted in where it is known whose server it goes to. `None`:
    /// the text is sent as it is.
    #[serde(default)]
    pub values: Option<BTreeMap<String, String>>,
    /// Milliseconds.
    #[serde(default)]
    pub lock_timeout_ms: Option<u64>,
    /// Milliseconds.
    #[serde(default)]
    pub statement_timeout_ms: Option<u64>,
    /// How several statements belong together.
    #[serde(default)]
    pub transaction: Transaction,
    /// Whether the session may write.
    pub access: Access,
    /// Rows written to the output file at most.
    pub row_cap: u64,
}

/// A request, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpWork {
    /// `GET`, `POST`, …
    pub method: String,
    /// Where to. `${NAME}` of a secret is expanded by the supervisor from its environment.
    pub url: String,
    /// Headers; `${NAME}` as in `url`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// What is sent; `${NAME}` as in `url`.
    #[serde(default)]
    pub body: Option<String>,
}

/// A ready check, ready to be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyWork {
    /// The environment variable that holds the connection string (it may hold a password).
    pub url_env: String,
    /// Its name.
    pub check: String,
    /// Its arguments, every variable put in.
    #[serde(default)]
    pub with: BTreeMap<String, String>,
    /// The earlier look that it is held against.
    #[serde(default)]
    pub before: Option<Before>,
    /// Directory that relative paths in the arguments begin at, absolute.
    #[serde(default)]
    pub dir: String,
}

/// An earlier look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// The step's number, for people.
    pub step: String,
    /// The attempt that looked: `03.1`.
    pub attempt: String,
    /// What it kept.
    pub kept: Kept,
}

/// Rows that an attempt kept in `attempts/NN.A/rows.json`, so that a later one can be held against them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// How many.
    pub rows: u64,
    /// Lower-case hex SHA-256 of the file.
    pub sha256: String,
}

/// `attempts/NN.A/exit.json`: how it ended; written once, atomically.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// How it ended.
    pub ended: Ended,
    /// One sentence for people: `exit 0`, `exit 1`, `expected >= 11, got 9.6`, `stopped after 30 s (timeout)`.
    pub summary: String,
    /// Milliseconds on a clock that only runs forward.
    pub duration_ms: u64,
    /// The output file, relative to the run directory.
    pub output: OutputDigest,
    /// Captured values that are not secret.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// Names of captured values that were put into `attempts/NN.A/secret/NAME` and not in here.
    #[serde(default)]
    pub secret_values: Vec<String>,
    /// What was expected and seen, where something was.
    #[serde(default)]
    pub checked: Option<Checked>,
    /// What is known of whatever the attempt left behind (processes, server sessions); empty: nothing.
    #[serde(default)]
    pub left_behind: Vec<String>,
    /// The rows it kept, where it kept any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
}

/// The summary of an attempt whose start was recorded and whose supervisor was never launched: nothing was done.
pub const NEVER_LAUNCHED: &str = "holdpoint ended before it could start it: nothing was run";

impl Outcome {
    /// Returns an outcome of which nothing is known but its end.
    pub fn of(ended: Ended, summary: impl Into<String>) -> Self {
        Self {
            ended,
            summary: summary.into(),
            duration_ms: 0,
            output: OutputDigest::default(),
            values: BTreeMap::new(),
            secret_values: Vec::new(),
            checked: None,
            left_behind: Vec::new(),
            kept: None,
        }
    }

    /// Whether nothing was done because the program died between the record of the start and the start.
    pub fn never_launched(&self) -> bool {
        self.ended == Ended::NotStarted && self.summary == NEVER_LAUNCHED
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// It did what was expected.
    Passed,
    /// A check looked and had something to say (exit 2); counts as passed.
    Warned,
    /// It ended by itself, and not as expected.
    Failed {
        /// The exit status, where there is one.
        #[serde(default)]
        exit: Option<i32>,
        /// The signal that ended it, where one did.
        #[serde(default)]
        signal: Option<i32>,
    },
    /// It was stopped because its time was up.
    TimedOut,
    /// It was stopped because somebody asked for it.
    Cancelled,
    /// It could not be started.
    NotStarted,
}

/// What a supervisor stored of the output.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OutputDigest {
    /// Relative to the run directory: `output/06.1.txt`.
    pub path: String,
    /// Lower-case hex SHA-256 of the file as it is stored.
    pub sha256: String,
    /// Bytes stored.
    pub bytes: u64,
    /// Lines stored.
    pub lines: u64,
    /// Bytes that came, when more came than are kept.
    #[serde(default)]
    pub cut_from: Option<u64>,
    /// How many secrets were blotted out.
    #[serde(default)]
    pub redactions: u64,
}

/// What was expected and what was seen, as sentences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// `value >= 11`
    pub expected: String,
    /// `15.4`
    pub actual: String,
}
