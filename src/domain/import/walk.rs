//! Through the blocks of a section or an item, in their order: steps, groups, and the text that belongs to them.

use crate::domain::import::account::{Fate, What};
use crate::domain::import::build::Builder;
use crate::domain::import::fences::{self, Around, Fence};
use crate::domain::import::gates::{self, Gate};
use crate::domain::import::parse::{Block, Code, Inline, Item, Kind, List};
use crate::domain::import::plan::{self, Action, Group, Node, Step};
use crate::domain::import::sections::{self, holds_boxes};
use crate::domain::import::steps::{fenced, title_of};
use crate::domain::import::timing;
use crate::domain::import::words;

/// The longest title that is kept on one line, in characters.
const LONGEST_TITLE: usize = 240;
/// The longest line that may give a block its title.
const LONGEST_LEAD: usize = 160;

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
enum Last {
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
    last: Last,
    /// The last number of the last list.
    number: usize,
    /// The text that was told last.
    before: String,
    /// The block to come is another way of doing what the last did.
    or: bool,
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

    /// Gives a step its title, and what the title says of it.
    fn entitle(step: &mut Step, title: &str) {
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

    fn paragraph(&mut self, walk: &mut Walk, block: &Block, text: &Inline, rest: &[Block]) {
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

    /// Lines of a paragraph that begin with boxes: each is a step.
    fn boxed_lines(&mut self, walk: &mut Walk, block: &Block, text: &Inline) {
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
    fn box_step(
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
    fn judge(step: &mut Step, title: &str) {
        match gates::gate(title) {
            Some(gate) if matches!(step.action, Action::Confirm) => {
                step.no_return = gate == Gate::NoReturn;
                step.action = Action::Decide(Vec::new());
            }
            Some(Gate::NoReturn) => step.no_return = true,
            Some(_) | None => {}
        }
    }

    /// A text that says stop is a decision at its place.
    pub fn gate(&mut self, walk: &mut Walk, block: &Block, plain: &str, gate: Gate) {
        let mut step = self.new_step(&mut walk.pending, plain);
        step.action = Action::Decide(Vec::new());
        step.no_return = gate == Gate::NoReturn;
        self.became_step(block.lines, What::Text, step.uid);
        Self::push(walk, step, Last::Other);
    }

    fn push(walk: &mut Walk, step: Step, last: Last) {
        walk.nodes.push(Node::Step(Box::new(step)));
        walk.last = last;
    }

    fn list(&mut self, walk: &mut Walk, block: &Block, list: &List) {
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
    fn take_in(&mut self, walk: &mut Walk, node: Node) {
        let mut node = [node];
        if let Some(step) = plan::first_step(&mut node) {
            let mut own = std::mem::take(&mut step.note);
            self.attach(step, &mut walk.pending);
            step.note.append(&mut own);
        }
        walk.nodes.extend(node);
    }

    /// An item becomes a step, or a group where there are several in it.
    fn item(&mut self, item: &Item, boxed: Option<sections::Ticked>) -> Node {
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
                let mut step = if let Some(ticked) = boxed {
                    self.box_step(&mut Vec::new(), &plain, ticked, item.lines.0, &links)
                } else {
                    let mut step = self.new_step(&mut Vec::new(), &plain);
                    step.note.extend(links);
                    Self::judge(&mut step, &plain);
                    step
                };
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
                if let Some(step) = plan::last_step(&mut inner.nodes) {
                    self.attach(step, &mut inner.pending);
                }
                self.mark_box(boxed, item.lines.0);
                inner.nodes.remove(0)
            }
            nodes => {
                if let Some(step) = plan::last_step(nodes) {
                    self.attach(step, &mut inner.pending);
                }
                if let Some(step) = plan::first_step(nodes) {
                    let own = std::mem::take(&mut step.note);
                    step.note.extend(links);
                    step.note.extend(own);
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

    fn mark_box(&mut self, boxed: Option<sections::Ticked>, line: usize) {
        match boxed {
            Some(ticked) if ticked.done => self.ticked += 1,
            Some(ticked) if !ticked.usual => self
                .account
                .warn(line, "a box that markdown does not know: taken as one"),
            Some(_) | None => {}
        }
    }

    /// Returns an item's title, its links, the title's lines, and the blocks behind it.
    fn head_of<'b>(
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

    fn code(&mut self, walk: &mut Walk, block: &Block, code: &Code, rest: &[Block]) {
        let around = Around {
            before: &walk.before,
            after_runnable: walk.last == Last::Runnable && !walk.or,
        };
        let (what, guessed) = fences::classify(code, around);
        let tagged = fences::is_tagged_runnable(&code.info);
        if let Fence::Text(why) = what {
            self.stays_text(
                block.lines,
                why,
                tagged || why.contains("fence") || why.contains("box"),
            );
            self.text_block(walk, block, code);
            return;
        }
        if what == Fence::Checklist {
            self.text_block(walk, block, code);
            return;
        }
        let made = self.action(code, &what, guessed, block.lines.0);
        let runs = !matches!(made.action, Action::Confirm);
        let belongs = walk.last == Last::Item
            || walk.last == Last::Runnable && walk.number > 0 && continues(walk.number, rest)
            || walk.last == Last::Other && continues(walk.number, rest);
        if belongs
            && !walk.or
            && self.give_to_item(walk, &made.action, &made.note, block, &code.text)
        {
            walk.last = if runs { Last::Runnable } else { Last::Other };
            walk.before.clear();
            return;
        }
        let mut step = self.block_step(walk, code);
        step.action = made.action;
        step.note.extend(made.note);
        self.became_step(block.lines, What::Fence, step.uid);
        if walk.or {
            Self::other_way(walk, step);
        } else {
            Self::push(walk, step, Last::Runnable);
        }
        walk.or = false;
        walk.last = if runs { Last::Runnable } else { Last::Other };
        walk.before.clear();
    }

    /// A step of a block, called by the line before it, its comment or its command.
    fn block_step(&mut self, walk: &mut Walk, code: &Code) -> Step {
        let lead = (walk.last == Last::Paragraph)
            .then(|| walk.before.clone())
            .filter(|lead| !lead.is_empty() && lead.chars().count() <= LONGEST_LEAD);
        let taken = lead.as_ref().and_then(|_| walk.pending.pop());
        let title = lead.map_or_else(
            || title_of(&code.text),
            |lead| lead.trim_end_matches([':', '：', ' ']).to_owned(),
        );
        let mut step = self.new_step(&mut walk.pending, &title);
        step.title_is_made = true;
        if let Some(taken) = taken {
            self.account
                .add(taken.lines, taken.what, Fate::Part(step.uid));
            if taken.raw.contains("](") || taken.raw.contains("[^") {
                step.note.push(taken.raw.clone());
            } else {
                step.lead = Some(taken.raw);
            }
        }
        step
    }

    /// A block right behind an item is that item's action, or one more step of it.
    fn give_to_item(
        &mut self,
        walk: &mut Walk,
        action: &Action,
        note: &[String],
        block: &Block,
        text: &str,
    ) -> bool {
        let Some(last) = walk.nodes.last_mut() else {
            return false;
        };
        if let Node::Step(step) = last
            && matches!(step.action, Action::Confirm)
            && !step.title_is_made
        {
            step.action = action.clone();
            let mut waiting = std::mem::take(&mut walk.pending);
            for text in waiting.drain(..) {
                self.account
                    .add(text.lines, text.what, Fate::Part(step.uid));
                step.note.push(text.raw);
            }
            step.note.extend(note.iter().cloned());
            self.account
                .add(block.lines, What::Fence, Fate::Part(step.uid));
            return true;
        }
        let title = title_of(text);
        let mut more = self.new_step(&mut walk.pending, &title);
        more.title_is_made = true;
        more.action = action.clone();
        more.note.extend(note.iter().cloned());
        self.account
            .add(block.lines, What::Fence, Fate::Step(more.uid));
        let Some(last) = walk.nodes.pop() else {
            return false;
        };
        let group = match last {
            Node::Group(mut group) => {
                group.nodes.push(Node::Step(Box::new(more)));
                group
            }
            Node::Step(mut first) => {
                let title = std::mem::replace(&mut first.title, block_title(&first.action));
                Group {
                    title,
                    one: false,
                    nodes: vec![Node::Step(first), Node::Step(Box::new(more))],
                }
            }
        };
        walk.nodes.push(Node::Group(group));
        true
    }

    /// Puts a step beside the one before as another way of doing it.
    fn other_way(walk: &mut Walk, step: Step) {
        let other = Node::Step(Box::new(step));
        match walk.nodes.pop() {
            Some(Node::Group(mut group)) if group.one => {
                group.nodes.push(other);
                walk.nodes.push(Node::Group(group));
            }
            Some(Node::Step(mut first)) => {
                let title = if first.title_is_made {
                    String::new()
                } else {
                    std::mem::replace(&mut first.title, block_title(&first.action))
                };
                walk.nodes.push(Node::Group(Group {
                    title,
                    one: true,
                    nodes: vec![Node::Step(first), other],
                }));
            }
            Some(before) => walk.nodes.extend([before, other]),
            None => walk.nodes.push(other),
        }
    }

    /// A block that is not run goes to the step before it where it follows at once, else to the one behind it.
    fn text_block(&mut self, walk: &mut Walk, block: &Block, code: &Code) {
        let raw = fenced(code);
        let follows = matches!(walk.last, Last::Item | Last::Runnable)
            || words::announces_output(&walk.before) && walk.last == Last::Paragraph;
        if follows && let Some(step) = plan::last_step(&mut walk.nodes) {
            for text in walk.pending.drain(..) {
                self.account
                    .add(text.lines, text.what, Fate::Part(step.uid));
                step.note.push(text.raw);
            }
            self.account
                .add(block.lines, What::Fence, Fate::Part(step.uid));
            step.note.push(raw);
        } else {
            walk.pending.push(Text {
                raw,
                lines: block.lines,
                what: What::Fence,
            });
            walk.last = Last::Other;
        }
        walk.before.clear();
    }

    fn quote(&mut self, walk: &mut Walk, block: &Block, inner: &[Block]) {
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

    fn html(&mut self, walk: &mut Walk, block: &Block, html: &str) {
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

    fn inline_comments(&mut self, block: &Block, text: &Inline) {
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

/// A title for a step whose own went to its group.
fn block_title(action: &Action) -> String {
    match action {
        Action::Run(run) => title_of(&run.script),
        Action::Sql(sql) => title_of(&sql.text),
        Action::Http(http) => format!("`{} {}`", http.method.to_uppercase(), http.url),
        Action::Confirm | Action::Decide(_) | Action::Sign(_) => "By hand".into(),
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
fn continues(last: usize, rest: &[Block]) -> bool {
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
fn holds_runnable(blocks: &[Block]) -> bool {
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
fn holds_numbers(blocks: &[Block]) -> bool {
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
