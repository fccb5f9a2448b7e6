//! From sections to a plan: phases, ways back, people, and text that is only read.

use std::collections::BTreeMap;

use crate::domain::import::account::{Account, Fate, What};
use crate::domain::import::gates;
use crate::domain::import::ids;
use crate::domain::import::parse::{Block, Inline, Item, Kind};
use crate::domain::import::placeholders::Parameters;
use crate::domain::import::plan::{self, Action, Group, Node, Path, Phase, Plan, Step};
use crate::domain::import::sections::{self, Section};
use crate::domain::import::steps;
use crate::domain::import::timing;
use crate::domain::import::walk::{self, Text};
use crate::domain::import::words::{self, Kind as Part};
use crate::domain::runbook::slug;

/// Builds a plan.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent question about the document"
)]
pub struct Builder<'a> {
    /// The document's lines.
    lines: Vec<&'a str>,
    /// What it becomes.
    pub plan: Plan,
    /// What became of its lines.
    pub account: Account,
    /// Parameters so far.
    pub parameters: Parameters,
    /// Scripts so far, with their lines.
    pub scripts: Vec<(usize, String)>,
    /// The last step's number.
    pub uid: usize,
    /// Whether plain bullets are steps.
    pub bullets: bool,
    /// Sections that say when to go back, until there is a way.
    when: Vec<Section>,
    /// Reasons to go back, with their lines, until there is a way.
    reasons: Vec<((usize, usize), String)>,
    /// Items that are ticked.
    pub ticked: usize,
    /// The heading of the section of signatures.
    pub heading: String,
    /// Whether a step of it asks a database.
    pub needs_database: bool,
    /// Headings with nothing but prose are steps: the document has no others.
    pub headings: bool,
    /// Indented blocks of code by their first line: the last one, and the block without its indentation.
    codes: BTreeMap<usize, (usize, String)>,
    /// What is done where nothing else is a step.
    pub last_resort: LastResort,
    /// Inside of a way back no other begins.
    in_path: bool,
    level: u8,
}

/// What is taken for a step in a document that has no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LastResort {
    /// Nothing more.
    None,
    /// What stands in parts that are otherwise only read.
    Reference,
    /// Plain bullets.
    Bullets,
    /// Headings.
    Headings,
}

type Made = (Vec<Node>, Vec<Text>);

impl<'a> Builder<'a> {
    /// Begins with the lines of a document.
    pub fn new(text: &'a str) -> Self {
        Self {
            lines: text.split('\n').collect(),
            plan: Plan::default(),
            account: Account::default(),
            parameters: Parameters::default(),
            scripts: Vec::new(),
            uid: 0,
            bullets: false,
            when: Vec::new(),
            reasons: Vec::new(),
            ticked: 0,
            heading: String::new(),
            needs_database: false,
            headings: false,
            codes: BTreeMap::new(),
            last_resort: LastResort::None,
            in_path: false,
            level: 0,
        }
    }

    /// Returns lines as they stand in the document, without the indentation of the block.
    pub fn raw(&self, lines: (usize, usize), column: usize) -> String {
        let last = lines.1.min(self.lines.len());
        let mut cut: Vec<String> = Vec::new();
        let mut n = lines.0.max(1);
        while n <= last {
            // A block of code keeps its bytes: its indentation is the list's, not its own.
            if let Some((end, code)) = self.codes.get(&n).filter(|(end, _)| *end <= last) {
                cut.push(code.clone());
                n = end + 1;
            } else {
                cut.push(unindented(self.lines[n - 1], column));
                n += 1;
            }
        }
        cut.join("\n").trim_end().to_owned()
    }

