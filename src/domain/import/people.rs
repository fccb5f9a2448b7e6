//! Sections about people: who signs off, whom to call.

use crate::domain::import::account::{Fate, What};
use crate::domain::import::build::Builder;
use crate::domain::import::parse::{Block, Inline, Item, Kind};
use crate::domain::import::plan::{Action, Node, Step};
use crate::domain::import::roles::{bare_role, is_date, role_in};
use crate::domain::import::sections::{self, Section};
use crate::domain::import::walk::{self, Text, Walk};
use crate::domain::report::signoff;

impl Builder<'_> {
    /// Makes a step one that `role` signs.
    ///
    /// A role signs under its letters: one without any stays a step by hand, and so does one that another hides.
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
                    if list
                        .items
                        .iter()
                        .all(|item| !has_box(item) && item_role(item).is_some()) =>
                {
                    self.sign_items(&mut all, &list.items);
                }
                _ => {
                    let mut made = self.walk(std::slice::from_ref(block));
                    self.give_roles(&mut made.nodes);
                    self.attach_first(&mut made.nodes, &mut all.pending);
                    all.nodes.append(&mut made.nodes);
                    all.pending.append(&mut made.pending);
                }
            }
        }
        for sub in &section.subs {
            let inner = self.sign_off(sub);
            let (mut nodes, mut pending) = if sub.line > 0 {
                self.wrapped(sub, inner.nodes, inner.pending)
            } else {
                (inner.nodes, inner.pending)
            };
            self.attach_first(&mut nodes, &mut all.pending);
            all.nodes.append(&mut nodes);
            all.pending.append(&mut pending);
        }
        self.settle(&mut all.nodes, &mut all.pending);
        all
    }

    /// Every item of a list names a role: each is a signature.
    fn sign_items(&mut self, all: &mut Walk, items: &[Item]) {
        for item in items {
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

    fn give_roles(&mut self, nodes: &mut [Node]) {
        for node in nodes {
            match node {
                Node::Step(step) => {
                    let by_hand = matches!(step.action, Action::Confirm);
                    let role = role_in(&step.title).or_else(|| bare_role(&step.title));
                    if let Some(role) = role.filter(|_| by_hand) {
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
                let mut found = list
                    .items
                    .iter()
                    .filter_map(walk::first_text)
                    .filter_map(|text| pair(&text.plain()));
                if list.ordered {
                    // Numbers are an order of calling only where each says how.
                    found.filter(|(_, reach)| looks_reachable(reach)).count() == list.items.len()
                } else {
                    found.next().is_some()
                }
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
                Kind::List(list) => {
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

/// Words before a colon that begin no contact: what is said of the document, of an answer, of a time.
const NO_CONTACTS: &[&str] = &[
    "date",
    "created",
    "updated",
    "last updated",
    "last update",
    "last review",
    "last reviewed",
    "next review",
    "review",
    "version",
    "status",
    "author",
    "response time",
    "response",
    "sla",
    "examples",
    "example",
    "handled by",
    "documentation",
    "docs",
    "office hours",
    "hours",
    "severity",
    "impact",
    "closure",
    "communication",
    "note",
    "notes",
    "important",
    "when",
    "trigger",
    "criteria",
    "action",
    "first response",
    "availability",
    "location",
    "datum",
    "stand",
    "erstellt",
    "aktualisiert",
    "letzte aktualisierung",
    "reaktionszeit",
    "beispiele",
    "hinweis",
    "dokumentation",
    "mis à jour",
    "dernière mise à jour",
    "créé",
    "délai",
    "temps de réponse",
    "exemples",
    "remarque",
    "fecha",
    "actualizado",
    "última actualización",
    "creado",
    "tiempo de respuesta",
    "ejemplos",
    "nota",
    "documentación",
    "data",
    "atualizado em",
    "atualizado",
    "última atualização",
    "criado",
    "tempo de resposta",
    "exemplos",
    "documentação",
    "дата",
    "дата создания",
    "обновлено",
    "последнее обновление",
    "версия",
    "статус",
    "время ответа",
    "примеры",
    "документация",
    "примечание",
    "日期",
    "更新时间",
    "更新日期",
    "创建时间",
    "版本",
    "状态",
    "响应时间",
    "示例",
    "文档",
    "问题反馈",
    "备注",
    "日付",
    "更新日",
    "最終更新",
    "作成日",
    "バージョン",
    "応答時間",
    "例",
    "備考",
];

/// Whether a name and what stands behind it are somebody and how to reach them: no sentence, no date.
fn is_contact(role: &str, reach: &str) -> bool {
    let lower = role.trim().trim_matches(['*', '_']).to_lowercase();
    let sentence = reach.split_whitespace().count() > 8 && !looks_reachable(reach);
    let clause = role.split_whitespace().count() > 6 || role.contains(['.', '?', '，', '。']);
    let conditional = ["if ", "wenn ", "falls ", "si ", "se ", "если ", "when "]
        .iter()
        .any(|word| lower.starts_with(word));
    !NO_CONTACTS.contains(&lower.as_str()) && !sentence && !clause && !conditional
}

/// `DBA on call: +49 …`, `DBA – @dba`
fn pair(text: &str) -> Option<(String, String)> {
    let cut = [": ", "：", " – ", " — ", " - ", " → ", "| "]
        .iter()
        .filter_map(|mark| text.split_once(mark))
        .min_by_key(|(left, _)| left.len());
    let (role, reach) = cut?;
    let (role, reach) = (role.trim().trim_matches('*'), reach.trim());
    (!role.is_empty() && !reach.is_empty() && role.chars().count() <= 80 && is_contact(role, reach))
        .then(|| (role.to_owned(), reach.to_owned()))
}

fn has_box(item: &Item) -> bool {
    walk::first_text(item).is_some_and(|text| sections::is_box(&text.plain()))
}

fn item_role(item: &Item) -> Option<String> {
    let text = walk::first_text(item)?.plain();
    (text.contains(':') || text.contains("___") || text.contains('：'))
        .then(|| role_in(&text))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_pairs() {
        assert_eq!(
            pair("DBA on call: #dba"),
            Some(("DBA on call".into(), "#dba".into()))
        );
        assert_eq!(pair("nobody"), None);
    }
}
