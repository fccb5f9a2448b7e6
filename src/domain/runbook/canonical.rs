//! A runbook in its canonical form: two spaces a level, the plainest quotes, one empty line where there were some.
//!
//! Comments, the order of keys, and lists and maps in brackets stay as they are. The result is read again and compared.

use serde_yaml::granit_parser::{Event, Options, Parser, ScalarStyle, Span, StructureStyle};

use crate::domain::runbook::model::Runbook;
use crate::domain::runbook::parse;
use crate::domain::runbook::problem::Problems;
use crate::domain::runbook::read::Files;
use crate::domain::runbook::yaml::scalar;

/// Why a file is left alone.
#[derive(Debug, thiserror::Error)]
pub enum Unformatted {
    /// It is no runbook.
    #[error("it is not a valid runbook")]
    Invalid(Problems),
    /// It has something that would be lost or changed; the words say what.
    #[error("it is left alone: {0}")]
    LeftAlone(&'static str),
}

/// Returns the canonical form of a runbook.
///
/// # Errors
/// It is not valid, or something in it cannot be kept.
pub fn canonical(source: &str, files: Files<'_>) -> Result<String, Unformatted> {
    let before =
        parse::parse(source.as_bytes(), "the runbook", files).map_err(Unformatted::Invalid)?;
    let text = source
        .strip_prefix('\u{feff}')
        .unwrap_or(source)
        .replace("\r\n", "\n");
    let (root, comments) = Tree::read(&text).map_err(Unformatted::LeftAlone)?;
    let mut writer = Writer::default();
    writer.map(&root.entries, 0, false);
    for line in &root.behind {
        writer.out.push_str(line);
        writer.out.push('\n');
    }
    let written = writer.out;
    let after = parse::parse(written.as_bytes(), "the runbook", files);
    if after.ok().map(without_lines) != Some(without_lines(before)) {
        return Err(Unformatted::LeftAlone(
            "its meaning would change (this is a bug in holdpoint)",
        ));
    }
    match Tree::read(&written) {
        Ok((_, kept)) if kept == comments => Ok(written),
        Ok(_) | Err(_) => Err(Unformatted::LeftAlone(
            "a comment stands where it cannot be kept",
        )),
    }
}

fn without_lines(mut book: Runbook) -> Runbook {
    for step in &mut book.steps {
        step.line = 0;
    }
    book
}

/// A value as it is written.
#[derive(Debug)]
enum Value {
    /// A text that may be written anew.
    Text(String),
    /// What stays as it is: numbers, words, what stands in brackets.
    Verbatim(String),
    Map(Vec<Entry>),
    List(Vec<Entry>),
}

/// A key or an item, with what stands around it.
#[derive(Debug)]
struct Entry {
    /// Empty lines and comments above: a comment is a text that begins with `#`.
    above: Vec<String>,
    /// The key as written; empty: an item.
    key: String,
    value: Value,
    /// The comment on its line.
    beside: Option<String>,
}

#[derive(Debug, Default)]
struct Root {
    entries: Vec<Entry>,
    behind: Vec<String>,
}

/// A list or map that is open.
struct Open {
    is_map: bool,
    entries: Vec<Entry>,
    /// The entry that waits for its value.
    waiting: Option<Entry>,
}

struct Tree<'a> {
    text: &'a str,
    open: Vec<Open>,
    above: Vec<String>,
    /// The last line that something stood in.
    line: usize,
    root: Option<Vec<Entry>>,
    comments: Vec<String>,
}