    /// Builds the plan of a document; `fallback` is its title where it has none.
    pub fn build(&mut self, root: &Section, metadata: &[(String, String)], fallback: &str) {
        let first = root.subs.first().filter(|s| s.level == 1);
        let known = |key: &str| {
            metadata
                .iter()
                .find(|(k, v)| k == key && !v.is_empty())
                .map(|(_, v)| v.clone())
        };
        let title = first
            .map(|s| s.title.clone())
            .or_else(|| known("title"))
            .or_else(|| known("name"));
        let lone = root
            .subs
            .first()
            .filter(|_| root.subs.len() == 1 && root.blocks.is_empty())
            .map(|s| s.title.clone());
        self.plan.title = title.or(lone).unwrap_or_else(|| fallback.to_owned());
        let titled = first.or_else(|| {
            root.subs
                .first()
                .filter(|s| root.subs.len() == 1 && s.title == self.plan.title)
        });
        let title_line = titled.map_or(0, |s| s.line);
        if let Some(section) = titled {
            self.account
                .add((section.line, section.line), What::Heading, Fate::Title);
        }
        self.level = phase_level(root, title_line);
        let plain = |s: &Section| {
            !any_section(s, &|s| {
                walk::has_steps(&s.blocks)
                    || words::is_numbered_step(&s.title) && s.line != title_line
            })
        };
        self.bullets = plain(root) || self.last_resort >= LastResort::Bullets;
        self.headings = self.last_resort >= LastResort::Headings;
        collect_code(root, &mut self.codes);
        let mut all = root.clone();
        // The title's own section is the document.
        if let Some(at) = all
            .subs
            .iter()
            .position(|s| s.line == title_line && title_line > 0)
        {
            let mut titled = all.subs.remove(at);
            let rest = std::mem::take(&mut all.subs);
            all.blocks.append(&mut titled.blocks);
            all.subs = titled.subs;
            all.subs.extend(rest);
        }
        self.part(&all, None);
        if self.plan.paths.is_empty() {
            for section in std::mem::take(&mut self.when) {
                self.rollback(&section);
            }
        }
        self.tell_when(self.plan.paths.len().saturating_sub(1));
        self.merge_heading_steps();
        self.plan.parameters = std::mem::take(&mut self.parameters.list);
        self.warn_of_carried();
    }

    fn forward_so_far(&self) -> bool {
        !self.plan.phases.is_empty() || !self.plan.paths.is_empty()
    }

    /// Keeps lines as text that is only read.
    fn keep_text(&mut self, raw: String, lines: (usize, usize), what: What) {
        if raw.trim().is_empty() {
            return;
        }
        if self.forward_so_far() {
            self.plan.reference.push(raw);
            self.account.add(lines, what, Fate::Reference);
        } else {
            self.plan.about.push(raw);
            self.account.add(lines, what, Fate::About);
        }
    }

    /// Keeps lines of the document as text that is only read.
    pub fn keep_lines(&mut self, lines: (usize, usize)) {
        let raw = self.raw(lines, 0);
        self.keep_text(raw, lines, What::Text);
    }

    fn keep_section(&mut self, section: &Section) {
        let from = if section.line > 0 {
            section.line
        } else {
            section.blocks.first().map_or(1, |b| b.lines.0)
        };
        let raw = self.raw((from, section.last.max(from)), 0);
        self.keep_text(raw, (from, section.last.max(from)), What::Text);
    }

    /// Takes a section and those below it in, each as what it is.
    fn part(&mut self, section: &Section, above: Option<Part>) {
        let own = if section.line == 0 {
            Part::Forward
        } else {
            words::kind(&section.title, &self.plan.title)
        };
        let kind = above.unwrap_or(own);
        match kind {
            Part::Rollback if self.only_tells_when(section) => self.when.push(section.clone()),
            Part::Rollback if self.is_way_back(section) => self.rollback(section),
            Part::Reference if !section.has_boxes() && self.last_resort < LastResort::Reference => {
                self.keep_section(section);
            }
            Part::Contacts if !section.has_boxes() => self.contact_part(section),
            Part::SignOff => self.sign_part(section),
            Part::Rollback | Part::Reference | Part::Contacts | Part::Forward => {
                self.forward_part(section);
            }
        }
    }

