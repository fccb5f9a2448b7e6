//! A history with a line for each migration.

use std::cmp::Ordering;

use crate::domain::migrations::scripts::Script;
use crate::domain::migrations::status::{Entry, Line, in_order, line, same};
use crate::domain::migrations::tool::Tool;

/// A history with a line for each migration.
pub(super) fn listed(tool: Tool, entries: &[Entry], scripts: Option<&[Script]>) -> Vec<Line> {
    let files = scripts.unwrap_or_default();
    let file = |version: &str| files.iter().find(|s| same(&s.version, version));
    let newest = entries
        .iter()
        .filter(|e| e.state == "applied" && file(&e.version).is_none_or(|s| !s.again))
        .map(|e| e.version.as_str())
        .max_by(|a, b| in_order(a, b));
    // Each app has an order of its own.
    let ordered = !matches!(tool, Tool::Django | Tool::Liquibase);
    let mut lines = Vec::new();
    let mut highest: Option<&str> = None;
    for entry in entries.iter().filter(|e| e.state != "other") {
        let script = file(&entry.version);
        let mut one = of_entry(tool, entry, script, scripts.is_some());
        let again = script.is_some_and(|s| s.again);
        if entry.state == "applied" && ordered && !again {
            if highest.is_some_and(|h| in_order(h, &entry.version) == Ordering::Greater)
                && one.verdict == "ok"
            {
                one.verdict = "warn";
                "applied out of order: later than a newer one".clone_into(&mut one.note);
            }
            highest = highest
                .into_iter()
                .chain([entry.version.as_str()])
                .max_by(|a, b| in_order(a, b));
        }
        lines.push(one);
    }
    for script in files {
        if entries.iter().any(|e| same(&e.version, &script.version)) {
            continue;
        }
        let late = ordered
            && !script.again
            && newest.is_some_and(|n| in_order(n, &script.version) == Ordering::Greater);
        let note = if late {
            "older than the newest that is applied: it would come out of order"
        } else {
            ""
        };
        let mut one = line(
            if late { "warn" } else { "ok" },
            "pending",
            &script.version,
            note,
        );
        one.name.clone_from(&script.name);
        lines.push(one);
    }
    lines.sort_by(|a, b| in_order(&a.version, &b.version));
    lines
}

fn of_entry(tool: Tool, entry: &Entry, script: Option<&Script>, have_files: bool) -> Line {
    let mut one = line("ok", "applied", &entry.version, "");
    one.name.clone_from(&entry.name);
    one.at.clone_from(&entry.at);
    if one.name.is_empty() {
        one.name = script.map(|s| s.name.clone()).unwrap_or_default();
    }
    let sums = script.and_then(|s| Some((s.checksum.as_ref()?, entry.checksum.as_ref()?)));
    let changed = sums.is_some_and(|(file, kept)| file != kept);
    match entry.state.as_str() {
        "failed" => {
            (one.verdict, one.state) = ("fail", "failed");
            "begun and not ended: see what it left behind before it is tried again"
                .clone_into(&mut one.note);
        }
        "rolled back" if script.is_some() => {
            one.state = "pending";
            "rolled back earlier".clone_into(&mut one.note);
        }
        "rolled back" => one.state = "rolled back",
        _ if changed && script.is_some_and(|s| s.again) => {
            one.state = "pending";
            "changed since: it will be applied again".clone_into(&mut one.note);
        }
        _ if changed => {
            (one.verdict, one.state) = ("fail", "changed");
            "the file is not what was applied: its checksum differs".clone_into(&mut one.note);
        }
        _ if have_files && script.is_none() && !matches!(tool, Tool::Django | Tool::Liquibase) => {
            (one.verdict, one.state) = ("warn", "applied");
            "there is no file of it".clone_into(&mut one.note);
        }
        _ => {}
    }
    one
}
