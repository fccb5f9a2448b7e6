//! The history held against the files.

use std::cmp::Ordering;

use crate::domain::migrations::graph;
use crate::domain::migrations::scripts::Script;
use crate::domain::migrations::tool::Tool;
use crate::domain::ready::Table;

/// What is wanted of the state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted<'w> {
    /// Whether nothing may be pending any more.
    pub all_applied: bool,
    /// Versions that must be applied.
    pub applied: Vec<&'w str>,
}

/// One line of the history.
struct Entry {
    version: String,
    name: String,
    at: String,
    state: String,
    checksum: Option<String>,
}

/// One line of the answer.
struct Line {
    verdict: &'static str,
    state: &'static str,
    version: String,
    name: String,
    at: String,
    note: String,
}

/// Returns a row for each migration: `verdict`, `state`, `version`, `name`, `applied_at`, `note`.
///
/// `history` is what [`Tool::question`] brought; without files only what the history tells is told.
pub fn status(
    tool: Tool,
    history: &Table,
    scripts: Option<&[Script]>,
    wanted: &Wanted<'_>,
) -> Table {
    let entries = latest(history);
    let mut lines = match tool {
        Tool::Alembic => standing(&entries, scripts),
        Tool::GolangMigrate => counted(&entries, scripts),
        _ => listed(tool, &entries, scripts),
    };
    for line in &mut lines {
        if line.state == "pending" && wanted.all_applied {
            line.verdict = "fail";
            "nothing may be pending any more".clone_into(&mut line.note);
        }
    }
    for version in &wanted.applied {
        let there = lines.iter_mut().find(|l| same(&l.version, version));
        match there {
            Some(line) if line.state == "applied" => {}
            Some(line) => {
                line.verdict = "fail";
                line.note = format!("it must be applied, and is not; {}", line.note);
            }
            None => lines.push(line(
                "fail",
                "unknown",
                version,
                "it must be applied: neither history nor files know it",
            )),
        }
    }
    table(lines)
}

fn line(verdict: &'static str, state: &'static str, version: &str, note: &str) -> Line {
    Line {
        verdict,
        state,
        version: version.to_owned(),
        name: String::new(),
        at: String::new(),
        note: note.to_owned(),
    }
}

fn table(lines: Vec<Line>) -> Table {
    let columns = ["verdict", "state", "version", "name", "applied_at", "note"];
    let row = |l: Line| {
        let texts = [
            l.verdict.to_owned(),
            l.state.to_owned(),
            l.version,
            l.name,
            l.at,
            l.note,
        ];
        texts.map(Some).to_vec()
    };
    Table {
        columns: columns.map(Into::into).to_vec(),
        rows: lines.into_iter().map(row).collect(),
    }
}

/// Returns the last entry of each version, in the order in which they were written.
fn latest(history: &Table) -> Vec<Entry> {
    let at = |name: &str| history.column(name);
    let columns = [
        at("version"),
        at("name"),
        at("at"),
        at("state"),
        at("checksum"),
    ];
    let mut found: Vec<Entry> = Vec::new();
    for row in &history.rows {
        let cell = |n: usize| columns[n].and_then(|at| row.get(at)?.clone());
        let entry = Entry {
            version: cell(0).unwrap_or_default(),
            name: cell(1).unwrap_or_default(),
            at: cell(2).unwrap_or_default(),
            state: cell(3).unwrap_or_default(),
            checksum: cell(4),
        };
        found.retain(|other| other.version != entry.version);
        found.push(entry);
    }
    found
}

