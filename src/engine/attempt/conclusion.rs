//! The report of an attempt: nothing secret may be in it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use crate::domain::attempt::{Assignment, Checked, Ended, Outcome, OutputDigest};
use crate::domain::redact::Redactor;
use crate::engine::attempt::files::{self, Files};
use crate::engine::attempt::mask::mask;
use crate::engine::attempt::output::Output;
use crate::engine::attempt::tries::Judged;

type Values = BTreeMap<String, String>;

/// Makes the report of an attempt that was begun.
pub fn concluded(
    files: &Files,
    assignment: &Assignment,
    redactor: &Redactor,
    judged: Judged,
    output: Output,
) -> Outcome {
    let Judged {
        verdict,
        left_behind,
        ..
    } = judged;
    let clean = |text: &str| redactor.redact_text(text);
    let (secret, plain) = parted(verdict.values, assignment, redactor);
    let stored = output.finish(&files.output());
    let mut outcome = Outcome {
        output: stored.digest,
        values: plain,
        secret_values: secret.keys().cloned().collect(),
        checked: verdict.checked.map(|c| Checked {
            expected: clean(&c.expected),
            actual: clean(&c.actual),
        }),
        left_behind: left_behind.iter().map(|said| clean(said)).collect(),
        kept: verdict.kept,
        ..outcome(files, verdict.ended, clean(&verdict.summary))
    };
    if let Err(err) = keep_secrets(files, &secret, &mut outcome) {
        spoilt(
            &mut outcome,
            &format!("a secret value could not be stored: {err}"),
        );
    }
    if let Some(err) = stored.trouble {
        spoilt(
            &mut outcome,
            &format!("its output could not be stored: {err}"),
        );
    }
    outcome
}

/// Parts the secret values from the others. One with a secret in it is one: blotted out it would mislead who uses it.
fn parted(values: Values, assignment: &Assignment, redactor: &Redactor) -> (Values, Values) {
    values.into_iter().partition(|(name, value)| {
        assignment.secret_values.contains(name) || redactor.redact_text(value) != *value
    })
}

/// Stores each secret value in a file of its own, and masks it wherever it was printed.
fn keep_secrets(files: &Files, secret: &Values, outcome: &mut Outcome) -> io::Result<()> {
    if secret.is_empty() {
        return Ok(());
    }
    files::private_dir(&files.secrets())?;
    for (name, value) in secret {
        if name.contains('/') || name.starts_with('.') {
            return Err(io::Error::other(format!("{name} cannot name a file")));
        }
        let mut file = files::private_file(&files.secrets().join(name))?;
        file.write_all(value.as_bytes())?;
        file.sync_all()?;
    }
    let values: Vec<String> = secret.values().cloned().collect();
    let late = Redactor::new(&values);
    outcome.summary = late.redact_text(&outcome.summary);
    if let Some(checked) = &mut outcome.checked {
        checked.actual = late.redact_text(&checked.actual);
    }
    mask(&files.output(), &values, &mut outcome.output)
}

/// What went well and cannot be shown to have gone well has failed.
fn spoilt(outcome: &mut Outcome, why: &str) {
    let _ = write!(outcome.summary, ", but {why}");
    outcome.ended = match outcome.ended.clone() {
        Ended::Passed => Ended::Failed {
            exit: Some(0),
            signal: None,
        },
        Ended::Warned => Ended::Failed {
            exit: Some(2),
            signal: None,
        },
        ended @ (Ended::Failed { .. } | Ended::TimedOut | Ended::Cancelled | Ended::NotStarted) => {
            ended
        }
    };
}

/// Returns a report without any output.
pub fn outcome(files: &Files, ended: Ended, summary: String) -> Outcome {
    Outcome {
        output: OutputDigest {
            path: files.output_name(),
            ..OutputDigest::default()
        },
        ..Outcome::of(ended, summary)
    }
}