impl<'a> Tree<'a> {
    /// Reads a text; returns its comments in order too.
    fn read(text: &'a str) -> Result<(Root, Vec<String>), &'static str> {
        let mut tree = Self {
            text,
            open: Vec::new(),
            above: Vec::new(),
            line: 0,
            root: None,
            comments: Vec::new(),
        };
        let mut parser = Parser::new_from_str_with_options(text, Options::default());
        let mut flow: Option<(usize, usize)> = None;
        while let Some(next) = parser.next_event() {
            let (event, span) = next.map_err(|_| "it cannot be read with its comments")?;
            match &event {
                Event::SequenceStart(style, anchor, tag)
                | Event::MappingStart(style, anchor, tag) => {
                    if *anchor > 0 || tag.is_some() {
                        return Err("it has anchors, aliases or tags");
                    }
                    if let Some((depth, _)) = &mut flow {
                        *depth += 1;
                    } else if *style == StructureStyle::Flow {
                        flow = Some((1, start(&span)));
                    } else {
                        tree.begin(matches!(event, Event::MappingStart(..)));
                    }
                }
                Event::SequenceEnd | Event::MappingEnd => match &mut flow {
                    Some((1, from)) => {
                        let from = *from;
                        flow = None;
                        let verbatim = tree.slice(from, end(&span));
                        if verbatim.contains('\n') {
                            return Err("it has brackets that go over several lines");
                        }
                        tree.line = span.end.line();
                        tree.put(Value::Verbatim(verbatim));
                    }
                    Some((depth, _)) => *depth -= 1,
                    None => tree.end()?,
                },
                Event::Comment(..) if flow.is_some() => {
                    return Err("a comment stands inside brackets");
                }
                Event::Comment(..) => tree.comment(&span),
                Event::Alias(_) => return Err("it has anchors, aliases or tags"),
                Event::Scalar(_, _, anchor, tag) if *anchor > 0 || tag.is_some() => {
                    return Err("it has anchors, aliases or tags");
                }
                Event::Scalar(text, style, ..) if flow.is_none() => {
                    tree.scalar(text, *style, &span)?;
                }
                _ => {}
            }
        }
        let behind = std::mem::take(&mut tree.above);
        let entries = tree.root.ok_or("it is empty")?;
        Ok((Root { entries, behind }, tree.comments))
    }

    fn slice(&self, from: usize, to: usize) -> String {
        self.text
            .get(from..to)
            .unwrap_or_default()
            .trim_end()
            .to_owned()
    }

    /// Notes an empty line where there were some above `line`.
    fn gap(&mut self, line: usize) {
        let lines: Vec<&str> = self.text.split('\n').collect();
        let before = line.checked_sub(2).and_then(|n| lines.get(n));
        if line > 1
            && before.is_some_and(|l| l.trim().is_empty())
            && line > self.line
            && self.above.last().is_none_or(|l| !l.is_empty())
            && !(self.root.is_none()
                && self.open.len() <= 1
                && self
                    .open
                    .iter()
                    .all(|o| o.entries.is_empty() && o.waiting.is_none())
                && self.above.is_empty())
        {
            self.above.push(String::new());
        }
    }

    fn comment(&mut self, span: &Span) {
        let text = self.slice(start(span), end(span));
        self.comments.push(text.clone());
        let line = span.start.line();
        if line == self.line {
            // Behind a key that waits, behind a value, or behind the last entry of what has just ended.
            let last = match self.open.last_mut() {
                Some(open) => open.waiting.as_mut().or(open.entries.last_mut()),
                None => None,
            };
            if let Some(entry) = last.filter(|e| e.beside.is_none()) {
                entry.beside = Some(text);
                return;
            }
        }
        self.gap(line);
        self.above.push(text);
        self.line = line;
    }

    fn begin(&mut self, is_map: bool) {
        self.open.push(Open {
            is_map,
            entries: Vec::new(),
            waiting: None,
        });
    }

    fn end(&mut self) -> Result<(), &'static str> {
        let open = self
            .open
            .pop()
            .ok_or("it cannot be read with its comments")?;
        let value = if open.is_map {
            Value::Map(open.entries)
        } else {
            Value::List(open.entries)
        };
        match (self.open.is_empty(), value) {
            (true, Value::Map(entries)) => self.root = Some(entries),
            (_, value) => {
                // A comment behind the last entry belongs to what comes after.
                let behind = std::mem::take(&mut self.above);
                self.put(value);
                self.above = behind;
            }
        }
        Ok(())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, span: &Span) -> Result<(), &'static str> {
        let is_key = self
            .open
            .last()
            .is_some_and(|open| open.is_map && open.waiting.is_none());
        let (from, to) = (start(span), end(span));
        let written = self.slice(from, to);
        if is_key {
            self.gap(span.start.line());
            let above = std::mem::take(&mut self.above);
            self.line = span.start.line();
            if let Some(open) = self.open.last_mut() {
                let key = written;
                open.waiting = Some(Entry {
                    above,
                    key,
                    value: Value::Verbatim(String::new()),
                    beside: None,
                });
            }
            return Ok(());
        }
        if style == ScalarStyle::Plain && written.is_empty() {
            return Err("a key in it has no value");
        }
        let value = match style {
            ScalarStyle::Plain if !written.contains('\n') => Value::Verbatim(written),
            // Quotes may say that a word is a text.
            ScalarStyle::Plain
            | ScalarStyle::SingleQuoted
            | ScalarStyle::DoubleQuoted
            | ScalarStyle::Literal
            | ScalarStyle::Folded => Value::Text(text.to_owned()),
        };
        let line = match style {
            ScalarStyle::Literal | ScalarStyle::Folded => 0,
            _ => span.end.line(),
        };
        if self.open.last().is_some_and(|open| !open.is_map) {
            self.gap(span.start.line());
        }
        self.line = line;
        self.put(value);
        Ok(())
    }

    fn put(&mut self, value: Value) {
        let above = std::mem::take(&mut self.above);
        let Some(open) = self.open.last_mut() else {
            return;
        };
        if let Some(mut entry) = open.waiting.take() {
            // What stood between a key and its value goes in front of both.
            entry.above.extend(above);
            entry.value = value;
            open.entries.push(entry);
        } else {
            let mut entry = Entry {
                above,
                key: String::new(),
                value,
                beside: None,
            };
            hoist(&mut entry);
            open.entries.push(entry);
        }
    }
}

