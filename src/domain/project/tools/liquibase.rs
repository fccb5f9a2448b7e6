//! Liquibase: `liquibase.properties`, or a changelog by its usual name.

use crate::domain::project::tools::{bare, word};
use crate::domain::project::tree::{file_name, here, join, parent, setting};
use crate::domain::project::{Project, Tool, Tree};

/// Returns the project whose properties or changelog lie in `tree`.
pub fn look(tree: &Tree) -> Option<Project> {
    let properties = tree.named("liquibase.properties");
    let changelog = tree.all().map(|(path, _)| path).find(|path| {
        let name = file_name(path);
        name.starts_with("db.changelog-master.")
            || name.starts_with("changelog-master.")
            || name.starts_with("changelog-root.")
    });
    let evidence = properties.or(changelog)?;
    let dir = if properties.is_some() {
        parent(evidence)
    } else {
        ""
    };
    let named = properties.and_then(|p| {
        let text = tree.text(p);
        setting(text, "changelog-file").or_else(|| setting(text, "changeLogFile"))
    });
    let file = named.map_or_else(|| changelog.map(str::to_owned), |n| Some(n.to_owned()));
    let given = file.map_or_else(String::new, |f| format!(" --changelog-file={}", word(&f)));
    let call = format!("liquibase --url=\"$jdbc\"{given}");
    Some(Project {
        files: here(dir),
        address: vec!["jdbc=\"jdbc:postgresql://${url##*@}\"".to_owned()],
        secrets: vec!["LIQUIBASE_COMMAND_PASSWORD", "PGPASSWORD"],
        present: "liquibase --version | tail -3".into(),
        shows: format!("{call} status --verbose"),
        plans: Some(format!("{call} update-sql")),
        applies: format!("{call} tag \"$run_id\"\n{call} update"),
        agrees: Some(format!("{call} status | tee /dev/stderr | grep -q 'is up to date'")),
        table: "databasechangelog",
        back: Some(format!("{call} rollback \"$run_id\"")),
        remarks: vec![
            "Liquibase takes user and password from `LIQUIBASE_COMMAND_USERNAME` and `LIQUIBASE_COMMAND_PASSWORD`.".into(),
            "`liquibase status` ends with 0 both ways: its words are what is looked at.".into(),
            format!("Change sets written in SQL go back only where they say how (`--rollback`); what was found stands in {}.", join("", evidence)),
        ],
        ..bare(Tool::Liquibase, evidence, here(dir))
    })
}
