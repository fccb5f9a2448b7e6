//! What is watched, and when it alarms.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

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
