//! The list of signers that a verifier trusts: OpenSSH's `allowed_signers`, read with its meanings.

use chrono::{DateTime, Local, NaiveDateTime, TimeZone as _, Utc};

use crate::engine::seal::wire::PublicKey;

mod edit;
mod lint;
mod place;

pub use edit::{Addition, EditError, Expiry, Span, add, expire};
pub use lint::{Grade, Remark, lint};
pub use place::upward;

/// A list of signers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trust {
    /// Its lines.
    pub signers: Vec<Signer>,
    /// The numbers of lines that cannot be read, counted from one.
    pub unreadable: Vec<usize>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The number of its line, counted from one.
    pub line: usize,
    /// Patterns of identities.
    pub principals: String,
    /// Patterns of namespaces; `None`: all.
    pub namespaces: Option<String>,
    /// Not before.
    pub after: Option<DateTime<Utc>>,
    /// Not later than.
    pub before: Option<DateTime<Utc>>,
    /// What the key is for.
    pub part: Part,
    /// The key.
    pub key: PublicKey,
}

/// What the key of a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It signs itself.
    Signs,
    /// It certifies keys that sign.
    Certifies,
}

/// What a list says about a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// The key may sign for this person in this namespace at this time.
    Allowed,
    /// It may not, and why.
    Refused(String),
}

impl Trust {
    /// Reads a list.
    pub fn read(text: &str) -> Self {
        let mut trust = Self::default();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match signer(line, at + 1) {
                Some(signer) => trust.signers.push(signer),
                None => trust.unreadable.push(at + 1),
            }
        }
        trust
    }

    /// Returns whether `key` may sign for `identity` in `namespace` at `time`.
    pub fn judge(
        &self,
        key: &PublicKey,
        identity: &str,
        namespace: &str,
        time: DateTime<Utc>,
    ) -> Word {
        let mut reason = "key is not listed for this person in the trust file".to_owned();
        let lines = self.signers.iter().filter(|s| {
            s.part == Part::Signs && s.key == *key && matches_list(&s.principals, identity)
        });
        for signer in lines {
            match signer.refuses(namespace, time) {
                None => return Word::Allowed,
                Some(why) => reason = why,
            }
        }
        Word::Refused(reason)
    }

    /// Returns whose `key` is, as the list spells them: who may sign with it in `namespace` at `time`, else who might
    /// elsewhere or at another time.
    pub fn whose(&self, key: &PublicKey, namespace: &str, time: DateTime<Utc>) -> Option<&str> {
        let mut lines = self
            .signers
            .iter()
            .filter(|s| s.part == Part::Signs && s.key == *key);
        let first = lines.clone().next()?;
        let allowed = lines.find(|s| s.refuses(namespace, time).is_none());
        Some(allowed.unwrap_or(first).principals.as_str())
    }

    /// Whether certificates are trusted at all.
    pub fn has_authorities(&self) -> bool {
        self.signers.iter().any(|s| s.part == Part::Certifies)
    }
}

impl Signer {
    fn refuses(&self, namespace: &str, time: DateTime<Utc>) -> Option<String> {
        let day = |t: DateTime<Utc>| t.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        if self
            .namespaces
            .as_ref()
            .is_some_and(|n| !matches_list(n, namespace))
        {
            return Some(format!(
                "key is not permitted for use in signature namespace \"{namespace}\""
            ));
        }
        if let Some(after) = self.after.filter(|t| time < *t) {
            return Some(format!(
                "key is not yet valid at {}: it is from {}",
                day(time),
                day(after)
            ));
        }
        let before = self.before.filter(|t| time > *t)?;
        Some(format!(
            "key has expired at {}: it was valid until {}",
            day(time),
            day(before)
        ))
    }
}

fn signer(line: &str, number: usize) -> Option<Signer> {
    let (principals, rest) = word(line)?;
    let mut signer = Signer {
        line: number,
        principals,
        namespaces: None,
        after: None,
        before: None,
        part: Part::Signs,
        key: PublicKey {
            kind: String::new(),
            blob: Vec::new(),
        },
    };
    if let Some((key, _)) = PublicKey::from_line(rest) {
        signer.key = key;
        return Some(signer);
    }
    let mut options = rest;
    loop {
        let end = options.find([',', ' ', '\t', '=']).unwrap_or(options.len());
        let name = options[..end].to_ascii_lowercase();
        let mut after = &options[end..];
        let mut value = None;
        if let Some(quoted) = after.strip_prefix("=\"") {
            let (text, behind) = quoted.split_once('"')?;
            value = Some(text);
            after = behind;
        }
        // Said twice, OpenSSH takes none of it.
        let replaced = match (name.as_str(), value) {
            ("cert-authority", None) => {
                signer.part = Part::Certifies;
                false
            }
            ("namespaces", Some(list)) => signer.namespaces.replace(list.to_owned()).is_some(),
            ("valid-after", Some(text)) => signer.after.replace(moment(text)?).is_some(),
            ("valid-before", Some(text)) => signer.before.replace(moment(text)?).is_some(),
            _ => return None,
        };
        if replaced {
            return None;
        }
        let Some(more) = after.strip_prefix(',') else {
            signer.key = PublicKey::from_line(after)?.0;
            let never = signer.after.zip(signer.before).is_some_and(|(a, b)| a >= b);
            return (!never).then_some(signer);
        };
        options = more;
    }
}

