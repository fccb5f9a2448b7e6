//! `holdpoint run --rehearse`: walks through without touching anything.

use std::collections::BTreeMap;

use crate::app::model::{Model, Purpose};
use crate::app::step;
use crate::cli::tell;
use crate::domain::run::event::{Mode, Opened};
use crate::domain::run::next;
use crate::domain::run::state::RunState;
use crate::domain::runbook::model::{Action, Item, Step};
use crate::domain::tame;
use crate::domain::units;
use crate::runtime::opening::{self, Source};

/// Prints what would be done, every variable put in, and what is missing. Returns the exit code: 0 when nothing is.
pub fn rehearse(source: &Source, target: &str, parameters: &BTreeMap<String, String>) -> u8 {
    let mut run = RunState::default();
    run.opened = Opened {
        target: target.to_owned(),
        mode: Mode::Rehearsal,
        parameters: parameters.clone(),
        title: source.book.title.clone(),
        run: "rehearsal".into(),
        runbook_path: source.path.display().to_string(),
        ..Opened::default()
    };
    let mut model = Model::new(Purpose::Drive, source.book.clone(), run);
    model.runbook_dir = source
        .path
        .parent()
        .map(|p| p.display().to_string())
        .unwrap_or_default();
    opening::surround(&mut model);
    tell(&format!(
        "Rehearsal of {}{}: nothing is touched.",
        source.book.title,
        if target.is_empty() {
            String::new()
        } else {
            format!(" on {target}")
        }
    ));
    for phase in &source.book.phases {
        let later = phase.later.map(units::offset_text);
        let later = later.map_or_else(String::new, |due| format!(" (later, due by {due})"));
        tell(&format!("\n{}{later}", phase.title));
        items(&model, &phase.items, 1);
    }
    for path in &source.book.rollback {
        tell(&format!("\nWay back “{}”: {}", path.name, path.title));
        items(&model, &path.items, 1);
    }
    let missing = opening::unset_environment(&source.book, target);
    if missing.is_empty() {
        return 0;
    }
    tell(&format!(
        "\nMissing: the environment variables {} are not set.",
        missing.join(", ")
    ));
    crate::cli::failure::WORLD
}

fn items(model: &Model, list: &[Item], depth: usize) {
    for item in list {
        match item {
            Item::Step(at) => {
                if let Some(step) = model.book.steps.get(*at) {
                    one(model, step, depth);
                }
            }
            Item::Group(group) => {
                tell(&format!(
                    "{}{}",
                    "  ".repeat(depth),
                    tame::line(&group.title)
                ));
                items(model, &group.items, depth + 1);
            }
        }
    }
}

fn one(model: &Model, wanted: &Step, depth: usize) {
    let indent = "  ".repeat(depth);
    let view = step::describe(model, wanted);
    let kind = match wanted.action {
        Action::Confirm(_) => "by hand",
        Action::Run(_) => "run",
        Action::Check(_) => "check",
        Action::Sql(_) => "sql",
        Action::Http(_) => "http",
        Action::Watch(_) => "watch",
        Action::Use(_) => "ready check",
        Action::Decide(_) => "decide",
        Action::Sign(_) => "signature",
    };
    // A step that undoes another applies only once that one was started: here it is shown as if it had been.
    let omitted = if wanted.undoes.is_some() {
        None
    } else {
        next::omitted(&model.book, &model.run, &wanted.id)
    };
    if let Some(why) = omitted {
        tell(&format!("{indent}– {} ({why})", tame::line(&view.title)));
        return;
    }
    tell(&format!("{indent}○ {} [{kind}]", tame::line(&view.title)));
    for line in &view.action {
        tell(&format!("{indent}    {}", tame::line(line)));
    }
    for (label, text) in &view.facts {
        tell(&format!("{indent}    · {label}: {}", tame::line(text)));
    }
}
