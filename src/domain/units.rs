//! Durations, sizes and offsets: how people write them, and how they are printed.

use std::fmt::Write as _;
use std::time::Duration;

use crate::domain::runbook::model::Offset;

mod print;
pub use print::{bytes, clock, short, signed_clock, words};

/// A text that is no duration, size or offset: what is wrong, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Unreadable {
    /// What is wrong with it.
    pub why: String,
    /// What to write instead.
    pub hint: String,
}

impl Unreadable {
    fn new(why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            hint: hint.into(),
        }
    }
}

/// The units of time and their nanoseconds.
const TIME: &[(&str, u128)] = &[
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("sec", 1_000_000_000),
    ("m", 60_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
];

/// The units of size and their bytes: `kB` counts in thousands, `KiB` and the single letters of `df -h` in 1024s.
const SIZE: &[(&str, u128)] = &[
    ("B", 1),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("PB", 1_000_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("PiB", 1 << 50),
    ("K", 1 << 10),
    ("M", 1 << 20),
    ("G", 1 << 30),
    ("T", 1 << 40),
];

const TIME_HINT: &str = "write a number and a unit: 500ms, 15s, 90m, 1h30m, 2d";
const SIZE_HINT: &str = "write a number and a unit: 512 kB, 10 GB, 512 MiB";
const OFFSET_HINT: &str =
    "write T-0, T-30m, T+60m or T+1d: the time before or after the planned start";

/// Reads a duration: `500ms`, `15s`, `90m`, `1h30m`, `1 h 20 min`, `2d`; a bare number is refused.
pub fn duration(text: &str) -> Result<Duration, Unreadable> {
    let nanos = sum(text, TIME).map_err(|fault| fault.tell(text, "a duration", TIME_HINT))?;
    let seconds = u64::try_from(nanos / 1_000_000_000).unwrap_or(u64::MAX);
    if seconds > 10 * 366 * 86_400 {
        return Err(Unreadable::new(
            format!("`{text}` is more than ten years"),
            TIME_HINT,
        ));
    }
    let rest = u32::try_from(nanos % 1_000_000_000).unwrap_or(0);
    Ok(Duration::new(seconds, rest))
}

/// Reads a size in bytes: `512 kB`, `10 GB`, `1.5 GiB`, `20G`; a bare number is refused.
pub fn size(text: &str) -> Result<u64, Unreadable> {
    let all = sum(text, SIZE).map_err(|fault| fault.tell(text, "a size", SIZE_HINT))?;
    u64::try_from(all).map_err(|_| Unreadable::new(format!("`{text}` is too large"), SIZE_HINT))
}

/// Reads an offset from the planned start: `T-30m`, `T-0`, `T+60m`, `T+1d`.
pub fn offset(text: &str) -> Result<Offset, Unreadable> {
    let wrong = || Unreadable::new(format!("`{text}` is not an offset"), OFFSET_HINT);
    let rest = text.trim().strip_prefix(['T', 't']).ok_or_else(wrong)?;
    let (sign, length) = match rest.trim_start().chars().next() {
        None => return Ok(Offset { seconds: 0 }),
        Some('+') => (1, &rest.trim_start()[1..]),
        Some('-') => (-1, &rest.trim_start()[1..]),
        Some(_) => return Err(wrong()),
    };
    if length.trim() == "0" {
        return Ok(Offset { seconds: 0 });
    }
    let length = duration(length).map_err(|e| Unreadable::new(e.why, OFFSET_HINT))?;
    let seconds = i64::try_from(length.as_secs()).map_err(|_| wrong())?;
    Ok(Offset {
        seconds: sign * seconds,
    })
}

/// Prints an offset as it is written in a runbook: `T-30m`, `T-0`, `T+1h30m`.
pub fn offset_text(offset: Offset) -> String {
    let sign = match offset.seconds {
        0 => return "T-0".into(),
        s if s < 0 => '-',
        _ => '+',
    };
    format!(
        "T{sign}{}",
        short(Duration::from_secs(offset.seconds.unsigned_abs()))
    )
}

/// Why a text is not a sum of numbers with units.
enum Fault {
    /// It has no digits where there should be some.
    Shape,
    /// A number stands alone.
    NoUnit,
    /// A unit that nobody knows.
    Unit(String),
    /// More than fits.
    Overflow,
}

impl Fault {
    fn tell(self, text: &str, what: &str, hint: &str) -> Unreadable {
        let mut why = String::new();
        // Writing into a String cannot go wrong.
        let _ = match self {
            Self::Shape => write!(why, "`{text}` is not {what}"),
            Self::NoUnit => write!(why, "`{text}` has no unit"),
            Self::Unit(unit) => write!(why, "`{text}` is not {what}: unknown unit `{unit}`"),
            Self::Overflow => write!(why, "`{text}` is too large"),
        };
        Unreadable::new(why, hint)
    }
}

/// Adds up `1h 30m`: numbers, each with one of `units`, in smallest units; fractions of a smallest unit are dropped.
fn sum(text: &str, units: &[(&str, u128)]) -> Result<u128, Fault> {
    let mut rest = text.trim();
    let mut total: u128 = 0;
    if rest.is_empty() {
        return Err(Fault::Shape);
    }
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let after = after.trim_start();
        let end = after
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        if number.is_empty() {
            return Err(Fault::Shape);
        }
        if unit.is_empty() {
            return Err(if after.is_empty() {
                Fault::NoUnit
            } else {
                Fault::Shape
            });
        }
        let &(_, scale) = units
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(|| Fault::Unit(unit.to_owned()))?;
        total = total
            .checked_add(scaled(number, scale)?)
            .ok_or(Fault::Overflow)?;
        rest = after.trim_start();
    }
    Ok(total)
}

/// Multiplies a plain decimal number by `scale`; `None` when it is not one, or too large.
pub fn scaled_decimal(number: &str, scale: u128) -> Option<u128> {
    let digits = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    digits.then(|| scaled(number, scale).ok()).flatten()
}

/// Multiplies a decimal number by `scale`.
fn scaled(number: &str, scale: u128) -> Result<u128, Fault> {
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || part.is_empty() || part.contains('.') {
        return Err(Fault::Shape);
    }
    if whole.len() > 18 || part.len() > 9 {
        return Err(Fault::Overflow);
    }
    let whole: u128 = whole.parse().map_err(|_| Fault::Shape)?;
    let digits = u32::try_from(part.len()).map_err(|_| Fault::Overflow)?;
    let part: u128 = part.parse().map_err(|_| Fault::Shape)?;
    let part = part * scale / 10_u128.pow(digits);
    Ok(whole * scale + part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        let cases: &[(&str, u64)] = &[
            ("90m", 5_400_000),
            ("1h30m", 5_400_000),
            ("15s", 15_000),
            ("500ms", 500),
            ("1 h 20 min", 4_800_000),
            ("1.5h", 5_400_000),
            ("2d", 172_800_000),
            ("0s", 0),
        ];
        for (text, ms) in cases {
            assert_eq!(duration(text), Ok(Duration::from_millis(*ms)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_says_why_and_what_to_write() {
        for (text, why) in [
            ("30", "`30` has no unit"),
            ("ten", "`ten` is not a duration"),
            (
                "5 parsecs",
                "`5 parsecs` is not a duration: unknown unit `parsecs`",
            ),
            ("5M", "`5M` is not a duration: unknown unit `M`"),
            ("-5m", "`-5m` is not a duration"),
            ("", "`` is not a duration"),
            ("1..5h", "`1..5h` is not a duration"),
            (
                "99999999999999999999h",
                "`99999999999999999999h` is too large",
            ),
            ("999999w", "`999999w` is more than ten years"),
        ] {
            let error = duration(text).unwrap_err();
            assert_eq!(error.why, why);
            assert!(error.hint.contains("1h30m"));
        }
    }

    #[test]
    fn sizes_count_in_thousands_unless_they_say_otherwise() {
        assert_eq!(size("1 GB"), Ok(1_000_000_000));
        assert_eq!(size("512MiB"), Ok(512 << 20));
        assert_eq!(size("1.5 kB"), Ok(1_500));
        assert_eq!(size("20G"), Ok(20 << 30));
        assert!(size("12").is_err() && size("12 GBs").is_err());
    }

    #[test]
    fn offsets_go_both_ways_from_the_planned_start() {
        for (text, seconds) in [
            ("T-30m", -1_800),
            ("T-0", 0),
            ("T", 0),
            ("T+60m", 3_600),
            ("T+1d", 86_400),
            ("T + 5m", 300),
        ] {
            assert_eq!(offset(text), Ok(Offset { seconds }), "{text}");
        }
        assert!(offset("30m").is_err() && offset("T30m").is_err() && offset("T-30").is_err());
        assert_eq!(offset_text(Offset { seconds: -5_400 }), "T-1h30m");
        assert_eq!(offset_text(Offset { seconds: 0 }), "T-0");
    }
}
