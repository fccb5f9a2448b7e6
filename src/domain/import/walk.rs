//! Through the blocks of a section or an item, in their order: steps, groups, and the text that belongs to them.

use crate::domain::import::account::{Fate, What};
use crate::domain::import::build::Builder;
use crate::domain::import::fences::{self, Around, Fence};
use crate::domain::import::gates::{self, Gate};
use crate::domain::import::parse::{Block, Inline, Item, Kind};
use crate::domain::import::plan::{self, Action, Node, Step};
use crate::domain::import::sections::{self, holds_boxes};
use crate::domain::import::timing;
use crate::domain::import::words;

/// The longest title that is kept on one line, in characters.
pub const LONGEST_TITLE: usize = 240;
/// The longest line that may give a block its title.
pub const LONGEST_LEAD: usize = 160;

/// Text that waits for the step it belongs to.
#[derive(Debug, Clone)]
pub struct Text {
    /// As markdown.
    pub raw: String,
    /// Its lines.
    pub lines: (usize, usize),
    /// What it is.
    pub what: What,
}

/// What stood before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Last {
    #[default]
    Nothing,
    /// A list whose last item is a step.
    Item,
    /// A block that runs.
    Runnable,
    /// A paragraph.
    Paragraph,
    Other,
}

/// What was found so far.
#[derive(Debug, Default)]
pub struct Walk {
    /// Steps and groups.
    pub nodes: Vec<Node>,
    /// Text behind the last of them.
    pub pending: Vec<Text>,
    pub last: Last,
    /// The last number of the last list.
    pub number: usize,
    /// The text that was told last.
    pub before: String,
    /// The block to come is another way of doing what the last did.
    pub or: bool,
}

