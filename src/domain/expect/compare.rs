//! Comparing two texts as what they are: numbers, versions, sizes, durations, else text.
//!
//! Both sides as numbers first; with a unit on one side the other may go without (bytes, seconds). A side with two
//! dots, a leading `v` or a suffix (`16rc1`, `15.4 (Debian)`) makes both versions: so `v15.10` is above `v15.4`.

use std::cmp::Ordering;

use crate::domain::runbook::model::Op;
use crate::domain::units;

/// Two texts that have no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{left}` and `{right}` cannot be ordered: they are not both numbers, versions, sizes or durations"
)]
pub struct Incomparable {
    /// What was seen.
    pub left: String,
    /// What it was compared with.
    pub right: String,
}

/// Compares `left`, as seen, with `right`, as written.
pub fn compare(left: &str, op: Op, right: &str) -> Result<bool, Incomparable> {
    let (left, right) = (left.trim(), right.trim());
    let same_text = left == right || truth(left).is_some() && truth(left) == truth(right);
    let order = if same_text {
        Some(Ordering::Equal)
    } else {
        order(left, right)
    };
    decided(left, op, right, order)
}

/// Compares two versions as versions, even where they look like numbers: `15.10` is above `15.4`.
pub fn compare_versions(left: &str, op: Op, right: &str) -> Result<bool, Incomparable> {
    let order = match (version(left), version(right)) {
        (Some((a, _)), Some((b, _))) => Some(version_order(&a, &b)),
        _ => None,
    };
    decided(left, op, right, order)
}

fn decided(left: &str, op: Op, right: &str, order: Option<Ordering>) -> Result<bool, Incomparable> {
    match (op, order) {
        (Op::Eq, order) => Ok(order == Some(Ordering::Equal)),
        (Op::Ne, order) => Ok(order != Some(Ordering::Equal)),
        (Op::Lt, Some(order)) => Ok(order.is_lt()),
        (Op::Le, Some(order)) => Ok(order.is_le()),
        (Op::Gt, Some(order)) => Ok(order.is_gt()),
        (Op::Ge, Some(order)) => Ok(order.is_ge()),
        (Op::Lt | Op::Le | Op::Gt | Op::Ge, None) => Err(Incomparable {
            left: left.to_owned(),
            right: right.to_owned(),
        }),
    }
}

/// Reads PostgreSQL's way of printing a boolean as the word for it.
fn truth(text: &str) -> Option<&'static str> {
    match text {
        "t" | "true" => Some("true"),
        "f" | "false" => Some("false"),
        _ => None,
    }
}

fn order(left: &str, right: &str) -> Option<Ordering> {
    let percent = |text: &str| text.strip_suffix('%').unwrap_or(text).trim_end().to_owned();
    if let (Some(a), Some(b)) = (
        Decimal::read(&percent(left)),
        Decimal::read(&percent(right)),
    ) {
        return Some(a.cmp(&b));
    }
    either(
        left,
        right,
        |text| units::size(text).ok().map(u128::from),
        1,
    )
    .or_else(|| either(left, right, nanoseconds, 1_000_000_000))
    .or_else(|| match (version(left), version(right)) {
        (Some((a, a_marked)), Some((b, b_marked))) if a_marked || b_marked => {
            Some(version_order(&a, &b))
        }
        _ => None,
    })
}

/// Orders two texts when `read` can read at least one of them, and the other is read so too or a plain number of `one`s.
fn either(
    left: &str,
    right: &str,
    read: impl Fn(&str) -> Option<u128>,
    one: u128,
) -> Option<Ordering> {
    let plain = |text: &str| units::scaled_decimal(text, one);
    let (a, b) = (read(left), read(right));
    a.or(b)?;
    Some(a.or_else(|| plain(left))?.cmp(&b.or_else(|| plain(right))?))
}

/// Reads a duration with units, or PostgreSQL's `1 day 02:03:04.5`, in nanoseconds.
fn nanoseconds(text: &str) -> Option<u128> {
    if let Ok(duration) = units::duration(text) {
        return Some(duration.as_nanos());
    }
    let (days, clock) = match text.split_once(" days ").or(text.split_once(" day ")) {
        Some((days, clock)) => (days.parse::<u64>().ok()?, clock),
        None => (0, text),
    };
    let mut parts = clock.split(':');
    let (h, m, s) = (parts.next()?, parts.next()?, parts.next()?);
    let (h, m) = (h.parse::<u64>().ok()?, m.parse::<u64>().ok()?);
    if parts.next().is_some() {
        return None;
    }
    let whole = u128::from(days.checked_mul(24)?.checked_add(h)?) * 3_600 + u128::from(m) * 60;
    Some(whole * 1_000_000_000 + units::scaled_decimal(s, 1_000_000_000)?)
}

