//! The shipped runbooks hold every line of the checklists they were made from.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use holdpoint::domain::runbook::model::{Action, Runbook, Shell, Step, StepId, StopSignal};
use holdpoint::domain::runbook::parse;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Coverage {
    checklist: String,
    runbook: String,
    /// How many rows the checklist has.
    count: usize,
    rows: Vec<Row>,
    findings: Vec<Finding>,
    added: Vec<Added>,
}

/// One line of the checklist, and what became of it.
#[derive(Deserialize)]
struct Row {
    line: String,
    #[serde(rename = "row")]
    name: String,
    is: Vec<Place>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    step: Option<String>,
    item: Option<String>,
    says: Option<String>,
    alarm: Option<String>,
    panel: Option<String>,
    path: Option<String>,
    contact: Option<String>,
    /// One of the roles that sign.
    role: Option<String>,
    /// What the program does by itself, in every run.
    program: Option<String>,
    omitted: Option<String>,
}

/// Something that was observed, and that the runbook must heed.
#[derive(Deserialize)]
struct Finding {
    number: usize,
    step: String,
    says: Option<String>,
    stop: Option<String>,
}

#[derive(Deserialize)]
struct Added {
    step: String,
    why: String,
}

fn runbooks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks")
}

fn load(name: &str) -> Runbook {
    let source = fs::read(runbooks().join(name)).unwrap();
    let files = |file: &str| fs::read_to_string(runbooks().join(file));
    parse::parse(&source, name, &files).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Returns every coverage table with its runbook.
fn tables() -> Vec<(Coverage, Runbook)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/coverage");
    let tables = fs::read_dir(dir).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let coverage: Coverage = serde_json::from_str(&fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let book = load(&coverage.runbook);
        (coverage, book)
    });
    tables.collect()
}

fn shell(step: &Step) -> Option<&Shell> {
    match &step.action {
        Action::Run(shell) | Action::Check(shell) => Some(shell),
        _ => None,
    }
}

fn step<'a>(book: &'a Runbook, id: &str) -> &'a Step {
    book.step(&StepId::new(id))
        .unwrap_or_else(|| panic!("there is no step `{id}`"))
}

/// Returns what step `id` does and says, as it is written.
fn text<'a>(book: &'a Runbook, id: &str) -> &'a str {
    match &step(book, id).action {
        Action::Run(shell) | Action::Check(shell) => &shell.script,
        Action::Sql(sql) => &sql.text,
        Action::Confirm(confirm) => &confirm.text,
        Action::Use(used) => &used.check,
        _ => panic!("step `{id}` has no text"),
    }
}

/// Returns what is wrong with a row's place, if anything is.
fn fault(book: &Runbook, place: &Place) -> Option<String> {
    if let Some(id) = &place.step {
        let step = step(book, id);
        if let Some(item) = &place.item {
            let Action::Confirm(confirm) = &step.action else {
                return Some(format!("`{id}` has no boxes"));
            };
            return (!confirm.items.contains(item)).then(|| format!("`{id}` has no box {item}"));
        }
        let says = place.says.as_ref()?;
        return (!text(book, id).contains(says)).then(|| format!("`{id}` does not say {says}"));
    }
    let known = if let Some(rule) = &place.alarm {
        book.monitor.alarms.iter().any(|a| a.text == *rule)
    } else if let Some(panel) = &place.panel {
        ["Locks", "Connections", "Activity"].contains(&panel.as_str())
    } else if let Some(path) = &place.path {
        book.path(path).is_some()
    } else if let Some(contact) = &place.contact {
        book.contacts.iter().any(|c| c.role == *contact)
    } else if let Some(role) = &place.role {
        book.roles.contains(role)
    } else {
        let told = place.program.as_ref().or(place.omitted.as_ref());
        told.is_some_and(|why| why.len() > 20)
    };
    (!known).then(|| "it names nothing that is there".to_owned())
}