/// What stands above the first key of an item stands above the item.
fn hoist(entry: &mut Entry) {
    if let Value::Map(entries) | Value::List(entries) = &mut entry.value
        && let Some(first) = entries.first_mut()
    {
        let inner = std::mem::take(&mut first.above);
        entry.above.splice(0..0, inner);
    }
}

fn start(span: &Span) -> usize {
    span.start.byte_offset().unwrap_or(0)
}

fn end(span: &Span) -> usize {
    span.end.byte_offset().unwrap_or(0)
}

#[derive(Default)]
struct Writer {
    out: String,
}

impl Writer {
    fn above(&mut self, entry: &Entry, indent: usize) {
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
    fn map(&mut self, entries: &[Entry], indent: usize, on_line: bool) {
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

    fn value(&mut self, entry: &Entry, indent: usize) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: &str) -> std::io::Result<String> {
        Err(std::io::Error::other("no files"))
    }

    fn formatted(text: &str) -> Result<String, String> {
        canonical(text, &none).map_err(|e| e.to_string())
    }

    #[test]
    fn comments_stay_where_they_were_and_the_rest_takes_one_form() {
        let source = "# top\nrunbook:   1\ntitle: \"A title\"   # beside\n\n\n\nphases: # the way\n# first\n- phase: 'Go'\n  steps:\n    # a step\n    - step: x  # here\n      run: |\n          a # no comment\n          b\n      manual: true\n    - {step: y, confirm: z}\n# the end\n";
        let wanted = "# top\nrunbook: 1\ntitle: A title  # beside\n\nphases:  # the way\n  # first\n  - phase: Go\n    steps:\n      # a step\n      - step: x  # here\n        run: |\n          a # no comment\n          b\n        manual: true\n      - {step: y, confirm: z}\n# the end\n";
        assert_eq!(formatted(source).unwrap(), wanted);
        assert_eq!(formatted(wanted).unwrap(), wanted);
    }

    #[test]
    fn the_full_example_keeps_its_meaning_and_its_comments() {
        let full = include_str!("../../../tests/fixtures/full.yaml");
        let files = |_: &str| Ok("select 1".to_owned());
        if let Ok(once) = canonical(full, &files) {
            assert_eq!(canonical(&once, &files).unwrap(), once);
        }
    }

    #[test]
    fn what_cannot_be_kept_is_left_alone_and_said() {
        let anchors = "runbook: 1\ntitle: &t x\nabout: *t\nphases: [{phase: a, steps: [{step: b, confirm: c}]}]\n";
        assert!(formatted(anchors).unwrap_err().contains("anchors"));
        let brackets =
            "runbook: 1\ntitle: x\nphases: [{phase: a, # why\n  steps: [{step: b, confirm: c}]}]\n";
        assert!(formatted(brackets).unwrap_err().contains("brackets"));
        assert!(
            formatted("runbook: 2\n")
                .unwrap_err()
                .contains("not a valid runbook")
        );
    }
}
