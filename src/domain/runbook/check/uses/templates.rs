//! Every text of a plan that may hold variables.

use std::collections::BTreeSet;

use crate::domain::expect::{Expectation, Test};
use crate::domain::ready::Family;
use crate::domain::runbook::check::uses::only_environment;
use crate::domain::runbook::model::{Action, Group, Http, Item, Runbook, Shell, Step, Target};
use crate::domain::runbook::sql::{self, Quoting, SlotKind};
use crate::domain::runbook::variables::names;

/// Returns the environment variables that the runbook's texts use and that must exist when a run of `book` starts.
///
/// Scripts are not looked at: the shell expands them. Of the targets, all are counted; see [`environment_names_of`].
pub fn environment_names(book: &Runbook) -> BTreeSet<String> {
    let mut found = Names::default();
    book.targets.iter().for_each(|target| found.target(target));
    found.everything_else(book);
    only_environment(book, found.list.iter().map(String::as_str))
}

/// As [`environment_names`], counting of the targets only the one called `target`.
pub fn environment_names_of(book: &Runbook, target: &str) -> BTreeSet<String> {
    let mut found = Names::default();
    if let Some(target) = book.target(target) {
        found.target(target);
    }
    found.everything_else(book);
    only_environment(book, found.list.iter().map(String::as_str))
}

#[derive(Default)]
struct Names {
    list: BTreeSet<String>,
}

impl Names {
    fn text(&mut self, text: &str) {
        self.list
            .extend(names(text).iter().map(|r| r.name.to_owned()));
    }

    fn texts<'a>(&mut self, texts: impl IntoIterator<Item = &'a String>) {
        for text in texts {
            self.text(text);
        }
    }

    fn sql(&mut self, text: &str, family: Family) {
        for slot in sql::script(text, Quoting::of(family)).slots {
            if let SlotKind::Value { name, .. } = slot.kind {
                self.list.insert(name.to_owned());
            }
        }
    }

    fn target(&mut self, target: &Target) {
        let identity = &target.must_be;
        self.texts(&target.database);
        self.texts(target.databases.values());
        self.texts(target.values.values());
        self.texts(&identity.database);
        self.texts(&identity.version);
        self.texts(&identity.host);
        self.texts(&identity.system_identifier);
    }

    fn everything_else(&mut self, book: &Runbook) {
        self.texts(&book.about);
        for parameter in &book.parameters {
            self.texts(&parameter.default);
        }
        for contact in &book.contacts {
            self.text(&contact.reach);
        }
        for value in &book.monitor.values {
            self.sql(&value.sql, Family::Any);
        }
        for phase in &book.phases {
            self.text(&phase.title);
            self.items(&phase.items);
        }
        for path in &book.rollback {
            self.text(&path.title);
            self.items(&path.items);
        }
        for step in &book.steps {
            self.step(step);
        }
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Step(_) => {}
                Item::Group(Group { title, items, .. }) => {
                    self.text(title);
                    self.items(items);
                }
            }
        }
    }

    fn step(&mut self, step: &Step) {
        self.text(&step.title);
        self.texts(&step.note);
        self.action(&step.action);
        self.texts(step.sessions.iter().filter_map(|s| s.user.as_ref()));
        self.texts(step.sessions.iter().filter_map(|s| s.application.as_ref()));
        let probe = step.verify.as_ref();
        if let Some(probe) = probe {
            self.action(&probe.action);
        }
        self.expectation(step.expect.as_ref());
        self.expectation(probe.and_then(|p| p.expect.as_ref()));
    }

    fn expectation(&mut self, expectation: Option<&Expectation>) {
        for (_, test) in expectation.map(Expectation::tests).unwrap_or_default() {
            match test {
                Test::Compare { with: text, .. }
                | Test::Matches { pattern: text }
                | Test::Contains { text } => self.text(text),
            }
        }
    }

    fn action(&mut self, action: &Action) {
        match action {
            Action::Confirm(confirm) => {
                self.text(&confirm.text);
                self.texts(&confirm.items);
            }
            Action::Run(shell) | Action::Check(shell) => self.shell(shell),
            Action::Sql(sql) => self.sql(&sql.text, sql.family),
            Action::Http(http) => self.http(http),
            Action::Use(used) => self.texts(used.with.values()),
            Action::Watch(_) | Action::Sign(_) => {}
            Action::Decide(choices) => {
                for choice in choices {
                    self.text(&choice.title);
                    self.texts(&choice.when);
                }
            }
        }
    }

    fn shell(&mut self, shell: &Shell) {
        self.texts(&shell.dir);
        self.texts(shell.env.values());
    }

    fn http(&mut self, http: &Http) {
        self.text(&http.url);
        self.texts(http.headers.values());
        self.texts(&http.body);
    }
}
