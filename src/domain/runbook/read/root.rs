//! The whole file: its head, its phases, its ways back, and the names of its steps.

use std::collections::HashMap;
use std::ops::Range;

use crate::domain::runbook::keys::{PATH, PHASE, ROOT};
use crate::domain::runbook::model::{Phase, Place, RollbackPath, Runbook, StepId};
use crate::domain::runbook::read::Reader;
use crate::domain::runbook::read::family::Families;
use crate::domain::runbook::read::fields::Fields;
use crate::domain::runbook::read::step::Counter;
use crate::domain::runbook::tree::{Kind, Node};

/// The longest id made from a title.
const ID_LENGTH: usize = 40;

/// Reads the tree into a runbook; its links are still to be checked.
pub(in crate::domain::runbook) fn runbook(reader: &mut Reader, root: &Node) -> Runbook {
    let mut book = Runbook::default();
    let Some(mut fields) = Fields::open(reader, root, &ROOT) else {
        return book;
    };
    if let Some(node) = fields.take("runbook") {
        reader.version(node);
    }
    reader.families = Families::of_checks(root);
    head(reader, &mut fields, &mut book);
    if let Some(node) = fields.take("phases") {
        book.phases = reader.phases(node);
    }
    if let Some(node) = fields.take("rollback") {
        book.rollback = reader.rollback(node);
    }
    book.reference = fields.read(reader, "reference", Reader::template);
    book.steps = std::mem::take(&mut reader.steps);
    reader.name_steps(&mut book);
    book
}

/// Reads everything but the steps.
fn head(reader: &mut Reader, fields: &mut Fields, book: &mut Runbook) {
    let names =
        |list: Vec<(String, Range<usize>)>| list.into_iter().map(|(name, _)| name).collect();
    book.title = fields
        .read(reader, "title", Reader::text)
        .unwrap_or_default();
    book.about = fields.read(reader, "about", Reader::template);
    if let Some(node) = fields.take("parameters") {
        book.parameters = reader.parameters(node);
    }
    if let Some(node) = fields.take("secrets") {
        reader.secrets = reader.texts(node);
        book.secrets = names(reader.secrets.clone());
    }
    if let Some(node) = fields.take("targets") {
        book.targets = reader.targets(node);
        reader.families.take_addresses(&book.targets);
    }
    book.window = fields.read(reader, "window", Reader::window);
    if let Some(node) = fields.take("roles") {
        (book.roles, book.meanings) = reader.roles(node);
    }
    book.witness = fields.read(reader, "witness", Reader::witness);
    if let Some(node) = fields.take("contacts") {
        book.contacts = reader.contacts(node);
    }
    if let Some(node) = fields.take("monitor") {
        book.monitor = reader.monitor(node).unwrap_or_default();
    }
}

