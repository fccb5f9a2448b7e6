//! From sections to a plan: phases, ways back, people, and text that is only read.

mod raw;

use std::collections::BTreeMap;

use crate::domain::import::account::{Account, Fate, What};
use crate::domain::import::build::raw::collect_code;
use crate::domain::import::gates;
use crate::domain::import::levels::{any_section, options_at, phase_level};
use crate::domain::import::placeholders::Parameters;
use crate::domain::import::plan::{self, Node, Phase, Plan};
use crate::domain::import::sections::Section;
use crate::domain::import::timing;
use crate::domain::import::walk::{self, Text};
use crate::domain::import::words::{self, Kind as Part};

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
    pub when: Vec<Section>,
    /// Reasons to go back, with their lines, until there is a way.
    pub reasons: Vec<((usize, usize), String)>,
    /// Items that are ticked.
    pub ticked: usize,
    /// The heading of the section of signatures.
    pub heading: String,
    /// Whether a step of it asks a database.
    pub needs_database: bool,
    /// Headings with nothing but prose are steps: the document has no others.
    pub headings: bool,
    /// Indented blocks of code by their first line: the last one, and the block without its indentation.
    pub codes: BTreeMap<usize, (usize, String)>,
    /// What is done where nothing else is a step.
    pub last_resort: LastResort,
    /// Inside of a way back no other begins.
    pub in_path: bool,
    pub level: u8,
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

pub type Made = (Vec<Node>, Vec<Text>);

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

    /// Builds the plan of a document; `fallback` is its title where it has none.
    pub fn build(&mut self, root: &Section, metadata: &[(String, String)], fallback: &str) {
        let title_line = self.entitle_plan(root, metadata, fallback);
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
        self.part(&document(root, title_line), None);
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

    /// Gives the plan its title; returns the line of the heading that it is, 0: of none.
    fn entitle_plan(
        &mut self,
        root: &Section,
        metadata: &[(String, String)],
        fallback: &str,
    ) -> usize {
        let first = root.subs.first().filter(|s| s.level == 1);
        let lone = root.subs.first().filter(|_| root.subs.len() == 1);
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
        let of_lone = lone.filter(|_| root.blocks.is_empty());
        self.plan.title = title
            .or_else(|| of_lone.map(|s| s.title.clone()))
            .unwrap_or_else(|| fallback.to_owned());
        let Some(titled) = first.or_else(|| lone.filter(|s| s.title == self.plan.title)) else {
            return 0;
        };
        self.account
            .add((titled.line, titled.line), What::Heading, Fate::Title);
        titled.line
    }

    pub(super) fn forward_so_far(&self) -> bool {
        !self.plan.phases.is_empty() || !self.plan.paths.is_empty()
    }

    /// Takes a section and those below it in, each as what it is.
    pub(super) fn part(&mut self, section: &Section, above: Option<Part>) {
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

    /// A document that is about going back as a whole has no other way.
    pub(super) fn is_way_back(&self, section: &Section) -> bool {
        !(words::is_rollback(&self.plan.title)
            && self.plan.phases.is_empty()
            && section.level <= 2
            && self.plan.paths.is_empty()
            && words::option_label(&section.title).is_none())
            || self.forward_so_far()
    }

    pub(super) fn forward_part(&mut self, section: &Section) {
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

    pub(super) fn parts(&mut self, parts: &[Section]) {
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

    /// A section becomes a phase, or text where there is no step in it.
    pub(super) fn phase(
        &mut self,
        section: &Section,
        mut nodes: Vec<Node>,
        mut pending: Vec<Text>,
    ) {
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

    /// Text that is left goes to the last step.
    pub(super) fn settle(&mut self, nodes: &mut [Node], pending: &mut Vec<Text>) {
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

    pub(super) fn contact_part(&mut self, section: &Section) {
        if Self::names_contacts(section) {
            self.contacts(section);
        } else if any_section(section, &|s| walk::has_steps(&s.blocks)) {
            self.forward_part(section);
        } else {
            self.keep_section(section);
        }
    }

    pub(super) fn sign_part(&mut self, section: &Section) {
        let walk = self.sign_off(section);
        self.phase(section, walk.nodes, walk.pending);
    }

    /// Phases that are one step each, called by their headings, are steps of one phase.
    pub(super) fn merge_heading_steps(&mut self) {
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

/// Returns what a document says: the section of its title is the document.
fn document(root: &Section, title_line: usize) -> Section {
    let mut all = root.clone();
    let title = all.subs.iter().position(|s| s.line == title_line);
    if let Some(at) = title.filter(|_| title_line > 0) {
        let mut titled = all.subs.remove(at);
        let rest = std::mem::take(&mut all.subs);
        all.blocks.append(&mut titled.blocks);
        all.subs = titled.subs;
        all.subs.extend(rest);
    }
    all
}
