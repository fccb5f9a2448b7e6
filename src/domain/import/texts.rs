//! Text that is no step: the introduction, and what is read when needed.

use crate::domain::import::account::{Fate, What};
use crate::domain::import::build::Builder;
use crate::domain::import::gates;
use crate::domain::import::parse::{Block, Inline, Kind};
use crate::domain::import::sections::{self, Section};
use crate::domain::import::walk::{self, Text};

impl Builder<'_> {
    /// Keeps lines as text that is only read.
    pub(super) fn keep_text(&mut self, raw: String, lines: (usize, usize), what: What) {
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

    pub(super) fn keep_section(&mut self, section: &Section) {
        let from = if section.line > 0 {
            section.line
        } else {
            section.blocks.first().map_or(1, |b| b.lines.0)
        };
        let raw = self.raw((from, section.last.max(from)), 0);
        self.keep_text(raw, (from, section.last.max(from)), What::Text);
    }

    /// Keeps the introduction as text; returns how many blocks it has.
    pub(super) fn leading_text(&mut self, blocks: &[Block]) -> usize {
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

    /// A section without steps: its heading and what waited in it are text.
    pub(super) fn text_part(&mut self, section: &Section, pending: Vec<Text>) {
        if section.line > 0 {
            let raw = self.raw((section.line, section.line), 0);
            self.keep_text(raw, (section.line, section.line), What::Heading);
        }
        for text in pending {
            self.keep_text(text.raw, text.lines, text.what);
        }
    }
}
