//! Secrets that an attempt learns while it prints: found in whole lines, before these are stored or shown.

use std::borrow::Cow;

use regex::bytes::{Regex, RegexBuilder};

use crate::domain::attempt::Assignment;

/// A line is held back no longer than this many bytes.
const LONGEST: usize = 64 * 1024;

/// Looks for secrets in whole lines; with no pattern nothing is held back.
#[derive(Debug, Default)]
pub struct Learning {
    patterns: Vec<Regex>,
    held: [Vec<u8>; 2],
}

impl Learning {
    /// Looks for what the secret captures of `assignment` find.
    pub fn of(assignment: &Assignment) -> Self {
        let captures = assignment.capture.iter();
        let secret = captures.filter(|c| assignment.secret_values.contains(&c.name));
        Self::by(secret.map(|c| c.pattern.as_str()))
    }

    fn by<'p>(patterns: impl Iterator<Item = &'p str>) -> Self {
        let built = patterns.map(|p| RegexBuilder::new(p).multi_line(true).build());
        Self {
            // One that is no pattern is told of when its value is to be read.
            patterns: built.filter_map(Result::ok).collect(),
            held: [Vec::new(), Vec::new()],
        }
    }

    /// Takes what came on a stream, and returns what is whole.
    pub fn lines<'b>(&mut self, stream: usize, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        if self.patterns.is_empty() {
            return bytes.into();
        }
        let held = &mut self.held[stream];
        held.extend_from_slice(bytes);
        let end = held.iter().rposition(|b| matches!(b, b'\n' | b'\r'));
        let whole = match end {
            Some(end) => end + 1,
            None if held.len() >= LONGEST => held.len(),
            None => 0,
        };
        held.drain(..whole).collect::<Vec<u8>>().into()
    }

    /// Returns what is held back of a stream that ends.
    pub fn rest(&mut self, stream: usize) -> Vec<u8> {
        std::mem::take(&mut self.held[stream])
    }

    /// Returns the secrets that stand in `lines`.
    pub fn secrets(&self, lines: &[u8]) -> Vec<Vec<u8>> {
        let found = self.patterns.iter().flat_map(|p| p.captures_iter(lines));
        let values = found.filter_map(|found| found.get(1).or_else(|| found.get(0)));
        values.map(|value| value.as_bytes().to_vec()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_before_its_line_is_let_go() {
        let mut learning = Learning::by(["^key (.+)$"].into_iter());
        assert!(learning.lines(0, b"key geh").is_empty());
        let whole = learning.lines(0, b"eim77\nrest").into_owned();
        assert_eq!(whole, b"key geheim77\n");
        assert_eq!(learning.secrets(&whole), [b"geheim77".to_vec()]);
        assert_eq!(learning.rest(0), b"rest");
        assert_eq!(learning.lines(1, &vec![b'x'; LONGEST]).len(), LONGEST);
    }

    #[test]
    fn without_a_secret_to_learn_nothing_is_held_back() {
        let mut learning = Learning::default();
        assert_eq!(&*learning.lines(0, b"Continue? "), b"Continue? ");
    }
}
