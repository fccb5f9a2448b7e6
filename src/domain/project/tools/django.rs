//! Django: `manage.py`, and `migrations/` in each application.

use crate::domain::project::tools::{bare, leading_digits};
use crate::domain::project::tree::{file_name, here, parent};
use crate::domain::project::{Migration, Project, Tool, Tree};

/// Returns the project whose `manage.py` lies in `tree`.
pub fn look(tree: &Tree) -> Option<Project> {
    let manage = tree.named("manage.py")?;
    let call = format!("{} manage.py", tree.python("python"));
    let mut project = Project {
        files: here(parent(manage)),
        migrations: migrations(tree),
        secrets: vec!["PGPASSWORD"],
        present: format!("{call} --version"),
        shows: format!("{call} showmigrations --plan | tail -40"),
        plans: Some(format!("{call} migrate --plan")),
        applies: format!(
            "export PGOPTIONS=\"-c lock_timeout=$lock_timeout -c statement_timeout=$statement_timeout\"\n{call} migrate --no-input"
        ),
        agrees: Some(format!("{call} migrate --check")),
        table: "django_migrations",
        ..bare(Tool::Django, manage, here(parent(manage)))
    };
    project
        .remarks
        .push("The settings must take the address from `DATABASE_URL`.".into());
    project.remarks.push(
        "The way back is `manage.py migrate APP NAME` for each application that changed, in the order of their dependencies: write it as a path below; what is there now is restoring the dump.".into(),
    );
    Some(project)
}

fn migrations(tree: &Tree) -> Vec<Migration> {
    let numbered = tree.all().filter_map(|(path, _)| {
        let dir = parent(path);
        let app = parent(dir);
        let name = file_name(path).strip_suffix(".py")?;
        (file_name(dir) == "migrations" && !leading_digits(name).is_empty()).then(|| Migration {
            version: format!("{}.{name}", file_name(app)),
            file: path.to_owned(),
        })
    });
    numbered.collect()
}