    /// Whether a section says when to go back, and not how.
    fn only_tells_when(&self, section: &Section) -> bool {
        words::tells_when_back(&section.title)
            && words::option_label(&section.title).is_none()
            && !any_section(section, &|s| walk::has_steps(&s.blocks))
            && !words::is_rollback(&self.plan.title)
    }

    /// Gives the reasons of sections that only tell when to go back to the way that stands behind them, else before them.
    fn tell_when(&mut self, path: usize) {
        let Some(name) = self.plan.paths.get(path).map(|p| p.name.clone()) else {
            return;
        };
        for mut section in std::mem::take(&mut self.when) {
            let mut when = Vec::new();
            let last = section.last;
            self.reasons(&mut section, &mut when, true);
            self.account.add(
                (section.line, section.line),
                What::Heading,
                Fate::Left("it announces reasons to go back".into()),
            );
            for (lines, text) in when {
                self.account
                    .add(lines, What::Item, Fate::When(name.clone()));
                let known = &mut self.plan.paths[path].when;
                if !text.trim().is_empty() && !known.contains(&text) {
                    known.push(text);
                }
            }
            section.last = last;
            self.keep_rest(&section);
        }
    }

    /// Keeps what is left of a section as text.
    fn keep_rest(&mut self, section: &Section) {
        for block in &section.blocks {
            self.keep_lines(block.lines);
        }
        for sub in &section.subs {
            if sub.line > 0 {
                self.keep_lines((sub.line, sub.line));
            }
            self.keep_rest(sub);
        }
    }

    /// A document that is about going back as a whole has no other way.
    fn is_way_back(&self, section: &Section) -> bool {
        !(words::is_rollback(&self.plan.title)
            && self.plan.phases.is_empty()
            && section.level <= 2
            && self.plan.paths.is_empty()
            && words::option_label(&section.title).is_none())
            || self.forward_so_far()
    }

    fn forward_part(&mut self, section: &Section) {
        let is_phase = section.line > 0 && section.level >= self.level && self.level > 0;
        if is_phase {
            let (nodes, pending) = self.forward(section);
            self.phase(section, nodes, pending);
            return;
        }
        // The document itself, or a heading above the phases: what stands right below it, then its parts.
        let leading = if section.line == 0 {
            self.leading_text(&section.blocks)
        } else {
            0
        };
        let walk = self.walk(&section.blocks[leading..]);
        let (mut nodes, mut pending) = (walk.nodes, walk.pending);
        self.settle(&mut nodes, &mut pending);
        let deeper = section
            .subs
            .iter()
            .take_while(|s| s.level > self.level && self.level > 0)
            .count();
        let (inside, parts) = section.subs.split_at(deeper);
        self.subs(inside, &mut nodes, &mut pending);
        self.settle(&mut nodes, &mut pending);
        if nodes.is_empty() {
            if section.line > 0 {
                let raw = self.raw((section.line, section.line), 0);
                self.keep_text(raw, (section.line, section.line), What::Heading);
            }
            for text in pending {
                self.keep_text(text.raw, text.lines, text.what);
            }
        } else {
            self.phase(section, nodes, pending);
        }
        self.parts(parts);
    }

    fn parts(&mut self, parts: &[Section]) {
        let mut rest = parts;
        while let Some(first) = rest.first() {
            let options = options_at(rest);
            if options > 1 && words::kind(&first.title, &self.plan.title) == Part::Forward {
                let group = self.options(&rest[..options]);
                self.plan.phases.push(Phase {
                    title: self.plan.title.clone(),
                    at: None,
                    nodes: group.into_iter().collect(),
                });
                if self.plan.phases.last().is_some_and(|p| p.nodes.is_empty()) {
                    self.plan.phases.pop();
                }
                rest = &rest[options..];
            } else {
                self.part(first, None);
                rest = &rest[1..];
            }
        }
    }

