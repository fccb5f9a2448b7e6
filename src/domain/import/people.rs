//! Sections about people: who signs off, whom to call.

use crate::domain::import::account::{Fate, What};
use crate::domain::import::build::Builder;
use crate::domain::import::parse::{Block, Inline, Item, Kind};
use crate::domain::import::plan::{self, Action, Node, Step};
use crate::domain::import::sections::{self, Section};
use crate::domain::import::walk::{self, Text, Walk};
use crate::domain::report::signoff;

/// Words of a sign-off that are no role.
const SIGNED: &[&str] = &[
    "sign-off",
    "signoff",
    "sign off",
    "signed off by",
    "signed off",
    "signs off",
    "approval",
    "approved by",
    "approved",
    "approves",
    "approve",
    "signature",
    "signed",
    "freigabe durch",
    "freigabe",
    "freigegeben",
    "genehmigt",
    "unterschrift",
    "abnahme durch",
    "abnahme",
    "approbation",
    "approuvé par",
    "approuvé",
    "validation",
    "validé par",
    "visa",
    "aprobación de",
    "aprobación",
    "aprobado por",
    "aprobado",
    "firma de",
    "firma",
    "aprovação de",
    "aprovação",
    "aprovado por",
    "aprovado",
    "assinatura",
    "подпись",
    "утверждено",
    "согласовано",
    "签字",
    "签名",
    "审批",
    "批准",
    "確認",
    "承認",
    "署名",
    "du",
    "de la",
    "de",
    "by",
    "from",
    "the",
    "has",
    "have",
    "given",
    "obtained",
];

