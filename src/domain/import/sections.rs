//! The document as a tree of sections.

use crate::domain::import::fences::{self, Around, Fence};
use crate::domain::import::gates;
use crate::domain::import::mask::{END_OF_DETAILS, Masked};
use crate::domain::import::parse::{self, Block, Inline, Kind};
use crate::domain::import::words;

/// A heading with what stands below it.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// 1 to 6; 7 for bold lines and summaries; zero: the document.
    pub level: u8,
    /// The heading's text; empty: there is none.
    pub title: String,
    /// Links in the heading.
    pub links: Vec<String>,
    /// Its line; zero: none.
    pub line: usize,
    /// The last line of all of it.
    pub last: usize,
    /// What stands before the first heading below.
    pub blocks: Vec<Block>,
    /// The sections below.
    pub subs: Vec<Section>,
}

/// What one fence with a checklist in it was.
#[derive(Debug, Clone, Copy)]
pub struct Expanded {
    /// Its lines.
    pub lines: (usize, usize),
}

/// Whether fences that hold a checklist are read as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expand {
    /// They are.
    Yes,
    /// They stay text.
    No,
}

/// Reads the sections of a document; returns the fences that were read as part of it.
pub fn sections(masked: &Masked, expand: Expand) -> (Section, Vec<Expanded>) {
    let mut expanded = Vec::new();
    let blocks = open_up(parse::parse(&masked.text), expand, &mut expanded, 0);
    let mut root = Section::default();
    let mut open: Vec<Section> = Vec::new();
    let mut blocks = blocks.into_iter().peekable();
    while let Some(block) = blocks.next() {
        let heading = heading_of(&block, blocks.peek(), masked);
        if matches!(&block.kind, Kind::Html(html) if html.trim() == END_OF_DETAILS) {
            if open.last().is_some_and(|s| s.level == 7) {
                close(&mut root, &mut open, 7);
            }
            continue;
        }
        if let Some((level, text)) = heading {
            close(&mut root, &mut open, level);
            open.push(Section {
                level,
                title: text.plain(),
                links: text.links,
                line: block.lines.0,
                last: block.lines.1,
                ..Section::default()
            });
        } else {
            let section = open.last_mut().unwrap_or(&mut root);
            section.take(block);
        }
    }
    close(&mut root, &mut open, 0);
    (root, expanded)
}

/// Closes the open sections of `level` and deeper.
fn close(root: &mut Section, open: &mut Vec<Section>, level: u8) {
    while open.last().is_some_and(|section| section.level >= level) {
        let Some(done) = open.pop() else { return };
        let parent = open.last_mut().unwrap_or(root);
        parent.last = parent.last.max(done.last);
        parent.subs.push(done);
    }
}

/// Returns level and text where a block is a heading, or looks like one: a bold line over a list or a block of code.
fn heading_of(block: &Block, next: Option<&Block>, masked: &Masked) -> Option<(u8, Inline)> {
    match &block.kind {
        Kind::Heading { level, text } if !text.plain().is_empty() => {
            let level = if masked.summaries.contains(&block.lines.0) {
                7
            } else {
                *level
            };
            Some((level, text.clone()))
        }
        Kind::Paragraph(text) => {
            let plain = text.plain();
            let short = plain.chars().count() <= 100 && text.lines.len() == 1 && !plain.is_empty();
            let over = matches!(
                next.map(|b| &b.kind),
                Some(Kind::List(_) | Kind::Code(_) | Kind::Table { .. })
            );
            let over_text = matches!(next.map(|b| &b.kind), Some(Kind::Paragraph(_)));
            let bold = text.bold
                && !is_box(&plain)
                && (gates::gate(&plain).is_none() || plain.ends_with([':', '：']))
                && (over || over_text && words::is_numbered_step(&plain));
            let back = over
                && plain.ends_with([':', '：'])
                && plain.chars().count() <= 48
                && !words::tells_when_back(&plain)
                && !words::ends_open(&plain)
                && words::kind(&plain, "") == words::Kind::Rollback;
            (short && (bold || back)).then(|| (7, text.clone()))
        }
        _ => None,
    }
}

