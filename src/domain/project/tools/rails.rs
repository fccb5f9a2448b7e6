//! Rails: `db/migrate/` beside a `Gemfile`.

use crate::domain::project::tools::{bare, leading_digits};
use crate::domain::project::tree::{ending, here, join, parent};
use crate::domain::project::{Migration, Project, Tool, Tree};

/// Returns the project whose `Gemfile` has `db/migrate/` beside it.
pub fn look(tree: &Tree) -> Option<Project> {
    let gemfile = tree.named("Gemfile")?;
    let root = parent(gemfile);
    let dir = join(root, "db/migrate");
    let found = tree.directly_in(&dir).filter_map(|(name, _)| {
        let version = leading_digits(name);
        (!version.is_empty() && ending(name) == "rb").then(|| Migration {
            version: version.to_owned(),
            file: join(&dir, name),
        })
    });
    let migrations: Vec<Migration> = found.collect();
    if migrations.is_empty() {
        return None;
    }
    let call = if tree.has(&join(root, "bin/rails")) {
        "bin/rails"
    } else {
        "bundle exec rails"
    };
    Some(Project {
        files: dir.clone(),
        migrations,
        secrets: vec!["PGPASSWORD", "RAILS_MASTER_KEY"],
        present: format!("{call} --version"),
        shows: format!("{call} db:migrate:status | tail -40"),
        applies: format!(
            "export PGOPTIONS=\"-c lock_timeout=$lock_timeout -c statement_timeout=$statement_timeout\"\n{call} db:migrate"
        ),
        agrees: Some(format!("{call} db:abort_if_pending_migrations")),
        table: "schema_migrations",
        version: Some("select max(version) from schema_migrations"),
        back: Some(format!(
            "if [ \"$version_before\" = none ]; then to=0; else to=$version_before; fi\n{call} db:migrate VERSION=\"$to\""
        )),
        remarks: vec![
            "Set `RAILS_ENV` where holdpoint is started; `DATABASE_URL` goes before `config/database.yml`.".into(),
        ],
        ..bare(Tool::Rails, gemfile, here(root))
    })
}
