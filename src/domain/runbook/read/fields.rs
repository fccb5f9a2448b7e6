//! A map with known keys: each is taken once, and what nobody takes is a mistake.

use std::collections::HashSet;
use std::rc::Rc;

use crate::domain::runbook::keys::{TABLES, Table};
use crate::domain::runbook::near;
use crate::domain::runbook::read::{Place, Reader};
use crate::domain::runbook::tree::{Kind, Node, Style};

/// Words that people bring from other tools, and what they are called here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("name", "step"),
    ("title", "step"),
    ("command", "run"),
    ("cmd", "run"),
    ("script", "run"),
    ("bash", "run"),
    ("query", "sql"),
    ("description", "note"),
    ("desc", "note"),
    ("notes", "note"),
    ("cwd", "in"),
    ("dir", "in"),
    ("workdir", "in"),
    ("working_directory", "in"),
    ("environment", "env"),
    ("register", "capture"),
    ("when", "if"),
    ("manual_step", "confirm"),
    ("question", "ask"),
    ("prompt", "ask"),
    ("pattern", "matches"),
    ("regex", "matches"),
    ("choices", "one_of"),
    ("enum", "one_of"),
    ("url", "database"),
    ("interval", "every"),
    ("phone", "reach"),
    ("duration", "length"),
    ("count", "times"),
    ("delay", "wait"),
];

/// The longest list of keys that fits into a hint.
const LISTED: usize = 14;

/// One key with its value.
pub(super) struct Entry<'n> {
    pub name: &'static str,
    pub key_at: Place,
    pub value: &'n Node,
    taken: Taken,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    No,
    Yes,
}

/// A map whose keys a table knows.
pub(super) struct Fields<'n> {
    pub at: Place,
    pub table: &'static Table,
    pub entries: Vec<Entry<'n>>,
}

impl<'n> Fields<'n> {
    /// Reads the keys of `node`: unknown, double, empty and missing ones are noted. `None`: it is no map.
    pub fn open(reader: &mut Reader, node: &'n Node, table: &'static Table) -> Option<Self> {
        let Kind::Map(pairs) = &node.kind else {
            reader.wrong_kind(node, &format!("{} with its keys", table.name));
            return None;
        };
        let mut fields = Self {
            at: node.at.clone(),
            table,
            entries: Vec::with_capacity(pairs.len()),
        };
        let mut seen = HashSet::new();
        for (key, value) in pairs {
            let Some(name) = reader.key_text(key) else {
                continue;
            };
            if !seen.insert(name) {
                reader.double_key(key, name);
                continue;
            }
            match table.get(name) {
                None => reader.unknown_key(key, name, table, pairs),
                Some(_) if is_nothing(value) => reader.empty_value(key, name),
                Some(known) => fields.entries.push(Entry {
                    name: known.name,
                    key_at: key.at.clone(),
                    value,
                    taken: Taken::No,
                }),
            }
        }
        for required in table.required {
            if !seen.contains(required) {
                reader.missing_key(node, required, table);
            }
        }
        Some(fields)
    }

    /// Takes the value of `key`, where it is there.
    pub fn take(&mut self, key: &str) -> Option<&'n Node> {
        debug_assert!(self.table.get(key).is_some(), "{key} is not in the table");
        let entry = self.entries.iter_mut().find(|e| e.name == key)?;
        entry.taken = Taken::Yes;
        Some(entry.value)
    }

    /// Takes the value of `key` and reads it.
    pub fn read<'r, T>(
        &mut self,
        reader: &mut Reader<'r>,
        key: &str,
        how: impl FnOnce(&mut Reader<'r>, &'n Node) -> Option<T>,
    ) -> Option<T> {
        self.take(key).and_then(|node| how(reader, node))
    }

    /// Whether `key` is there.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|e| e.name == key)
    }

    /// Returns which of `keys` are there, in the order of the file.
    pub fn present(&self, keys: &[&str]) -> Vec<(&'static str, Place)> {
        self.entries
            .iter()
            .filter(|e| keys.contains(&e.name))
            .map(|e| (e.name, e.key_at.clone()))
            .collect()
    }

    /// Notes every key that nobody took; `what` is the thing that it does not apply to.
    pub fn close(self, reader: &mut Reader, what: &str, hint: impl Fn(&str) -> Option<String>) {
        for entry in self.entries {
            if entry.taken == Taken::No {
                let message = format!("`{}` does not apply to {what}", entry.name);
                reader.error(entry.key_at, message, hint(entry.name));
            }
        }
    }
}

/// Whether nothing stands behind a key.
pub(super) fn is_nothing(node: &Node) -> bool {
    matches!(
        &node.kind,
        Kind::Scalar { text, style: Style::Plain } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    )
}

impl Reader<'_> {
    /// Returns the text of a key.
    pub fn key_text<'n>(&mut self, key: &'n Node) -> Option<&'n str> {
        match &key.kind {
            Kind::Scalar { text, .. } => Some(text),
            Kind::List(_) | Kind::Map(_) => {
                let hint = "a value that begins with `{` or `[` stands in quotes";
                self.error(key.at.clone(), "a key must be a word", Some(hint.into()));
                None
            }
        }
    }

    pub fn double_key(&mut self, key: &Node, name: &str) {
        self.error(
            key.at.clone(),
            format!("`{name}` stands here for the second time"),
            Some("keep one of them".into()),
        );
    }

    fn empty_value(&mut self, key: &Node, name: &str) {
        let hint = "write one, or take the key out";
        self.error(
            key.at.clone(),
            format!("`{name}` has no value"),
            Some(hint.into()),
        );
    }

    fn missing_key(&mut self, node: &Node, name: &str, table: &Table) {
        let about = table.get(name).map_or("", |key| key.about);
        let hint = format!("`{name}`: {}", lower_first(about));
        self.error(
            node.at.clone(),
            format!("{} needs `{name}`", table.name),
            Some(hint),
        );
    }

    fn unknown_key(
        &mut self,
        key: &Node,
        name: &str,
        table: &'static Table,
        pairs: &[(Rc<Node>, Rc<Node>)],
    ) {
        let has = |wanted: &str| {
            pairs
                .iter()
                .any(|(key, _)| matches!(&key.kind, Kind::Scalar { text, .. } if text == wanted))
        };
        let free = table.names().filter(|known| !has(known));
        let elsewhere = ELSEWHERE
            .iter()
            .find(|(word, here)| *word == name && table.get(here).is_some() && !has(here));
        let hint = if let Some((_, here)) = elsewhere {
            Some(format!("did you mean `{here}`?"))
        } else if let Some(near) = near::nearest(name, free) {
            Some(format!("did you mean `{near}`?"))
        } else if let Some(home) = TABLES.iter().find(|t| t.get(name).is_some()) {
            Some(format!("`{name}` belongs to {}", home.name))
        } else if table.keys.len() > LISTED {
            Some(format!(
                "`holdpoint schema` lists the keys of {}",
                table.name
            ))
        } else {
            let all: Vec<&str> = table.names().collect();
            Some(format!("{} has: {}", table.name, all.join(", ")))
        };
        let message = format!("{} has no key `{name}`", table.name);
        self.error(key.at.clone(), message, hint);
    }
}

/// Returns a sentence as it goes on behind a colon.
fn lower_first(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars
        .next()
        .map(|c| c.to_lowercase().chain(chars).collect())
        .unwrap_or_default()
}
