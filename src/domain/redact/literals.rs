//! Secrets known by their value.

use crate::domain::redact::{Look, Rest, shapes};

/// A shorter value would blot out ordinary words.
const SHORTEST: usize = 6;

/// The values to look for, the longest first among those with the same first byte.
#[derive(Debug, Clone)]
pub(super) struct Literals {
    values: Vec<Vec<u8>>,
    /// The values as they are meant, the longest first: they may be spelled otherwise byte by byte.
    meant: Vec<Vec<u8>>,
    begins: [bool; 256],
}

impl Literals {
    /// Looks for `secrets`: each line of them, their encodings, and the password of those that are an address.
    pub(super) fn new<S: AsRef<[u8]>>(secrets: impl IntoIterator<Item = S>) -> Self {
        let mut meant = Vec::new();
        for secret in secrets {
            let secret = secret.as_ref();
            for line in secret.split(|b| matches!(b, b'\n' | b'\r')) {
                meant.push(line.trim_ascii().to_vec());
            }
            meant.extend(passwords_in(secret));
        }
        meant.retain(|value| value.len() >= SHORTEST);
        meant.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        meant.dedup();
        let mut values = Vec::new();
        for value in &meant {
            add(value, &mut values);
        }
        values.sort_by(|a, b| {
            a.first()
                .cmp(&b.first())
                .then(b.len().cmp(&a.len()))
                .then(a.cmp(b))
        });
        values.dedup();
        let mut begins = [false; 256];
        for first in values.iter().filter_map(|v| v.first()).chain(b":pPiI") {
            begins[usize::from(*first)] = true;
        }
        for mark in b"%\\" {
            begins[usize::from(*mark)] |= !meant.is_empty();
        }
        Self {
            values,
            meant,
            begins,
        }
    }

    /// Looks for `secret` as well.
    pub(super) fn and(&self, secret: &[u8]) -> Self {
        let known = self.meant.iter().map(Vec::as_slice);
        Self::new(known.chain([secret]))
    }

    /// Whether a secret, known by value or by shape, may begin with `byte`.
    pub(super) fn may_begin(&self, byte: u8) -> bool {
        self.begins[usize::from(byte)]
    }

    /// Says whether one of the values begins at `at`.
    pub(super) fn look(&self, bytes: &[u8], at: usize, rest: Rest) -> Look {
        let here = &bytes[at..];
        let Some(first) = here.first() else {
            return Look::Nothing;
        };
        let start = self.values.partition_point(|v| v.first() < Some(first));
        for value in self.values[start..]
            .iter()
            .take_while(|v| v.first() == Some(first))
        {
            if here.starts_with(value) {
                return Look::Secret {
                    from: at,
                    to: at + value.len(),
                    then: None,
                };
            }
            if rest == Rest::MayCome && value.starts_with(here) {
                return Look::Undecided;
            }
        }
        for value in &self.meant {
            match spelled(value, here) {
                Fit::Whole(length) => {
                    return Look::Secret {
                        from: at,
                        to: at + length,
                        then: None,
                    };
                }
                Fit::Part if rest == Rest::MayCome => return Look::Undecided,
                Fit::Part | Fit::No => {}
            }
        }
        Look::Nothing
    }
}

/// How far a text is a spelling of a value.
enum Fit {
    /// Its first so many bytes are.
    Whole(usize),
    /// All of it is the beginning of one.
    Part,
    No,
}

/// Says whether `text` begins with `value`, each byte as it is, as `%2f` or `%2F`, or behind a `\`; a blank also as `+`.
///
/// Addresses, forms and JSON spell only what they must, and each of them something else.
fn spelled(value: &[u8], text: &[u8]) -> Fit {
    let mut at = 0;
    for &byte in value {
        let here = &text[at..];
        let Some(&first) = here.first() else {
            return Fit::Part;
        };
        at += match (first, here.get(1), here.get(2)) {
            (b'%', Some(high), Some(low)) if hex(*high, *low) == Some(byte) => 3,
            (b'%', Some(high), None) if hex(*high, b'0').is_some_and(|n| n >> 4 == byte >> 4) => {
                return Fit::Part;
            }
            (b'%' | b'\\', None, _) => return Fit::Part,
            (b'\\', Some(escaped), _) if *escaped == byte && b"\"\\/'".contains(&byte) => 2,
            (b'+', _, _) if byte == b' ' => 1,
            _ if first == byte => 1,
            _ => return Fit::No,
        };
    }
    Fit::Whole(at)
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|n| u8::try_from(n).ok())
    };
    Some(digit(high)? << 4 | digit(low)?)
}

