//! The plan: what somebody wrote down before the window began.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::expect::Expectation;

/// A step's name: given in the file, else made from its title. Unique in its runbook and kept in the journal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub Arc<str>);

impl StepId {
    /// Returns the id spelled `text`.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(Arc::from(text.as_ref()))
    }

    /// Returns the id as it is spelled.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A whole runbook, checked: every id, path, target and variable that it names exists.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Runbook {
    /// The headline of screen and log.
    pub title: String,
    /// What it is for, as markdown.
    pub about: Option<String>,
    /// Values asked for at the start.
    pub parameters: Vec<Parameter>,
    /// Names of environment variables and captured values that are never shown.
    pub secrets: Vec<String>,
    /// Where it may run; the first is the default. May be empty: then there is no database beside it.
    pub targets: Vec<Target>,
    /// How long the window is and when to decide.
    pub window: Option<Window>,
    /// Who signs off, by role.
    pub roles: Vec<String>,
    /// Whom to call.
    pub contacts: Vec<Contact>,
    /// What is watched beside the steps.
    pub monitor: MonitorPlan,
    /// The way forward, in order.
    pub phases: Vec<Phase>,
    /// The ways back.
    pub rollback: Vec<RollbackPath>,
    /// Every step of every phase and path, in the order of the file. [`Item::Step`] points in here.
    pub steps: Vec<Step>,
}

/// A value asked for at the start, or given by `--set name=value`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameter {
    /// The name used as `${name}`.
    pub name: String,
    /// The question put to the operator; the name where there is none.
    pub ask: Option<String>,
    /// Taken when nothing is given. May hold `${…}`.
    pub default: Option<String>,
    /// A regular expression that the whole value must match.
    pub matches: Option<String>,
    /// The values to choose from; empty: any.
    pub one_of: Vec<String>,
}

/// A place where the runbook may run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Target {
    /// `staging`, `production`, …
    pub name: String,
    /// Connection URL or libpq-style string, with `${…}`; `None`: no database.
    pub database: Option<String>,
    /// Further named databases (`sql` steps say `on: name`), with `${…}`.
    pub databases: BTreeMap<String, String>,
    /// Whether dangerous steps ask for the target's name to be typed.
    pub protect: Protection,
    /// What the server must be before the first step and after every reconnect.
    pub must_be: Identity,
    /// Further values usable as `${name}` on this target.
    pub values: BTreeMap<String, String>,
}

/// How carefully a target is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// Dangerous steps ask for Enter.
    #[default]
    Open,
    /// Dangerous steps ask for the target's name to be typed.
    Protected,
}

/// What a server must be. Every text may hold `${…}`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// The database's name, exactly.
    pub database: Option<String>,
    /// Primary or standby.
    pub role: Option<ServerRole>,
    /// A comparison over the server's version, as `>= 11`.
    pub version: Option<String>,
    /// The host, exactly as connected to.
    pub host: Option<String>,
    /// PostgreSQL's system identifier.
    pub system_identifier: Option<String>,
}

/// Which part a server plays in replication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerRole {
    /// It takes writes.
    Primary,
    /// It replays another server's writes.
    Standby,
}

impl fmt::Display for ServerRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Primary => "primary",
            Self::Standby => "standby",
        })
    }
}

/// The change window, counted from the planned start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// From planned start to end.
    pub length: Duration,
    /// When going on or back must be decided.
    pub decide_by: Option<Offset>,
}

/// A point in time relative to the planned start: `T-30m` is -1800.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Offset {
    /// Seconds after (before, when negative) the planned start.
    pub seconds: i64,
}

/// Somebody to call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contact {
    /// What they are.
    pub role: String,
    /// How to reach them.
    pub reach: String,
    /// What for.
    pub purpose: Option<String>,
}

/// What is watched beside the steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonitorPlan {
    /// Time between two samples.
    pub every: Duration,
    /// What is worth an alarm.
    pub alarms: Vec<AlarmRule>,
    /// The runbook's own metrics.
    pub values: Vec<OwnValue>,
}

