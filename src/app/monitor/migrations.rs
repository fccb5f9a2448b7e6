//! The migration tool's history beside its files: what the ready check `migrations/status` says, asked while it is shown.

use std::collections::BTreeMap;

use crate::app::message::Effect;
use crate::app::model::{Model, Purpose};
use crate::app::monitor::Link;
use crate::app::monitor::panel::{Panel, RowKey};
use crate::app::monitor::table::{Cell, Column, Row, Table, Value};
use crate::app::step;
use crate::domain::ready;
use crate::domain::run::assign;
use crate::domain::run::next;
use crate::domain::run::values::Values;
use crate::domain::runbook::model::Action;
use crate::domain::sample::metric::Grade;

/// The check that is asked.
pub const CHECK: &str = "migrations/status";
/// What a step demands of the state, and the panel only shows.
const DEMANDS: [&str; 2] = ["pending", "applied"];
/// Milliseconds after which it is asked again although nothing was done: others migrate too.
const EVERY_MS: u64 = 15_000;

/// What is known of the migrations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Migrations {
    /// The check's arguments where there is no runbook that says them.
    pub given: Option<BTreeMap<String, String>>,
    /// What was seen last, or why it could not be.
    pub seen: Option<Result<ready::Table, String>>,
    /// When it was last asked, on the forward clock.
    asked_ms: Option<u64>,
    asking: Asking,
}

/// Whether an answer is on its way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Asking {
    #[default]
    No,
    Underway,
    /// It is, and something was done since it was asked.
    Overtaken,
}

const COLUMNS: &[Column] = &[
    Column::words("version", 30, 0),
    Column::words("state", 11, 0),
    Column::words("name", 40, 70),
    Column::words("applied at", 19, 100),
    Column::words("note", usize::MAX, 0),
];

/// Returns the check's arguments: those of the runbook's first step that uses it, where it has one.
fn wanted(model: &Model) -> Option<BTreeMap<String, String>> {
    if let Some(given) = &model.monitor.migrations.given {
        return Some(given.clone());
    }
    let around = step::surroundings(model);
    let values = Values::new(&model.book, &model.run, &around);
    let mut uses = model.book.steps.iter().filter_map(|s| match &s.action {
        Action::Use(used) if used.check == CHECK && used.on.is_none() => Some((s, used)),
        _ => None,
    });
    let applies = |id| next::omitted(&model.book, &model.run, id).is_none();
    let (_, used) = uses.find(|(s, used)| used.with.contains_key("dir") && applies(&s.id))?;
    let with = used.with.iter();
    let with = with.filter(|(name, _)| !DEMANDS.contains(&name.as_str()));
    let known = with.map(|(name, text)| (name.clone(), assign::as_known(&values, text)));
    Some(known.collect())
}

/// Something was done that may have changed them.
pub fn overtaken(model: &mut Model) {
    let migrations = &mut model.monitor.migrations;
    migrations.asked_ms = None;
    if migrations.asking == Asking::Underway {
        migrations.asking = Asking::Overtaken;
    }
}

/// Asks while the panel is shown and what it shows may be old.
pub fn look(model: &mut Model) -> Option<Effect> {
    let shown = model.monitor.panel == Panel::Migrations && model.monitor.frozen.is_none();
    let monitor = &model.monitor;
    let age = monitor
        .migrations
        .asked_ms
        .map(|ms| model.now.mono_ms.saturating_sub(ms));
    let due = age.is_none_or(|age| age >= EVERY_MS);
    if !shown || !due || monitor.migrations.asking != Asking::No || monitor.link != Link::Live {
        return None;
    }
    let with = wanted(model)?;
    let migrations = &mut model.monitor.migrations;
    migrations.asking = Asking::Underway;
    migrations.asked_ms = Some(model.now.mono_ms);
    Some(Effect::LookMigrations(with))
}

/// Takes in what was seen.
pub fn seen(model: &mut Model, seen: Result<ready::Table, String>) {
    let migrations = &mut model.monitor.migrations;
    if migrations.asking == Asking::Overtaken {
        migrations.asked_ms = None;
    }
    migrations.asking = Asking::No;
    migrations.seen = Some(seen);
}

fn cell<'a>(table: &'a ready::Table, row: &'a [Option<String>], name: &str) -> &'a str {
    let at = table.column(name);
    at.and_then(|at| row.get(at)?.as_deref())
        .unwrap_or_default()
}

fn grade_of(verdict: &str) -> Grade {
    match verdict {
        "fail" => Grade::Stop,
        "warn" => Grade::Look,
        _ => Grade::Calm,
    }
}

/// Returns how bad it is.
pub fn grade(model: &Model) -> Grade {
    match &model.monitor.migrations.seen {
        Some(Ok(table)) => {
            let verdicts = table.rows.iter().map(|row| cell(table, row, "verdict"));
            verdicts.map(grade_of).max().unwrap_or(Grade::Calm)
        }
        Some(Err(_)) => Grade::Look,
        None => Grade::Calm,
    }
}

/// Returns the Migrations panel: what is bad first, then what is pending, then the newest that is applied.
pub fn table(model: &Model) -> Table<'_> {
    let seen = model.monitor.migrations.seen.as_ref();
    let table = seen.and_then(|seen| seen.as_ref().ok());
    let rows = table.map_or_else(Vec::new, |table| {
        let rows = table.rows.iter();
        rows.map(|row| one(table, row)).collect()
    });
    let empty = match seen {
        _ if wanted(model).is_none() => match model.purpose {
            Purpose::Monitor => "say where they are: holdpoint monitor --migrations prisma=prisma/migrations",
            Purpose::Drive | Purpose::Watch => {
                "no step of this runbook says `use: migrations/status` with a `dir`: that is where tool and files are found"
            }
        }
        .to_owned(),
        None => "the history and the files are being read".to_owned(),
        Some(Err(why)) => format!("it could not be asked: {why}"),
        Some(Ok(_)) => "there is no migration".to_owned(),
    };
    let arrangement = model.monitor.arranged(Panel::Migrations);
    Table::arranged(COLUMNS, rows, 0, arrangement, empty)
}

