//! How long something may last: written, or what a parameter or a target's value says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use crate::domain::runbook::model::{Action, Runbook, Step};
use crate::domain::units;

/// How long something may last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Length {
    /// It stands in the runbook.
    Fixed(Duration),
    /// The parameter or target's value of this name says it: known when the run begins, and the same until its end.
    Named(String),
}

impl Length {
    /// Returns the length, where it is written.
    pub fn fixed(&self) -> Option<Duration> {
        match self {
            Self::Fixed(length) => Some(*length),
            Self::Named(_) => None,
        }
    }

    /// Returns the length in a run of `book` on `target` with these parameters; `None`: what is given is no length, which
    /// neither a check nor the opening of a run lets pass.
    pub fn given(
        &self,
        book: &Runbook,
        target: &str,
        parameters: &BTreeMap<String, String>,
    ) -> Option<Duration> {
        match self {
            Self::Fixed(length) => Some(*length),
            Self::Named(name) => {
                let of_target = || book.target(target)?.values.get(name);
                read(parameters.get(name).or_else(of_target)?).ok()
            }
        }
    }
}

impl Runbook {
    /// Returns the names of the parameters and targets' values that say how long something lasts.
    pub fn lengths(&self) -> BTreeSet<&str> {
        let all = self.steps.iter().flat_map(lengths_of);
        all.filter_map(|length| match length {
            Length::Named(name) => Some(name.as_str()),
            Length::Fixed(_) => None,
        })
        .collect()
    }
}

fn lengths_of(step: &Step) -> impl Iterator<Item = &Length> {
    let of_action = match &step.action {
        Action::Watch(watch) => [Some(&watch.length), None],
        Action::Sql(sql) => [sql.lock_timeout.as_ref(), sql.statement_timeout.as_ref()],
        Action::Confirm(_)
        | Action::Run(_)
        | Action::Check(_)
        | Action::Http(_)
        | Action::Decide(_)
        | Action::Sign(_)
        | Action::Use(_) => [None, None],
    };
    let of_step = [
        step.timeout.as_ref(),
        step.takes.as_ref(),
        step.until.as_ref(),
        step.retry.as_ref().map(|retry| &retry.wait),
    ];
    of_step.into_iter().chain(of_action).flatten()
}

/// `15 min`, or `${quiet}` where the run says it.
impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(length) => f.write_str(&units::words(*length)),
            Self::Named(name) => write!(f, "${{{name}}}"),
        }
    }
}

/// Reads a length longer than nothing.
///
/// # Errors
/// What is wrong with it, as the end of a sentence that begins with what it is.
pub fn read(text: &str) -> Result<Duration, &'static str> {
    match units::duration(text) {
        Ok(length) if !length.is_zero() => Ok(length),
        Ok(_) => Err("must be longer than nothing"),
        Err(_) => Err("is no length of time as 90s or 15m"),
    }
}