#[test]
fn every_row_of_a_checklist_is_in_its_runbook_or_left_out_for_a_reason() {
    let tables = tables();
    assert!(tables.len() >= 2);
    let mut wrong = Vec::new();
    for (coverage, book) in &tables {
        let of = &coverage.checklist;
        assert_eq!(coverage.rows.len(), coverage.count, "{of}");
        let mut names = BTreeSet::new();
        for row in &coverage.rows {
            assert!(names.insert(&row.name), "{of}: {} is there twice", row.name);
            if row.is.is_empty() || row.is.iter().all(|place| place.omitted.is_some()) {
                wrong.push(format!(
                    "{of}, {} {}: nothing became of it",
                    row.line, row.name
                ));
            }
            let faults = row.is.iter().filter_map(|place| fault(book, place));
            wrong.extend(faults.map(|fault| format!("{of}, {} {}: {fault}", row.line, row.name)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_step_of_a_runbook_comes_from_its_checklist_or_says_why_it_was_added() {
    for (coverage, book) in tables() {
        let named: BTreeSet<&str> = coverage
            .rows
            .iter()
            .flat_map(|row| row.is.iter().filter_map(|place| place.step.as_deref()))
            .chain(coverage.added.iter().map(|added| added.step.as_str()))
            .collect();
        let unnamed: Vec<&str> = book
            .steps
            .iter()
            .map(|step| step.id.as_str())
            .filter(|id| !named.contains(id))
            .collect();
        assert!(
            unnamed.is_empty(),
            "{}: from nowhere: {unnamed:?}",
            coverage.runbook
        );
        assert!(coverage.added.iter().all(|added| !added.why.is_empty()));
    }
}

#[test]
fn what_was_observed_about_the_tools_is_heeded() {
    for (coverage, book) in tables() {
        let numbers: Vec<usize> = coverage.findings.iter().map(|f| f.number).collect();
        assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>());
        for finding in &coverage.findings {
            if let Some(says) = &finding.says {
                let text = text(&book, &finding.step);
                let (runbook, number) = (&coverage.runbook, finding.number);
                assert!(text.contains(says), "{runbook} {number}: {says}");
            }
            if finding.stop.is_some() {
                assert_eq!(stop_of(&book, &finding.step), StopSignal::Int);
            }
        }
    }
}

fn stop_of(book: &Runbook, id: &str) -> StopSignal {
    shell(step(book, id)).unwrap().stop
}

#[test]
fn whoever_runs_alembic_for_long_is_asked_to_stop_with_int() {
    let book = load("alembic-postgresql.yaml");
    let runs = book.steps.iter().filter(|step| {
        let Action::Run(shell) = &step.action else {
            return false;
        };
        ["$alembic upgrade", "$alembic downgrade"]
            .iter()
            .any(|call| shell.script.contains(call))
    });
    let mut seen = 0;
    for step in runs {
        assert_eq!(
            stop_of(&book, step.id.as_str()),
            StopSignal::Int,
            "{}",
            step.id
        );
        seen += 1;
    }
    assert_eq!(seen, 5, "gen-sql, rt-up, rt-down, upgrade, rb-downgrade");
}

/// On staging the variable `DATABASE_URL` of the operator's shell may well be that of production.
#[test]
fn no_script_speaks_to_another_database_than_the_target_s() {
    let book = load("alembic-postgresql.yaml");
    let mut checked = 0;
    for step in &book.steps {
        let Some(shell) = shell(step) else { continue };
        let asks = ["$alembic", "psql ", "pg_dump -Fc", "pg_restore -d"];
        if asks.iter().any(|word| shell.script.contains(word)) {
            let first = shell.script.lines().next().unwrap_or_default();
            assert!(
                first.starts_with(r#"export DATABASE_URL="${!url_variable}""#),
                "step `{}` does not choose its database first",
                step.id
            );
            checked += 1;
        }
    }
    assert!(checked > 20, "only {checked} scripts were recognised");
}
