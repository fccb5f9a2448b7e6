//! Whether what was seen is what was expected, and the values read from it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};

use regex::RegexBuilder;

use crate::domain::attempt::{Assignment, Checked, Ended, ExitTwo, Kept, Work};
use crate::domain::expect::{Expectation, Seen, judge};
use crate::domain::ready;
use crate::engine::attempt::ending::{Ending, How, Said};
use crate::engine::attempt::files::Files;

/// `$HOLDPOINT_OUTPUT` may hold so many bytes.
const VALUES_CAP: u64 = 1024 * 1024;
/// Bytes of one captured value at most.
const VALUE_CAP: usize = 4 * 1024;
/// Bytes of all captured values of an attempt at most.
const ALL_VALUES_CAP: usize = 16 * 1024;

/// What is to be said of a try.
#[derive(Debug)]
pub struct Verdict {
    /// How it ended.
    pub ended: Ended,
    /// The same as a sentence.
    pub summary: String,
    /// What was expected and seen.
    pub checked: Option<Checked>,
    /// What was read from its output; only of one that did what was expected.
    pub values: BTreeMap<String, String>,
    /// The rows it kept, well ended or not.
    pub kept: Option<Kept>,
}

impl Verdict {
    /// Returns the verdict on something that was not judged.
    pub fn plain(ended: Ended, summary: impl Into<String>) -> Self {
        Self {
            ended,
            summary: summary.into(),
            checked: None,
            values: BTreeMap::new(),
            kept: None,
        }
    }

    /// Says more of it.
    pub fn add(&mut self, said: &str) {
        self.summary.push_str("; ");
        self.summary.push_str(said);
    }

    /// Whether it did what was expected.
    pub fn is_good(&self) -> bool {
        match self.ended {
            Ended::Passed | Ended::Warned => true,
            Ended::Failed { .. } | Ended::TimedOut | Ended::Cancelled | Ended::NotStarted => false,
        }
    }
}

/// Judges a try that was not stopped.
pub fn verdict(assignment: &Assignment, ending: &Ending, files: &Files) -> Verdict {
    let exit = match &ending.how {
        How::NotStarted(why) => return Verdict::plain(Ended::NotStarted, why),
        How::Failed(why) => return failed(None, why),
        How::Signalled(signal) => {
            let ended = Ended::Failed {
                exit: None,
                signal: Some(*signal),
            };
            return Verdict::plain(
                ended,
                format!("ended by signal {signal}{}", signal_name(*signal)),
            );
        }
        How::Stopped(_) => return failed(None, "it was stopped"),
        How::Exited(code) => Some(*code),
        How::Done => None,
    };
    let mut verdict = match &ending.said {
        Some(said) if assignment.expect.is_none() => own_verdict(said),
        Some(_) | None => judged(assignment, exit, &ending.seen),
    };
    verdict.kept = ending.said.as_ref().and_then(|said| said.kept.clone());
    if verdict.is_good() {
        match values(assignment, ending, files).and_then(recordable) {
            Ok(values) => verdict.values = values,
            Err(why) => return failed(exit, why),
        }
    }
    verdict
}

/// The verdict that a ready check gives itself.
fn own_verdict(said: &Said) -> Verdict {
    let judged = &said.judged;
    let ended = match judged.verdict {
        ready::Verdict::Shown | ready::Verdict::Pass => Ended::Passed,
        ready::Verdict::Warn => Ended::Warned,
        ready::Verdict::Fail => Ended::Failed {
            exit: None,
            signal: None,
        },
    };
    let checked = Checked {
        expected: said.title.clone(),
        actual: judged.said.clone(),
    };
    Verdict {
        checked: (judged.verdict != ready::Verdict::Shown).then_some(checked),
        ..Verdict::plain(ended, &judged.said)
    }
}

fn failed(exit: Option<i32>, why: impl Into<String>) -> Verdict {
    Verdict::plain(Ended::Failed { exit, signal: None }, why)
}

