//! Tests as they are written in a runbook.

use crate::domain::expect::{Expectation, Test};
use crate::domain::runbook::model::Op;

/// A text that is no test: what is wrong, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Misread {
    /// What is wrong with it.
    pub why: String,
    /// What to write instead.
    pub hint: String,
}

/// What a bare value without operator means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bare {
    /// It equals what is seen.
    Equals,
    /// It is contained in what is seen.
    Contains,
}

impl Test {
    /// Reads the test of a value, an exit status, a number of rows, a response's status or a JSON value.
    pub fn of_value(text: &str) -> Result<Self, Misread> {
        read(text, Bare::Equals)
    }

    /// Reads the test of a long text: standard output or error, a response's body.
    pub fn of_text(text: &str) -> Result<Self, Misread> {
        read(text, Bare::Contains)
    }
}

impl Expectation {
    /// Reads an expectation that is one text: `'>= 11'`, `'0 rows'`, `'= head'`, `/…/`. It judges the rows or the value.
    pub fn of_one(text: &str) -> Result<Self, Misread> {
        Ok(match rows(text) {
            Some(count) => Self {
                rows: Some(Test::of_value(count)?),
                ..Self::default()
            },
            None => Self {
                value: Some(Test::of_value(text)?),
                ..Self::default()
            },
        })
    }
}

/// Returns what stands before the word `row` or `rows`, where that is a number with or without an operator.
fn rows(text: &str) -> Option<&str> {
    let text = text.trim();
    let count = text
        .strip_suffix("rows")
        .or_else(|| text.strip_suffix("row"))?;
    let (_, number) = operator(count.trim());
    let number = number.trim();
    let plain = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    (plain || number.starts_with("${") && count.ends_with(' ')).then(|| count.trim())
}

/// Splits the operator off, where there is one.
fn operator(text: &str) -> (Option<Op>, &str) {
    for (sign, op) in [
        ("!=", Op::Ne),
        ("<>", Op::Ne),
        (">=", Op::Ge),
        ("<=", Op::Le),
        ("==", Op::Eq),
        ("=", Op::Eq),
        (">", Op::Gt),
        ("<", Op::Lt),
    ] {
        if let Some(rest) = text.strip_prefix(sign) {
            return (Some(op), rest);
        }
    }
    (None, text)
}

fn read(text: &str, bare: Bare) -> Result<Test, Misread> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(Misread {
            why: "an empty text expects nothing".into(),
            hint: "write a comparison as '>= 11', a regular expression as /…/, or '= ' for nothing"
                .into(),
        });
    }
    if let Some(pattern) = slashed(trimmed) {
        checked_pattern(pattern)?;
        return Ok(Test::Matches {
            pattern: pattern.to_owned(),
        });
    }
    let (op, rest) = operator(trimmed);
    let with = rest.trim().to_owned();
    match (op, bare) {
        (Some(op @ (Op::Lt | Op::Le | Op::Gt | Op::Ge)), _) if with.is_empty() => Err(Misread {
            why: format!("nothing stands after `{op}`"),
            hint: format!("write what it is compared with: '{op} 11'"),
        }),
        (Some(op), _) => Ok(Test::Compare { op, with }),
        (None, Bare::Equals) => Ok(Test::Compare { op: Op::Eq, with }),
        (None, Bare::Contains) => Ok(Test::Contains { text: with }),
    }
}

/// Returns what stands between two slashes.
fn slashed(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('/')?.strip_suffix('/')?;
    (!inner.is_empty()).then_some(inner)
}

/// Refuses a pattern that cannot be compiled; a `${name}` in it stands for any plain text.
fn checked_pattern(pattern: &str) -> Result<(), Misread> {
    let plain = crate::domain::runbook::variables::blanked(pattern);
    crate::domain::expect::regex(&plain)
        .map(|_| ())
        .map_err(|why| Misread {
            why: format!("the regular expression cannot be read: {why}"),
            hint: "characters as ( [ { . * + ? that stand for themselves need a backslash".into(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> String {
        Expectation::of_one(text).unwrap().to_string()
    }

    #[test]
    fn one_text_judges_the_rows_or_the_value() {
        assert_eq!(value(">= 11"), "value >= 11");
        assert_eq!(value("0 rows"), "rows = 0");
        assert_eq!(value("> 1 row"), "rows > 1");
        assert_eq!(value("${n} rows"), "rows = ${n}");
        assert_eq!(value("= head"), "value = head");
        assert_eq!(value("head"), "value = head");
        assert_eq!(value("!=off"), "value != off");
        assert_eq!(value("/^v\\d+/"), "value matches /^v\\d+/");
        assert_eq!(value("arrows"), "value = arrows");
        assert_eq!(value("/"), "value = /");
        assert_eq!(value("= "), "value = ");
    }

    #[test]
    fn a_bare_text_is_contained_in_long_texts_and_equal_elsewhere() {
        assert_eq!(
            Test::of_text("\"UP\"").unwrap().to_string(),
            "contains \"UP\""
        );
        assert_eq!(Test::of_text("= ok").unwrap().to_string(), "= ok");
        assert_eq!(Test::of_value("200").unwrap().to_string(), "= 200");
    }

    #[test]
    fn what_is_no_test_says_why_and_what_to_write() {
        assert_eq!(
            Test::of_value(">=").unwrap_err().why,
            "nothing stands after `>=`"
        );
        assert_eq!(
            Test::of_value(" ").unwrap_err().why,
            "an empty text expects nothing"
        );
        let bad = Test::of_value("/(a/").unwrap_err();
        assert_eq!(
            bad.why,
            "the regular expression cannot be read: unclosed group"
        );
    }
}