impl Reader<'_> {
    fn version(&mut self, node: &Node) {
        if !matches!(&node.kind, Kind::Scalar { text, .. } if text == "1") {
            let hint = "write `runbook: 1`: the only version of the format so far";
            self.error(
                node.at.clone(),
                "this version of the format is not known",
                Some(hint.into()),
            );
        }
    }

    fn phases(&mut self, node: &Node) -> Vec<Phase> {
        let mut phases = Vec::new();
        for (i, item) in self.list(node, "a list of phases").into_iter().enumerate() {
            let Some(mut fields) = Fields::open(self, item, &PHASE) else {
                continue;
            };
            let title = fields.read(self, "phase", Self::headline);
            let at = fields.read(self, "at", Self::offset);
            let later = fields.take("later").and_then(|node| {
                self.later.push((phases.len(), node.at.clone()));
                self.offset(node)
            });
            let begun = self.steps.len();
            let prefix = (i + 1).to_string();
            let mut counter = Counter {
                place: Place::Phase(phases.len()),
                prefix: &prefix,
                count: 0,
            };
            let steps = fields.take("steps");
            let items = steps
                .map(|n| self.items(n, &mut counter))
                .unwrap_or_default();
            if let Some((_, at)) = later.zip(at) {
                for step in &mut self.steps[begun..] {
                    step.not_before.get_or_insert(at);
                }
            }
            phases.push(Phase {
                title: title.unwrap_or_default(),
                at,
                later,
                items,
            });
        }
        phases
    }

    fn rollback(&mut self, node: &Node) -> Vec<RollbackPath> {
        let mut paths: Vec<RollbackPath> = Vec::new();
        for item in self.list(node, "a list of rollback paths") {
            let Some(mut fields) = Fields::open(self, item, &PATH) else {
                continue;
            };
            let name_at = fields.take("path");
            let name = name_at.and_then(|n| self.path_name(n)).unwrap_or_default();
            if let Some(node) = name_at
                && !name.is_empty()
                && paths.iter().any(|path| path.name == name)
            {
                let message = format!("the path `{name}` stands here for the second time");
                self.error(node.at.clone(), message, None);
            }
            let title = fields.read(self, "title", Self::headline);
            let when = fields
                .take("when")
                .map(|n| self.texts(n))
                .unwrap_or_default();
            let mut counter = Counter {
                place: Place::Path(paths.len()),
                prefix: &name,
                count: 0,
            };
            let steps = fields.take("steps");
            let items = steps
                .map(|n| self.items(n, &mut counter))
                .unwrap_or_default();
            self.paths
                .push(name_at.map_or_else(|| item.at.clone(), |n| n.at.clone()));
            paths.push(RollbackPath {
                title: title.unwrap_or_else(|| name.clone()),
                when: when.into_iter().map(|(text, _)| text).collect(),
                items,
                name,
            });
        }
        paths
    }

    fn path_name(&mut self, node: &Node) -> Option<String> {
        let name = self.text(node)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if name.len() > ID_LENGTH || !name.chars().all(plain) {
            let hint = "letters, digits, `-` and `_`, at most 40 of them; `title` may be longer";
            self.error(
                node.at.clone(),
                "this cannot be the name of a path",
                Some(hint.into()),
            );
            return None;
        }
        Some(name)
    }

    /// Gives every step its id: the written ones first, then those made from titles, with -2, -3 where they are taken.
    fn name_steps(&mut self, book: &mut Runbook) {
        let mut taken: HashMap<String, usize> = HashMap::new();
        for (i, step) in book.steps.iter_mut().enumerate() {
            let Some(id) = self.marks[i].id.clone() else {
                continue;
            };
            if let Some(first) = taken.get(&id) {
                let line = self.source.line(self.marks[*first].at.start);
                let at = self.marks[i].value("id");
                self.error(
                    at,
                    format!("the id `{id}` is taken by the step in line {line}"),
                    Some("ids are unique in a runbook".into()),
                );
            }
            taken.entry(id.clone()).or_insert(i);
            step.id = StepId::new(id);
        }
        let mut next: HashMap<String, usize> = HashMap::new();
        for (i, step) in book.steps.iter_mut().enumerate() {
            if self.marks[i].id.is_some() {
                continue;
            }
            let base = slug(&step.title).unwrap_or_else(|| format!("step-{}", step.ordinal));
            let count = next.entry(base.clone()).or_insert(1);
            let mut id = base.clone();
            while taken.contains_key(&id) {
                *count += 1;
                let suffix = format!("-{count}");
                let kept = base.len().min(ID_LENGTH - suffix.len());
                id = format!("{}{suffix}", base[..kept].trim_end_matches('-'));
            }
            taken.insert(id.clone(), i);
            step.id = StepId::new(id);
        }
    }
}

/// Returns the words of a title, lower case, joined by `-`, at most 40 characters; `None`: it has no ASCII letter or digit.
pub(in crate::domain) fn slug(title: &str) -> Option<String> {
    let plain: String = title
        .chars()
        .filter(|c| *c != '\'' && *c != '’')
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                ' '
            }
        })
        .collect();
    let mut id = String::new();
    for word in plain.split_whitespace() {
        let dash = usize::from(!id.is_empty());
        if id.len() + dash + word.len() > ID_LENGTH {
            if id.is_empty() {
                id.push_str(&word[..ID_LENGTH]);
            }
            break;
        }
        if dash == 1 {
            id.push('-');
        }
        id.push_str(word);
    }
    (!id.is_empty()).then_some(id)
}
