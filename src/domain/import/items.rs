//! Items of lists: steps, groups of those below them, or notes of what stands before.

use crate::domain::import::account::{Fate, What};
use crate::domain::import::build::Builder;
use crate::domain::import::gates::{self, Gate};
use crate::domain::import::parse::{Block, Inline, Item, Kind, List};
use crate::domain::import::plan::{self, Action, Group, Node, Step};
use crate::domain::import::sections::{self, holds_boxes};
use crate::domain::import::steps::title_of;
use crate::domain::import::walk::{Last, Text, Walk, first_text, holds_numbers, holds_runnable};

impl Builder<'_> {
    /// Lines of a paragraph that begin with boxes: each is a step.
    pub(super) fn boxed_lines(&mut self, walk: &mut Walk, block: &Block, text: &Inline) {
        let mut lines = text.lines.iter().enumerate().peekable();
        while let Some((i, line)) = lines.next() {
            let n = (block.lines.0 + i).min(block.lines.1);
            if let Some(ticked) = sections::ticked(line) {
                let mut title = line[ticked.length..].trim().to_owned();
                let mut last = n;
                while let Some((j, more)) = lines.next_if(|(_, more)| !sections::is_box(more)) {
                    title.push(' ');
                    title.push_str(more.trim());
                    last = (block.lines.0 + j).min(block.lines.1);
                }
                self.account
                    .warn(n, "a box outside of a list: taken as an item");
                let step = self.box_step(&mut walk.pending, &title, ticked, n, &text.links);
                self.became_step((n, last), What::Item, step.uid);
                Self::push(walk, step, Last::Item);
            } else {
                let raw = line.clone();
                walk.pending.push(Text {
                    raw,
                    lines: (n, n),
                    what: What::Text,
                });
            }
        }
    }

    /// A step of an item with a box.
    pub(super) fn box_step(
        &mut self,
        pending: &mut Vec<Text>,
        title: &str,
        ticked: sections::Ticked,
        line: usize,
        links: &[String],
    ) -> Step {
        if ticked.done {
            self.ticked += 1;
        }
        if !ticked.usual {
            self.account
                .warn(line, "a box that markdown does not know: taken as one");
        }
        let whole = format!("[ ] {title}");
        let mut step = self.new_step(pending, title);
        if let Some(labels) = gates::choices(&whole) {
            step.action = Action::Decide(labels);
        }
        step.note.extend(links.iter().cloned());
        Self::judge(&mut step, title);
        step
    }

    /// Makes a decision of a step whose title is a gate.
    pub(super) fn judge(step: &mut Step, title: &str) {
        match gates::gate(title) {
            Some(gate) if matches!(step.action, Action::Confirm) => {
                step.no_return = gate == Gate::NoReturn;
                step.action = Action::Decide(Vec::new());
            }
            Some(Gate::NoReturn) => step.no_return = true,
            Some(_) | None => {}
        }
    }

    pub(super) fn list(&mut self, walk: &mut Walk, block: &Block, list: &List) {
        let contents = list.ordered && list.items.iter().all(|item| matches!(item.blocks.first().map(|b| &b.kind), Some(Kind::Paragraph(t)) if t.anchors));
        for item in &list.items {
            let boxed = first_text(item).and_then(|text| sections::ticked(&text.plain()));
            let numbered = list.ordered && !contents;
            let holds = holds_boxes(&item.blocks)
                || holds_runnable(&item.blocks)
                || holds_numbers(&item.blocks);
            if boxed.is_some() || numbered || holds || self.bullets && !contents {
                let marked = self.item(item, boxed);
                self.take_in(walk, marked);
                walk.last = Last::Item;
            } else {
                let raw = self.raw(item.lines, block.column);
                walk.before = first_text(item).map(Inline::plain).unwrap_or_default();
                walk.pending.push(Text {
                    raw,
                    lines: item.lines,
                    what: What::Item,
                });
                walk.last = Last::Other;
            }
        }
        walk.number = if list.ordered {
            (list.start + list.items.len()).saturating_sub(1)
        } else {
            0
        };
    }

    /// Puts a node behind the others; the text that waited goes to its first step.
    pub(super) fn take_in(&mut self, walk: &mut Walk, node: Node) {
        let mut node = [node];
        self.attach_first(&mut node, &mut walk.pending);
        walk.nodes.extend(node);
    }

    /// An item becomes a step, or a group where there are several in it.
    pub(super) fn item(&mut self, item: &Item, boxed: Option<sections::Ticked>) -> Node {
        let (title, links, lines, rest) = self.head_of(item, boxed);
        let outer = std::mem::replace(&mut self.bullets, false);
        let mut inner = self.walk(rest);
        self.bullets = outer;
        let plain = sections::ticked(&title)
            .filter(|_| boxed.is_some())
            .map_or(title.as_str(), |t| title[t.length..].trim())
            .to_owned();
        match inner.nodes.as_mut_slice() {
            [] => {
                let mut step = self.lone_item(item, boxed, &plain, links);
                self.attach(&mut step, &mut inner.pending);
                self.became_step(lines, What::Item, step.uid);
                Node::Step(Box::new(step))
            }
            [Node::Step(step)] if step.title_is_made && !plain.is_empty() => {
                if let Some(lead) = step.lead.take() {
                    step.note.insert(0, lead);
                }
                Self::entitle(step, &plain);
                step.title_is_made = false;
                step.note.extend(links);
                self.attach(step, &mut inner.pending);
                let uid = step.uid;
                self.mark_box(boxed, item.lines.0);
                self.became_step(lines, What::Item, uid);
                inner.nodes.remove(0)
            }
            [Node::Group(group)] if group.one && group.title.is_empty() => {
                group.title = plain;
                self.account
                    .add(lines, What::Item, Fate::Group(group.title.clone()));
                self.settle(&mut inner.nodes, &mut inner.pending);
                self.mark_box(boxed, item.lines.0);
                inner.nodes.remove(0)
            }
            nodes => {
                self.settle(nodes, &mut inner.pending);
                if let Some(step) = plan::first_step(nodes) {
                    step.note.splice(0..0, links);
                }
                self.mark_box(boxed, item.lines.0);
                self.account
                    .add(lines, What::Item, Fate::Group(plain.clone()));
                Node::Group(Group {
                    title: plain,
                    one: false,
                    nodes: inner.nodes,
                })
            }
        }
    }

    /// An item in which there are no steps is one itself.
    fn lone_item(
        &mut self,
        item: &Item,
        boxed: Option<sections::Ticked>,
        title: &str,
        links: Vec<String>,
    ) -> Step {
        if let Some(ticked) = boxed {
            return self.box_step(&mut Vec::new(), title, ticked, item.lines.0, &links);
        }
        let mut step = self.new_step(&mut Vec::new(), title);
        step.note.extend(links);
        Self::judge(&mut step, title);
        step
    }

    pub(super) fn mark_box(&mut self, boxed: Option<sections::Ticked>, line: usize) {
        match boxed {
            Some(ticked) if ticked.done => self.ticked += 1,
            Some(ticked) if !ticked.usual => self
                .account
                .warn(line, "a box that markdown does not know: taken as one"),
            Some(_) | None => {}
        }
    }

    /// Returns an item's title, its links, the title's lines, and the blocks behind it.
    pub(super) fn head_of<'b>(
        &mut self,
        item: &'b Item,
        boxed: Option<sections::Ticked>,
    ) -> (String, Vec<String>, (usize, usize), &'b [Block]) {
        let none = (
            String::new(),
            Vec::new(),
            (item.lines.0, item.lines.0),
            &item.blocks[..],
        );
        let Some(first) = item.blocks.first() else {
            return none;
        };
        let text = match &first.kind {
            Kind::Paragraph(text) | Kind::Heading { text, .. } => text,
            Kind::Code(code) => {
                return (
                    title_of(&code.text),
                    Vec::new(),
                    (item.lines.0, item.lines.0),
                    &item.blocks[..],
                );
            }
            _ => return none,
        };
        self.inline_comments(first, text);
        if boxed.is_some() && text.lines.iter().skip(1).any(|line| sections::is_box(line)) {
            self.account.warn(
                first.lines.0,
                "a box stands in the lines of another item: kept in its title",
            );
        }
        let title = text.plain();
        (title, text.links.clone(), first.lines, &item.blocks[1..])
    }
}