    /// Keeps the introduction as text; returns how many blocks it has.
    fn leading_text(&mut self, blocks: &[Block]) -> usize {
        let mut taken = 0;
        for (i, block) in blocks.iter().enumerate() {
            let next = blocks.get(i + 1).map(|b| &b.kind);
            let is_text = match &block.kind {
                Kind::Paragraph(text) => {
                    let plain = text.plain();
                    let leads = matches!(
                        next,
                        Some(Kind::Code(_) | Kind::List(_) | Kind::Table { .. })
                    ) && plain.ends_with([':', '：'])
                        || matches!(next, Some(Kind::Code(_)));
                    !leads
                        && !text.lines.iter().any(|l| sections::is_box(l))
                        && gates::gate(&plain).is_none()
                        && gates::choices(&plain).is_none()
                }
                Kind::Quote(inner) => !inner.iter().any(
                    |b| matches!(&b.kind, Kind::Paragraph(t) if gates::gate(&t.plain()).is_some()),
                ),
                Kind::Html(html) => !html.trim_start().starts_with("<!--"),
                Kind::List(list) => {
                    !list.ordered && !self.bullets && !walk::has_steps(std::slice::from_ref(block))
                }
                Kind::Rule
                | Kind::Other
                | Kind::Heading { .. }
                | Kind::Code(_)
                | Kind::Table { .. } => false,
            };
            if !is_text {
                break;
            }
            let raw = self.raw(block.lines, 0);
            if let Kind::Paragraph(Inline { comments, .. }) = &block.kind
                && !comments.is_empty()
            {
                self.account
                    .add(block.lines, What::Html, Fate::Left("a comment".into()));
            }
            self.keep_text(raw, block.lines, What::Text);
            taken = i + 1;
        }
        taken
    }

    /// A section becomes a phase, or text where there is no step in it.
    fn phase(&mut self, section: &Section, mut nodes: Vec<Node>, mut pending: Vec<Text>) {
        if nodes.is_empty()
            && section.line > 0
            && (self.headings
                || words::is_numbered_step(&section.title)
                || gates::gate(&section.title).is_some())
        {
            nodes.push(Node::Step(Box::new(
                self.heading_step(section, &mut pending),
            )));
        }
        if nodes.is_empty() {
            self.text_part(section, pending);
            return;
        }
        self.settle(&mut nodes, &mut pending);
        let title = if section.line == 0 {
            self.plan.title.clone()
        } else {
            section.title.clone()
        };
        if section.line > 0 {
            self.account.add(
                (section.line, section.line),
                What::Heading,
                Fate::Phase(title.clone()),
            );
            if let Some(step) = plan::first_step(&mut nodes) {
                step.note.splice(0..0, section.links.iter().cloned());
            }
        }
        let at = timing::offset(&title);
        self.plan.phases.push(Phase { title, at, nodes });
    }

    /// A section without steps: its heading and what waited in it are text.
    fn text_part(&mut self, section: &Section, pending: Vec<Text>) {
        if section.line > 0 {
            let raw = self.raw((section.line, section.line), 0);
            self.keep_text(raw, (section.line, section.line), What::Heading);
        }
        for text in pending {
            self.keep_text(text.raw, text.lines, text.what);
        }
    }

    /// Text that is left goes to the last step.
    fn settle(&mut self, nodes: &mut [Node], pending: &mut Vec<Text>) {
        if let Some(step) = plan::last_step(nodes) {
            self.attach(step, pending);
        }
    }

    /// What stands below a heading, in order.
    pub fn forward(&mut self, section: &Section) -> Made {
        let walk = self.walk(&section.blocks);
        let (mut nodes, mut pending) = (walk.nodes, walk.pending);
        self.settle(&mut nodes, &mut pending);
        self.subs(&section.subs, &mut nodes, &mut pending);
        (nodes, pending)
    }

