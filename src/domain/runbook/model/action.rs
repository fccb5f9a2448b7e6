//! What a step does: exactly one of these.

use crate::domain::ready::Family;
use crate::domain::runbook::model::monitor::Level;
use crate::domain::runbook::model::{Length, StepId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// A role signs, now.
    Sign(Signing),
    /// A ready check.
    Use(Use),
}

/// A ready check, put to the step's database; see [`ready`](crate::domain::ready).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Use {
    /// Its name, as `pg/invalid-indexes`.
    pub check: String,
    /// Its arguments, with `${…}`.
    pub with: BTreeMap<String, String>,
    /// A named database of the target; `None`: its own.
    pub on: Option<String>,
    /// The earlier look that this one is held against.
    pub compare: Option<Earlier>,
}

/// An earlier look of the same check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Earlier {
    /// The first step of the file that uses the same check on the same database.
    First,
    /// That of this step.
    Step(StepId),
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
    /// Whose statements they are, as far as the runbook tells.
    pub family: Family,
    /// A named database of the target; `None`: its own.
    pub on: Option<String>,
    /// PostgreSQL's `lock_timeout`.
    pub lock_timeout: Option<Length>,
    /// PostgreSQL's `statement_timeout`.
    pub statement_timeout: Option<Length>,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// For how long.
    pub length: Length,
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

/// Who signs in the window: the records so far, and that the run may go on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signing {
    /// The role: one of the runbook's.
    pub role: String,
}
