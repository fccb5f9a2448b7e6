//! Blotting out secrets in a stream of bytes before anything of it is stored, digested or shown.
//!
//! Known secrets are found by their value (and its usual encodings), unknown ones by their shape: `user:pass@` in an
//! address, `PASSWORD '…'` in a statement, `password=…`. What may still become a secret is held back until more
//! comes, so that none slips through between two reads; at most a few kilobytes are held.

mod literals;
mod shapes;

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(secrets: &[&str], text: &[u8]) -> (Vec<u8>, u64) {
        let mut redactor = Redactor::new(secrets);
        let mut clean = Vec::new();
        redactor.push(text, &mut clean);
        redactor.finish(&mut clean);
        (clean, redactor.redactions())
    }

    fn clean(secrets: &[&str], text: &str) -> String {
        Redactor::new(secrets).redact_text(text)
    }

    #[test]
    fn a_known_secret_is_blotted_out_wherever_it_stands() {
        assert_eq!(
            clean(&["hunter22"], "a hunter22,hunter22hunter22 b"),
            "a [redacted],[redacted][redacted] b"
        );
        assert_eq!(whole(&["hunter22"], b"hunter22 hunter2").1, 1);
    }

    #[test]
    fn a_short_value_is_left_alone() {
        assert_eq!(clean(&["yes", "12345"], "yes, 12345"), "yes, 12345");
    }

    #[test]
    fn each_line_of_a_secret_with_several_is_blotted_out() {
        let key = "-----BEGIN KEY-----\nabcdefghijkl\r\nmnopqrstuvw\n--";
        assert_eq!(
            clean(&[key], "x abcdefghijkl y\nmnopqrstuvw"),
            "x [redacted] y\n[redacted]"
        );
    }

    #[test]
    fn encodings_of_a_secret_are_blotted_out() {
        // base64 of `bob:correct horse`, `correct horse` at an odd place; then percent and JSON
        assert!(!clean(&["correct horse"], "Basic Ym9iOmNvcnJlY3QgaG9yc2U=").contains("cnJlY3Qg"));
        assert_eq!(
            clean(&["correct horse"], "Y29ycmVjdCBob3JzZQ=="),
            "[redacted]=="
        );
        for spelled in [
            "p%40ss%2Fwo rd",
            "p%40ss%2fwo%20rd",
            "p@ss/wo+rd",
            "%70%40%73%73%2f%77%6F%20%72%64",
            "p@ss\\/wo rd",
        ] {
            assert_eq!(
                clean(&["p@ss/wo rd"], &format!("?k={spelled}&")),
                "?k=[redacted]&"
            );
        }
        assert_eq!(
            clean(&["a\"quote\\d"], r#"{"x":"a\"quote\\d"}"#),
            r#"{"x":"[redacted]"}"#
        );
    }

    #[test]
    fn the_password_of_a_secret_address_is_a_secret_too() {
        assert_eq!(
            clean(
                &["postgres://app:s%40cretly@db/shop"],
                "login app s@cretly s%40cretly"
            ),
            "login app [redacted] [redacted]"
        );
    }

    #[test]
    fn a_password_in_an_address_is_blotted_out() {
        assert_eq!(
            redact_text("postgres://app:p@ss@db:5432/x and http://host:8080/@y ftp://u@h"),
            "postgres://app:[redacted]@db:5432/x and http://host:8080/@y ftp://u@h"
        );
    }

    #[test]
    fn a_password_in_a_statement_or_a_setting_is_blotted_out() {
        assert_eq!(
            redact_text("ALTER ROLE app PASSWORD 'it''s x' VALID"),
            "ALTER ROLE app PASSWORD '[redacted]' VALID"
        );
        assert_eq!(
            redact_text("host=db password=geheim user=x; PGPASSWORD='a b' Password = \"c\""),
            "host=db password=[redacted] user=x; PGPASSWORD='[redacted]' Password = \"[redacted]\""
        );
        assert_eq!(
            redact_text(r#"{"password": "a\"b", "user": "password"}"#),
            r#"{"password": "[redacted]", "user": "password"}"#
        );
        assert_eq!(
            redact_text(
                "create user a identified by 'geheim'; alter user b IDENTIFIED VIA x USING PASSWORD('ge''heim') "
            ),
            "create user a identified by '[redacted]'; alter user b IDENTIFIED VIA x USING PASSWORD('[redacted]') "
        );
        assert_eq!(
            redact_text("identified by random password, it is"),
            "identified by random password, it is"
        );
        let harmless = "Password: \npassword authentication failed for user \"app\"\npassword ''";
        assert_eq!(redact_text(harmless), harmless);
    }

    #[test]
    fn a_statement_that_never_closes_its_quote_is_swallowed_to_the_end_of_its_line() {
        let long = "x".repeat(20_000);
        let text = format!("PASSWORD '{long}\nnext");
        assert_eq!(redact_text(&text), "PASSWORD '[redacted]\nnext");
    }

    #[test]
    fn overlapping_secrets_leave_nothing_between_them() {
        assert_eq!(
            clean(&["abcdef", "defghi", "hijklm"], "-abcdefghijklm-"),
            "-[redacted]-"
        );
        assert_eq!(
            clean(&["user:pass1"], "x://user:pass1@h"),
            "x://[redacted]@h"
        );
    }

    #[test]
    fn a_prompt_is_not_held_back() {
        let mut redactor = Redactor::new(["hunter22"]);
        let mut seen = Vec::new();
        redactor.push(b"Continue? [y/n] ", &mut seen);
        assert_eq!(seen, b"Continue? [y/n] ");
    }

    const SECRETS: [&str; 4] = [
        "hunter22",
        "hunter22-and-more",
        "22-hunter",
        "pg://me:topsecret@h/d",
    ];
    const WORDS: [&str; 18] = [
        "hunt%65r22",
        "%32%",
        "hunter22",
        "hunter",
        "22-hunter",
        "-and-more",
        "PASSWORD '",
        "' ",
        "pass",
        "word=",
        "://",
        "u:",
        "@",
        "topsecret",
        "\n",
        " ",
        "p",
        "aHVudGVyMjI",
    ];

    proptest! {
        #[test]
        fn no_chunking_changes_what_is_blotted_out(
            words in prop::collection::vec(0..WORDS.len(), 0..40),
            cuts in prop::collection::vec(1..9usize, 1..60),
            noise in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            let mut text: Vec<u8> = words.iter().flat_map(|w| WORDS[*w].bytes()).collect();
            text.extend(noise);
            let (expected, count) = whole(&SECRETS, &text);
            let mut redactor = Redactor::new(SECRETS);
            let mut seen = Vec::new();
            let mut left = text.as_slice();
            for cut in cuts.iter().cycle() {
                let (piece, rest) = left.split_at((*cut).min(left.len()));
                redactor.push(piece, &mut seen);
                left = rest;
                if left.is_empty() { break; }
            }
            redactor.finish(&mut seen);
            prop_assert_eq!(&seen, &expected);
            prop_assert_eq!(redactor.redactions(), count);
            for secret in ["hunter22", "22-hunter", "topsecret", "aHVudGVyMjI"] {
                prop_assert!(!seen.windows(secret.len()).any(|w| w == secret.as_bytes()));
            }
        }

        #[test]
        fn bytes_that_are_no_secret_pass_unchanged(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let plain: Vec<u8> = bytes.into_iter().filter(|b| !b":pP".contains(b)).collect();
            prop_assert_eq!(whole(&[], &plain).0, plain);
        }
    }
}
