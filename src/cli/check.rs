//! `holdpoint check FILE…`: every mistake of every file, for people or for programs.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::domain::runbook::model::Runbook;
use crate::domain::runbook::parse::{LARGEST, Parsed, read};

/// Every file is a good runbook; there may be warnings.
const GOOD: u8 = 0;
/// A file is not.
const INVALID: u8 = 3;
/// A file cannot be read.
const UNREADABLE: u8 = 4;

/// Who reads the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A person.
    Human,
    /// An editor or CI: one JSON list, an object for each file.
    Json,
}

/// Checks `files`, prints what is wrong with them, and returns the exit code: 0 good, 3 invalid, 4 unreadable.
#[must_use]
pub fn check(files: &[PathBuf], format: Format) -> u8 {
    let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut code = GOOD;
    let mut list = Vec::new();
    let mut text = String::new();
    for path in files {
        let name = path.display().to_string();
        match load(path) {
            Ok((_, parsed)) => {
                if parsed.book.is_none() {
                    code = code.max(INVALID);
                }
                list.push(parsed.problems.to_json());
                text.push_str(&told(&parsed, colour));
            }
            Err(error) => {
                code = UNREADABLE;
                list.push(json!({"file": name, "unreadable": error.to_string()}));
                let _ = writeln!(text, "error: {name} cannot be read: {error}");
            }
        }
    }
    let answer = match format {
        Format::Human => text,
        Format::Json => format!("{:#}\n", Value::Array(list)),
    };
    // Whoever closes the pipe early has seen enough.
    let _ = io::stdout().write_all(answer.as_bytes());
    code
}

/// Returns the bytes of the runbook `path` and what is in them; files that it names are read relative to it.
pub fn load(path: &Path) -> io::Result<(Vec<u8>, Parsed)> {
    let bytes = read_at_most(path)?;
    let dir = path.parent().unwrap_or(Path::new(""));
    let files = |name: &str| {
        let bytes = read_at_most(&dir.join(name))?;
        if bytes.len() > LARGEST {
            return Err(io::Error::other("it has more than 8 MiB"));
        }
        String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
    };
    let parsed = read(&bytes, &path.display().to_string(), &files);
    Ok((bytes, parsed))
}

/// Reads a file; of one that is too large just enough to see that it is.
fn read_at_most(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::other("it is a directory"));
    }
    let limit = u64::try_from(LARGEST).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Makes the answer about one file.
fn told(parsed: &Parsed, colour: bool) -> String {
    let problems = &parsed.problems;
    let lines = if colour {
        problems.render_coloured()
    } else {
        problems.render()
    };
    let mut text = String::new();
    if !lines.is_empty() {
        text.push_str(&lines);
        text.push_str("\n\n");
    }
    let counts = counted(&[
        (problems.errors(), "error", "errors"),
        (problems.warnings(), "warning", "warnings"),
    ]);
    let verdict = match &parsed.book {
        Some(book) => format!("good: {}", size(book)),
        None => "not a runbook that could be run".to_owned(),
    };
    let counts = if counts.is_empty() {
        counts
    } else {
        format!(" ({counts})")
    };
    let _ = writeln!(text, "{}: {verdict}{counts}", problems.name);
    text
}

/// Returns how much there is in a runbook.
fn size(book: &Runbook) -> String {
    counted(&[
        (book.steps.len(), "step", "steps"),
        (book.phases.len(), "phase", "phases"),
        (book.rollback.len(), "way back", "ways back"),
    ])
}

/// Returns `2 errors, 1 warning`; nothing of what there is none.
fn counted(counts: &[(usize, &str, &str)]) -> String {
    let some = counts.iter().filter(|(n, _, _)| *n > 0);
    let words: Vec<String> = some
        .map(|(n, one, many)| format!("{n} {}", if *n == 1 { one } else { many }))
        .collect();
    words.join(", ")
}
