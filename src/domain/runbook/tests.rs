//! Whole files: what is accepted, and every mistake with its place and its hint.

use std::io;

use crate::domain::runbook::model::Runbook;
use crate::domain::runbook::parse::{Parsed, parse, read};
use crate::domain::runbook::problem::Severity;

mod accepted;
mod hard;
mod keys;
mod lengths;
mod mistakes;

/// Reads files as the fixtures name them.
pub fn files(path: &str) -> io::Result<String> {
    match path {
        "after.sql" => {
            Ok("update orders set checked = true where checked is null;\nanalyze orders;\n".into())
        }
        "copy.sql" => Ok("select 1;\ncopy t from stdin;\n".into()),
        _ => Err(io::Error::new(io::ErrorKind::NotFound, "no such file")),
    }
}

/// Reads a good runbook.
pub fn book(text: &str) -> Runbook {
    parse(text.as_bytes(), "test.yaml", &files).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Reads any text.
pub fn parsed(text: &str) -> Parsed {
    read(text.as_bytes(), "test.yaml", &files)
}

/// Tells the problems of `text`, one line each: place, what it points at, message, hint.
pub fn told(text: &str) -> Vec<String> {
    let problems = parsed(text).problems.list;
    problems
        .iter()
        .map(|p| {
            let warning = match p.severity {
                Severity::Error => "",
                Severity::Warning => "warning ",
            };
            let meant: String = p.text.chars().skip(p.column - 1).take(p.length).collect();
            let hint = p
                .hint
                .as_ref()
                .map_or_else(String::new, |hint| format!(" ({hint})"));
            format!(
                "{warning}{}:{} `{meant}` {}{hint}",
                p.line, p.column, p.message
            )
        })
        .collect()
}