impl Default for MonitorPlan {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(1),
            alarms: Vec::new(),
            values: Vec::new(),
        }
    }
}

/// `when: blocked >= 5 for 10s`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmRule {
    /// The rule as written; it names the alarm on screen and in the log.
    pub text: String,
    /// The metric's name (see `domain::sample::alarm`), or that of an own value.
    pub metric: String,
    /// How it is compared.
    pub op: Op,
    /// What it is compared with, as written: a number with an optional unit, or text for an own value.
    pub threshold: String,
    /// How long it must hold before the alarm is raised.
    pub hold_for: Duration,
    /// How bad it is.
    pub level: Level,
    /// What happens then.
    pub then: AlarmAction,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// `=`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        })
    }
}

/// How bad an alarm is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth a look.
    #[default]
    Warning,
    /// Worth stopping for.
    Critical,
}

/// What an alarm does besides being shown and written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlarmAction {
    /// Nothing more.
    #[default]
    Show,
    /// No further step starts until the operator says so.
    Hold,
    /// The running step is cancelled, and the run holds.
    Cancel,
}

/// A metric that the runbook brings itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnValue {
    /// Its name in alarms and on its panel.
    pub name: String,
    /// A query whose first column of the first row is the value.
    pub sql: String,
    /// Time between two questions.
    pub every: Duration,
}

/// A part of the way forward.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Phase {
    /// Its headline.
    pub title: String,
    /// When it is planned to begin.
    pub at: Option<Offset>,
    /// What is to be done, in order.
    pub items: Vec<Item>,
}

/// A way back.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RollbackPath {
    /// Its name, as `offer NAME` and `go_to: NAME` say it.
    pub name: String,
    /// Its headline.
    pub title: String,
    /// When to take it.
    pub when: Vec<String>,
    /// What is to be done, in order.
    pub items: Vec<Item>,
}

/// One line of a list of steps.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A step, as an index into [`Runbook::steps`].
    Step(usize),
    /// Several under one headline.
    Group(Group),
}

/// Steps under one headline.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Its headline.
    pub title: String,
    /// Whether all are done or one.
    pub choose: Choose,
    /// What is in it, in order.
    pub items: Vec<Item>,
}

/// How many items of a group are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choose {
    /// All, in order.
    #[default]
    All,
    /// One, of the operator's choice.
    One,
}

/// Which list a step stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// An index into [`Runbook::phases`].
    Phase(usize),
    /// An index into [`Runbook::rollback`].
    Path(usize),
}

/// One line of the checklist.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its name.
    pub id: StepId,
    /// Its place as people say it: `3.2`, in a rollback path `downgrade.1`.
    pub number: String,
    /// Its place in the file counted from one; names its files (`06.1`).
    pub ordinal: usize,
    /// Which list it stands in.
    pub place: Place,
    /// The line of the file where it begins, counted from one.
    pub line: usize,
    /// What the operator reads.
    pub title: String,
    /// More to read, as markdown.
    pub note: Option<String>,
    /// What is done.
    pub action: Action,
    /// Whether it can do harm.
    pub danger: Danger,
    /// Kills it.
    pub timeout: Option<Duration>,
    /// How long it usually takes; only warns.
    pub takes: Option<Duration>,
    /// What must be seen for it to have succeeded.
    pub expect: Option<Expectation>,
    /// Values read from its output: name and a regular expression whose first group (else the whole match) is taken.
    pub capture: Vec<Capture>,
    /// What follows a failure.
    pub on_failure: OnFailure,
    /// Repeated by itself this often.
    pub retry: Option<Retry>,
    /// Polled until it holds or this much time has passed.
    pub until: Option<Duration>,
    /// Targets it is for; empty: all.
    pub only: Vec<String>,
    /// Parameters and the values they must have for this step to apply.
    pub condition: BTreeMap<String, String>,
    /// Who may confirm it.
    pub role: Option<String>,
    /// It does not start before this.
    pub not_before: Option<Offset>,
    /// Whether it waits for a key although it is automated.
    pub start: Start,
    /// Whether going back is possible after it.
    pub way_back: WayBack,
    /// Whether it may be skipped.
    pub skipping: Skipping,
    /// A read-only question that tells whether it took effect.
    pub verify: Option<Probe>,
    /// It applies only when that step was started.
    pub undoes: Option<StepId>,
    /// It runs beside the others.
    pub background: Option<Background>,
    /// What the log is to show of it.
    pub evidence: Evidence,
    /// How to find its sessions on the server where its tool ignores `PGAPPNAME`.
    pub sessions: Option<Sessions>,
}