    fn subs(&mut self, subs: &[Section], nodes: &mut Vec<Node>, pending: &mut Vec<Text>) {
        let mut rest = subs;
        while let Some(first) = rest.first() {
            let options = options_at(rest);
            let mut made = if options > 1 {
                let group = self.options(&rest[..options]);
                rest = &rest[options..];
                (group.into_iter().collect(), Vec::new())
            } else {
                rest = &rest[1..];
                self.sub(first)
            };
            if let Some(step) = plan::first_step(&mut made.0) {
                let own = std::mem::take(&mut step.note);
                self.attach(step, pending);
                step.note.extend(own);
            }
            nodes.append(&mut made.0);
            pending.append(&mut made.1);
        }
    }

    /// Headings that are options of each other are a choice.
    fn options(&mut self, options: &[Section]) -> Option<Node> {
        let mut nodes = Vec::new();
        let mut left = Vec::new();
        for option in options {
            let (made, mut pending) = self.sub(option);
            nodes.extend(made);
            left.append(&mut pending);
        }
        if nodes.len() < 2 {
            let only = nodes.pop();
            let mut all: Vec<Node> = only.into_iter().collect();
            self.settle(&mut all, &mut left);
            for text in left {
                self.keep_text(text.raw, text.lines, text.what);
            }
            return all.pop();
        }
        self.settle(&mut nodes, &mut left);
        let title = options
            .iter()
            .map(|o| o.title.as_str())
            .collect::<Vec<_>>()
            .join(" / ");
        Some(Node::Group(Group {
            title,
            one: true,
            nodes,
        }))
    }

    /// A section below a phase: a group, a step, a way back, or text.
    fn sub(&mut self, section: &Section) -> Made {
        if section.line == 0 {
            let (mut nodes, mut pending) = self.forward(section);
            self.settle(&mut nodes, &mut pending);
            return (nodes, pending);
        }
        let kind = if self.in_path {
            Part::Forward
        } else {
            words::kind(&section.title, &self.plan.title)
        };
        let heading = (section.line, section.line);
        match kind {
            Part::Rollback => {
                self.rollback(section);
                return (Vec::new(), Vec::new());
            }
            Part::Reference if !section.has_boxes() && self.last_resort < LastResort::Reference => {
                let raw = self.raw((section.line, section.last), 0);
                return (
                    Vec::new(),
                    vec![Text {
                        raw,
                        lines: (section.line, section.last),
                        what: What::Text,
                    }],
                );
            }
            Part::Contacts if !section.has_boxes() && Self::names_contacts(section) => {
                self.contacts(section);
                return (Vec::new(), Vec::new());
            }
            Part::SignOff => {
                let walk = self.sign_off(section);
                return self.wrapped(section, walk.nodes, walk.pending);
            }
            Part::Reference | Part::Contacts | Part::Forward => {}
        }
        let single = section.subs.is_empty()
            && !section
                .blocks
                .iter()
                .any(|b| matches!(b.kind, Kind::List(_)));
        let (mut nodes, mut pending) = self.forward(section);
        if let [Node::Step(step)] = nodes.as_mut_slice()
            && single
            && step.title_is_made
        {
            if let Some(lead) = step.lead.take() {
                step.note.insert(0, lead);
            }
            step.title.clone_from(&section.title);
            step.title_is_made = false;
            step.takes = timing::takes(&section.title);
            let uid = step.uid;
            self.account.add(heading, What::Heading, Fate::Step(uid));
            self.settle(&mut nodes, &mut pending);
            return (nodes, pending);
        }
        if nodes.is_empty()
            && (words::is_numbered_step(&section.title)
                || gates::gate(&section.title).is_some()
                || self.headings)
        {
            let step = self.heading_step(section, &mut pending);
            return (vec![Node::Step(Box::new(step))], pending);
        }
        self.wrapped(section, nodes, pending)
    }