/// A history with a line for each migration.
fn listed(tool: Tool, entries: &[Entry], scripts: Option<&[Script]>) -> Vec<Line> {
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

/// A history that names only the newest (golang-migrate).
fn counted(entries: &[Entry], scripts: Option<&[Script]>) -> Vec<Line> {
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
fn standing(entries: &[Entry], scripts: Option<&[Script]>) -> Vec<Line> {
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

/// Whether two spellings name one version: `0001` and `1`.
fn same(a: &str, b: &str) -> bool {
    in_order(a, b) == Ordering::Equal
}

/// Orders versions part by part, numbers as numbers: `4.2` before `4.10`, `0009` before `10`.
pub(super) fn in_order(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.split(['.', '_']), b.split(['.', '_']));
    loop {
        let (one, other) = (left.next(), right.next());
        let order = match (one, other) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(one), Some(other)) => match (one.parse::<u64>(), other.parse::<u64>()) {
                (Ok(one), Ok(other)) => one.cmp(&other),
                _ => one.cmp(other),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::migrations::scripts::{File, scripts};

    fn history(rows: &[[&str; 3]]) -> Table {
        let columns = ["version", "name", "at", "state", "checksum"];
        let row = |[version, state, sum]: &[&str; 3]| {
            let sum = Some((*sum).to_owned()).filter(|s| !s.is_empty());
            let text = |t: &str| Some(t.to_owned());
            vec![text(version), text(""), text("then"), text(state), sum]
        };
        Table {
            columns: columns.map(Into::into).to_vec(),
            rows: rows.iter().map(row).collect(),
        }
    }

    fn files(named: &[(&str, &str)], tool: Tool) -> Vec<Script> {
        let file = |(path, text): &(&str, &str)| File {
            path: (*path).into(),
            bytes: (*text).into(),
        };
        let files: Vec<File> = named.iter().map(file).collect();
        scripts(tool, &files)
    }

    fn told(table: &Table) -> Vec<String> {
        let cell = |row: &Vec<Option<String>>, at: usize| row[at].clone().unwrap();
        let line = |row| format!("{} {} {}", cell(row, 0), cell(row, 1), cell(row, 2));
        table.rows.iter().map(line).collect()
    }

    #[test]
    fn a_history_of_lines_is_held_against_the_files() {
        let files = files(
            &[
                ("V1__a.sql", "123456789"),
                ("V2__b.sql", "edited"),
                ("V3__c.sql", ""),
                ("V4_10__d.sql", ""),
                ("V0_5__late.sql", ""),
            ],
            Tool::Flyway,
        );
        let history = history(&[
            ["1", "applied", "-873187034"],
            ["2", "applied", "7"],
            ["3", "failed", "0"],
            ["4.2", "applied", "1"],
        ]);
        let seen = status(Tool::Flyway, &history, Some(&files), &Wanted::default());
        assert_eq!(
            told(&seen),
            [
                "warn pending 0.5",
                "ok applied 1",
                "fail changed 2",
                "fail failed 3",
                "warn applied 4.2",
                "ok pending 4.10"
            ]
        );
    }

    #[test]
    fn what_is_wanted_must_be_there() {
        let files = files(&[("1_a.sql", ""), ("0002_b.sql", "")], Tool::Dbmate);
        let history = history(&[["1", "applied", ""]]);
        let wanted = Wanted {
            all_applied: true,
            applied: vec!["2", "7"],
        };
        let seen = status(Tool::Dbmate, &history, Some(&files), &wanted);
        assert_eq!(
            told(&seen),
            ["ok applied 1", "fail pending 0002", "fail unknown 7"]
        );
    }

    #[test]
    fn out_of_order_is_seen_by_the_order_of_the_history() {
        let history = history(&[
            ["1", "applied", ""],
            ["3", "applied", ""],
            ["2", "applied", ""],
        ]);
        let seen = status(Tool::Sqlx, &history, None, &Wanted::default());
        assert_eq!(
            told(&seen),
            ["ok applied 1", "warn applied 2", "ok applied 3"]
        );
    }

    #[test]
    fn the_last_attempt_counts() {
        let files = files(&[("a/migration.sql", "")], Tool::Prisma);
        let history = history(&[["a", "failed", ""], ["a", "rolled back", ""]]);
        let seen = status(Tool::Prisma, &history, Some(&files), &Wanted::default());
        assert_eq!(told(&seen), ["ok pending a"]);
    }

    #[test]
    fn revisions_before_the_one_it_stands_at_are_applied() {
        let files = files(
            &[
                ("a.py", "revision = 'a'\ndown_revision = None\n"),
                ("b.py", "revision = 'b'\ndown_revision = 'a'\n"),
                ("c.py", "revision = 'c'\ndown_revision = 'b'\n"),
            ],
            Tool::Alembic,
        );
        let seen = status(
            Tool::Alembic,
            &history(&[["b", "applied", ""]]),
            Some(&files),
            &Wanted::default(),
        );
        assert_eq!(
            told(&seen),
            ["ok applied a", "ok applied b", "ok pending c"]
        );
        let strange = status(
            Tool::Alembic,
            &history(&[["z", "applied", ""]]),
            Some(&files),
            &Wanted::default(),
        );
        assert_eq!(told(&strange)[3], "fail unknown z");
    }

    #[test]
    fn a_dirty_version_has_failed() {
        let files = files(
            &[("1_a.up.sql", ""), ("2_b.up.sql", ""), ("3_c.up.sql", "")],
            Tool::GolangMigrate,
        );
        let seen = status(
            Tool::GolangMigrate,
            &history(&[["2", "failed", ""]]),
            Some(&files),
            &Wanted::default(),
        );
        assert_eq!(
            told(&seen),
            ["ok applied 1", "fail failed 2", "ok pending 3"]
        );
    }
}
