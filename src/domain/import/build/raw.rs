//! Lines as they stand in the document, without the indentation of their list.

use std::collections::BTreeMap;

use crate::domain::import::account::What;
use crate::domain::import::build::Builder;
use crate::domain::import::parse::{Block, Kind};
use crate::domain::import::sections::Section;
use crate::domain::import::steps;
use crate::domain::import::walk::Text;

impl Builder<'_> {
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

    /// Returns a section's heading as a text that is only read.
    pub(in crate::domain::import) fn heading_text(&self, section: &Section) -> Text {
        let lines = (section.line, section.line);
        Text {
            raw: self.raw(lines, 0),
            lines,
            what: What::Heading,
        }
    }
}

pub(super) fn collect_code(section: &Section, codes: &mut BTreeMap<usize, (usize, String)>) {
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