    pub fn wrapped(
        &mut self,
        section: &Section,
        mut nodes: Vec<Node>,
        mut pending: Vec<Text>,
    ) -> Made {
        let heading = (section.line, section.line);
        if nodes.is_empty() {
            let raw = self.raw(heading, 0);
            pending.insert(
                0,
                Text {
                    raw,
                    lines: heading,
                    what: What::Heading,
                },
            );
            return (nodes, pending);
        }
        self.settle(&mut nodes, &mut pending);
        if let Some(step) = plan::first_step(&mut nodes) {
            step.note.splice(0..0, section.links.iter().cloned());
        }
        self.account
            .add(heading, What::Heading, Fate::Group(section.title.clone()));
        let group = Group {
            title: section.title.clone(),
            one: false,
            nodes,
        };
        (vec![Node::Group(group)], pending)
    }

    /// A heading with nothing but prose below it is a step by hand.
    fn heading_step(&mut self, section: &Section, pending: &mut Vec<Text>) -> Step {
        let mut step = self.new_step(pending, &section.title);
        step.note.extend(section.links.iter().cloned());
        if let Some(gate) = gates::gate(&section.title) {
            step.action = Action::Decide(Vec::new());
            step.no_return = gate == gates::Gate::NoReturn;
        }
        self.account.add(
            (section.line, section.line),
            What::Heading,
            Fate::Step(step.uid),
        );
        step
    }

    fn contact_part(&mut self, section: &Section) {
        if Self::names_contacts(section) {
            self.contacts(section);
        } else if any_section(section, &|s| walk::has_steps(&s.blocks)) {
            self.forward_part(section);
        } else {
            self.keep_section(section);
        }
    }

    fn sign_part(&mut self, section: &Section) {
        let walk = self.sign_off(section);
        self.phase(section, walk.nodes, walk.pending);
    }

    /// A way back, or several where it has options.
    fn rollback(&mut self, section: &Section) {
        let outer = (self.in_path, self.bullets);
        self.in_path = true;
        let options = section
            .subs
            .iter()
            .filter(|s| words::option_label(&s.title).is_some())
            .count();
        if options > 1 {
            let first = section
                .subs
                .iter()
                .position(|s| words::option_label(&s.title).is_some())
                .unwrap_or(0);
            let mut own = section.clone();
            own.subs.truncate(first);
            let made = self.way_back(&own, Bare::Text);
            for (i, option) in section.subs[first..].iter().enumerate() {
                let text = if i == 0 { made.clone() } else { Vec::new() };
                self.one_way_back(option, &text);
            }
        } else {
            self.one_way_back(section, &[]);
        }
        (self.in_path, self.bullets) = outer;
    }

    fn one_way_back(&mut self, section: &Section, before: &[Text]) {
        let left = self.way_back(section, Bare::Step);
        if let Some(path) = self.plan.paths.last_mut() {
            let mut nodes = std::mem::take(&mut path.nodes);
            if let Some(step) = plan::first_step(&mut nodes) {
                let own = std::mem::take(&mut step.note);
                self.attach(step, &mut before.to_vec());
                step.note.extend(own);
            }
            self.settle(&mut nodes, &mut left.clone());
            if let Some(path) = self.plan.paths.last_mut() {
                path.nodes = nodes;
            }
        }
    }

    /// Makes a path of a section; what is left without a step is returned.
    fn way_back(&mut self, section: &Section, bare: Bare) -> Vec<Text> {
        let has = any_section(section, &|s| walk::has_steps(&s.blocks));
        let (mut when, mut kept) = (Vec::new(), section.clone());
        self.reasons(&mut kept, &mut when, false);
        self.bullets = !has;
        let (mut nodes, mut pending) = self.forward(&kept);
        if nodes.is_empty() {
            if bare == Bare::Text {
                self.reasons.append(&mut when);
                let heading = (section.line, section.line);
                let raw = self.raw(heading, 0);
                pending.insert(
                    0,
                    Text {
                        raw,
                        lines: heading,
                        what: What::Heading,
                    },
                );
                return pending;
            }
            nodes.push(Node::Step(Box::new(
                self.heading_step(section, &mut pending),
            )));
        }
        self.settle(&mut nodes, &mut pending);
        let name = self.path_name(&section.title);
        when.splice(0..0, std::mem::take(&mut self.reasons));
        for (line, _) in &when {
            self.account
                .add(*line, What::Item, Fate::When(name.clone()));
        }
        self.account.add(
            (section.line, section.line),
            What::Heading,
            Fate::Path(name.clone()),
        );
        let mut once: Vec<String> = Vec::new();
        for (_, text) in when {
            if !once.contains(&text) && !text.trim().is_empty() {
                once.push(text);
            }
        }
        self.plan.paths.push(Path {
            name,
            title: section.title.clone(),
            when: once,
            nodes,
        });
        self.tell_when(self.plan.paths.len() - 1);
        Vec::new()
    }