/// Opens quotations and fences that hold headings or tasks.
fn open_up(
    blocks: Vec<Block>,
    expand: Expand,
    expanded: &mut Vec<Expanded>,
    depth: usize,
) -> Vec<Block> {
    let mut out = Vec::with_capacity(blocks.len());
    for mut block in blocks {
        match block.kind {
            Kind::Quote(inner) if depth < 8 && holds_tasks(&inner) => {
                out.extend(open_up(inner, expand, expanded, depth + 1));
            }
            Kind::Code(code)
                if expand == Expand::Yes
                    && depth < 4
                    && fences::classify(&code, Around::default()).0 == Fence::Checklist =>
            {
                expanded.push(Expanded { lines: block.lines });
                let offset = block.lines.0 - usize::from(!code.fenced);
                let mut inner = parse::parse(&code.text);
                for block in &mut inner {
                    shift(block, offset);
                }
                out.extend(open_up(inner, expand, expanded, depth + 1));
            }
            Kind::List(mut list) => {
                for item in &mut list.items {
                    item.blocks = open_up(
                        std::mem::take(&mut item.blocks),
                        expand,
                        expanded,
                        depth + 1,
                    );
                }
                block.kind = Kind::List(list);
                out.push(block);
            }
            kind => {
                block.kind = kind;
                out.push(block);
            }
        }
    }
    out
}

fn shift(block: &mut Block, by: usize) {
    block.lines = (block.lines.0 + by, block.lines.1 + by);
    match &mut block.kind {
        Kind::List(list) => {
            for item in &mut list.items {
                item.lines = (item.lines.0 + by, item.lines.1 + by);
                item.blocks.iter_mut().for_each(|block| shift(block, by));
            }
        }
        Kind::Quote(blocks) => blocks.iter_mut().for_each(|block| shift(block, by)),
        Kind::Table { rows, .. } => rows.iter_mut().for_each(|(line, _)| *line += by),
        Kind::Heading { .. }
        | Kind::Paragraph(_)
        | Kind::Code(_)
        | Kind::Html(_)
        | Kind::Rule
        | Kind::Other => {}
    }
}

/// Whether there is a box, a heading or a numbered list somewhere in `blocks`.
fn holds_tasks(blocks: &[Block]) -> bool {
    blocks.iter().any(|block| match &block.kind {
        Kind::List(list) => list.ordered || list.items.iter().any(|item| holds_boxes(&item.blocks)),
        Kind::Heading { .. } => true,
        Kind::Paragraph(text) => text.lines.iter().any(|line| is_box(line)),
        Kind::Code(code) => fences::is_tagged_runnable(&code.info),
        Kind::Quote(inner) => holds_tasks(inner),
        Kind::Table { .. } | Kind::Html(_) | Kind::Rule | Kind::Other => false,
    })
}

/// Whether there is a box somewhere in `blocks`.
pub fn holds_boxes(blocks: &[Block]) -> bool {
    blocks.iter().any(|block| match &block.kind {
        Kind::List(list) => list.items.iter().any(|item| holds_boxes(&item.blocks)),
        Kind::Paragraph(text) => text.lines.iter().any(|line| is_box(line)),
        Kind::Table { header, rows } => rows
            .iter()
            .flat_map(|(_, cells)| cells)
            .chain(header)
            .any(|cell| is_box(cell)),
        Kind::Quote(inner) => holds_boxes(inner),
        Kind::Heading { .. } | Kind::Code(_) | Kind::Html(_) | Kind::Rule | Kind::Other => false,
    })
}

