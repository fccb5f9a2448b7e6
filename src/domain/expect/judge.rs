//! Holding what was seen against what was expected.

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use crate::domain::attempt::Checked;
use crate::domain::expect::{Expectation, Test, compare};

/// What an attempt saw; `None` where its kind has no such thing, or where there was none (no row, null).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// The exit status of a command.
    pub exit: Option<i32>,
    /// The standard output of a command.
    pub stdout: Option<String>,
    /// The standard error of a command.
    pub stderr: Option<String>,
    /// How many rows a statement returned or touched.
    pub rows: Option<u64>,
    /// A statement's first column of its first row.
    pub value: Option<String>,
    /// The status of a response.
    pub status: Option<u16>,
    /// The body of a response.
    pub body: Option<String>,
}

/// What a finding looks at, what it expects, what there was, and whether that will do.
struct Finding {
    what: String,
    expected: String,
    actual: String,
    holds: bool,
}

/// Says whether `seen` is what was expected: `Ok` and `Err` both tell what was expected and what was seen.
///
/// Where the expectation is silent about them, an exit status must be 0 and a response's status 2xx: so a step
/// without `expect` is judged with the default expectation. A caller that has judged the exit status itself (a
/// check's 2 is a warning) leaves it out of `seen`. The texts are expanded before.
pub fn judge(expectation: &Expectation, seen: &Seen) -> Result<Checked, Checked> {
    let mut findings = implied(expectation, seen);
    for (what, test) in expectation.tests() {
        findings.push(find(&what, test, seen));
    }
    let all_hold = findings.iter().all(|f| f.holds);
    let telling: Vec<&Finding> = if all_hold {
        let implied = findings.len() - expectation.tests().len();
        let said = if implied == findings.len() {
            0
        } else {
            implied
        };
        findings.iter().skip(said).collect()
    } else {
        findings.iter().filter(|f| !f.holds).collect()
    };
    let checked = told(&telling);
    if all_hold { Ok(checked) } else { Err(checked) }
}

/// Judges what every command and every response must be although nobody says so.
fn implied(expectation: &Expectation, seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let (Some(exit), None) = (seen.exit, &expectation.exit) {
        findings.push(Finding {
            what: "exit".into(),
            expected: "= 0".into(),
            actual: exit.to_string(),
            holds: exit == 0,
        });
    }
    if let (Some(status), None) = (seen.status, &expectation.status) {
        findings.push(Finding {
            what: "status".into(),
            expected: "2xx".into(),
            actual: status.to_string(),
            holds: (200..300).contains(&status),
        });
    }
    findings
}

/// Makes sentences of findings: one is told plainly, several with their names.
fn told(findings: &[&Finding]) -> Checked {
    let expected: Vec<String> = findings
        .iter()
        .map(|f| format!("{} {}", f.what, f.expected))
        .collect();
    let actual = match findings {
        [one] => one.actual.clone(),
        several => several
            .iter()
            .map(|f| format!("{} {}", f.what, f.actual))
            .collect::<Vec<_>>()
            .join(", "),
    };
    Checked {
        expected: expected.join(", "),
        actual,
    }
}

/// Holds one test against what it looks at.
fn find(what: &str, test: &Test, seen: &Seen) -> Finding {
    let finding = |actual: String, holds: bool| Finding {
        what: what.to_owned(),
        expected: test.to_string(),
        actual,
        holds,
    };
    let found = match picked(what, seen) {
        Ok(Some(found)) => found,
        Ok(None) => return finding(format!("no {}", spoken(what)), false),
        Err(why) => return finding(why, false),
    };
    match holds(test, &found) {
        Ok(holds) => finding(shown(&found), holds),
        Err(why) => finding(format!("{}: {why}", shown(&found)), false),
    }
}

/// Returns the text that a test looks at; the error says why there can be none.
fn picked(what: &str, seen: &Seen) -> Result<Option<String>, String> {
    let trimmed = |text: &Option<String>| text.as_deref().map(|t| t.trim().to_owned());
    let value = || {
        trimmed(&seen.value)
            .or_else(|| trimmed(&seen.stdout))
            .or_else(|| trimmed(&seen.body))
    };
    Ok(match what {
        "exit" => seen.exit.map(|n| n.to_string()),
        "stdout" => trimmed(&seen.stdout),
        "stderr" => trimmed(&seen.stderr),
        "rows" => seen.rows.map(|n| n.to_string()),
        "status" => seen.status.map(|n| n.to_string()),
        "body" => trimmed(&seen.body),
        "value" => value(),
        pointer => match value() {
            None => None,
            Some(text) => {
                let json: Value =
                    serde_json::from_str(&text).map_err(|e| format!("not JSON: {e}"))?;
                let pointer = pointer.strip_prefix("json ").unwrap_or(pointer);
                json.pointer(pointer).map(|found| match found {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                })
            }
        },
    })
}

fn spoken(what: &str) -> String {
    match what {
        "exit" => "exit status".into(),
        "rows" => "row count".into(),
        other => other.to_owned(),
    }
}

