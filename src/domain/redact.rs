//! Blotting out secrets in a stream of bytes before anything of it is stored, digested or shown.
//!
//! Known secrets are found by their value (and its usual encodings), unknown ones by their shape: `user:pass@` in an
//! address, `PASSWORD '…'` in a statement, `password=…`. What may still become a secret is held back until more
//! comes, so that none slips through between two reads; at most a few kilobytes are held.

mod literals;
mod shapes;
#[cfg(test)]
mod tests;

use literals::Literals;
use shapes::{Shape, Until};

/// What stands in a secret's place.
pub const BLOT: &str = "[redacted]";

/// Blots secrets out of one stream.
#[derive(Debug, Clone)]
pub struct Redactor {
    literals: Literals,
    held: Vec<u8>,
    swallowing: Option<Until>,
    redactions: u64,
}

/// Whether more of the stream can come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    MayCome,
    Ended,
}

/// What begins at one place of the stream.
enum Look {
    /// No secret.
    Nothing,
    /// That depends on what comes next.
    Undecided,
    /// A secret from here to there, and perhaps further.
    Secret {
        from: usize,
        to: usize,
        then: Option<Until>,
    },
}

impl Redactor {
    /// Blots out `secrets`, and what has the shape of a secret. Values under 6 bytes are left alone: they would blot out words.
    pub fn new<S: AsRef<[u8]>>(secrets: impl IntoIterator<Item = S>) -> Self {
        Self {
            literals: Literals::new(secrets),
            held: Vec::new(),
            swallowing: None,
            redactions: 0,
        }
    }

    /// Returns a redactor of the same secrets for another stream.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self {
            literals: self.literals.clone(),
            held: Vec::new(),
            swallowing: None,
            redactions: 0,
        }
    }

    /// Blots out `secret` too, from here on.
    pub fn learn(&mut self, secret: &[u8]) {
        self.literals = self.literals.and(secret);
    }

    /// Feeds `input`, and appends to `clean` what is certainly no secret.
    pub fn push(&mut self, input: &[u8], clean: &mut Vec<u8>) {
        if self.held.is_empty() {
            self.scan(input, Rest::MayCome, clean);
        } else {
            let mut joined = std::mem::take(&mut self.held);
            joined.extend_from_slice(input);
            self.scan(&joined, Rest::MayCome, clean);
        }
    }

    /// Ends the stream, and appends what was held back.
    pub fn finish(&mut self, clean: &mut Vec<u8>) {
        let held = std::mem::take(&mut self.held);
        self.scan(&held, Rest::Ended, clean);
        self.swallowing = None;
    }

    /// Returns how many secrets were blotted out of the stream.
    pub fn redactions(&self) -> u64 {
        self.redactions
    }

    /// Returns `text` without secrets.
    pub fn redact_text(&self, text: &str) -> String {
        let mut clean = Vec::with_capacity(text.len());
        let mut stream = self.fresh();
        stream.push(text.as_bytes(), &mut clean);
        stream.finish(&mut clean);
        String::from_utf8_lossy(&clean).into_owned()
    }

    fn scan(&mut self, bytes: &[u8], rest: Rest, clean: &mut Vec<u8>) {
        let mut told = 0;
        let mut at = 0;
        loop {
            if let Some(until) = self.swallowing {
                let Some(end) = bytes[at..].iter().position(|b| until.is_end(*b)) else {
                    return;
                };
                self.swallowing = None;
                at += end;
                told = at;
            }
            let Some(next) = bytes
                .iter()
                .skip(at)
                .position(|b| self.literals.may_begin(*b))
            else {
                clean.extend_from_slice(&bytes[told..]);
                return;
            };
            at += next;
            match self.look(bytes, at, rest) {
                Look::Nothing => at += 1,
                Look::Undecided => {
                    clean.extend_from_slice(&bytes[told..at]);
                    self.held = bytes[at..].to_vec();
                    return;
                }
                Look::Secret { from, to, then } => {
                    clean.extend_from_slice(&bytes[told..from]);
                    clean.extend_from_slice(BLOT.as_bytes());
                    self.redactions += 1;
                    self.swallowing = then;
                    told = to;
                    at = to;
                }
            }
        }
    }

    /// Says whether a secret begins at `at`: a known one first, then one known by its shape.
    fn look(&self, bytes: &[u8], at: usize, rest: Rest) -> Look {
        match self.literals.look(bytes, at, rest) {
            Look::Nothing => {}
            Look::Undecided => return Look::Undecided,
            Look::Secret { from, to, then } => return self.widened(bytes, from, to, then, rest),
        }
        match shapes::look(bytes, at, rest) {
            Shape::None => Look::Nothing,
            Shape::Undecided => Look::Undecided,
            Shape::Secret { from, to, then } => self.before(bytes, at, from, to, then, rest),
        }
    }

    /// A known secret may stand in front of one known by its shape (a user's name), or reach into it.
    fn before(
        &self,
        bytes: &[u8],
        at: usize,
        from: usize,
        to: usize,
        then: Option<Until>,
        rest: Rest,
    ) -> Look {
        for place in at + 1..from {
            match self.literals.look(bytes, place, rest) {
                Look::Nothing => {}
                Look::Undecided => return Look::Undecided,
                // What lies between stays hidden too: a user's name is no loss.
                Look::Secret { from, to: end, .. } => {
                    return self.widened(bytes, from, to.max(end), then, rest);
                }
            }
        }
        self.widened(bytes, from, to, then, rest)
    }

    /// Known secrets that begin within another and reach beyond it belong to the same blot.
    fn widened(
        &self,
        bytes: &[u8],
        from: usize,
        mut to: usize,
        then: Option<Until>,
        rest: Rest,
    ) -> Look {
        let mut place = from + 1;
        while place < to {
            match self.literals.look(bytes, place, rest) {
                Look::Nothing => {}
                Look::Undecided => return Look::Undecided,
                Look::Secret { to: end, .. } => to = to.max(end),
            }
            place += 1;
        }
        Look::Secret { from, to, then }
    }
}

/// Returns the passwords in a connection string, an address or keywords, as written and as meant.
pub fn passwords_in(text: &[u8]) -> Vec<Vec<u8>> {
    literals::passwords_in(text)
}

/// Returns what has the shape of a secret in a statement or a script that is written down as it is.
pub fn written_in(text: &[u8]) -> Vec<Vec<u8>> {
    let found = shapes::all(text).map(|(from, to)| text[from..to].to_vec());
    // What the shell puts in is no secret as it is written.
    found.filter(|value| !value.contains(&b'$')).collect()
}

/// Returns `text` without what has the shape of a secret.
pub fn redact_text(text: &str) -> String {
    Redactor::new::<&[u8]>([]).redact_text(text)
}