    /// Takes the reasons to go back out of a section: plain lists below words that announce them.
    fn reasons(
        &mut self,
        section: &mut Section,
        when: &mut Vec<((usize, usize), String)>,
        told: bool,
    ) {
        let mut kept = Vec::new();
        let mut announced = told;
        for block in std::mem::take(&mut section.blocks) {
            match &block.kind {
                Kind::List(list) if announced && !list.ordered && is_reason(list.items.first()) => {
                    // A list of steps may follow at once: markdown takes both for one.
                    let reasons = list.items.iter().take_while(|i| is_reason(Some(i))).count();
                    for item in &list.items[..reasons] {
                        when.push((item.lines, self.whole(item)));
                    }
                    announced = told;
                    if let Some(first) = list.items.get(reasons) {
                        let mut rest = list.clone();
                        rest.items.drain(..reasons);
                        kept.push(Block {
                            lines: (first.lines.0, block.lines.1),
                            kind: Kind::List(rest),
                            ..block
                        });
                    }
                    continue;
                }
                Kind::Paragraph(text) => {
                    announced = told
                        || text.plain().ends_with([':', '：'])
                            && words::tells_when_back(&text.plain())
                        || words::ends_open(&text.plain()) && text.plain().ends_with(':');
                }
                _ => {}
            }
            kept.push(block);
        }
        section.blocks = kept;
        for sub in &mut section.subs {
            let told = words::tells_when_back(&sub.title);
            self.reasons(sub, when, told);
        }
        let (empty, full): (Vec<Section>, Vec<Section>) = std::mem::take(&mut section.subs)
            .into_iter()
            .partition(|s| {
                words::tells_when_back(&s.title) && s.blocks.is_empty() && s.subs.is_empty()
            });
        for sub in empty {
            self.account.add(
                (sub.line, sub.line),
                What::Heading,
                Fate::Left("it announces reasons to go back".into()),
            );
        }
        section.subs = full;
    }

    /// All that an item says, in one line.
    fn whole(&self, item: &Item) -> String {
        let first = walk::first_text(item)
            .map(Inline::plain)
            .unwrap_or_default();
        let below = item
            .blocks
            .iter()
            .skip(1)
            .map(|b| self.raw(b.lines, b.column));
        let below: Vec<String> = below
            .flat_map(|raw| raw.lines().map(str::to_owned).collect::<Vec<_>>())
            .map(|line| {
                line.trim()
                    .trim_start_matches(['-', '*', '+', ' '])
                    .to_owned()
            })
            .filter(|line| !line.is_empty())
            .collect();
        if below.is_empty() {
            first
        } else {
            format!("{first}: {}", below.join("; "))
        }
    }

    fn path_name(&self, title: &str) -> String {
        let latin = ids::transliterated(&title.replace("${", " "));
        let base = slug(&latin)
            .filter(|s| s.chars().filter(char::is_ascii_alphabetic).count() > 3)
            .unwrap_or_else(|| "rollback".into());
        let taken = |name: &str| self.plan.paths.iter().any(|p| p.name == name);
        (1..=10_000)
            .map(|n| {
                if n == 1 {
                    base.clone()
                } else {
                    format!("{}-{n}", base[..base.len().min(36)].trim_end_matches('-'))
                }
            })
            .find(|name| !taken(name))
            .unwrap_or_default()
    }