/// Says whether what was found passes; the error says why it cannot be told.
fn holds(test: &Test, found: &str) -> Result<bool, String> {
    match test {
        Test::Compare { op, with } => compare(found, *op, with).map_err(|e| e.to_string()),
        Test::Contains { text: part } => Ok(found.contains(part.as_str())),
        Test::Matches { pattern } => Ok(regex(pattern)?.is_match(found)),
    }
}

/// Compiles a regular expression of a runbook: `^` and `$` match at every line.
pub(crate) fn regex(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .multi_line(true)
        .build()
        .map_err(|error| {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.strip_prefix("error: ").unwrap_or(last).to_owned()
        })
}

/// Cuts a long text for a sentence: its first line, 200 characters at most.
fn shown(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    let cut: String = first.chars().take(200).collect();
    if cut.len() == text.len() {
        if cut.is_empty() {
            "nothing".into()
        } else {
            cut
        }
    } else {
        format!("{cut} …")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expect(text: &str) -> Expectation {
        Expectation::of_one(text).unwrap()
    }

    fn value(text: &str) -> Seen {
        Seen {
            value: Some(text.into()),
            ..Seen::default()
        }
    }

    fn checked(expected: &str, actual: &str) -> Checked {
        Checked {
            expected: expected.into(),
            actual: actual.into(),
        }
    }

    #[test]
    fn a_value_is_told_with_what_was_expected_of_it() {
        let good = judge(&expect(">= 110000"), &value("150018"));
        assert_eq!(good, Ok(checked("value >= 110000", "150018")));
        let bad = judge(&expect("= head"), &value("a1b2"));
        assert_eq!(bad, Err(checked("value = head", "a1b2")));
    }

    #[test]
    fn the_output_of_a_command_is_its_value_and_it_must_exit_with_zero() {
        let mut seen = Seen {
            exit: Some(0),
            stdout: Some("  head\n".into()),
            ..Seen::default()
        };
        assert_eq!(
            judge(&expect("head"), &seen),
            Ok(checked("value = head", "head"))
        );
        seen.exit = Some(3);
        assert_eq!(judge(&expect("head"), &seen), Err(checked("exit = 0", "3")));
        assert_eq!(
            judge(&Expectation::default(), &seen),
            Err(checked("exit = 0", "3"))
        );
        let three = Expectation {
            exit: Some(Test::of_value("3").unwrap()),
            ..Expectation::default()
        };
        assert_eq!(judge(&three, &seen), Ok(checked("exit = 3", "3")));
    }

    #[test]
    fn a_response_must_be_2xx_unless_it_says_otherwise() {
        let seen = |status, body: &str| Seen {
            status: Some(status),
            body: Some(body.into()),
            ..Seen::default()
        };
        let up = Expectation {
            body: Some(Test::of_text("\"UP\"").unwrap()),
            ..Expectation::default()
        };
        assert!(judge(&up, &seen(200, "{\"status\":\"UP\"}")).is_ok());
        assert_eq!(
            judge(&up, &seen(503, "\"UP\"")),
            Err(checked("status 2xx", "503"))
        );
        assert_eq!(
            judge(&up, &seen(503, "down")),
            Err(checked(
                "status 2xx, body contains \"UP\"",
                "status 503, body down"
            ))
        );
        assert_eq!(
            judge(&Expectation::default(), &seen(204, "")),
            Ok(checked("status 2xx", "204"))
        );
    }

    #[test]
    fn rows_and_json_values_are_judged() {
        let none = Seen {
            rows: Some(0),
            ..Seen::default()
        };
        assert!(judge(&expect("0 rows"), &none).is_ok());
        let mut json = Expectation::default();
        json.json
            .insert("/db/ok".into(), Test::of_value("true").unwrap());
        assert!(judge(&json, &value("{\"db\":{\"ok\":true}}")).is_ok());
        assert_eq!(
            judge(&json, &value("{}")),
            Err(checked("json /db/ok = true", "no json /db/ok"))
        );
        let bad = judge(&json, &value("<html>")).unwrap_err();
        assert!(
            bad.actual.starts_with("not JSON: expected value"),
            "{}",
            bad.actual
        );
    }

    #[test]
    fn nothing_seen_passes_no_test() {
        for text in ["= x", "!= x", "/x/", "> 1"] {
            let bad = judge(&expect(text), &Seen::default()).unwrap_err();
            assert_eq!(bad.actual, "no value");
        }
    }

    #[test]
    fn what_cannot_be_ordered_or_read_fails_and_says_why() {
        let bad = judge(&expect("> 11"), &value("abc")).unwrap_err();
        assert!(bad.actual.contains("cannot be ordered"), "{}", bad.actual);
        let broken = Expectation {
            value: Some(Test::Matches {
                pattern: "(".into(),
            }),
            ..Expectation::default()
        };
        let bad = judge(&broken, &value("x")).unwrap_err();
        assert_eq!(bad.actual, "x: unclosed group");
    }

    #[test]
    fn a_regular_expression_matches_at_every_line_and_long_texts_are_cut() {
        let text = format!("first\nrevision abc (head)\n{}", "x".repeat(500));
        let good = judge(&expect("/^revision .* \\(head\\)$/"), &value(&text)).unwrap();
        assert_eq!(good.actual, "first …");
    }
}