impl Builder<'_> {
    /// Walks through blocks.
    pub fn walk(&mut self, blocks: &[Block]) -> Walk {
        let mut walk = Walk::default();
        for (i, block) in blocks.iter().enumerate() {
            match &block.kind {
                Kind::Heading { .. } => self.pend(&mut walk, block, What::Heading),
                Kind::Paragraph(text) => self.paragraph(&mut walk, block, text, &blocks[i + 1..]),
                Kind::List(list) => self.list(&mut walk, block, list),
                Kind::Code(code) => self.code(&mut walk, block, code, &blocks[i + 1..]),
                Kind::Quote(inner) => self.quote(&mut walk, block, inner),
                Kind::Table { header, rows } => self.table(&mut walk, block, header, rows),
                Kind::Html(html) => self.html(&mut walk, block, html),
                Kind::Rule => self.account.add(
                    block.lines,
                    What::Text,
                    Fate::Left("it only draws a line".into()),
                ),
                Kind::Other => self.pend(&mut walk, block, What::Text),
            }
        }
        walk
    }

    /// Keeps a block as text for the step to come.
    pub fn pend(&mut self, walk: &mut Walk, block: &Block, what: What) {
        let raw = self.raw(block.lines, block.column);
        walk.pending.push(Text {
            raw,
            lines: block.lines,
            what,
        });
        walk.last = Last::Other;
    }

    /// Returns a new step with the text that waited for one.
    pub fn new_step(&mut self, pending: &mut Vec<Text>, title: &str) -> Step {
        self.uid += 1;
        let mut step = Step {
            uid: self.uid,
            ..Step::default()
        };
        self.attach(&mut step, pending);
        Self::entitle(&mut step, title);
        step
    }

    /// Puts text into a step's note.
    pub fn attach(&mut self, step: &mut Step, pending: &mut Vec<Text>) {
        for text in pending.drain(..) {
            self.account
                .add(text.lines, text.what, Fate::Part(step.uid));
            step.note.push(text.raw);
        }
    }

    /// Text that waited goes in front of what the first step says; without a step it goes on waiting.
    pub(super) fn attach_first(&mut self, nodes: &mut [Node], pending: &mut Vec<Text>) {
        if let Some(step) = plan::first_step(nodes) {
            let own = std::mem::take(&mut step.note);
            self.attach(step, pending);
            step.note.extend(own);
        }
    }

    /// Gives a step its title, and what the title says of it.
    pub(super) fn entitle(step: &mut Step, title: &str) {
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        let shown = if title.chars().count() <= LONGEST_TITLE {
            title.clone()
        } else {
            step.note.push(title.clone());
            shortened(&title)
        };
        step.title = if shown.is_empty() {
            "(an item without words)".into()
        } else {
            shown
        };
        step.takes = timing::takes(&title);
        step.evidence = title.contains("___");
    }

    pub(super) fn paragraph(
        &mut self,
        walk: &mut Walk,
        block: &Block,
        text: &Inline,
        rest: &[Block],
    ) {
        let plain = text.plain();
        self.inline_comments(block, text);
        if text.lines.iter().any(|line| sections::is_box(line)) {
            self.boxed_lines(walk, block, text);
            return;
        }
        if words::says_or(&plain) && walk.last != Last::Nothing {
            walk.or = true;
            let fate = Fate::Left("it says that the block behind it is another way".into());
            self.account.add(block.lines, What::Text, fate);
            return;
        }
        if let Some(labels) = gates::choices(&plain) {
            let title = plain
                .split("[ ]")
                .next()
                .unwrap_or_default()
                .trim()
                .trim_end_matches([':', '：'])
                .to_owned();
            let title = if title.is_empty() {
                plain.clone()
            } else {
                title
            };
            let mut step = self.new_step(&mut walk.pending, &title);
            step.action = Action::Decide(labels);
            self.became_step(block.lines, What::Text, step.uid);
            Self::push(walk, step, Last::Other);
            return;
        }
        let leads = matches!(rest.first().map(|b| &b.kind), Some(Kind::Code(_)));
        if let Some(gate) = gates::gate(&plain).filter(|_| !leads && !plain.ends_with([':', '：']))
        {
            self.gate(walk, block, &plain, gate);
            return;
        }
        walk.before.clone_from(&plain);
        let raw = self.raw(block.lines, block.column);
        let pending = Text {
            raw,
            lines: block.lines,
            what: What::Text,
        };
        if walk.last != Last::Paragraph
            && continues(walk.number, rest)
            && let Some(step) = plan::last_step(&mut walk.nodes)
        {
            self.account
                .add(pending.lines, pending.what, Fate::Part(step.uid));
            step.note.push(pending.raw);
            return;
        }
        walk.pending.push(pending);
        walk.last = Last::Paragraph;
    }

    /// A text that says stop is a decision at its place.
    pub fn gate(&mut self, walk: &mut Walk, block: &Block, plain: &str, gate: Gate) {
        let mut step = self.new_step(&mut walk.pending, plain);
        step.action = Action::Decide(Vec::new());
        step.no_return = gate == Gate::NoReturn;
        self.became_step(block.lines, What::Text, step.uid);
        Self::push(walk, step, Last::Other);
    }

    pub(super) fn push(walk: &mut Walk, step: Step, last: Last) {
        walk.nodes.push(Node::Step(Box::new(step)));
        walk.last = last;
    }

    pub(super) fn quote(&mut self, walk: &mut Walk, block: &Block, inner: &[Block]) {
        let found = inner.iter().find_map(|block| match &block.kind {
            Kind::Paragraph(text) => gates::gate(&text.plain()).map(|gate| (text.plain(), gate)),
            _ => None,
        });
        match found {
            Some((plain, gate)) => {
                if inner.len() > 1 || plain.chars().count() > LONGEST_TITLE {
                    let raw = self.raw(block.lines, block.column);
                    walk.pending.push(Text {
                        raw,
                        lines: block.lines,
                        what: What::Text,
                    });
                }
                self.gate(walk, block, &plain, gate);
            }
            None => self.pend(walk, block, What::Text),
        }
    }

    pub(super) fn html(&mut self, walk: &mut Walk, block: &Block, html: &str) {
        let trimmed = html.trim_start();
        if trimmed.starts_with("<!--") {
            let boxes = html
                .lines()
                .filter(|line| {
                    sections::is_box(line.trim_start().trim_start_matches(['-', '*', '+', ' ']))
                })
                .count();
            let closed = html.contains("-->");
            if !closed {
                self.account.warn(
                    block.lines.0,
                    "a comment is opened and never closed: everything behind it is in it",
                );
            }
            if boxes > 0 {
                self.account.warn(
                    block.lines.0,
                    format!("a comment hides {boxes} boxes: not converted"),
                );
            }
            self.account.add(
                block.lines,
                What::Html,
                Fate::Left(format!("a comment, with {boxes} boxes in it")),
            );
            // What stands behind the end of the comment on its last line is text.
            if let Some((_, behind)) = html
                .split_once("-->")
                .filter(|(_, behind)| !behind.trim().is_empty())
            {
                let raw = behind.trim().to_owned();
                walk.pending.push(Text {
                    raw,
                    lines: block.lines,
                    what: What::Html,
                });
            }
            return;
        }
        if html.contains("<li") || html.contains("checkbox") {
            self.account
                .warn(block.lines.0, "a list in HTML: kept as text");
        }
        self.pend(walk, block, What::Html);
    }

    pub(super) fn inline_comments(&mut self, block: &Block, text: &Inline) {
        for comment in &text.comments {
            let boxes = comment.matches("[ ]").count();
            self.account.add(
                block.lines,
                What::Html,
                Fate::Left(format!("a comment, with {boxes} boxes in it")),
            );
        }
    }
}