/// The first word of a line, which may stand in double quotes.
fn word(line: &str) -> Option<(String, &str)> {
    if let Some(quoted) = line.strip_prefix('"') {
        let (word, rest) = quoted.split_once('"')?;
        return Some((word.to_owned(), rest.trim_start()));
    }
    let (word, rest) = line.split_once([' ', '\t'])?;
    Some((word.to_owned(), rest.trim_start()))
}

/// `YYYYMMDD[HHMM[SS]][Z]`; without `Z` in local time, as OpenSSH has it.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    let (digits, is_utc) = match text.strip_suffix(['Z', 'z']) {
        Some(digits) => (digits, true),
        None => (text, false),
    };
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole = match digits.len() {
        8 => format!("{digits}000000"),
        12 => format!("{digits}00"),
        14 => digits.to_owned(),
        _ => return None,
    };
    let naive = NaiveDateTime::parse_from_str(&whole, "%Y%m%d%H%M%S").ok()?;
    if is_utc {
        return Some(naive.and_utc());
    }
    Local
        .from_local_datetime(&naive)
        .earliest()
        .map(|t| t.to_utc())
}

/// OpenSSH's pattern lists: separated by commas, `*` and `?`, `!` refuses.
fn matches_list(patterns: &str, text: &str) -> bool {
    let mut found = false;
    for pattern in patterns.split(',') {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches(pattern.as_bytes(), text.as_bytes()) => return false,
            Some(_) => {}
            None => found |= matches(pattern.as_bytes(), text.as_bytes()),
        }
    }
    found
}

/// Matches with one place to return to, so that no pattern takes more than length times length steps.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            Some(_) | None => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILqxqM5WAx8Uctjp22a6yrXrYZiqkKHZ5e7YgL7KQCYB";

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    fn judged(line: &str, identity: &str, namespace: &str) -> Word {
        let trust = Trust::read(&format!("# people\n\n{line}\n"));
        assert_eq!(trust.unreadable, [0; 0], "{line}");
        let (key, _) = PublicKey::from_line(KEY).unwrap();
        trust.judge(&key, identity, namespace, at("2026-11-20T12:00:00Z"))
    }

    #[test]
    fn a_listed_key_signs_for_its_person_in_its_namespace() {
        let line = format!(
            "dana@example.com,d@* namespaces=\"role.*@holdpoint,!role.qa*\",valid-after=\"20260101Z\" {KEY} x y"
        );
        assert_eq!(
            judged(&line, "dana@example.com", "role.dba@holdpoint"),
            Word::Allowed
        );
        assert_eq!(judged(&line, "d@x", "role.dba@holdpoint"), Word::Allowed);
        assert!(
            matches!(judged(&line, "quinn@x", "role.dba@holdpoint"), Word::Refused(w) if w.contains("not listed"))
        );
        assert!(
            matches!(judged(&line, "d@x", "role.qa@holdpoint"), Word::Refused(w) if w.contains("not permitted"))
        );
    }

    #[test]
    fn a_key_out_of_its_time_is_refused() {
        let late = format!("\"d@x\" valid-before=\"20261120115959Z\" {KEY}");
        assert!(matches!(judged(&late, "d@x", "n"), Word::Refused(w) if w.contains("expired")));
        let soon = format!("d@x valid-after=\"202611201201Z\" {KEY}");
        assert!(matches!(judged(&soon, "d@x", "n"), Word::Refused(w) if w.contains("not yet")));
    }

    #[test]
    fn an_authority_does_not_sign_itself() {
        let line = format!("*@x cert-authority {KEY}");
        assert!(matches!(judged(&line, "d@x", "n"), Word::Refused(_)));
        assert!(Trust::read(&line).has_authorities());
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named_and_trusts_nobody() {
        let text = format!(
            "a\nd@x no-such-option {KEY}\nd@x namespaces=\"open {KEY}\nd@x valid-after=\"2026\" {KEY}\n"
        );
        let trust = Trust::read(&text);
        assert_eq!(
            (trust.unreadable, trust.signers.len()),
            (vec![1, 2, 3, 4], 0)
        );
    }

    #[test]
    fn patterns_match_as_openssh_has_them() {
        for (pattern, text, is) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("?", "", false),
            ("a,b", "b", true),
            ("!a,*", "a", false),
            ("*a*b*", "xxaxxbxx", true),
            ("", "a", false),
        ] {
            assert_eq!(matches_list(pattern, text), is, "{pattern} {text}");
        }
    }
}
