//! Headings below a phase: groups, steps, choices, text.

use crate::domain::import::account::{Fate, What};
use crate::domain::import::build::{Builder, LastResort, Made};
use crate::domain::import::gates;
use crate::domain::import::levels::options_at;
use crate::domain::import::parse::Kind;
use crate::domain::import::plan::{self, Action, Group, Node, Step};
use crate::domain::import::sections::Section;
use crate::domain::import::timing;
use crate::domain::import::walk::Text;
use crate::domain::import::words::{self, Kind as Part};

impl Builder<'_> {
    pub(super) fn subs(
        &mut self,
        subs: &[Section],
        nodes: &mut Vec<Node>,
        pending: &mut Vec<Text>,
    ) {
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
            self.attach_first(&mut made.0, pending);
            nodes.append(&mut made.0);
            pending.append(&mut made.1);
        }
    }

    /// Headings that are options of each other are a choice.
    pub(super) fn options(&mut self, options: &[Section]) -> Option<Node> {
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
    pub(super) fn sub(&mut self, section: &Section) -> Made {
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
        self.sub_forward(section)
    }

    /// What stands below a heading that is done on the way: under it as a group, or as the one step that it names.
    fn sub_forward(&mut self, section: &Section) -> Made {
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
            let heading = (section.line, section.line);
            self.account
                .add(heading, What::Heading, Fate::Step(step.uid));
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
            pending.insert(0, self.heading_text(section));
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
    pub(super) fn heading_step(&mut self, section: &Section, pending: &mut Vec<Text>) -> Step {
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
}