/// What a step does: exactly one of these.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A person does it, and says so.
    Confirm(Confirm),
    /// A shell command that changes something.
    Run(Shell),
    /// A shell command that only looks: safe to repeat; exit 2 is a warning.
    Check(Shell),
    /// A statement.
    Sql(Sql),
    /// A request.
    Http(Http),
    /// Time passes while the alarms are judged.
    Watch(Watch),
    /// A person chooses the way.
    Decide(Vec<Choice>),
}

/// What a person is asked to do and say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Confirm {
    /// What confirming means, as markdown with `${…}`.
    pub text: String,
    /// Boxes to be ticked before it can be confirmed.
    pub items: Vec<String>,
}

/// A shell command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shell {
    /// The script; nothing is pasted into it.
    pub script: String,
    /// The shell and its arguments; empty: `bash -euo pipefail -c`, or `sh -eu -c` where there is no bash.
    pub shell: Vec<String>,
    /// Working directory, relative to the runbook's file, with `${…}`.
    pub dir: Option<String>,
    /// Further environment, with `${…}`.
    pub env: BTreeMap<String, String>,
    /// Whether it gets the whole terminal.
    pub terminal: Terminal,
    /// Whether it may speak to the operator's ssh-agent.
    pub agent: Agent,
    /// How it is asked to stop.
    pub stop: StopSignal,
}

/// Whether a command gets the whole terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Terminal {
    /// It gets no terminal.
    #[default]
    None,
    /// The screen steps aside for it.
    Whole,
}

/// Whether a command may use the operator's ssh-agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Agent {
    /// `SSH_AUTH_SOCK` is taken away from it.
    #[default]
    Hidden,
    /// It is shared, and the log says so.
    Shared,
}

/// The first signal when a step is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StopSignal {
    /// TERM, then KILL after a grace.
    #[default]
    Term,
    /// INT, then TERM, then KILL: for tools that cancel their statement only on INT.
    Int,
}

/// A statement or several.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sql {
    /// The statements; `${name}` becomes a quoted literal, `${name:ident}` a quoted identifier.
    pub text: String,
    /// A named database of the target; `None`: its own.
    pub on: Option<String>,
    /// PostgreSQL's `lock_timeout`.
    pub lock_timeout: Option<Duration>,
    /// PostgreSQL's `statement_timeout`.
    pub statement_timeout: Option<Duration>,
    /// Whether all statements are one transaction.
    pub transaction: Transaction,
    /// Whether the session may write.
    pub access: Access,
    /// The file the text was read from, relative to the runbook.
    pub file: Option<String>,
}

/// Whether several statements are one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transaction {
    /// They are sent as written: PostgreSQL makes one implicit transaction of several.
    #[default]
    AsWritten,
    /// `begin` … `commit` around them.
    One,
    /// Each commits by itself.
    Each,
}

/// Whether a session may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// `default_transaction_read_only = on`.
    ReadOnly,
    /// It may write.
    #[default]
    ReadWrite,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Http {
    /// `GET`, `POST`, …
    pub method: String,
    /// Where to, with `${…}`.
    pub url: String,
    /// Headers, with `${…}` in the values.
    pub headers: BTreeMap<String, String>,
    /// What is sent, with `${…}`.
    pub body: Option<String>,
}

/// Time passes while the alarms are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// For how long.
    pub length: Duration,
    /// An alarm of this level or worse fails it; `None`: none does.
    pub fail_on: Option<Level>,
}

