//! What differs between two texts, line by line.

use similar::{Algorithm, ChangeTag, TextDiff};

use crate::domain::tame;

/// Unchanged lines that are shown around changed ones.
const AROUND: usize = 3;

/// One line of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Where the lines that follow stand: `@@ -3,7 +3,8 @@`.
    Place(String),
    /// It stands in both.
    Same(String),
    /// It stands in the first alone.
    Removed(String),
    /// It stands in the second alone.
    Added(String),
}

/// Returns what differs, tamed, with three lines around each change; nothing where the texts are the same.
pub fn lines(before: &str, after: &str) -> Vec<Line> {
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .diff_lines(before, after);
    let mut lines = Vec::new();
    for hunk in diff.unified_diff().context_radius(AROUND).iter_hunks() {
        lines.push(Line::Place(hunk.header().to_string()));
        for change in hunk.iter_changes() {
            let text = tame::line(change.value().trim_end_matches('\n'));
            lines.push(match change.tag() {
                ChangeTag::Equal => Line::Same(text),
                ChangeTag::Delete => Line::Removed(text),
                ChangeTag::Insert => Line::Added(text),
            });
        }
    }
    lines
}

/// Returns `lines` as a unified diff of two files so called.
pub fn unified(lines: &[Line], before: &str, after: &str) -> String {
    let mut text = format!("--- {before}\n+++ {after}\n");
    for line in lines {
        let (mark, said) = match line {
            Line::Place(place) => ("", place),
            Line::Same(said) => (" ", said),
            Line::Removed(said) => ("-", said),
            Line::Added(said) => ("+", said),
        };
        text.push_str(mark);
        text.push_str(said);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_line_stands_between_those_around_it() {
        let before = "a\nb\nc\nd\ne\n";
        let found = lines(before, "a\nb\nC\x1b[2J\nd\ne\n");
        assert_eq!(
            unified(&found, "x", "y"),
            "--- x\n+++ y\n@@ -1,5 +1,5 @@\n a\n b\n-c\n+C\\e[2J\n d\n e\n"
        );
        assert_eq!(lines(before, before), []);
    }
}
