//! The files beside a log: those that it names, and those that it does not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::domain::report::is_digest;
use crate::domain::report::later::{FILE, files};
use crate::domain::report::scan::Scan;
use crate::domain::report::signoff::Layout;
use crate::engine::seal::bundle::Bundle;
use crate::engine::seal::later::addenda;
use crate::engine::seal::verify::{Lines, Mark};

/// What belongs to a run's directory and is no evidence: no signature covers it. The records of later duties are looked
/// at by themselves.
const UNCOVERED: [&str; 7] = [
    FILE,
    "log.md",
    "driver.lock",
    "attempts",
    "samples.jsonl",
    "log.md.new",
    ".gitattributes",
];

/// What was read, by its path: each file once.
pub type Scans = BTreeMap<String, Scan>;

/// Looks at every file that the log names, and for files that it does not name. Returns what was read.
pub fn look(lines: &mut Lines, bundle: &Bundle, layout: &Layout) -> Scans {
    let mut named = digests(layout.record);
    for (_, added, _) in addenda(layout) {
        named.extend(files(&added.text));
    }
    let mut scans = Scans::new();
    let mut whole = 0;
    for (sha256, path) in &named {
        let scan = match scans.get(*path) {
            Some(scan) => Ok(scan.clone()),
            None => bundle.scan(path),
        };
        if let Ok(scan) = &scan {
            scans.insert((*path).to_owned(), scan.clone());
        }
        match scan {
            Ok(scan) if scan.sha256 == *sha256 => whole += 1,
            Ok(_) => lines.say(
                Mark::Fail,
                "evidence",
                format!("{path}: content differs from the digest in the log"),
            ),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                lines.say(
                    Mark::Fail,
                    "evidence",
                    format!("{path}: named in the log, not found"),
                );
            }
            Err(e) => lines.say(
                Mark::Fail,
                "evidence",
                format!("{path}: cannot be read: {e}"),
            ),
        }
    }
    for needed in ["journal.jsonl", "runbook.yaml"] {
        if !named.iter().any(|(_, path)| *path == needed) {
            lines.say(
                Mark::Fail,
                "evidence",
                format!("the log has no digest of {needed}"),
            );
        }
    }
    if whole == named.len() && whole > 0 {
        lines.say(
            Mark::Pass,
            "evidence",
            format!("{whole} of {whole} files match"),
        );
    }
    planted(lines, bundle, &named);
    scans
}

/// The lines of digests, as `sha256sum -c` takes them.
fn digests(record: &str) -> Vec<(&str, &str)> {
    record
        .lines()
        .filter_map(|line| line.split_once("  "))
        .filter(|(sha256, path)| is_digest(sha256) && !path.is_empty())
        .collect()
}

fn planted(lines: &mut Lines, bundle: &Bundle, named: &[(&str, &str)]) {
    let named: BTreeSet<&str> = named.iter().map(|(_, path)| *path).collect();
    let mut strange = Vec::new();
    walk(bundle, "", &mut |path| {
        let is_own = UNCOVERED.contains(&path) || bundle.log.file_name().is_some_and(|n| n == path);
        if !is_own && !named.contains(path) {
            strange.push(path.to_owned());
        }
    });
    if strange.is_empty() {
        return;
    }
    strange.sort();
    let more = match strange.len().saturating_sub(5) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    strange.truncate(5);
    lines.say(
        Mark::Warn,
        "evidence",
        format!(
            "files in the folder that no signature covers: {}{more}",
            strange.join(", ")
        ),
    );
}

fn walk(bundle: &Bundle, below: &str, found: &mut impl FnMut(&str)) {
    let Ok(entries) = fs::read_dir(bundle.dir.join(below)) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() {
            name
        } else {
            format!("{below}/{name}")
        };
        let is_dir = entry.file_type().is_ok_and(|t| t.is_dir());
        if is_dir && !UNCOVERED.contains(&path.as_str()) {
            walk(bundle, &path, found);
        } else {
            found(&path);
        }
    }
}