fn judged(assignment: &Assignment, exit: Option<i32>, seen: &Seen) -> Verdict {
    let expectation = assignment.expect.clone().unwrap_or_default();
    let said = expectation != Expectation::default();
    let warns = match &assignment.work {
        Work::Shell(shell) => {
            shell.exit_two == ExitTwo::Warns && exit == Some(2) && expectation.exit.is_none()
        }
        Work::Sql(_) | Work::Http(_) | Work::Ready(_) => false,
    };
    let seen = Seen {
        exit: if warns { None } else { seen.exit },
        ..seen.clone()
    };
    let plain = exit.map(|code| format!("exit {code}{}", exit_name(code)));
    match judge(&expectation, &seen) {
        Ok(checked) => Verdict {
            ended: if warns { Ended::Warned } else { Ended::Passed },
            summary: match plain {
                Some(plain) if warns => format!("{plain}: a warning"),
                Some(plain) if !said => plain,
                _ if said => format!("as expected: {}", checked.actual),
                _ => seen.rows.map_or_else(|| "done".to_owned(), rows),
            },
            checked: said.then_some(checked),
            values: BTreeMap::new(),
            kept: None,
        },
        Err(checked) => Verdict {
            ended: Ended::Failed { exit, signal: None },
            summary: match plain {
                Some(plain) if exit != Some(0) && expectation.exit.is_none() => plain,
                _ => format!("expected {}, got {}", checked.expected, checked.actual),
            },
            checked: Some(checked),
            values: BTreeMap::new(),
            kept: None,
        },
    }
}

fn rows(count: u64) -> String {
    if count == 1 {
        "1 row".to_owned()
    } else {
        format!("{count} rows")
    }
}

/// What a shell means by an exit status.
fn exit_name(code: i32) -> String {
    match code {
        126 => " (a command could not be executed)".into(),
        127 => " (a command was not found)".into(),
        129..=159 => format!(
            " (a command was ended by signal {}{})",
            code - 128,
            signal_name(code - 128)
        ),
        _ => String::new(),
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        1 => ", HUP",
        2 => ", INT",
        3 => ", QUIT",
        4 => ", ILL",
        6 => ", ABRT",
        7 => ", BUS",
        8 => ", FPE",
        9 => ", KILL",
        11 => ", SEGV",
        13 => ", PIPE",
        15 => ", TERM",
        24 => ", XCPU",
        25 => ", XFSZ",
        _ => "",
    }
}

/// Reads the values that a good try leaves; the error is a sentence.
fn values(
    assignment: &Assignment,
    ending: &Ending,
    files: &Files,
) -> Result<BTreeMap<String, String>, String> {
    let mut values = BTreeMap::new();
    for capture in &assignment.capture {
        let pattern = RegexBuilder::new(&capture.pattern)
            .multi_line(true)
            .build()
            .map_err(|err| {
                format!(
                    "the pattern of {} is no regular expression: {err}",
                    capture.name
                )
            })?;
        let found = ending.texts.iter().find_map(|text| {
            let found = pattern.captures(text)?;
            let value = found.get(1).or_else(|| found.get(0))?;
            Some(value.as_str().trim_end_matches('\r').to_owned())
        });
        let Some(value) = found else {
            return Err(format!(
                "it ended well, but nothing in its output matches /{}/: {} has no value",
                capture.pattern, capture.name
            ));
        };
        values.insert(capture.name.clone(), value);
    }
    match &assignment.work {
        Work::Shell(_) => values.extend(written(files)?),
        Work::Sql(_) | Work::Http(_) | Work::Ready(_) => {}
    }
    Ok(values)
}

/// Values stand in the journal, whose records are bounded.
fn recordable(values: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, String> {
    if let Some((name, value)) = values.iter().find(|(_, value)| value.len() > VALUE_CAP) {
        return Err(format!(
            "it ended well, but the value of {name} has {} bytes: a captured value may have {VALUE_CAP}",
            value.len()
        ));
    }
    let all: usize = values
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if all > ALL_VALUES_CAP {
        return Err(format!(
            "it ended well, but its captured values have {all} bytes: all together may have {ALL_VALUES_CAP}"
        ));
    }
    Ok(values)
}

/// Reads the `name=value` lines that a script left in `$HOLDPOINT_OUTPUT`.
fn written(files: &Files) -> Result<BTreeMap<String, String>, String> {
    let unreadable =
        |err: io::Error| format!("it ended well, but $HOLDPOINT_OUTPUT cannot be read: {err}");
    let mut text = String::new();
    match fs::File::open(files.values()) {
        Ok(file) => file
            .take(VALUES_CAP + 1)
            .read_to_string(&mut text)
            .map_err(unreadable)?,
        // The script took it away: then it has nothing to tell.
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(err) => return Err(unreadable(err)),
    };
    if text.len() as u64 > VALUES_CAP {
        return Err("it ended well, but wrote more than 1 MiB into $HOLDPOINT_OUTPUT".into());
    }
    let mut values = BTreeMap::new();
    for (n, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        match line.split_once('=') {
            Some((name, value)) if is_name(name) => {
                values.insert(name.to_owned(), value.to_owned())
            }
            Some(_) | None => {
                return Err(format!(
                    "it ended well, but line {} of what it wrote into $HOLDPOINT_OUTPUT is not name=value",
                    n + 1
                ));
            }
        };
    }
    Ok(values)
}

fn is_name(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit())
}
