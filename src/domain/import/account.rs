//! The account: what became of every line, so that nothing is lost silently.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::domain::tame;

/// What a part of the document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A heading.
    Heading,
    /// An item of a list.
    Item,
    /// A block of code.
    Fence,
    /// A table or a row of one.
    Table,
    /// A paragraph, a plain list, a quotation.
    Text,
    /// HTML: tags, comments.
    Html,
    /// A template's control line.
    Template,
    /// Front matter.
    FrontMatter,
}

impl What {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Heading => "heading",
            Self::Item => "item",
            Self::Fence => "block",
            Self::Table => "table",
            Self::Text => "text",
            Self::Html => "html",
            Self::Template => "template",
            Self::FrontMatter => "front matter",
        }
    }
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// A step.
    Step(usize),
    /// A part of a step: its block or its note.
    Part(usize),
    /// The title of a group.
    Group(String),
    /// A phase.
    Phase(String),
    /// A way back.
    Path(String),
    /// A reason to go back.
    When(String),
    /// In `about`.
    About,
    /// In `reference`.
    Reference,
    /// The title.
    Title,
    /// A role that signs.
    Role,
    /// A contact.
    Contact,
    /// Not converted, and why.
    Left(String),
}

/// One line of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// First and last line.
    pub lines: (usize, usize),
    /// What it is.
    pub what: What,
    /// What became of it.
    pub fate: Fate,
}

/// The account of one document.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// What became of each part.
    pub entries: Vec<Entry>,
    /// What a person should look at: line and words.
    pub warnings: Vec<(usize, String)>,
    /// The ids of steps.
    pub ids: BTreeMap<usize, String>,
    /// What is counted in the summary: words and number.
    pub counts: Vec<(&'static str, usize)>,
}

impl Account {
    /// Notes what became of some lines.
    pub fn add(&mut self, lines: (usize, usize), what: What, fate: Fate) {
        self.entries.push(Entry { lines, what, fate });
    }

    /// Notes what a person should look at.
    pub fn warn(&mut self, line: usize, text: impl Into<String>) {
        self.warnings.push((line, text.into()));
    }

    /// Puts entries and warnings into the document's order, and accounts for lines that no rule took.
    pub fn close(&mut self, lines: &[&str]) {
        let mut taken = vec![false; lines.len() + 2];
        for entry in &self.entries {
            let (from, to) = (entry.lines.0, entry.lines.1.min(lines.len()));
            if let Some(some) = taken.get_mut(from..=to) {
                some.fill(true);
            }
        }
        let mut defines = false;
        for (i, line) in lines.iter().enumerate() {
            let n = i + 1;
            let definition = line.trim_start().starts_with('[') && line.contains("]:")
                || defines && line.starts_with([' ', '\t']);
            defines = definition && line.trim_end().ends_with("]:");
            if !taken[n] && !line.trim().is_empty() {
                let rule = line.trim().chars().all(|c| {
                    matches!(c, '-' | '=' | '*' | '_' | ' ' | '`' | '~' | '>' | '|' | '#')
                });
                let rule = rule || line.trim_start().starts_with("> [!");
                let why = match (rule, definition) {
                    (true, _) => "it only draws a line, or begins or ends a block",
                    (_, true) => "it defines a link; links stand in the notes written out",
                    _ => "no rule took it",
                };
                if !rule && !definition {
                    self.warn(n, "this line was not converted");
                }
                self.add((n, n), What::Text, Fate::Left(why.into()));
            }
        }
        self.entries
            .sort_by_key(|entry| (entry.lines.0, entry.what, entry.lines.1));
        self.entries.dedup();
        self.warnings.sort();
        self.warnings.dedup();
    }

    fn told(&self, fate: &Fate) -> String {
        let id = |uid: &usize| self.ids.get(uid).map_or("?", String::as_str).to_owned();
        match fate {
            Fate::Step(uid) => format!("step `{}`", id(uid)),
            Fate::Part(uid) => format!("part of `{}`", id(uid)),
            Fate::Group(title) => format!("group {}", tame::cell(title)),
            Fate::Phase(title) => format!("phase {}", tame::cell(title)),
            Fate::Path(name) => format!("way back `{name}`"),
            Fate::When(name) => format!("a reason for the way back `{name}`"),
            Fate::About => "text, in `about`".into(),
            Fate::Reference => "text, in `reference`".into(),
            Fate::Title => "title".into(),
            Fate::Role => "role".into(),
            Fate::Contact => "contact".into(),
            Fate::Left(why) => format!("not converted: {why}"),
        }
    }

    /// Returns the account as markdown: what to look at, then every part with its lines.
    pub fn report(&self, name: &str, digest: &str) -> String {
        let mut text = format!(
            "# What became of {}\n\nSHA-256 of the document: `{digest}`\n\n",
            tame::line(name)
        );
        let _ = writeln!(text, "{}.\n", self.summary());
        if !self.warnings.is_empty() {
            text.push_str("## To be looked at\n\n");
            for (line, warning) in &self.warnings {
                let _ = writeln!(text, "- line {line}: {warning}");
            }
            text.push('\n');
        }
        text.push_str("## Line by line\n\n| lines | what | became |\n|---|---|---|\n");
        for entry in &self.entries {
            let (from, to) = entry.lines;
            let lines = if from == to {
                from.to_string()
            } else {
                format!("{from}-{to}")
            };
            let _ = writeln!(
                text,
                "| {lines} | {} | {} |",
                entry.what.name(),
                self.told(&entry.fate)
            );
        }
        text
    }

    /// Returns the counts in one line.
    pub fn summary(&self) -> String {
        let some = self.counts.iter().filter(|(_, n)| *n > 0);
        some.map(|(what, n)| format!("{n} {what}"))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_no_rule_took_are_told() {
        let mut account = Account::default();
        account.add((1, 2), What::Item, Fate::Step(1));
        account.ids.insert(1, "a".into());
        account.close(&["- [ ] a", "b", "", "---", "lost"]);
        let report = account.report("x.md", "00");
        assert!(report.contains("| 1-2 | item | step `a` |"), "{report}");
        assert!(
            report.contains("| 4 | text | not converted: it only draws"),
            "{report}"
        );
        assert!(
            report.contains("| 5 | text | not converted: no rule took it |"),
            "{report}"
        );
        assert_eq!(
            account.warnings,
            [(5, "this line was not converted".to_owned())]
        );
    }
}
