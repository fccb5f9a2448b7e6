//! A runbook as it is written: entries with their comments and empty lines, values as they were spelled.

use serde_yaml::granit_parser::{Event, Options, Parser, ScalarStyle, Span, StructureStyle};

/// A value as it is written.
#[derive(Debug)]
pub(super) enum Value {
    /// A text that may be written anew.
    Text(String),
    /// What stays as it is: numbers, words, what stands in brackets.
    Verbatim(String),
    Map(Vec<Entry>),
    List(Vec<Entry>),
}

/// A key or an item, with what stands around it.
#[derive(Debug)]
pub(super) struct Entry {
    /// Empty lines and comments above: a comment is a text that begins with `#`.
    pub(super) above: Vec<String>,
    /// The key as written; empty: an item.
    pub(super) key: String,
    pub(super) value: Value,
    /// The comment on its line.
    pub(super) beside: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Root {
    pub(super) entries: Vec<Entry>,
    pub(super) behind: Vec<String>,
}

/// A list or map that is open.
struct Open {
    is_map: bool,
    entries: Vec<Entry>,
    /// The entry that waits for its value.
    waiting: Option<Entry>,
}

pub(super) struct Tree<'a> {
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
    pub(super) fn read(text: &'a str) -> Result<(Root, Vec<String>), &'static str> {
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

pub(super) fn end(span: &Span) -> usize {
    span.end.byte_offset().unwrap_or(0)
}
