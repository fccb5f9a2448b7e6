//! The history held against the files.

mod listed;
mod newest;

use std::cmp::Ordering;

use crate::domain::migrations::scripts::Script;
use crate::domain::migrations::status::listed::listed;
use crate::domain::migrations::status::newest::{counted, standing};
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
