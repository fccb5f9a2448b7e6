//! From the bytes of a file to a checked runbook, or to everything that is wrong with it.

use crate::domain::runbook::check;
use crate::domain::runbook::model::Runbook;
use crate::domain::runbook::problem::{Problem, Problems, Severity, Source};
use crate::domain::runbook::read::{self, Files, Reader};
use crate::domain::runbook::tree;

/// The largest file that is read, in bytes.
pub const LARGEST: usize = 8 << 20;

/// What a file holds: the runbook where there is no error, and everything that there is to say about it.
#[derive(Debug)]
pub struct Parsed {
    /// The runbook; `None`: there are errors.
    pub book: Option<Runbook>,
    /// Errors and warnings, in the order of the file.
    pub problems: Problems,
}

/// Reads a runbook. `origin` names it in messages; `files` reads what it names, relative to it.
///
/// Warnings alone do not hinder it; [`read`] returns them too.
pub fn parse(source: &[u8], origin: &str, files: Files<'_>) -> Result<Runbook, Problems> {
    let parsed = read(source, origin, files);
    parsed.book.ok_or(parsed.problems)
}

/// Reads a runbook, and returns its warnings with it.
pub fn read(source: &[u8], origin: &str, files: Files<'_>) -> Parsed {
    let (book, mut list) = match decoded(source) {
        Ok(text) => read_text(text, files),
        Err(problem) => (None, vec![problem]),
    };
    list.sort_by_key(|p| (p.line, p.column));
    // What an alias repeats is wrong once.
    list.dedup();
    let problems = Problems {
        name: origin.to_owned(),
        list,
    };
    Parsed {
        book: book.filter(|_| problems.errors() == 0),
        problems,
    }
}

/// Returns the bytes as text without a byte order mark; refuses what is too large or not UTF-8.
fn decoded(source: &[u8]) -> Result<&str, Problem> {
    let start = Source::new("");
    if source.len() > LARGEST {
        let message = format!(
            "the file has {}: a runbook has at most 8 MiB",
            crate::domain::units::bytes(u64::try_from(source.len()).unwrap_or(u64::MAX))
        );
        let hint = "move long statements into .sql files: `sql: {file: …}`";
        return Err(start.problem(Severity::Error, 0..0, message, Some(hint.into())));
    }
    match std::str::from_utf8(source) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let at = error.valid_up_to();
            let good = std::str::from_utf8(&source[..at]).unwrap_or_default();
            let rest = source[at..]
                .split(|b| *b == b'\n')
                .next()
                .unwrap_or_default();
            let shown = format!("{good}{}", String::from_utf8_lossy(rest));
            let hint = match source {
                [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "it is UTF-16: save it as UTF-8".to_owned(),
                _ => format!(
                    "the byte 0x{:02x} is no UTF-8: save the file as UTF-8",
                    source[at]
                ),
            };
            let message = "the file is not UTF-8".to_owned();
            Err(Source::new(&shown).problem(Severity::Error, at..at + 1, message, Some(hint)))
        }
    }
}

fn read_text(text: &str, files: Files<'_>) -> (Option<Runbook>, Vec<Problem>) {
    let source = Source::new(text);
    let (tree, left_out) = tree::read_all(text);
    let mut problems: Vec<Problem> = tree
        .faults
        .into_iter()
        .map(|f| source.problem(Severity::Error, f.at, f.message, f.hint))
        .collect();
    let Some(root) = tree.root else {
        if problems.is_empty() {
            let hint = "it begins with `runbook: 1`, `title: …` and `phases:`";
            let message = "the file is empty: there is no runbook in it".to_owned();
            problems.push(source.problem(Severity::Error, 0..0, message, Some(hint.into())));
        }
        return (None, problems);
    };
    let mut reader = Reader::new(source, files, left_out);
    let book = read::runbook(&mut reader, &root);
    check::check(&mut reader, &book);
    problems.append(&mut reader.problems);
    (Some(book), problems)
}
