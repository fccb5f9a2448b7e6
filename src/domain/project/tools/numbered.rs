//! Tools that keep numbered files of SQL: golang-migrate, goose, dbmate.

use crate::domain::project::tools::sqlx_cli::number;
use crate::domain::project::tools::{bare, leading_digits, word};
use crate::domain::project::tree::{ending, file_name, here, parent};
use crate::domain::project::{Migration, Project, Tool, Tree};

/// The directory of the first file that `fits` with those in it that do.
fn numbered(
    tree: &Tree,
    fits: impl Fn(&str, &str) -> bool,
    version: impl Fn(&str) -> String,
) -> Option<(&str, Vec<Migration>)> {
    let good = |path: &str, text: &str| {
        let name = file_name(path);
        !leading_digits(name).is_empty() && ending(name) == "sql" && fits(name, text)
    };
    let dir = tree
        .all()
        .find(|(p, t)| good(p, t))
        .map(|(p, _)| parent(p))?;
    let inside = tree.all().filter(|(p, t)| parent(p) == dir && good(p, t));
    let mut all: Vec<Migration> = inside
        .map(|(path, _)| Migration {
            version: version(leading_digits(file_name(path))),
            file: path.to_owned(),
        })
        .collect();
    all.sort_by_key(|m| m.version.parse::<u64>().unwrap_or(0));
    Some((dir, all))
}

/// Returns the project whose files are called `1_name.up.sql`, unless `SQLx` keeps them.
pub fn migrate(tree: &Tree) -> Option<Project> {
    let (dir, migrations) = numbered(tree, |name, _| name.ends_with(".up.sql"), number)?;
    let rust = tree
        .all()
        .any(|(p, t)| p.ends_with("Cargo.toml") && t.contains("sqlx"));
    if rust {
        return None;
    }
    let call = format!("migrate -path {} -database \"$DATABASE_URL\"", word(dir));
    Some(Project {
        present: "migrate -version".into(),
        shows: format!("{call} version || true # it fails where nothing was applied yet"),
        applies: format!("{call} up"),
        table: "schema_migrations",
        version: Some("select version::text from schema_migrations where not dirty"),
        back: Some(format!(
            "if [ \"$version_before\" = none ]; then {call} down -all; else {call} goto \"$version_before\"; fi"
        )),
        secrets: vec!["PGPASSWORD"],
        remarks: vec![
            "A failed migration leaves the table dirty: mend what it left behind, then `migrate force` the version that is true.".into(),
        ],
        ..found(Tool::Migrate, dir, migrations)
    })
}

/// Returns the project whose files say `-- +goose Up`.
pub fn goose(tree: &Tree) -> Option<Project> {
    let (dir, migrations) = numbered(tree, |_, text| text.contains("+goose Up"), number)?;
    let call = format!("goose -dir {} postgres \"$DATABASE_URL\"", word(dir));
    Some(Project {
        present: "goose --version".into(),
        shows: format!("{call} status"),
        applies: format!("{call} up"),
        table: "goose_db_version",
        version: Some(
            "select nullif(max(version_id), 0)::text from goose_db_version where is_applied",
        ),
        back: Some(format!(
            "if [ \"$version_before\" = none ]; then to=0; else to=$version_before; fi\n{call} down-to \"$to\""
        )),
        secrets: vec!["PGPASSWORD"],
        ..found(Tool::Goose, dir, migrations)
    })
}

/// Returns the project whose files say `-- migrate:up`.
pub fn dbmate(tree: &Tree) -> Option<Project> {
    let (dir, migrations) = numbered(
        tree,
        |_, text| text.contains("-- migrate:up"),
        str::to_owned,
    )?;
    let call = format!("dbmate --no-dump-schema --migrations-dir {}", word(dir));
    Some(Project {
        present: "dbmate --version".into(),
        shows: format!("{call} status"),
        applies: format!(
            "export PGOPTIONS=\"-c lock_timeout=$lock_timeout -c statement_timeout=$statement_timeout\"\n{call} migrate"
        ),
        agrees: Some(format!("{call} status --exit-code")),
        table: "schema_migrations",
        version: Some("select max(version) from schema_migrations"),
        back: Some(format!(
            "now() {{ psql -XAtqc \"select coalesce(max(version), 'none') from schema_migrations\" \"$url\"; }}\nwhile [ \"$(now)\" != \"$version_before\" ]; do\n  [ \"$(now)\" != none ] || {{ echo \"$version_before is not on the way back\"; exit 1; }}\n  {call} rollback\ndone"
        )),
        secrets: vec!["PGPASSWORD"],
        remarks: vec![
            "dbmate says `Applied` before it knows: its exit code and the table are what is looked at.".into(),
        ],
        ..found(Tool::Dbmate, dir, migrations)
    })
}

/// The commands run at the top, with the directory handed over.
fn found(tool: Tool, dir: &str, migrations: Vec<Migration>) -> Project {
    let evidence = migrations
        .first()
        .map_or(dir, |m| m.file.as_str())
        .to_owned();
    Project {
        files: here(dir),
        migrations,
        ..bare(tool, &evidence, ".".into())
    }
}
