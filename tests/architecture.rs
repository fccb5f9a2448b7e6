//! The house rules: which part may name which.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// A part of the house, and the words that none of its lines may hold.
const RULES: &[(&str, &[&str])] = &[
    (
        "domain",
        &[
            "crate::app",
            "crate::engine",
            "crate::ui",
            "crate::runtime",
            "crate::cli",
            "tokio::",
            "ratatui::",
            "crossterm::",
            "sqlx::",
            "reqwest::",
            "std::fs",
            "std::process",
            "std::env::",
            "::now()",
        ],
    ),
    (
        "engine",
        &[
            "crate::app",
            "crate::ui",
            "crate::runtime",
            "crate::cli",
            "ratatui::",
            "crossterm::",
        ],
    ),
    (
        "app",
        &[
            "crate::engine",
            "crate::ui",
            "crate::runtime",
            "crate::cli",
            "tokio::",
            "ratatui::",
            "sqlx::",
            "std::fs",
            "std::process",
            "::now()",
        ],
    ),
    (
        "ui",
        &[
            "crate::engine",
            "crate::runtime",
            "crate::cli",
            "tokio::",
            "sqlx::",
            "std::fs",
            "::now()",
            "&mut Model",
            "Color::",
        ],
    ),
    ("runtime", &["crate::cli"]),
];

/// Words that no part may hold.
const EVERYWHERE: &[&str] = &["crate::{", "super::super"];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn no_part_names_what_it_may_not_know() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut broken = Vec::new();
    for (part, forbidden) in RULES {
        let mut files = Vec::new();
        sources(&src.join(part), &mut files);
        assert!(!files.is_empty(), "src/{part} has moved: mend RULES");
        for file in files {
            if file.ends_with("ui/theme.rs") {
                continue; // the one place that names colours
            }
            let text = fs::read_to_string(&file).unwrap();
            let code = text
                .split("#[cfg(test)]\nmod tests")
                .next()
                .unwrap_or_default();
            for (n, line) in code.lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                for word in forbidden
                    .iter()
                    .chain(EVERYWHERE)
                    .filter(|w| code.contains(**w))
                {
                    broken.push(format!("{}:{} names {word}", file.display(), n + 1));
                }
            }
        }
    }
    assert!(
        broken.is_empty(),
        "house rules broken:\n{}",
        broken.join("\n")
    );
}
