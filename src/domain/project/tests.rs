//! Projects as their tools leave them, and the runbooks made of them.

use crate::domain::project::{Project, Tool, Tree, find, look, runbook};
use crate::domain::runbook::parse::parse;

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::default();
    for (path, text) in files {
        tree.add(*path, *text);
    }
    tree
}

/// A project of each tool, with two migrations.
fn projects() -> Vec<(Tool, Tree, Option<&'static str>)> {
    let revision = |id: &str, before: &str| {
        format!("revision: str = '{id}'\ndown_revision: str | None = {before}\n")
    };
    vec![
        (
            Tool::Alembic,
            tree(&[
                (
                    "api/alembic.ini",
                    "[alembic]\nscript_location = %(here)s/db\n",
                ),
                ("api/db/versions/b_two.py", &revision("a9", "None")),
                ("api/db/versions/a_one.py", &revision("b1", "'a9'")),
                ("uv.lock", ""),
            ]),
            Some("b1"),
        ),
        (
            Tool::Flyway,
            tree(&[
                (
                    "build.gradle.kts",
                    "plugins { id(\"org.flywaydb.flyway\") }",
                ),
                ("gradlew", ""),
                ("src/main/resources/db/migration/V10__later.sql", ""),
                ("src/main/resources/db/migration/V2_1__first.sql", ""),
                ("src/main/resources/db/migration/R__view.sql", ""),
            ]),
            Some("10"),
        ),
        (
            Tool::Prisma,
            tree(&[
                (
                    "prisma/schema.prisma",
                    "datasource db {\n  provider = \"postgresql\"\n  url = env(\"PG_URL\")\n}\n",
                ),
                ("prisma/migrations/20260101000000_init/migration.sql", ""),
                ("prisma/migrations/20260201000000_more/migration.sql", ""),
                ("prisma/migrations/migration_lock.toml", ""),
                ("pnpm-lock.yaml", ""),
            ]),
            Some("20260201000000_more"),
        ),
        (
            Tool::Sqlx,
            tree(&[
                ("crates/db/Cargo.toml", "[dependencies]\nsqlx = \"0.9\"\n"),
                ("crates/db/migrations/0001_one.up.sql", ""),
                ("crates/db/migrations/0001_one.down.sql", ""),
                ("crates/db/migrations/0010_two.up.sql", ""),
                ("crates/db/migrations/0010_two.down.sql", ""),
            ]),
            Some("10"),
        ),
    ]
}

/// … and of the tools that came later into this list.
fn more_projects() -> Vec<(Tool, Tree, Option<&'static str>)> {
    vec![
        (
            Tool::Django,
            tree(&[
                ("manage.py", ""),
                ("shop/migrations/0001_initial.py", ""),
                ("shop/migrations/__init__.py", ""),
                ("poetry.lock", ""),
            ]),
            None,
        ),
        (
            Tool::Rails,
            tree(&[
                ("Gemfile", ""),
                ("bin/rails", ""),
                ("db/migrate/20260101120000_add_it.rb", ""),
            ]),
            Some("20260101120000"),
        ),
        (
            Tool::Liquibase,
            tree(&[
                ("db/changelog/db.changelog-master.yaml", ""),
                ("liquibase.properties", "changelog-file: db/it's.yaml\n"),
            ]),
            None,
        ),
        (
            Tool::Migrate,
            tree(&[
                ("migrations/000001_a.up.sql", ""),
                ("migrations/000002_b.up.sql", ""),
                ("migrations/000002_b.down.sql", ""),
            ]),
            Some("2"),
        ),
        (
            Tool::Goose,
            tree(&[(
                "sql/20260101_a.sql",
                "-- +goose Up\nselect 1;\n-- +goose Down\n",
            )]),
            Some("20260101"),
        ),
        (
            Tool::Dbmate,
            tree(&[(
                "db/migrations/20260101000000_a.sql",
                "-- migrate:up\n-- migrate:down\n",
            )]),
            Some("20260101000000"),
        ),
    ]
}

fn written(project: &Project) -> String {
    runbook(project, "billing")
}

#[test]
fn each_tool_is_known_by_its_files_and_gets_a_runbook_that_is_valid() {
    for (tool, tree, newest) in projects().into_iter().chain(more_projects()) {
        let found = find(&tree);
        assert_eq!(found.iter().map(|p| p.tool).collect::<Vec<_>>(), [tool]);
        assert_eq!(found[0].newest(), newest, "{tool}");
        let text = written(&found[0]);
        let parsed = parse(text.as_bytes(), "new.yaml", &|_| {
            Err(std::io::ErrorKind::NotFound.into())
        });
        let book = parsed.unwrap_or_else(|p| panic!("{tool}: {}\n{text}", p.render()));
        assert!(book.steps.len() > 15, "{tool}");
    }
}

#[test]
fn revisions_are_put_in_order_by_what_they_follow_and_two_heads_are_told() {
    let (_, tree, _) = projects().remove(0);
    let project = look(&tree, Tool::Alembic).unwrap();
    let order: Vec<_> = project
        .migrations
        .iter()
        .map(|m| m.version.as_str())
        .collect();
    assert_eq!(order, ["a9", "b1"]);
    assert!(project.applies.contains("uv run alembic upgrade head"));
    let mut forked = tree.clone();
    forked.add(
        "api/db/versions/c.py",
        "revision = \"c2\"\ndown_revision = \"a9\"\n",
    );
    let project = look(&forked, Tool::Alembic).unwrap();
    assert_eq!(project.newest(), None);
    assert!(project.remarks.iter().any(|r| r.contains("2 heads")));
}

#[test]
fn what_lies_in_a_name_stays_a_name() {
    let mut tree = tree(&[("it's $(rm -rf)/db/0001_a.up.sql", "")]);
    tree.add("it's $(rm -rf)/db/0002_${HOME}`x`.up.sql", "");
    let project = look(&tree, Tool::Migrate).unwrap();
    assert!(
        project.applies.contains(r"-path 'it'\''s $(rm -rf)/db' "),
        "{}",
        project.applies
    );
    let text = written(&project);
    let parsed = parse(text.as_bytes(), "new.yaml", &|_| {
        Err(std::io::ErrorKind::NotFound.into())
    });
    parsed.unwrap_or_else(|p| panic!("{}\n{text}", p.render()));
}

#[test]
fn an_empty_directory_is_nobodys() {
    assert!(find(&Tree::default()).is_empty());
}
