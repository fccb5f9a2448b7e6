//! What must be seen for a step to have succeeded, and the judgement.
//!
//! A test is written `'>= 11'` (an operator and a value), `/…/` (a regular expression), `'= head'` (text), or bare:
//! a bare value of `stdout`, `stderr` and `body` is contained in it, any other bare value equals it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::runbook::model::Op;

mod compare;
mod judge;
mod read;
pub use compare::{Incomparable, compare, compare_versions};
pub(crate) use judge::regex;
pub use judge::{Seen, judge};
pub use read::Misread;

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
    /// The text is found in it.
    Contains {
        /// The text.
        text: String,
    },
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare { op, with } => write!(f, "{op} {with}"),
            Self::Matches { pattern } => write!(f, "matches /{pattern}/"),
            Self::Contains { text } => write!(f, "contains {text}"),
        }
    }
}

impl Expectation {
    /// Returns every test with what it looks at, as `rows` or `json /status`, in the order of this type.
    pub fn tests(&self) -> Vec<(String, &Test)> {
        let single = [
            ("exit", &self.exit),
            ("stdout", &self.stdout),
            ("stderr", &self.stderr),
            ("rows", &self.rows),
            ("value", &self.value),
            ("status", &self.status),
            ("body", &self.body),
        ];
        let named = single
            .into_iter()
            .filter_map(|(name, test)| test.as_ref().map(|test| (name.to_owned(), test)));
        let inside = self
            .json
            .iter()
            .map(|(pointer, test)| (format!("json {pointer}"), test));
        named.chain(inside).collect()
    }

    /// Returns it with every text put through `expand`; what is put into a regular expression is escaped by `expand`'s caller.
    pub fn try_map<E>(&self, mut expand: impl FnMut(&Test) -> Result<Test, E>) -> Result<Self, E> {
        let mut one = |test: &Option<Test>| test.as_ref().map(&mut expand).transpose();
        let mut mapped = Self {
            exit: one(&self.exit)?,
            stdout: one(&self.stdout)?,
            stderr: one(&self.stderr)?,
            rows: one(&self.rows)?,
            value: one(&self.value)?,
            status: one(&self.status)?,
            body: one(&self.body)?,
            json: BTreeMap::new(),
        };
        for (pointer, test) in &self.json {
            mapped.json.insert(pointer.clone(), expand(test)?);
        }
        Ok(mapped)
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (what, test)) in self.tests().into_iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{what} {test}")?;
        }
        Ok(())
    }
}