/// One way out of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice {
    /// What is chosen.
    pub title: String,
    /// When to choose it.
    pub when: Option<String>,
    /// The rollback path or the step it leads to; `None`: the next step.
    pub go_to: Option<String>,
}

/// Whether a step can do harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Danger {
    /// It starts by itself.
    #[default]
    None,
    /// It waits for a key, and on a protected target for the target's name.
    High,
}

/// A named value read from a step's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// Becomes `${name}`.
    pub name: String,
    /// A regular expression (multi-line mode); its first group, else the whole match, is the value.
    pub pattern: String,
}

/// What follows a failure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// The run holds.
    #[default]
    Hold,
    /// It goes on; the failure is a deviation.
    Continue,
    /// The run holds and offers this rollback path first.
    Offer(String),
}

/// Repeating a failed step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// How often it is repeated after the first attempt.
    pub times: u32,
    /// How long is waited before each.
    pub wait: Duration,
    /// Only when this regular expression matches the output or the reason.
    pub only_if: Option<String>,
}

/// Who starts an automated step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// The run, when its turn comes.
    #[default]
    Automatic,
    /// The operator, with a key.
    ByHand,
}

/// Whether there is a way back after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WayBack {
    /// There is.
    #[default]
    Open,
    /// From its start on going back needs a typed override.
    Closed,
}

/// Whether a step may be skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Skipping {
    /// With a reason.
    #[default]
    Allowed,
    /// Never: it is critical.
    Forbidden,
}

/// A read-only question about the world, with what its answer must be.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// What is asked: [`Action::Check`], [`Action::Sql`] (read only) or [`Action::Http`].
    pub action: Action,
    /// What must be seen.
    pub expect: Option<Expectation>,
}

/// A step that runs beside the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Background {
    /// When it is ended.
    pub until: BackgroundEnd,
    /// A line that matches this regular expression raises a critical alarm.
    pub alarm_on: Option<String>,
}

/// When a background step is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackgroundEnd {
    /// With its phase.
    Phase,
    /// With the run.
    Run,
}

/// What the log is to show of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// Nothing besides its result.
    #[default]
    None,
    /// A text that the operator types.
    Text,
    /// An address that the operator gives.
    Link,
    /// A file, whose digest goes into the log.
    File,
    /// Its output.
    Show,
}

/// How to find a step's sessions on the server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sessions {
    /// The database user.
    pub user: Option<String>,
    /// The application name.
    pub application: Option<String>,
}

impl Runbook {
    /// Returns the step called `id`.
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == *id)
    }

    /// Returns the steps of `place` in order.
    pub fn steps_in(&self, place: Place) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(move |step| step.place == place)
    }

    /// Returns the rollback path called `name` and its place.
    pub fn path(&self, name: &str) -> Option<(Place, &RollbackPath)> {
        self.rollback
            .iter()
            .enumerate()
            .find(|(_, p)| p.name == name)
            .map(|(i, p)| (Place::Path(i), p))
    }

    /// Returns the target called `name`.
    pub fn target(&self, name: &str) -> Option<&Target> {
        self.targets.iter().find(|t| t.name == name)
    }
}

impl Step {
    /// Whether a program does it, and not a person.
    pub fn is_automated(&self) -> bool {
        match self.action {
            Action::Run(_)
            | Action::Check(_)
            | Action::Sql(_)
            | Action::Http(_)
            | Action::Watch(_) => true,
            Action::Confirm(_) | Action::Decide(_) => false,
        }
    }

    /// Whether it only looks, so that repeating it is harmless.
    pub fn only_looks(&self) -> bool {
        match &self.action {
            Action::Check(_) | Action::Watch(_) => true,
            Action::Sql(sql) => sql.access == Access::ReadOnly,
            Action::Http(http) => matches!(http.method.as_str(), "GET" | "HEAD"),
            Action::Run(_) | Action::Confirm(_) | Action::Decide(_) => false,
        }
    }

    /// Returns the name of its `attempt`th attempt's files: `06.1`.
    pub fn attempt_name(&self, attempt: u32) -> String {
        format!("{:02}.{attempt}", self.ordinal)
    }
}