impl Section {
    /// Puts a block behind everything else in it: behind a `<details>` that is shut, into a part without a heading.
    fn take(&mut self, block: Block) {
        self.last = self.last.max(block.lines.1);
        match self.subs.last_mut() {
            Some(last) if last.line == 0 => last.take(block),
            Some(_) => {
                let mut part = Section {
                    level: 7,
                    ..Section::default()
                };
                part.take(block);
                self.subs.push(part);
            }
            None => self.blocks.push(block),
        }
    }

    /// Whether a box stands anywhere in it.
    pub fn has_boxes(&self) -> bool {
        holds_boxes(&self.blocks) || self.subs.iter().any(Section::has_boxes)
    }
}

/// A box at the beginning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticked {
    /// Whether it is ticked.
    pub done: bool,
    /// Whether it is written as markdown has it.
    pub usual: bool,
    /// How many bytes of the text it takes.
    pub length: usize,
}

/// Whether a text begins with a box.
pub fn is_box(text: &str) -> bool {
    ticked(text).is_some()
}

/// Reads the box that a text begins with: `[ ]`, `[x]`, `[]`, `☐`, `[✅]`.
pub fn ticked(text: &str) -> Option<Ticked> {
    let trimmed = text.trim_start_matches([' ', '\u{fe0f}']);
    let skipped = text.len() - trimmed.len();
    let first = trimmed.chars().next()?;
    if matches!(
        first,
        '☐' | '⬜' | '🔲' | '◻' | '□' | '☑' | '✅' | '☒' | '✔' | '❏'
    ) {
        let rest = trimmed[first.len_utf8()..].trim_start_matches('\u{fe0f}');
        let length = text.len() - rest.len();
        let ticked = matches!(first, '☑' | '✅' | '✔' | '☒');
        // A tick in front of a text is often a mere ornament.
        return (!ticked || first != '✅' && first != '✔').then_some(Ticked {
            done: ticked,
            usual: false,
            length,
        });
    }
    let inner = trimmed.strip_prefix('[')?;
    let end = inner.char_indices().take(5).find(|(_, c)| *c == ']')?.0;
    let mark = inner[..end].trim_matches([' ', '\u{a0}', '\u{fe0f}', '\u{3000}']);
    let behind = &inner[end + 1..];
    if behind.starts_with(['(', '[', ':']) {
        return None;
    }
    let ticked = match mark {
        "" | "_" | "-" | "~" | ">" | "/" => false,
        "x" | "X" | "✓" | "✔" | "✅" | "☑" | "х" | "Х" | "*" => true,
        _ => return None,
    };
    let usual = matches!(&inner[..end], " " | "x" | "X")
        && (behind.is_empty() || behind.starts_with([' ', '\t']));
    Some(Ticked {
        done: ticked,
        usual,
        length: skipped + end + 2,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_known_in_many_forms() {
        for (text, done, usual) in [
            ("[ ] a", false, true),
            ("[x] a", true, true),
            ("[] a", false, false),
            ("☐ a", false, false),
            ("[✅] a", true, false),
            ("[ ]a", false, false),
            ("☑ a", true, false),
        ] {
            let found = ticked(text).unwrap();
            assert_eq!((found.done, found.usual), (done, usual), "{text}");
            assert_eq!(text[found.length..].trim(), "a");
        }
        for text in [
            "[1] a", "[x](y)", "[link] a", "a [ ] b", "✅ done", "[ ](x)",
        ] {
            assert_eq!(ticked(text), None, "{text}");
        }
    }

    #[test]
    fn a_fenced_checklist_keeps_its_lines() {
        let masked = Masked {
            text: "# A\n\n```md\n- [ ] b\n- [ ] c\n```\n".into(),
            ..Masked::default()
        };
        let (root, expanded) = sections(&masked, Expand::Yes);
        assert_eq!(expanded[0].lines, (3, 6));
        assert_eq!(root.subs[0].blocks[0].lines, (4, 5));
        assert!(sections(&masked, Expand::No).1.is_empty());
    }
}
