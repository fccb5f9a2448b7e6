//! YAML as a tree in which every node knows its place: all that the rest reads. The parser stays behind this module.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use serde_yaml::granit_parser::{Event, Options, Parser, ScalarStyle, Span, Tag};

mod syntax;

/// Nodes that aliases may add.
const ALIASED: usize = 100_000;

/// How often a file is read anew without the value that could not be read.
const REREADS: usize = 20;

/// A value with its place in the file.
#[derive(Debug)]
pub struct Node {
    /// Its bytes; of a map the first key, of a list the first item.
    pub at: Range<usize>,
    /// What it is.
    pub kind: Kind,
    /// How many nodes it is made of, aliases counted every time.
    weight: usize,
}

/// What a node is.
#[derive(Debug)]
pub enum Kind {
    /// A text, a number, `true`, nothing.
    Scalar {
        /// Its value.
        text: String,
        /// How it is written.
        style: Style,
    },
    /// A list.
    List(Vec<Rc<Node>>),
    /// Keys and values in the order of the file; keys may stand twice.
    Map(Vec<(Rc<Node>, Rc<Node>)>),
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Bare.
    Plain,
    /// In quotes.
    Quoted,
    /// After `|` or `>`.
    Block,
}

/// Something that YAML itself does not allow.
#[derive(Debug)]
pub struct Fault {
    /// Where.
    pub at: Range<usize>,
    /// What.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whether reading can go on when this line's value is left out.
    pub reach: Reach,
}

/// How much of the file a fault makes unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The value on its line.
    Line,
    /// Everything after it.
    Rest,
    /// Nothing: the tree is whole.
    Nothing,
}

/// A tree and what is wrong with it as YAML.
#[derive(Debug, Default)]
pub struct Tree {
    /// The document; `None`: there is none, or it cannot be read.
    pub root: Option<Rc<Node>>,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// A list or map that is being read.
struct Open {
    at: Range<usize>,
    anchor: usize,
    is_map: bool,
    items: Vec<Rc<Node>>,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    aliased: usize,
    documents: usize,
    tree: Tree,
}

/// Reads `text` as one YAML 1.2 document.
pub fn read(text: &str) -> Tree {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.block_nesting_limit = 100;
    options.flow_nesting_limit = 100;
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut builder = Builder::default();
    while let Some(next) = parser.next_event() {
        let stop = match next {
            Ok((event, span)) => builder.take(event, span, text),
            Err(error) => {
                builder.tree.faults.push(syntax::fault(&error, text));
                builder.tree.root = None;
                return builder.tree;
            }
        };
        if stop {
            break;
        }
    }
    builder.tree
}

/// Returns the bytes of a span.
fn bytes(span: &Span) -> Range<usize> {
    let start = span.start.byte_offset().unwrap_or(0);
    start..span.end.byte_offset().unwrap_or(start).max(start)
}

impl Builder {
    /// Takes one event; returns whether there is nothing more to read.
    fn take(&mut self, event: Event<'_>, span: Span, text: &str) -> bool {
        let at = bytes(&span);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                return self.documents > 1 && self.second_document(at);
            }
            Event::Scalar(value, style, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), &span);
                // A tagged one was meant as a text, and has been refused once.
                let style = match style {
                    ScalarStyle::Plain if tag.is_none() => Style::Plain,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                    _ => Style::Quoted,
                };
                // The parser gives nothing as `~`.
                let nothing = style == Style::Plain && text[at.clone()].is_empty();
                let text = if nothing {
                    String::new()
                } else {
                    value.into_owned()
                };
                self.add(at, Kind::Scalar { text, style }, 1, anchor);
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), &span);
                self.begin(at, anchor, false);
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), &span);
                self.begin(at, anchor, true);
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(id) => return self.alias(id, at),
            Event::StreamEnd => return true,
            // The events of options that are not set, and of versions to come, carry no data.
            _ => {}
        }
        false
    }

    fn second_document(&mut self, at: Range<usize>) -> bool {
        let hint = "a runbook is one document: take out the `---` or `...`";
        self.fault(at, "a second document begins here", hint, Reach::Nothing);
        true
    }

    fn fault(&mut self, at: Range<usize>, message: &str, hint: &str, reach: Reach) {
        self.tree.faults.push(Fault {
            at,
            message: message.into(),
            hint: Some(hint.into()),
            reach,
        });
    }

    fn refuse_tag(&mut self, tag: Option<&Tag>, span: &Span) {
        let Some(tag) = tag else { return };
        let at = span.tag_span().map_or_else(|| bytes(span), |s| bytes(&s));
        self.fault(
            at,
            &format!(
                "`{}` is a YAML tag, which a runbook has no use for",
                tag.original()
            ),
            "a text that begins with `!` stands in quotes: '!= off'",
            Reach::Nothing,
        );
    }

    fn begin(&mut self, at: Range<usize>, anchor: usize, is_map: bool) {
        self.open.push(Open {
            at,
            anchor,
            is_map,
            items: Vec::new(),
        });
    }

    fn end(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let weight = open.items.iter().map(|n| n.weight).sum::<usize>() + 1;
        let at = match open.items.first() {
            Some(first) if open.at.is_empty() => first.at.clone(),
            _ => open.at,
        };
        let kind = if open.is_map {
            let mut pairs = Vec::with_capacity(open.items.len() / 2);
            let mut items = open.items.into_iter();
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                pairs.push((key, value));
            }
            Kind::Map(merged(pairs))
        } else {
            Kind::List(open.items)
        };
        self.add(at, kind, weight, open.anchor);
    }

    fn add(&mut self, at: Range<usize>, kind: Kind, weight: usize, anchor: usize) {
        let node = Rc::new(Node { at, kind, weight });
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.put(node);
    }

    fn put(&mut self, node: Rc<Node>) {
        match self.open.last_mut() {
            Some(open) => open.items.push(node),
            None => self.tree.root = Some(node),
        }
    }

    /// Puts in what an alias stands for; returns whether that was too much.
    fn alias(&mut self, id: usize, at: Range<usize>) -> bool {
        let Some(node) = self.anchors.get(&id).map(Rc::clone) else {
            self.fault(
                at,
                "this alias stands inside what it names",
                "an alias can only repeat what is complete",
                Reach::Rest,
            );
            self.tree.root = None;
            return true;
        };
        self.aliased += node.weight;
        if self.aliased > ALIASED {
            self.fault(
                at,
                "the aliases of this file unfold into more than 100,000 values",
                "write the steps out, or use fewer aliases of aliases",
                Reach::Rest,
            );
            self.tree.root = None;
            return true;
        }
        self.put(node);
        false
    }
}