fn one<'a>(table: &'a ready::Table, row: &'a [Option<String>]) -> Row<'a> {
    let get = |name| cell(table, row, name);
    let grade = grade_of(get("verdict"));
    let (version, state) = (get("version"), get("state"));
    let at = get("applied_at");
    let at = at.get(..19).unwrap_or(at);
    let cells = vec![
        Value::text(version).into(),
        Cell::from(Value::text(state)).graded(grade),
        Value::text(get("name")).into(),
        Cell::from(Value::text(at)).quiet(),
        Cell::from(Value::text(get("note"))).graded(grade),
    ];
    let rank = match (grade, state) {
        (Grade::Calm, "pending") => 1,
        (Grade::Calm, _) => 2,
        _ => 0,
    };
    Row {
        rank,
        ..Row::new(RowKey::Named(version.to_owned()), cells)
    }
}

/// Returns how many there are of each state.
pub fn head(model: &Model) -> Option<String> {
    let table = model.monitor.migrations.seen.as_ref()?.as_ref().ok()?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &table.rows {
        *counts.entry(cell(table, row, "state")).or_default() += 1;
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(state, n)| format!("{n} {state}"))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::desk::Desk;
    use crate::app::message::Msg;
    use crate::domain::attempt::Ended;
    use crate::domain::run::fixture::outcome;
    use crate::domain::runbook::parse::parse;
    use crossterm::event::KeyCode;

    const BOOK: &str = "
runbook: 1
title: x
targets: {prod: {database: 'postgres://x'}}
parameters: {where: {default: db}}
phases:
  - phase: One
    steps:
      - {step: go, id: go, confirm: Go.}
      - {step: a, id: a, run: 'true'}
      - step: history
        use: migrations/status
        with: {tool: prisma, dir: '${where}/migrations', pending: none, applied: '3'}
";

    fn desk() -> Desk {
        let book = parse(BOOK.as_bytes(), "x.yaml", &|_| {
            Err(std::io::ErrorKind::NotFound.into())
        });
        let mut desk = Desk::new(book.unwrap_or_else(|p| panic!("{}", p.render())), "prod");
        desk.model
            .run
            .opened
            .parameters
            .insert("where".into(), "db".into());
        desk.model.monitor.link = Link::Live;
        desk
    }

    fn asked(desk: &Desk) -> Vec<BTreeMap<String, String>> {
        let asked = desk.effects.iter().filter_map(|e| match e {
            Effect::LookMigrations(with) => Some(with.clone()),
            _ => None,
        });
        asked.collect()
    }

    fn answer(rows: &[[&str; 4]]) -> Msg {
        let columns = ["verdict", "state", "version", "note"];
        let row = |row: &[&str; 4]| row.map(|cell| Some(cell.to_owned())).to_vec();
        Msg::MigrationsSeen(Ok(ready::Table {
            columns: columns.map(Into::into).to_vec(),
            rows: rows.iter().map(row).collect(),
        }))
    }

    #[test]
    fn they_are_asked_only_while_shown_and_again_after_each_step() {
        let mut desk = desk();
        desk.wait(60_000);
        assert_eq!(asked(&desk), [], "nobody looks");
        desk.press(KeyCode::Char('0'));
        desk.wait(10);
        let with = [("tool", "prisma"), ("dir", "db/migrations")];
        let with = with.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        assert_eq!(
            asked(&desk),
            [with],
            "what the step demands is not asked for"
        );
        desk.wait(60_000);
        assert_eq!(asked(&desk).len(), 1, "one question at a time");
        desk.tell(answer(&[["ok", "pending", "2", ""]]));
        desk.wait(1_000);
        assert_eq!(asked(&desk).len(), 2, "the answer was old");
        desk.tell(answer(&[["ok", "pending", "2", ""]]));
        desk.wait(1_000);
        assert_eq!(asked(&desk).len(), 2);
        desk.enter();
        desk.enter();
        desk.wait(1_000);
        let before = asked(&desk).len();
        desk.tell(answer(&[["ok", "pending", "2", ""]]));
        desk.ended("a", 1, outcome(Ended::Passed));
        desk.wait(1_000);
        assert!(asked(&desk).len() > before, "a step may have changed them");
    }

    #[test]
    fn what_is_wrong_stands_first_then_what_is_pending() {
        let mut desk = desk();
        desk.tell(answer(&[
            ["ok", "applied", "1", ""],
            ["fail", "changed", "2", "the file is not what was applied"],
            ["ok", "pending", "3", ""],
        ]));
        let table = table(&desk.model);
        let keys: Vec<_> = table.rows.iter().map(|r| r.key.clone()).collect();
        assert_eq!(keys, ["2", "3", "1"].map(|v| RowKey::Named(v.into())));
        assert_eq!(grade(&desk.model), Grade::Stop);
        assert_eq!(
            head(&desk.model).as_deref(),
            Some("1 applied, 1 changed, 1 pending")
        );
        desk.tell(Msg::MigrationsSeen(Err("permission denied".into())));
        assert!(
            super::table(&desk.model)
                .empty
                .contains("permission denied")
        );
    }
}
