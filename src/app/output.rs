//! The output of the attempt that is shown: its last lines, and where the view stands.

use std::collections::VecDeque;

use crate::domain::tame;

/// Lines kept for scrolling back; the whole output is in its file.
pub const LINES_KEPT: usize = 5_000;

/// The output of one attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// The attempt, as `06.1`; empty: nothing is shown.
    pub name: String,
    /// Its last lines, tamed.
    pub lines: VecDeque<String>,
    /// The line that is not ended yet, as bytes.
    partial: Vec<u8>,
    /// Lines that came, kept or not.
    pub total: u64,
    /// Bytes that were jumped over because they came faster than anybody reads.
    pub skipped: u64,
    /// How many lines the view stands above the end; 0: it follows.
    pub above_end: usize,
}

impl Output {
    /// Returns an empty output of the attempt called `name`.
    pub fn of(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// Takes in bytes that came, after `skipped` bytes that were jumped over.
    pub fn take(&mut self, bytes: &[u8], skipped: u64) {
        if skipped > 0 {
            self.skipped += skipped;
            self.partial.clear();
        }
        let mut rest = self.jump(bytes);
        while let Some(end) = rest.iter().position(|b| *b == b'\n') {
            self.partial.extend_from_slice(&rest[..end]);
            self.end_line();
            rest = &rest[end + 1..];
        }
        self.partial.extend_from_slice(rest);
        let excess = self.partial.len().saturating_sub(64 * 1024);
        self.partial.drain(..excess);
    }

    /// Counts the lines that more than [`LINES_KEPT`] others follow, and returns what is left: in a flood nobody reads
    /// them, and to tame them would cost more than all the rest.
    fn jump<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let ends = || bytes.iter().enumerate().filter(|(_, b)| **b == b'\n');
        let excess = ends().count().saturating_sub(LINES_KEPT);
        let Some((end, _)) = excess.checked_sub(1).and_then(|n| ends().nth(n)) else {
            return bytes;
        };
        self.partial.clear();
        self.total += excess as u64;
        if self.above_end > 0 {
            self.above_end += excess;
        }
        &bytes[end + 1..]
    }

    fn end_line(&mut self) {
        let line = tame::terminal_line(&self.partial);
        self.partial.clear();
        if self.lines.len() == LINES_KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
        self.total += 1;
        if self.above_end > 0 {
            self.above_end = (self.above_end + 1).min(self.lines.len());
        }
    }

    /// Returns the line that is not ended yet, tamed; `None` when there is none.
    pub fn unfinished(&self) -> Option<String> {
        (!self.partial.is_empty()).then(|| tame::terminal_line(&self.partial))
    }

    /// Moves the view by `lines`, up when positive.
    pub fn scroll(&mut self, lines: isize) {
        let most = self.lines.len().saturating_sub(1);
        self.above_end = self.above_end.saturating_add_signed(lines).min(most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_in_one_piece_is_shown_as_if_it_had_come_line_by_line() {
        let flood: Vec<String> = (0..LINES_KEPT * 2).map(|n| format!("{n}\n")).collect();
        for above_end in [0, 7] {
            let mut slow = Output::of("01.1");
            slow.take(b"before\nbegun", 0);
            slow.above_end = above_end;
            let mut quick = slow.clone();
            for line in &flood {
                slow.take(line.as_bytes(), 0);
            }
            slow.take(b"not ended", 0);
            quick.take((flood.concat() + "not ended").as_bytes(), 0);
            assert_eq!(quick, slow);
            assert_eq!(quick.total, 1 + flood.len() as u64);
        }
    }
}