/// Takes `<<: *base` apart: the keys of `base` follow those that the map has itself.
fn merged(pairs: Vec<(Rc<Node>, Rc<Node>)>) -> Vec<(Rc<Node>, Rc<Node>)> {
    let is_merge = |key: &Node| matches!(&key.kind, Kind::Scalar { text, style: Style::Plain } if text == "<<");
    if !pairs.iter().any(|(key, _)| is_merge(key)) {
        return pairs;
    }
    let (merges, mut own): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(k, _)| is_merge(k));
    let mut known: HashSet<String> = own.iter().filter_map(|(key, _)| key.text()).collect();
    for (key, value) in merges {
        let bases: Vec<&Node> = match &value.kind {
            Kind::List(items) => items.iter().map(Rc::as_ref).collect(),
            Kind::Map(_) => vec![value.as_ref()],
            Kind::Scalar { .. } => {
                own.push((key, value));
                continue;
            }
        };
        for base in bases {
            let Kind::Map(more) = &base.kind else {
                continue;
            };
            for (key, value) in more {
                if key.text().is_none_or(|text| known.insert(text)) {
                    own.push((Rc::clone(key), Rc::clone(value)));
                }
            }
        }
    }
    own
}

impl Node {
    fn text(&self) -> Option<String> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text.clone()),
            Kind::List(_) | Kind::Map(_) => None,
        }
    }
}

/// Reads `text`; after a fault that spoils one line only, the line's value is left out and reading begins anew.
///
/// So every line that YAML cannot read is told at once, together with what is wrong in the lines that it can.
/// Returns the tree and the bytes that were left out.
pub fn read_all(text: &str) -> (Tree, Vec<Range<usize>>) {
    let mut mended = text.to_owned();
    let mut left_out = Vec::new();
    let mut faults = Vec::new();
    loop {
        let mut tree = read(&mended);
        let spoilt = tree.faults.iter().find(|f| f.reach == Reach::Line);
        let value = spoilt.and_then(|fault| syntax::value_on_line(&mended, fault.at.start));
        faults.append(&mut tree.faults);
        match value {
            Some(at) if left_out.len() < REREADS => {
                mended.replace_range(at.clone(), &"x".repeat(at.len()));
                faults.retain(|f| f.reach != Reach::Nothing);
                left_out.push(at);
            }
            Some(_) | None => {
                tree.faults = faults;
                return (tree, left_out);
            }
        }
    }
}