impl Builder<'_> {
    /// Makes a step one that `role` signs.
    ///
    /// A role signs under its letters a to z: one without them stays a step by hand, and so does one that another hides.
    pub fn sign(&mut self, step: &mut Step, role: &str) {
        let slug = signoff::slug(role);
        let hidden = |known: &String| known != role && signoff::slug(known) == slug;
        if slug.is_empty() || self.plan.roles.iter().any(hidden) {
            return;
        }
        if !self.plan.roles.iter().any(|known| known == role) {
            self.plan.roles.push(role.to_owned());
        }
        step.action = Action::Sign(role.to_owned());
    }

    /// A section of signatures: tables, items and lines name roles.
    pub fn sign_off(&mut self, section: &Section) -> Walk {
        self.heading.clone_from(&section.title);
        let mut all = Walk::default();
        for block in &section.blocks {
            match &block.kind {
                Kind::Table { header, rows } if !header.is_empty() => {
                    let boxes = rows
                        .iter()
                        .flat_map(|(_, cells)| cells)
                        .any(|cell| cell.chars().any(char::is_alphanumeric));
                    if boxes {
                        self.sign_table(&mut all, block, header, rows);
                    } else {
                        self.pend(&mut all, block, What::Table);
                    }
                }
                Kind::Paragraph(text) if text.lines.iter().any(|line| line.contains("___")) => {
                    self.sign_lines(&mut all, block, text);
                }
                Kind::List(list)
                    if !list.items.iter().any(|item| {
                        walk::first_text(item).is_some_and(|t| sections::is_box(&t.plain()))
                    }) && list.items.iter().all(|item| item_role(item).is_some()) =>
                {
                    for item in &list.items {
                        let title = walk::first_text(item)
                            .map(Inline::plain)
                            .unwrap_or_default();
                        let mut step = self.new_step(&mut all.pending, &title);
                        if let Some(role) = item_role(item) {
                            self.sign(&mut step, &role);
                        }
                        self.became_step(item.lines, What::Item, step.uid);
                        all.nodes.push(Node::Step(Box::new(step)));
                    }
                }
                _ => {
                    let mut made = self.walk(std::slice::from_ref(block));
                    self.give_roles(&mut made.nodes);
                    if let Some(step) = plan::first_step(&mut made.nodes) {
                        let own = std::mem::take(&mut step.note);
                        self.attach(step, &mut all.pending);
                        step.note.extend(own);
                    }
                    all.nodes.append(&mut made.nodes);
                    all.pending.append(&mut made.pending);
                }
            }
        }
        for sub in &section.subs {
            let (mut nodes, mut pending) = self.forward(sub);
            self.give_roles(&mut nodes);
            if nodes.is_empty() {
                all.pending.append(&mut pending);
            } else {
                all.nodes.push(Node::Group(plan::Group {
                    title: sub.title.clone(),
                    one: false,
                    nodes,
                }));
                self.account.add(
                    (sub.line, sub.line),
                    What::Heading,
                    Fate::Group(sub.title.clone()),
                );
            }
        }
        if let Some(step) = plan::last_step(&mut all.nodes) {
            self.attach(step, &mut all.pending);
        }
        all
    }

    fn give_roles(&mut self, nodes: &mut [Node]) {
        for node in nodes {
            match node {
                Node::Step(step) => {
                    let by_hand = matches!(step.action, Action::Confirm);
                    if let Some(role) = role_in(&step.title).filter(|_| by_hand) {
                        self.sign(step, &role);
                    }
                }
                Node::Group(group) => self.give_roles(&mut group.nodes),
            }
        }
    }

    /// `DBA: ________  Date: ____`
    fn sign_lines(&mut self, all: &mut Walk, block: &Block, text: &Inline) {
        for (i, line) in text.lines.iter().enumerate() {
            let n = (block.lines.0 + i).min(block.lines.1);
            match role_in(line).filter(|_| line.contains("___")) {
                Some(role) if !is_date(&role) => {
                    let mut step = self.new_step(&mut all.pending, line.trim());
                    self.sign(&mut step, &role);
                    self.became_step((n, n), What::Text, step.uid);
                    all.nodes.push(Node::Step(Box::new(step)));
                }
                _ => all.pending.push(Text {
                    raw: line.clone(),
                    lines: (n, n),
                    what: What::Text,
                }),
            }
        }
    }

    /// A section of people to call; what names nobody stays text.
    pub fn contacts(&mut self, section: &Section) {
        self.account
            .add((section.line, section.line), What::Heading, Fate::Contact);
        self.contact_blocks(&section.blocks);
        for sub in &section.subs {
            self.contacts(sub);
        }
    }

    /// Whether a section names somebody to call.
    pub fn names_contacts(section: &Section) -> bool {
        section.blocks.iter().any(|block| match &block.kind {
            Kind::Table { .. } => true,
            Kind::List(list) => {
                !list.ordered
                    && list
                        .items
                        .iter()
                        .filter_map(walk::first_text)
                        .any(|text| pair(&text.plain()).is_some())
            }
            Kind::Paragraph(text) => text
                .lines
                .iter()
                .filter_map(|line| pair(line))
                .any(|(role, reach)| role.chars().count() <= 40 && looks_reachable(&reach)),
            _ => false,
        }) || section.subs.iter().any(Self::names_contacts)
    }

    fn contact_blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            match &block.kind {
                Kind::Table { header, rows } => self.contact_table(block, header, rows),
                Kind::List(list) if !list.ordered => {
                    for item in &list.items {
                        let text = walk::first_text(item)
                            .map(Inline::plain)
                            .unwrap_or_default();
                        let found = pair(&text)
                            .is_some_and(|(role, reach)| self.contact(&role, &reach, ""));
                        if found && item.blocks.len() == 1 {
                            self.account.add(item.lines, What::Item, Fate::Contact);
                        } else {
                            self.keep_lines(item.lines);
                        }
                    }
                }
                Kind::Paragraph(text) => {
                    let mut found = 0;
                    for (role, reach) in text.lines.iter().filter_map(|line| pair(line)) {
                        if role.chars().count() <= 40 && looks_reachable(&reach) {
                            found += usize::from(self.contact(&role, &reach, ""));
                        }
                    }
                    if found == text.lines.len() {
                        self.account.add(block.lines, What::Text, Fate::Contact);
                    } else {
                        self.keep_lines(block.lines);
                    }
                }
                _ => self.keep_lines(block.lines),
            }
        }
    }
}