    /// Phases that are one step each, called by their headings, are steps of one phase.
    fn merge_heading_steps(&mut self) {
        let alone = |phase: &Phase| {
            phase.at.is_none()
                && matches!(phase.nodes.as_slice(), [Node::Step(step)] if step.title_is_made || step.title == phase.title)
        };
        let phases = std::mem::take(&mut self.plan.phases);
        let mut merged: Vec<Phase> = Vec::new();
        let mut open = false;
        let many = phases
            .windows(2)
            .any(|pair| alone(&pair[0]) && alone(&pair[1]));
        for mut phase in phases {
            if !(many && alone(&phase)) {
                open = false;
                merged.push(phase);
                continue;
            }
            if let Some(Node::Step(step)) = phase.nodes.first_mut()
                && step.title_is_made
            {
                if let Some(lead) = step.lead.take() {
                    step.note.insert(0, lead);
                }
                step.title.clone_from(&phase.title);
                step.title_is_made = false;
                step.takes = timing::takes(&phase.title);
            }
            if let Some(before) = merged.last_mut().filter(|_| open) {
                before.nodes.append(&mut phase.nodes);
            } else {
                phase.title.clone_from(&self.plan.title);
                merged.push(phase);
            }
            open = true;
        }
        self.plan.phases = merged;
    }
}

/// What a way back without steps becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bare {
    /// One step by hand.
    Step,
    /// Text.
    Text,
}

/// Whether an item can be a reason to go back: it is no step and holds none.
fn is_reason(item: Option<&Item>) -> bool {
    item.is_some_and(|item| {
        let boxed = walk::first_text(item).is_some_and(|t| sections::is_box(&t.plain()));
        !boxed && !walk::has_steps(&item.blocks)
    })
}

/// How many sections from the first on are options of each other.
fn options_at(sections: &[Section]) -> usize {
    let level = sections.first().map_or(0, |s| s.level);
    sections
        .iter()
        .take_while(|s| s.level == level && words::option_label(&s.title).is_some())
        .count()
}

fn any_section(section: &Section, is: &dyn Fn(&Section) -> bool) -> bool {
    is(section) || section.subs.iter().any(|s| any_section(s, is))
}

/// The shallowest level below the title on which two headings stand; zero: there are no headings.
fn phase_level(root: &Section, title_line: usize) -> u8 {
    let mut counts = [0_usize; 8];
    count(root, title_line, &mut counts);
    let twice = (1..=7).find(|level| counts[usize::from(*level)] >= 2);
    twice
        .or_else(|| (1..=7).find(|level| counts[usize::from(*level)] >= 1))
        .unwrap_or(0)
}

fn count(section: &Section, title_line: usize, counts: &mut [usize; 8]) {
    if section.line > 0 && section.line != title_line {
        counts[usize::from(section.level.min(7))] += 1;
    }
    section
        .subs
        .iter()
        .for_each(|s| count(s, title_line, counts));
}

fn collect_code(section: &Section, codes: &mut BTreeMap<usize, (usize, String)>) {
    collect_code_in(&section.blocks, codes);
    section.subs.iter().for_each(|s| collect_code(s, codes));
}

fn collect_code_in(blocks: &[Block], codes: &mut BTreeMap<usize, (usize, String)>) {
    for block in blocks {
        match &block.kind {
            Kind::Code(code) if code.fenced && code.closed && block.column > 0 => {
                codes.insert(block.lines.0, (block.lines.1, steps::fenced(code)));
            }
            Kind::List(list) => list
                .items
                .iter()
                .for_each(|item| collect_code_in(&item.blocks, codes)),
            _ => {}
        }
    }
}

/// Takes at most `column` columns of white space off a line.
fn unindented(line: &str, column: usize) -> String {
    let mut at = 0;
    let mut columns = 0;
    for c in line.chars() {
        let width = match c {
            ' ' => 1,
            '\t' => 4 - columns % 4,
            _ => break,
        };
        if columns + width > column {
            break;
        }
        columns += width;
        at += 1;
    }
    line[at..].to_owned()
}
