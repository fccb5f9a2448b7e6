//! The README tells the truth of this commit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use holdpoint::app::keys::{BINDINGS, Scope, name};

const BEGIN: &str = "<!-- keys: begin -->\n";
const END: &str = "<!-- keys: end -->";

/// The key table as markdown: keys that mean the same share a row.
fn table() -> String {
    let scopes = [
        (Scope::Anywhere, "everywhere"),
        (Scope::Checklist, "checklist"),
        (Scope::Output, "step and output"),
        (Scope::Monitor, "monitor"),
        (Scope::Filter, "filter"),
        (Scope::Dialog, "dialog"),
    ];
    let mut text = String::from("| where | key | what it does |\n|---|---|---|\n");
    for (scope, place) in scopes {
        let mut rows: Vec<(String, &str)> = Vec::new();
        for binding in BINDINGS
            .iter()
            .filter(|b| b.scope == scope && !b.help.is_empty())
        {
            let key = format!("`{}`", name(binding.key));
            match rows.iter_mut().find(|(_, help)| *help == binding.help) {
                Some((keys, _)) => write!(keys, " {key}").unwrap(),
                None => rows.push((key, binding.help)),
            }
        }
        for (keys, help) in rows {
            writeln!(text, "| {place} | {keys} | {help} |").unwrap();
        }
    }
    text
}

#[test]
fn the_readme_prints_the_key_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme
        .split_once(BEGIN)
        .expect("the README has no key table");
    let (found, after) = rest
        .split_once(END)
        .expect("the README's key table has no end");
    if std::env::var_os("HOLDPOINT_WRITE_DOCS").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
        return;
    }
    assert_eq!(
        found,
        table(),
        "write it anew: HOLDPOINT_WRITE_DOCS=1 cargo test --test readme"
    );
}

#[test]
fn the_runbook_in_the_readme_is_valid() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(path).unwrap();
    let (_, rest) = readme
        .split_once("```yaml\n")
        .expect("the README has no runbook");
    let (yaml, _) = rest.split_once("```").unwrap();
    let none = |_: &str| Err(std::io::ErrorKind::NotFound.into());
    if let Err(problems) =
        holdpoint::domain::runbook::parse::parse(yaml.as_bytes(), "README.md", &none)
    {
        panic!("{}", problems.render());
    }
}