fn add(value: &[u8], values: &mut Vec<Vec<u8>>) {
    values.push(value.to_vec());
    for shift in 0..3 {
        values.extend(base64_cores(value, shift, *b"+/"));
        values.extend(base64_cores(value, shift, *b"-_"));
    }
}

/// Returns the passwords in a connection string.
pub(super) fn passwords_in(text: &[u8]) -> Vec<Vec<u8>> {
    let address = password_of(text);
    let decoded = address.map(percent_decoded);
    let keyword = shapes::all(text).map(|(from, to)| text[from..to].to_vec());
    address
        .map(<[u8]>::to_vec)
        .into_iter()
        .chain(decoded)
        .chain(keyword)
        .collect()
}

/// Returns the password of `scheme://user:password@host`, as written.
fn password_of(secret: &[u8]) -> Option<&[u8]> {
    let start = secret.windows(3).position(|w| w == b"://")? + 3;
    let rest = &secret[start..];
    let end = rest
        .iter()
        .position(|b| matches!(b, b'/' | b'?' | b'#'))
        .unwrap_or(rest.len());
    // A password may hold a bare `/`: then the last `@` lies behind it.
    let at = rest[..end]
        .iter()
        .rposition(|b| *b == b'@')
        .or_else(|| rest.iter().rposition(|b| *b == b'@'))?;
    let colon = rest[..at].iter().position(|b| *b == b':')?;
    Some(&rest[colon + 1..at])
}

fn percent_decoded(value: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&first, tail)) = rest.split_first() {
        let byte = (first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|digits| hex(digits[0], digits[1]));
        decoded.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    decoded
}

/// Returns what base64 makes of `value` when `shift` bytes stand before it: the letters that it alone decides, and the
/// same with the letter that only its last bits decide, as it is where nothing follows.
fn base64_cores(value: &[u8], shift: usize, last_two: [u8; 2]) -> Vec<Vec<u8>> {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let bits = (shift + value.len()) * 8;
    let letter = |n: usize| {
        let bit = |i: usize| {
            let byte = (i / 8).checked_sub(shift).and_then(|at| value.get(at));
            usize::from(byte.copied().unwrap_or(0) >> (7 - i % 8) & 1)
        };
        let code = (0..6).fold(0, |code, i| code << 1 | bit(n * 6 + i));
        ALPHABET
            .get(code)
            .copied()
            .unwrap_or_else(|| last_two[code - 62])
    };
    let first = (shift * 8).div_ceil(6);
    [bits / 6, bits.div_ceil(6)]
        .map(|end| (first..end).map(letter).collect())
        .into_iter()
        .filter(|core: &Vec<u8>| core.len() >= SHORTEST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_as_in_rfc_4648() {
        let core = |value: &str, shift| {
            let cores = base64_cores(value.as_bytes(), shift, *b"+/");
            String::from_utf8(cores[0].clone()).unwrap()
        };
        assert_eq!(core("foobar", 0), "Zm9vYmFy");
        assert_eq!(core("bob:correct", 0), "Ym9iOmNvcnJlY3");
        // `xsecret!!`, `xysecret!!`: the letters that hold bits of the neighbours are left out
        assert_eq!(core("secret!!", 1), "NlY3JldCEh");
        assert_eq!(core("secret!!", 2), "zZWNyZXQhI");
        assert_eq!(
            base64_cores(b"correct horse", 0, *b"+/")[1],
            b"Y29ycmVjdCBob3JzZQ"
        );
    }

    #[test]
    fn the_password_of_an_address_is_found() {
        assert_eq!(password_of(b"mysql://u:a/b@h/d"), Some(&b"a/b"[..]));
        assert_eq!(password_of(b"mysql://u:ab@h/d@e"), Some(&b"ab"[..]));
        assert_eq!(password_of(b"mysql://h:3306/d"), None);
        assert_eq!(percent_decoded(b"a%2"), b"a%2");
        assert_eq!(percent_decoded(b"%zz%41"), b"%zzA");
    }
}
