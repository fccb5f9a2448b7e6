//! `SQLx`: `migrations/` beside a `Cargo.toml` that names it.

use crate::domain::project::tools::{bare, leading_digits};
use crate::domain::project::tree::{ending, here, join, parent};
use crate::domain::project::{Migration, Project, Tool, Tree};

/// Returns the project whose `Cargo.toml` names `sqlx` and has numbered files beside it.
pub fn look(tree: &Tree) -> Option<Project> {
    let (manifest, found) = tree
        .all()
        .filter(|(path, text)| path.ends_with("Cargo.toml") && text.contains("sqlx"))
        .find_map(|(path, _)| {
            let found = migrations(tree, &join(parent(path), "migrations"));
            (!found.is_empty()).then_some((path, found))
        })?;
    let dir = parent(manifest);
    let reversible = found.iter().all(|m| m.file.ends_with(".up.sql"));
    let mut project = Project {
        files: join(dir, "migrations"),
        migrations: found,
        secrets: vec!["PGPASSWORD"],
        present: "sqlx --version".into(),
        shows: "sqlx migrate info".into(),
        plans: Some("sqlx migrate run --dry-run".into()),
        applies: "export PGOPTIONS=\"-c lock_timeout=$lock_timeout -c statement_timeout=$statement_timeout\"\nsqlx migrate run".into(),
        table: "_sqlx_migrations",
        version: Some("select max(version)::text from _sqlx_migrations where success"),
        back: reversible.then(|| {
            "if [ \"$version_before\" = none ]; then to=0; else to=$version_before; fi\nsqlx migrate revert --target-version \"$to\"".into()
        }),
        ..bare(Tool::Sqlx, manifest, here(dir))
    };
    project.remarks.push(
        "`sqlx migrate info` ends with 0 whatever it shows, and a file with a late number is applied silently: read its output.".into(),
    );
    if !reversible {
        project
            .remarks
            .push("Not every migration has a `.down.sql`: the way back is the dump.".into());
    }
    Some(project)
}

fn migrations(tree: &Tree, dir: &str) -> Vec<Migration> {
    let numbered = tree.directly_in(dir).filter_map(|(name, _)| {
        let version = leading_digits(name);
        let counts = !version.is_empty() && ending(name) == "sql" && !name.ends_with(".down.sql");
        counts.then(|| Migration {
            version: number(version),
            file: join(dir, name),
        })
    });
    let mut all: Vec<Migration> = numbered.collect();
    all.sort_by_key(|m| m.version.parse::<u64>().unwrap_or(0));
    all
}

/// Returns `digits` as the table shows them.
pub fn number(digits: &str) -> String {
    let bare = digits.trim_start_matches('0');
    if bare.is_empty() {
        "0".into()
    } else {
        bare.to_owned()
    }
}