/// A decimal number of any length, compared exactly.
#[derive(PartialEq, Eq)]
struct Decimal<'a> {
    negative: bool,
    whole: &'a str,
    part: &'a str,
}

impl<'a> Decimal<'a> {
    /// Reads `-12.50`; no exponents: `12e4` may well be the name of a revision.
    fn read(text: &'a str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(part) || digits.ends_with('.') {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let part = part.trim_end_matches('0');
        Some(Self {
            negative: negative && !(whole.is_empty() && part.is_empty()),
            whole,
            part,
        })
    }

    fn cmp(&self, other: &Self) -> Ordering {
        let size = |a: &Self, b: &Self| {
            (a.whole.len(), a.whole, a.part).cmp(&(b.whole.len(), b.whole, b.part))
        };
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => size(self, other),
            (true, true) => size(other, self),
        }
    }
}

/// The numbers of a version, and a suffix as `rc1` that puts it before the version without one.
struct Version {
    numbers: Vec<u64>,
    before: Option<String>,
}

/// Reads a version, and whether it can be nothing else.
fn version(text: &str) -> Option<(Version, bool)> {
    let text = text.trim();
    let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let end = bare
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(bare.len());
    let (numbers, rest) = bare.split_at(end);
    let numbers: Vec<u64> = numbers
        .split('.')
        .map(|n| n.parse().ok())
        .collect::<Option<_>>()?;
    let word = rest.trim_start_matches(['-', '~', '.']);
    let early = ["alpha", "beta", "rc", "devel", "dev", "pre"]
        .iter()
        .any(|start| word.starts_with(start));
    let before = early.then(|| word.split(' ').next().unwrap_or(word).to_owned());
    let known = before.is_some() || rest.is_empty() || rest.starts_with([' ', '-', '+', '~']);
    let marked = numbers.len() > 2 || bare.len() < text.len() || !rest.is_empty();
    known.then_some((Version { numbers, before }, marked))
}

fn version_order(a: &Version, b: &Version) -> Ordering {
    let length = a.numbers.len().max(b.numbers.len());
    let padded = |v: &Version| {
        let mut numbers = v.numbers.clone();
        numbers.resize(length, 0);
        numbers
    };
    padded(a)
        .cmp(&padded(b))
        .then_with(|| match (&a.before, &b.before) {
            (None, None) => Ordering::Equal,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(left: &str, op: Op, right: &str) -> bool {
        compare(left, op, right).unwrap()
    }

    #[test]
    fn numbers_compare_as_numbers_of_any_length() {
        assert!(holds("110000", Op::Ge, "110000"));
        assert!(holds("9", Op::Lt, "10"));
        assert!(holds("-3", Op::Lt, "2.5") && holds("-3", Op::Lt, "-2.5"));
        assert!(holds("3.0", Op::Eq, "3") && holds("0", Op::Eq, "-0.0"));
        assert!(holds(
            "99999999999999999999999999",
            Op::Gt,
            "99999999999999999999999998.5"
        ));
        assert!(holds("85%", Op::Lt, "90") && holds("85 %", Op::Lt, "90%"));
    }

    #[test]
    fn versions_compare_as_versions() {
        assert!(holds("15.18 (Debian 15.18-0)", Op::Ge, "11"));
        assert!(holds("1.10.2", Op::Gt, "1.9.12"));
        assert!(holds("v15.10", Op::Gt, "v15.4"));
        assert!(holds("17beta2", Op::Lt, "17") && holds("17rc1", Op::Gt, "16.9"));
        assert!(holds("8.0.36-0ubuntu0.22.04.1", Op::Ge, "8.0"));
        assert!(compare_versions("15.10", Op::Gt, "15.4").unwrap());
        assert!(compare_versions("twelve", Op::Gt, "11").is_err());
    }

    #[test]
    fn sizes_and_durations_compare_with_their_units() {
        assert!(holds("12000000000", Op::Ge, "10 GB"));
        assert!(holds("1 GiB", Op::Gt, "1 GB") && holds("20G", Op::Ge, "20 GiB"));
        assert!(holds("90s", Op::Lt, "2m") && holds("3.5", Op::Lt, "5s"));
        assert!(holds("00:00:03.25", Op::Lt, "5s") && holds("1 day 00:00:01", Op::Gt, "24h"));
    }

    #[test]
    fn everything_else_is_text_and_has_no_order() {
        assert!(holds("head", Op::Eq, "head") && holds("on", Op::Ne, "off"));
        assert!(!holds("12e4", Op::Eq, "120000"));
        assert!(holds("t", Op::Eq, "true") && holds("false", Op::Ne, "t"));
        let error = compare("abc", Op::Ge, "11").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("`abc` and `11` cannot be ordered")
        );
        assert!(compare("", Op::Lt, "11").is_err());
    }
}
