//! What the log needs to know of an output, however long it is: its digest, its size, its first and last lines.
//!
//! It is fed piece by piece, so a file is read once and never held whole.

use std::collections::VecDeque;

use memchr::{memchr, memchr_iter};

use crate::domain::digest::Sha256;
use crate::domain::tame::{LINE_SHOWN, Quoted};

/// Lines that are kept from the beginning, and as many from the end.
const KEPT: usize = 21;

/// The beginning of a line, and how long the whole of it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Begun {
    text: Vec<u8>,
    length: usize,
}

/// A file that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Its digest.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Its lines; one without an end counts.
    pub lines: usize,
    first: Vec<Begun>,
    last: VecDeque<Begun>,
}

/// A file while it is being read.
#[derive(Debug, Clone, Default)]
pub struct Scanner {
    sum: Sha256,
    bytes: u64,
    lines: usize,
    first: Vec<Begun>,
    last: VecDeque<Begun>,
    open: Begun,
}

impl Scanner {
    /// Takes the next piece.
    pub fn feed(&mut self, piece: &[u8]) {
        self.sum.update(piece);
        self.bytes += piece.len() as u64;
        let ends = memchr_iter(b'\n', piece).count();
        let mut rest = piece;
        // Of a piece with many lines only the first and the last can ever be shown: those between are counted.
        let mut between = ends.saturating_sub(2 * KEPT);
        let mut seen = 0;
        while let Some(end) = memchr(b'\n', rest) {
            self.open.take(&rest[..end]);
            self.end_line();
            rest = &rest[end + 1..];
            seen += 1;
            if seen == KEPT && between > 0 {
                rest = behind(rest, between);
                self.lines += between;
                self.last.clear();
                between = 0;
            }
        }
        self.open.take(rest);
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.open);
        self.lines += 1;
        if self.first.len() < KEPT {
            self.first.push(line.clone());
        }
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    /// Returns what was read.
    pub fn done(mut self) -> Scan {
        if self.open.length > 0 {
            self.end_line();
        }
        Scan {
            sha256: self.sum.hex(),
            bytes: self.bytes,
            lines: self.lines,
            first: self.first,
            last: self.last,
        }
    }
}

/// Returns what stands behind so many line ends.
fn behind(piece: &[u8], ends: usize) -> &[u8] {
    match memchr_iter(b'\n', piece).nth(ends - 1) {
        Some(at) => &piece[at + 1..],
        None => &[],
    }
}

impl Begun {
    fn take(&mut self, piece: &[u8]) {
        let room = LINE_SHOWN.saturating_sub(self.text.len());
        self.text.extend(&piece[..piece.len().min(room)]);
        self.length += piece.len();
    }

    fn quoted(&self) -> Quoted<'_> {
        Quoted::Begun {
            text: &self.text,
            more: self.length - self.text.len(),
        }
    }
}

impl Scan {
    /// Reads bytes that are at hand.
    pub fn of(bytes: &[u8]) -> Self {
        let mut scanner = Scanner::default();
        scanner.feed(bytes);
        scanner.done()
    }

    /// Returns at most `shown` lines (and one more, rather than saying that one is left out): a third from the
    /// beginning, the rest from the end, where the reason of a failure stands.
    pub fn excerpt(&self, shown: usize) -> Vec<Quoted<'_>> {
        if self.lines <= (shown + 1).min(self.first.len()) {
            return self.first.iter().map(Begun::quoted).collect();
        }
        let shown = shown.min(KEPT);
        let head = shown / 3;
        let tail = self.last.len().saturating_sub(shown - head);
        let left_out = Quoted::LeftOut(self.lines - shown);
        let first = self.first.iter().take(head).map(Begun::quoted);
        let last = self.last.iter().skip(tail).map(Begun::quoted);
        first.chain([left_out]).chain(last).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::digest::sha256_hex;

    /// The same, from all lines at once.
    fn plainly(bytes: &[u8], shown: usize) -> (usize, Vec<Quoted<'_>>) {
        let mut lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').collect();
        if lines.last().is_some_and(|l| l.is_empty()) {
            lines.pop();
        }
        let count = lines.len();
        let kept: Vec<Quoted> = if count <= shown + 1 {
            lines.into_iter().map(Quoted::Text).collect()
        } else {
            let head = shown / 3;
            let first = lines[..head].iter().map(|l| Quoted::Text(l));
            let last = lines[count - (shown - head)..]
                .iter()
                .map(|l| Quoted::Text(l));
            first
                .chain([Quoted::LeftOut(count - shown)])
                .chain(last)
                .collect()
        };
        (count, kept)
    }

    proptest! {
        #[test]
        fn in_pieces_or_at_once_it_is_the_same(
            lines in prop::collection::vec("[ab]{0,3}", 0..200),
            ended in any::<bool>(),
            cut in 1usize..300,
        ) {
            let mut text = lines.join("\n");
            if ended {
                text.push('\n');
            }
            let mut scanner = Scanner::default();
            for piece in text.as_bytes().chunks(cut) {
                scanner.feed(piece);
            }
            let scan = scanner.done();
            prop_assert_eq!(&scan.sha256, &sha256_hex(text.as_bytes()));
            prop_assert_eq!(scan.bytes, text.len() as u64);
            for shown in [6, 20] {
                let (count, plain) = plainly(text.as_bytes(), shown);
                prop_assert_eq!(scan.lines, count);
                prop_assert_eq!(
                    crate::domain::tame::fenced(scan.excerpt(shown)),
                    crate::domain::tame::fenced(plain)
                );
            }
        }
    }

    #[test]
    fn a_line_without_end_is_kept_in_its_beginning() {
        let mut scanner = Scanner::default();
        for _ in 0..50 {
            scanner.feed(&[b'x'; 1_000]);
        }
        let scan = scanner.done();
        assert_eq!(scan.lines, 1);
        assert_eq!(
            crate::domain::tame::fenced(scan.excerpt(6)),
            format!(
                "```text\n| {}\n... the line above goes on for 48000 bytes ...\n```\n",
                "x".repeat(LINE_SHOWN)
            )
        );
    }
}
