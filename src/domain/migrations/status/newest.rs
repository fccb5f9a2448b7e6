//! Histories that name only the newest migration, or only where they stand.

use std::cmp::Ordering;

use crate::domain::migrations::graph;
use crate::domain::migrations::scripts::Script;
use crate::domain::migrations::status::{Entry, Line, in_order, line, same};

/// A history that names only the newest (golang-migrate).
pub(super) fn counted(entries: &[Entry], scripts: Option<&[Script]>) -> Vec<Line> {
    let current = entries.first();
    let mut lines = Vec::new();
    for script in scripts.unwrap_or_default() {
        let order = current.map_or(Ordering::Greater, |c| in_order(&script.version, &c.version));
        let state = if order == Ordering::Greater {
            "pending"
        } else {
            "applied"
        };
        let mut one = line("ok", state, &script.version, "");
        one.name.clone_from(&script.name);
        lines.push(one);
    }
    if let Some(current) = current {
        let known = lines
            .iter()
            .position(|l| same(&l.version, &current.version));
        let at = known.unwrap_or_else(|| {
            let note = if scripts.is_some() {
                "there is no file of it"
            } else {
                ""
            };
            let verdict = if scripts.is_some() { "warn" } else { "ok" };
            lines.push(line(verdict, "applied", &current.version, note));
            lines.len() - 1
        });
        if current.state == "failed" {
            lines[at].verdict = "fail";
            lines[at].state = "failed";
            "dirty: it was begun and not ended".clone_into(&mut lines[at].note);
        }
    }
    lines
}

/// A history that names only where it stands (Alembic).
pub(super) fn standing(entries: &[Entry], scripts: Option<&[Script]>) -> Vec<Line> {
    let heads: Vec<&str> = entries.iter().map(|e| e.version.as_str()).collect();
    let Some(scripts) = scripts else {
        return heads
            .iter()
            .map(|v| line("ok", "applied", v, "here it stands"))
            .collect();
    };
    let applied = graph::behind(&heads, scripts);
    let mut lines: Vec<Line> = Vec::new();
    for script in scripts {
        let is = applied.contains(script.version.as_str());
        let stands = heads.contains(&script.version.as_str());
        let state = if is { "applied" } else { "pending" };
        let mut one = line(
            "ok",
            state,
            &script.version,
            if stands { "here it stands" } else { "" },
        );
        one.name.clone_from(&script.name);
        lines.push(one);
    }
    for head in heads {
        if !scripts.iter().any(|s| s.version == head) {
            let note = "the database stands at a revision that no file knows: other code, or another branch";
            lines.push(line("fail", "unknown", head, note));
        }
    }
    let parents = |v: &str| scripts.iter().any(|s| s.after.iter().any(|a| a == v));
    let tips: Vec<&str> = scripts
        .iter()
        .map(|s| s.version.as_str())
        .filter(|v| !parents(v))
        .collect();
    if tips.len() > 1 {
        let note = "the files have several heads: merge them, or name the one";
        lines.push(line("warn", "branched", &tips.join(", "), note));
    }
    lines
}
