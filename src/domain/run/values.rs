//! What `${name}` stands for in a run: parameters, captured values, the target's values, built-ins, the environment.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::run::state::RunState;
use crate::domain::runbook::model::{Length, Runbook};
use crate::domain::units;

/// Where values come from besides the run itself.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Environment variables that the runbook names, without the secret ones.
    pub environment: BTreeMap<String, String>,
    /// Names whose values are secret although the runbook does not say so: connection strings with a password.
    pub secret_names: Vec<String>,
    /// The directory of the runbook's file, absolute.
    pub runbook_dir: String,
}

/// Returns how long `length` is in this run; `None`: what was given is no length of time.
pub fn lasts(book: &Runbook, run: &RunState, length: &Length) -> Option<Duration> {
    length.given(book, &run.opened.target, &run.opened.parameters)
}

/// Looks names up in a run.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    book: &'a Runbook,
    run: &'a RunState,
    around: &'a Surroundings,
}

impl<'a> Values<'a> {
    /// Returns the values of `run`.
    pub fn new(book: &'a Runbook, run: &'a RunState, around: &'a Surroundings) -> Self {
        Self { book, run, around }
    }

    /// Returns the plan.
    pub fn book(&self) -> &'a Runbook {
        self.book
    }

    /// Returns the run.
    pub fn run(&self) -> &'a RunState {
        self.run
    }

    /// Returns what `name` stands for; `None`: nothing gave it a value, or it is secret.
    pub fn get(&self, name: &str) -> Option<String> {
        if self.is_secret(name) {
            return None;
        }
        let run = self.run;
        let given = run
            .opened
            .parameters
            .get(name)
            .or_else(|| run.values.get(name));
        let of_target = || self.book.target(&run.opened.target)?.values.get(name);
        let known = given
            .or_else(of_target)
            .cloned()
            .or_else(|| self.built_in(name));
        known.or_else(|| self.around.environment.get(name).cloned())
    }

    /// Returns how long `length` is in this run; `None`: what was given is no length of time.
    pub fn lasts(&self, length: &Length) -> Option<Duration> {
        lasts(self.book, self.run, length)
    }

    /// Returns `length` in words: `15 min`.
    pub fn lasting(&self, length: &Length) -> String {
        self.lasts(length)
            .map_or_else(|| length.to_string(), units::words)
    }

    /// Whether `name` is one that is never shown.
    pub fn is_secret(&self, name: &str) -> bool {
        self.book
            .secrets
            .iter()
            .chain(&self.around.secret_names)
            .any(|s| s == name)
            || self.run.secret_values.contains_key(name)
    }

    fn built_in(&self, name: &str) -> Option<String> {
        let opened = &self.run.opened;
        match name {
            "run_id" => Some(opened.run.clone()),
            "target" => Some(opened.target.clone()),
            "operator" => Some(self.run.operator.identity.clone()),
            "started_at" => chrono::DateTime::from_timestamp_millis(self.run.opened_ms)
                .map(|t| t.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
            "runbook_dir" => Some(self.around.runbook_dir.clone()),
            _ => None,
        }
    }

    /// Returns every value that is not secret and not from the environment: what scripts get exported.
    pub fn exported(&self) -> BTreeMap<String, String> {
        let of_target = self
            .book
            .target(&self.run.opened.target)
            .map(|t| t.values.clone())
            .unwrap_or_default();
        let built_in = ["run_id", "target", "operator", "started_at", "runbook_dir"];
        let built_in = built_in
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), self.built_in(name)?)));
        let mut all: BTreeMap<String, String> = built_in.chain(of_target).collect();
        all.extend(self.run.values.clone());
        all.extend(self.run.opened.parameters.clone());
        all.retain(|name, _| !self.is_secret(name));
        all
    }
}