/// Cuts a long title behind its first sentence, else behind a word.
fn shortened(title: &str) -> String {
    let cut: String = title.chars().take(LONGEST_TITLE - 20).collect();
    let sentence = [". ", "! ", "? ", "。", "！", "；"]
        .iter()
        .filter_map(|end| cut.rfind(end).map(|at| at + end.trim_end().len()))
        .max();
    if let Some(at) = sentence.filter(|at| *at > 40) {
        cut[..at].to_owned()
    } else {
        let at = cut.rfind(' ').filter(|at| *at > 40).unwrap_or(cut.len());
        format!("{}…", &cut[..at])
    }
}

/// The first paragraph or heading of an item.
pub fn first_text(item: &Item) -> Option<&Inline> {
    match &item.blocks.first()?.kind {
        Kind::Paragraph(text) | Kind::Heading { text, .. } => Some(text),
        _ => None,
    }
}

/// Whether a numbered list goes on behind these blocks, after the number `last`.
pub fn continues(last: usize, rest: &[Block]) -> bool {
    if last == 0 {
        return false;
    }
    let next = rest.iter().find_map(|block| match &block.kind {
        Kind::List(list) if list.ordered => Some(Some(list.start)),
        Kind::List(_) => Some(None),
        _ => None,
    });
    matches!(next, Some(Some(start)) if start == last + 1)
}

/// Whether a block that runs stands somewhere in `blocks`.
pub fn holds_runnable(blocks: &[Block]) -> bool {
    blocks.iter().any(|block| match &block.kind {
        Kind::Code(code) => {
            let (what, _) = fences::classify(code, Around::default());
            !matches!(what, Fence::Text(_) | Fence::Checklist)
        }
        Kind::List(list) => list.items.iter().any(|item| holds_runnable(&item.blocks)),
        _ => false,
    })
}

/// Whether a numbered list stands somewhere in `blocks`.
pub fn holds_numbers(blocks: &[Block]) -> bool {
    blocks.iter().any(|block| match &block.kind {
        Kind::List(list) => {
            list.ordered || list.items.iter().any(|item| holds_numbers(&item.blocks))
        }
        _ => false,
    })
}

/// Whether a list of the document gives steps without being asked: it has boxes or numbers, or a block that runs.
pub fn has_steps(blocks: &[Block]) -> bool {
    holds_boxes(blocks)
        || holds_runnable(blocks)
        || blocks.iter().any(|block| match &block.kind {
            Kind::List(list) => {
                list.ordered || list.items.iter().any(|item| has_steps(&item.blocks))
            }
            Kind::Table { header, .. } => crate::domain::import::tables::has_steps(header),
            _ => false,
        })
}
