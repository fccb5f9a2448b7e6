//! Entries written in one form.

use crate::domain::runbook::canonical::tree::{Entry, Value};
use crate::domain::runbook::yaml::scalar;

#[derive(Default)]
pub(super) struct Writer {
    pub(super) out: String,
}

impl Writer {
    pub(super) fn above(&mut self, entry: &Entry, indent: usize) {
        for line in &entry.above {
            if line.is_empty() {
                self.out.push('\n');
            } else {
                self.out
                    .push_str(&format!("{}{line}\n", " ".repeat(indent)));
            }
        }
    }

    /// Writes entries; the first begins on the line at hand where it is that of an item.
    pub(super) fn map(&mut self, entries: &[Entry], indent: usize, on_line: bool) {
        for (i, entry) in entries.iter().enumerate() {
            if !(on_line && i == 0) {
                self.above(entry, indent);
                self.out.push_str(&" ".repeat(indent));
            }
            self.out.push_str(&entry.key);
            self.out.push(':');
            self.value(entry, indent);
        }
    }

    pub(super) fn value(&mut self, entry: &Entry, indent: usize) {
        let beside = entry
            .beside
            .as_ref()
            .map(|c| format!("  {c}"))
            .unwrap_or_default();
        match &entry.value {
            Value::Verbatim(text) => self.out.push_str(&format!(" {text}{beside}\n")),
            Value::Text(text) => {
                let written = scalar(text, indent);
                match written.split_once('\n') {
                    Some((first, rest)) => {
                        self.out.push_str(&format!(" {first}{beside}\n{rest}\n"));
                    }
                    None => self.out.push_str(&format!(" {written}{beside}\n")),
                }
            }
            Value::Map(entries) => {
                self.out.push_str(&format!("{beside}\n"));
                self.map(entries, indent + 2, false);
            }
            Value::List(entries) => {
                self.out.push_str(&format!("{beside}\n"));
                self.list(entries, indent + 2);
            }
        }
    }

    fn list(&mut self, entries: &[Entry], indent: usize) {
        for entry in entries {
            self.above(entry, indent);
            self.out.push_str(&format!("{}-", " ".repeat(indent)));
            match &entry.value {
                Value::Map(inner) => {
                    self.out.push(' ');
                    self.map(inner, indent + 2, true);
                    // A comment behind the dash has no other place.
                    if let Some(comment) = &entry.beside {
                        self.out
                            .push_str(&format!("{}{comment}\n", " ".repeat(indent + 2)));
                    }
                }
                Value::List(_) | Value::Text(_) | Value::Verbatim(_) => self.value(entry, indent),
            }
        }
    }
}
