//! Ways back: their steps, their options, and the reasons to take them.

use crate::domain::import::account::{Fate, What};
use crate::domain::import::build::Builder;
use crate::domain::import::ids;
use crate::domain::import::levels::any_section;
use crate::domain::import::parse::{Block, Inline, Item, Kind};
use crate::domain::import::plan::{Node, Path};
use crate::domain::import::sections::{self, Section};
use crate::domain::import::walk::{self, Text};
use crate::domain::import::words;
use crate::domain::runbook::slug;

impl Builder<'_> {
    /// Whether a section says when to go back, and not how.
    pub(super) fn only_tells_when(&self, section: &Section) -> bool {
        words::tells_when_back(&section.title)
            && words::option_label(&section.title).is_none()
            && !any_section(section, &|s| walk::has_steps(&s.blocks))
            && !words::is_rollback(&self.plan.title)
    }

    /// Gives the reasons of sections that only tell when to go back to the way that stands behind them, else before them.
    pub(super) fn tell_when(&mut self, path: usize) {
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
    pub(super) fn keep_rest(&mut self, section: &Section) {
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

    /// A way back, or several where it has options.
    pub(super) fn rollback(&mut self, section: &Section) {
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

    pub(super) fn one_way_back(&mut self, section: &Section, before: &[Text]) {
        let left = self.way_back(section, Bare::Step);
        if let Some(path) = self.plan.paths.last_mut() {
            let mut nodes = std::mem::take(&mut path.nodes);
            self.attach_first(&mut nodes, &mut before.to_vec());
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
                pending.insert(0, self.heading_text(section));
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
    pub(super) fn reasons(
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
    pub(super) fn whole(&self, item: &Item) -> String {
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

    pub(super) fn path_name(&self, title: &str) -> String {
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
}

/// Whether an item can be a reason to go back: it is no step and holds none.
fn is_reason(item: Option<&Item>) -> bool {
    item.is_some_and(|item| {
        let boxed = walk::first_text(item).is_some_and(|t| sections::is_box(&t.plain()));
        !boxed && !walk::has_steps(&item.blocks)
    })
}

/// What a way back without steps becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bare {
    /// One step by hand.
    Step,
    /// Text.
    Text,
}