fn looks_reachable(text: &str) -> bool {
    text.contains(['@', '#', '+']) || text.chars().filter(char::is_ascii_digit).count() >= 3
}

/// `DBA on call: +49 …`, `DBA – @dba`
fn pair(text: &str) -> Option<(String, String)> {
    let cut = [": ", "：", " – ", " — ", " - ", " → ", "| "]
        .iter()
        .filter_map(|mark| text.split_once(mark))
        .min_by_key(|(left, _)| left.len());
    let (role, reach) = cut?;
    let (role, reach) = (role.trim().trim_matches('*'), reach.trim());
    (!role.is_empty() && !reach.is_empty() && role.chars().count() <= 80)
        .then(|| (role.to_owned(), reach.to_owned()))
}

fn item_role(item: &Item) -> Option<String> {
    let text = walk::first_text(item)?.plain();
    (text.contains(':') || text.contains("___") || text.contains('：'))
        .then(|| role_in(&text))
        .flatten()
}

fn is_date(role: &str) -> bool {
    [
        "date", "datum", "fecha", "data", "дата", "日期", "日付", "time", "name", "comments",
        "notes",
    ]
    .contains(&role.to_lowercase().as_str())
}

/// Whether a name stands behind it in brackets: `Release manager (Anna)`.
fn names_somebody(title: &str) -> bool {
    let name = title.trim_end().strip_suffix([')', '）']);
    let name = name.and_then(|t| t.rsplit_once(['(', '（']));
    name.is_some_and(|(_, who)| {
        let words = who.split(' ');
        words.clone().count() <= 3 && words.into_iter().all(|w| w.starts_with(char::is_uppercase))
    })
}

/// The role in `DBA: ____`, `QA sign-off`, `Approved by the product owner`.
fn role_in(title: &str) -> Option<String> {
    let cut = title
        .split(['_', ':', '：', '(', '（', '@'])
        .find(|part| part.chars().any(char::is_alphanumeric))?;
    let cut = cut
        .split(" – ")
        .next()?
        .split(" — ")
        .next()?
        .split(" - ")
        .next()?;
    let mut said = title.contains("___") || title.contains([':', '：']) || names_somebody(title);
    let mut role = format!(" {} ", cut.trim());
    for word in SIGNED {
        let lower = role.to_lowercase();
        let padded = if word.is_ascii() || word.chars().all(|c| c < '\u{3000}') {
            format!(" {word} ")
        } else {
            (*word).to_owned()
        };
        if lower.len() == role.len()
            && let Some(at) = lower.find(&padded)
        {
            role.replace_range(at..at + padded.len(), " ");
            said |= word.chars().count() > 3;
        }
    }
    let role = role.split_whitespace().collect::<Vec<_>>().join(" ");
    let role = role
        .trim_matches(['-', '–', '*', ',', '.', '[', ']', ' '])
        .to_owned();
    let good = said
        && role.chars().any(char::is_alphabetic)
        && role.split(' ').count() <= 5
        && role.chars().count() <= 48;
    good.then_some(role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_found_in_lines_of_sign_offs() {
        for (text, wanted) in [
            ("DBA: ________", "DBA"),
            ("QA sign-off", "QA"),
            ("Approved by the product owner", "product owner"),
            ("Freigabe durch Betrieb", "Betrieb"),
            ("Release manager (Anna)", "Release manager"),
            ("技術責任者：____", "技術責任者"),
        ] {
            assert_eq!(role_in(text).as_deref(), Some(wanted), "{text}");
        }
        assert_eq!(
            role_in("All of the people who were in the meeting on Tuesday agree"),
            None
        );
    }

    #[test]
    fn contacts_are_pairs() {
        assert_eq!(
            pair("DBA on call: #dba"),
            Some(("DBA on call".into(), "#dba".into()))
        );
        assert_eq!(pair("nobody"), None);
    }
}
