//! From the tree to the plan: every value is read, and what is wrong is noted with its place.

use std::ops::Range;

use crate::domain::runbook::model::Step;
use crate::domain::runbook::problem::{Problem, Severity, Source};
use crate::domain::runbook::tree::Node;
use crate::domain::runbook::variables::{Form, Piece, pieces};

mod action;
mod expect;
mod family;
mod fields;
mod head;
mod root;
mod scalar;
mod sql;
mod step;
mod target;
mod using;

pub(super) use root::runbook;
pub(in crate::domain) use root::slug;
pub(super) use target::allowed;

/// Reads files that the runbook names, relative to it.
pub type Files<'a> = &'a dyn Fn(&str) -> std::io::Result<String>;

/// Bytes of the file.
pub type Place = Range<usize>;

/// Reads the tree, and remembers what is needed to check the whole.
pub(super) struct Reader<'a> {
    pub source: Source<'a>,
    pub files: Files<'a>,
    /// What could not be read: nothing is said about these.
    pub left_out: Vec<Place>,
    pub problems: Vec<Problem>,
    /// Whose servers the databases are on.
    pub families: family::Families,
    /// Every step so far.
    pub steps: Vec<Step>,
    /// Where the keys of each step stand, in the same order.
    pub marks: Vec<Marks>,
    /// Where each rollback path is named, in their order.
    pub paths: Vec<Place>,
    /// Where each later phase says until when it is due, by its index.
    pub later: Vec<(usize, Place)>,
    /// The names behind `secrets`, with their places.
    pub secrets: Vec<(String, Place)>,
    pub links: Vec<Link>,
    pub uses: Vec<Use>,
    /// Names that scripts say they write to `$HOLDPOINT_OUTPUT`, with the step.
    pub written: Vec<(String, usize)>,
    /// What an `http` that was just read expects.
    pub http_expect: Option<crate::domain::expect::Expectation>,
    /// The step that is being read.
    pub step: Option<usize>,
}

/// Where a step and its keys stand.
#[derive(Debug, Default)]
pub(super) struct Marks {
    pub at: Place,
    pub keys: Vec<(&'static str, Place, Place)>,
    pub id: Option<String>,
    /// Names behind `capture`, with their places.
    pub captures: Vec<(String, Place)>,
}

impl Marks {
    /// Returns where the value of `key` stands, else where the step does.
    pub fn value(&self, key: &str) -> Place {
        let found = self.keys.iter().find(|(name, _, _)| *name == key);
        found.map_or_else(|| self.at.clone(), |(_, _, value)| value.clone())
    }

    /// Returns where `key` stands, else where the step does.
    pub fn key(&self, key: &str) -> Place {
        let found = self.keys.iter().find(|(name, _, _)| *name == key);
        found.map_or_else(|| self.at.clone(), |(_, key, _)| key.clone())
    }
}

/// Something that another part of the file must define.
#[derive(Debug)]
pub(super) struct Link {
    pub to: LinkTo,
    pub name: String,
    pub at: Place,
    pub step: Option<usize>,
}

/// A value that a parameter is to have, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub value: String,
    pub at: Place,
}

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LinkTo {
    Path,
    StepOrPath,
    Step,
    Role,
    Target,
    Database,
    /// A parameter, and the value it is to have.
    Parameter(Wanted),
    Metric,
}

/// The use of a variable.
#[derive(Debug)]
pub(super) struct Use {
    pub name: String,
    pub at: Place,
    pub step: Option<usize>,
    pub slot: Slot,
}

/// What a variable is put into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// A text that is shown, stored, or compared.
    Text,
    /// How long something may last.
    Length,
    /// A statement.
    Sql,
    /// A request, or a connection string: the only places where a secret may stand.
    Hidden,
}

impl<'a> Reader<'a> {
    /// Begins to read a file whose text is `source`; nothing is said about what was `left_out`.
    pub fn new(source: Source<'a>, files: Files<'a>, left_out: Vec<Place>) -> Self {
        Self {
            source,
            files,
            left_out,
            problems: Vec::new(),
            families: family::Families::default(),
            steps: Vec::new(),
            marks: Vec::new(),
            paths: Vec::new(),
            later: Vec::new(),
            secrets: Vec::new(),
            links: Vec::new(),
            uses: Vec::new(),
            written: Vec::new(),
            http_expect: None,
            step: None,
        }
    }
}

impl Reader<'_> {
    pub fn error(&mut self, at: Place, message: impl Into<String>, hint: Option<String>) {
        self.note(Severity::Error, at, message.into(), hint);
    }

    pub fn warn(&mut self, at: Place, message: impl Into<String>, hint: Option<String>) {
        self.note(Severity::Warning, at, message.into(), hint);
    }

    fn note(&mut self, severity: Severity, at: Place, message: String, hint: Option<String>) {
        let spoilt = |out: &Place| at.start < out.end && out.start < at.end.max(at.start + 1);
        if !self.left_out.iter().any(spoilt) {
            let problem = self.source.problem(severity, at, message, hint);
            self.problems.push(problem);
        }
    }

    pub fn link(&mut self, to: LinkTo, name: &str, at: Place) {
        self.links.push(Link {
            to,
            name: name.to_owned(),
            at,
            step: self.step,
        });
    }

    /// Notes the variables of a template that stands at `node`.
    pub fn note_uses(&mut self, node: &Node, template: &str, into: Slot) {
        if !template.contains("${") {
            return;
        }
        for piece in pieces(template) {
            match piece {
                Piece::Text(_) | Piece::Escaped => {}
                Piece::Malformed(at) => self.malformed(node, template, at),
                Piece::Reference(reference) => {
                    let at = self.place_in(node, template, reference.at.clone());
                    if reference.form != Form::Value {
                        self.error(
                            at.clone(),
                            "`:ident` and `:number` are for `sql` only",
                            Some(format!("write `${{{}}}`", reference.name)),
                        );
                    }
                    self.note_use(reference.name, at, into);
                }
            }
        }
    }

    pub fn malformed(&mut self, node: &Node, template: &str, at: Place) {
        let said = template[at.clone()].to_owned();
        let at = self.place_in(node, template, at);
        let hint = "a variable is written `${name}`; for a plain `${` write `$${`";
        self.error(at, format!("`{said}` is not a variable"), Some(hint.into()));
    }

    pub fn note_use(&mut self, name: &str, at: Place, into: Slot) {
        self.uses.push(Use {
            name: name.to_owned(),
            at,
            step: self.step,
            slot: into,
        });
    }

    /// Returns where the bytes `at` of `template`, which begin with `${`, stand in the file; else the whole node.
    pub fn place_in(&self, node: &Node, template: &str, at: Place) -> Place {
        let before = template[..at.start].matches("${").count();
        let written = &self.source.text[node.at.clone()];
        let found = written.match_indices("${").nth(before);
        match found {
            Some((from, _)) if written[from..].starts_with(&template[at.clone()]) => {
                node.at.start + from..node.at.start + from + at.len()
            }
            Some(_) | None => node.at.clone(),
        }
    }
}
