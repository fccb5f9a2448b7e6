//! Secrets known by their shape only. No shape reaches over the end of a line.

use crate::domain::redact::{BLOT, Rest};

/// How far a shape is followed before it is taken for one.
const LIMIT: usize = 4096;

/// Where a secret ends that is too long to be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// At this quotation mark or the end of the line.
    Quote(u8),
    /// At a blank, a quotation mark or a separator.
    Blank,
}

/// What begins at one place.
pub(super) enum Shape {
    None,
    Undecided,
    Secret {
        from: usize,
        to: usize,
        then: Option<Until>,
    },
}

impl Until {
    /// Whether `byte` is the first that does not belong to the secret.
    pub(super) fn is_end(self, byte: u8) -> bool {
        match self {
            Self::Quote(quote) => byte == quote || matches!(byte, b'\n' | b'\r'),
            Self::Blank => byte.is_ascii_whitespace() || b"'\"&;<>`".contains(&byte),
        }
    }
}

/// Says whether something of a secret's shape begins at `at`.
pub(super) fn look(bytes: &[u8], at: usize, rest: Rest) -> Shape {
    match bytes.get(at) {
        Some(b':') => address(bytes, at, rest),
        Some(b'p' | b'P') => password(bytes, at, rest),
        Some(b'i' | b'I') => identified(bytes, at, rest),
        Some(_) | None => Shape::None,
    }
}

/// Returns where in a whole text the secrets are that are known by their shape.
pub(super) fn all(text: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    (0..text.len()).filter_map(|at| match look(text, at, Rest::Ended) {
        Shape::Secret { from, to, .. } => Some((from, to)),
        Shape::None | Shape::Undecided => None,
    })
}

/// `://user:secret@`
fn address(bytes: &[u8], at: usize, rest: Rest) -> Shape {
    let here = &bytes[at..];
    if !here.starts_with(b"://") {
        return undecided_if(rest == Rest::MayCome && b"://".starts_with(here));
    }
    let start = at + 3;
    let window = &bytes[start..bytes.len().min(start + LIMIT)];
    let ends = |b: &u8| !b.is_ascii_graphic() && b.is_ascii() || b"/?#\"'<>`\\".contains(b);
    let end = window.iter().position(ends);
    if end.is_none() && window.len() < LIMIT && rest == Rest::MayCome {
        return Shape::Undecided;
    }
    let authority = &window[..end.unwrap_or(window.len())];
    let Some(sign) = authority.iter().rposition(|b| *b == b'@') else {
        return Shape::None;
    };
    let Some(colon) = authority[..sign].iter().position(|b| *b == b':') else {
        return Shape::None;
    };
    secret(bytes, start + colon + 1, start + sign, None)
}

/// `PASSWORD '…'`, `password=…`, `"password": "…"`
fn password(bytes: &[u8], at: usize, rest: Rest) -> Shape {
    const WORD: &[u8] = b"password";
    let here = &bytes[at..];
    let seen = here.len().min(WORD.len());
    if !here[..seen].eq_ignore_ascii_case(&WORD[..seen]) {
        return Shape::None;
    }
    if seen < WORD.len() {
        return undecided_if(rest == Rest::MayCome);
    }
    match value_start(&bytes[..bytes.len().min(at + LIMIT)], at + WORD.len()) {
        Start::None => Shape::None,
        Start::Undecided => undecided_if(rest == Rest::MayCome && here.len() < LIMIT),
        Start::At(start, until) => value(bytes, start, until, rest),
    }
}

