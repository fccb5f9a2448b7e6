//! What must be seen for a step to have succeeded, and the judgement.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::runbook::model::Op;

/// What must be seen. All that is given must hold; texts may hold `${…}` until the step starts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Expectation {
    /// The exit status of a command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<Test>,
    /// The trimmed standard output of a command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdout: Option<Test>,
    /// The trimmed standard error of a command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stderr: Option<Test>,
    /// How many rows a statement returned or touched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<Test>,
    /// The value: a statement's first column of its first row, a command's trimmed standard output, a response's body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Test>,
    /// The status of a response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Test>,
    /// The body of a response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Test>,
    /// Values inside a JSON body or output, by JSON pointer.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub json: BTreeMap<String, Test>,
}

/// One test of one value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// Compared as numbers, versions, sizes, durations or text, whichever both sides are.
    Compare {
        /// The comparison.
        op: Op,
        /// The right-hand side.
        with: String,
    },
    /// The regular expression is found in it.
    Matches {
        /// The regular expression, without its slashes.
        pattern: String,
    },
}
