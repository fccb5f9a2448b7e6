//! Prisma Migrate: `schema.prisma`, and a directory for each migration.

use crate::domain::project::tools::bare;
use crate::domain::project::tree::{here, join, parent};
use crate::domain::project::{Migration, Project, Tool, Tree};

/// Returns the project whose `schema.prisma` lies in `tree`; `None` for another server than PostgreSQL.
pub fn look(tree: &Tree) -> Option<Project> {
    let schema = tree.named("schema.prisma")?;
    let text = tree.text(schema);
    let dir = parent(schema);
    let root = if dir.ends_with("prisma") {
        parent(dir)
    } else {
        dir
    };
    let runner = [
        ("pnpm-lock.yaml", "pnpm exec prisma"),
        ("yarn.lock", "yarn prisma"),
        ("bun.lock", "bunx prisma"),
        ("bun.lockb", "bunx prisma"),
    ];
    let found = runner.iter().find(|(lock, _)| tree.has(&join(root, lock)));
    let call = found.map_or("npx --no-install prisma", |(_, call)| call);
    let variable = env_name(text).unwrap_or("DATABASE_URL");
    let mut project = Project {
        files: join(dir, "migrations"),
        migrations: migrations(tree, &join(dir, "migrations")),
        // Prisma's own parameters mean nothing to PostgreSQL's programs.
        address: vec![
            format!("export {variable}=\"$url\""),
            "url=\"${url%%\\?*}\"".to_owned(),
        ],
        secrets: vec!["PGPASSWORD"],
        present: format!("{call} --version | head -5"),
        shows: format!("{call} migrate status || true # it ends with 1 while something is pending"),
        applies: format!("{call} migrate deploy"),
        agrees: Some(format!("{call} migrate status")),
        table: "_prisma_migrations",
        version: Some(
            "select max(migration_name) from _prisma_migrations where finished_at is not null and rolled_back_at is null",
        ),
        ..bare(Tool::Prisma, schema, here(root))
    };
    project.remarks.push(
        "Prisma has no way down: going back means restoring the dump, or a `down.sql` of your own (`prisma migrate diff`) as a path below.".into(),
    );
    project.remarks.push(
        "A failed migration must be settled with `prisma migrate resolve` before the next `deploy`; look at what it left behind first.".into(),
    );
    if !text.contains("postgresql") && !text.contains("postgres\"") {
        project.remarks.push("`schema.prisma` does not name PostgreSQL as its provider: the checks below are for PostgreSQL.".into());
    }
    Some(project)
}

/// Returns the variable in `url = env("…")`.
fn env_name(schema: &str) -> Option<&str> {
    let line = schema.lines().find(|l| l.trim_start().starts_with("url"))?;
    line.split("env(").nth(1)?.split('"').nth(1)
}

fn migrations(tree: &Tree, dir: &str) -> Vec<Migration> {
    let inside = tree.all().filter_map(|(path, _)| {
        let rest = path.strip_prefix(dir)?.strip_prefix('/')?;
        let version = rest.strip_suffix("/migration.sql")?;
        (!version.contains('/')).then(|| Migration {
            version: version.to_owned(),
            file: path.to_owned(),
        })
    });
    inside.collect()
}
