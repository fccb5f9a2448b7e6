//! Checklists as people write them become runbooks, and nothing of them is lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod command;
mod figures;
mod fixtures;
mod laws;
mod oracle;
mod readme;

use holdpoint::domain::import::{Imported, Options, import};
use holdpoint::domain::runbook::model::{Action, Item, Runbook, Start};

fn imported(text: &str) -> Imported {
    import(text.as_bytes(), "a.md", Options::default()).unwrap_or_else(|e| panic!("{text}\n{e}"))
}

/// The outline of a runbook: phases `#`, groups `>`, steps with a sign for their action.
pub fn outline(book: &Runbook) -> Vec<String> {
    let mut lines = Vec::new();
    for phase in &book.phases {
        let at = phase
            .at
            .map_or(String::new(), |at| format!(" @{}", at.seconds));
        lines.push(format!("# {}{at}", phase.title));
        items(book, &phase.items, 0, &mut lines);
    }
    for path in &book.rollback {
        lines.push(format!("< {}", path.title));
        items(book, &path.items, 0, &mut lines);
    }
    lines
}

fn items(book: &Runbook, list: &[Item], depth: usize, lines: &mut Vec<String>) {
    let pad = "  ".repeat(depth);
    for item in list {
        match item {
            Item::Group(group) => {
                lines.push(format!("{pad}> {}", group.title));
                items(book, &group.items, depth + 1, lines);
            }
            Item::Step(index) => {
                let step = &book.steps[*index];
                let sign = match &step.action {
                    Action::Confirm(_) => "-",
                    Action::Run(_) | Action::Check(_) => "$",
                    Action::Sql(_) => "sql",
                    Action::Http(_) => "http",
                    Action::Decide(_) => "?",
                    Action::Sign(_) => "sign",
                    Action::Watch(_) => "watch",
                    Action::Use(_) => "use",
                };
                lines.push(format!("{pad}{sign} {}", step.title));
            }
        }
    }
}

/// The scripts and statements of a runbook, in order.
pub fn blocks(book: &Runbook) -> Vec<String> {
    let texts = book.steps.iter().filter_map(|step| match &step.action {
        Action::Run(shell) => Some(shell.script.clone()),
        Action::Sql(sql) => Some(sql.text.clone()),
        _ => None,
    });
    texts.collect()
}

/// What holds of every import: nothing runs by itself, every line is accounted for, twice gives the same bytes.
fn holds(text: &str) -> Imported {
    let first = imported(text);
    let again = imported(text);
    assert_eq!(first.yaml, again.yaml);
    for step in &first.book.steps {
        let works = step.is_automated();
        assert!(
            !works || step.start == Start::ByHand,
            "{} starts by itself",
            step.id
        );
    }
    let normal = text
        .strip_prefix('\u{feff}')
        .unwrap_or(text)
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    for (i, line) in normal.split('\n').enumerate() {
        let n = i + 1;
        let told = first
            .account
            .entries
            .iter()
            .any(|e| e.lines.0 <= n && n <= e.lines.1);
        assert!(
            told || line.trim().is_empty(),
            "line {n} is not in the account: {line:?}"
        );
    }
    first
}