/// `IDENTIFIED BY '…'`, `IDENTIFIED WITH plugin AS '…'`: MySQL's and MariaDB's way to say a password.
fn identified(bytes: &[u8], at: usize, rest: Rest) -> Shape {
    const WORD: &[u8] = b"identified";
    let here = &bytes[at..];
    let seen = here.len().min(WORD.len());
    if !here[..seen].eq_ignore_ascii_case(&WORD[..seen]) {
        return Shape::None;
    }
    let more = rest == Rest::MayCome && here.len() < LIMIT;
    if seen < WORD.len() {
        return undecided_if(more);
    }
    let mut at = at + WORD.len();
    for number in 0..5 {
        at = blanks(bytes, at);
        let word = word_at(bytes, at);
        match bytes.get(at + word.len()) {
            None => return undecided_if(more),
            Some(quote @ (b'\'' | b'"')) if word.is_empty() && number > 0 => {
                return value(bytes, at + 1, Until::Quote(*quote), rest);
            }
            // `password('…')`
            Some(b'(') if number > 0 => at += word.len() + 1,
            Some(_) if word.is_empty() => return Shape::None,
            Some(_) => at += word.len(),
        }
        let first = [&b"by"[..], b"with", b"via", b"using"];
        if number == 0 && !first.iter().any(|known| word.eq_ignore_ascii_case(known)) {
            return Shape::None;
        }
    }
    Shape::None
}

fn word_at(bytes: &[u8], at: usize) -> &[u8] {
    let here = bytes.get(at..).unwrap_or_default();
    let length = here
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_');
    &here[..length.count()]
}

enum Start {
    None,
    Undecided,
    At(usize, Until),
}

/// Finds where the value begins after the word that ends at `at`.
fn value_start(bytes: &[u8], at: usize) -> Start {
    let quoted_key = bytes.get(at) == Some(&b'"');
    let at = blanks(bytes, at + usize::from(quoted_key));
    match bytes.get(at) {
        None => Start::Undecided,
        Some(b'\'') if !quoted_key => Start::At(at + 1, Until::Quote(b'\'')),
        Some(b'e' | b'E') if !quoted_key => match bytes.get(at + 1) {
            None => Start::Undecided,
            Some(b'\'') => Start::At(at + 2, Until::Quote(b'\'')),
            Some(_) => Start::None,
        },
        Some(b':') if quoted_key => quoted(bytes, blanks(bytes, at + 1), Start::None),
        Some(b'=') => {
            let start = blanks(bytes, at + 1);
            quoted(bytes, start, Start::At(start, Until::Blank))
        }
        Some(_) => Start::None,
    }
}

fn quoted(bytes: &[u8], at: usize, otherwise: Start) -> Start {
    match bytes.get(at) {
        None => Start::Undecided,
        Some(quote @ (b'\'' | b'"')) => Start::At(at + 1, Until::Quote(*quote)),
        Some(_) => otherwise,
    }
}

fn blanks(bytes: &[u8], at: usize) -> usize {
    let here = bytes.get(at..).unwrap_or_default();
    at + here
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count()
}

/// Finds where the value that begins at `start` ends: a doubled or escaped quotation mark does not end it.
fn value(bytes: &[u8], start: usize, until: Until, rest: Rest) -> Shape {
    let window = &bytes[start..bytes.len().min(start + LIMIT)];
    let mut at = 0;
    while let Some(&byte) = window.get(at) {
        let next = window.get(at + 1);
        match until {
            Until::Quote(b'"') if byte == b'\\' => at += 2,
            Until::Quote(quote) if byte == quote => match next {
                Some(again) if *again == quote => at += 2,
                Some(_) => return secret(bytes, start, start + at, None),
                None if window.len() == LIMIT || rest == Rest::Ended => {
                    return secret(bytes, start, start + at, None);
                }
                None => return Shape::Undecided,
            },
            Until::Quote(_) | Until::Blank if until.is_end(byte) => {
                return secret(bytes, start, start + at, None);
            }
            Until::Quote(_) | Until::Blank => at += 1,
        }
    }
    if window.len() == LIMIT {
        return secret(bytes, start, start + LIMIT, Some(until));
    }
    match rest {
        Rest::MayCome => Shape::Undecided,
        Rest::Ended => secret(bytes, start, bytes.len(), None),
    }
}

fn secret(bytes: &[u8], from: usize, to: usize, then: Option<Until>) -> Shape {
    let value = &bytes[from..to];
    if value.is_empty() || value == BLOT.as_bytes() {
        return Shape::None;
    }
    Shape::Secret { from, to, then }
}

fn undecided_if(more: bool) -> Shape {
    if more { Shape::Undecided } else { Shape::None }
}
