//! Alembic: `alembic.ini`, and revisions that name the one before them.

use std::collections::BTreeMap;

use crate::domain::project::tools::{bare, word};
use crate::domain::project::tree::{here, join, parent, setting};
use crate::domain::project::{Migration, Project, Tool, Tree};

/// Returns the project whose `alembic.ini` lies in `tree`.
pub fn look(tree: &Tree) -> Option<Project> {
    let ini = tree.named("alembic.ini")?;
    let dir = parent(ini);
    let scripts = setting(tree.text(ini), "script_location").unwrap_or("alembic");
    let scripts = scripts.trim_start_matches("%(here)s/");
    let versions = join(&join(dir, scripts), "versions");
    let call = word_each(&tree.python("alembic"));
    let chain = chain(tree, &versions);
    let mut project = Project {
        files: versions,
        migrations: chain.revisions,
        secrets: vec!["PGPASSWORD"],
        present: format!("{call} --version"),
        shows: format!("{call} current\n{call} history --indicate-current | head -40"),
        plans: Some(format!(
            "now=$({call} current 2> /dev/null | cut -d' ' -f1)\n{call} upgrade \"${{now:-base}}:head\" --sql"
        )),
        applies: format!(
            "export PGOPTIONS=\"-c lock_timeout=$lock_timeout -c statement_timeout=$statement_timeout\"\n{call} upgrade head"
        ),
        agrees: Some(format!("{call} current --check-heads")),
        table: "alembic_version",
        version: Some(
            "select string_agg(version_num, ' ' order by version_num) from alembic_version",
        ),
        back: Some(format!(
            "if [ \"$version_before\" = none ]; then to=base; else to=$version_before; fi\n{call} downgrade \"$to\""
        )),
        ..bare(Tool::Alembic, ini, here(dir))
    };
    project.remarks.push(format!(
        "`{}` must take the address from `DATABASE_URL`, not from `sqlalchemy.url`.",
        join(&join(dir, scripts), "env.py")
    ));
    if chain.heads != 1 {
        project.version = None;
        project.remarks.push(format!(
            "The revisions have {} heads: merge them (`{call} merge heads`), and write this file anew.",
            chain.heads
        ));
    }
    Some(project)
}

fn word_each(call: &str) -> String {
    call.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

struct Chain {
    revisions: Vec<Migration>,
    heads: usize,
}

/// Reads the revisions of `versions`, in the order in which they follow each other.
fn chain(tree: &Tree, versions: &str) -> Chain {
    let mut after: BTreeMap<String, Vec<Migration>> = BTreeMap::new();
    let mut all: Vec<Migration> = Vec::new();
    let mut parents: Vec<String> = Vec::new();
    for (name, text) in tree.directly_in(versions) {
        let Some(version) = assigned(text, "revision").and_then(|v| quoted(v).pop()) else {
            continue;
        };
        let migration = Migration {
            version,
            file: join(versions, name),
        };
        let before = assigned(text, "down_revision")
            .map(quoted)
            .unwrap_or_default();
        let first = before.first().cloned().unwrap_or_default();
        parents.extend(before);
        after.entry(first).or_default().push(migration.clone());
        all.push(migration);
    }
    let heads = all.iter().filter(|m| !parents.contains(&m.version)).count();
    let (mut ordered, mut open) = (Vec::new(), vec![String::new()]);
    while let Some(at) = open.pop() {
        for next in after.remove(&at).unwrap_or_default() {
            open.push(next.version.clone());
            ordered.push(next);
        }
    }
    ordered.extend(after.into_values().flatten()); // a chain whose beginning is not here
    Chain {
        revisions: ordered,
        heads,
    }
}

/// Returns what stands right of `name = …` or `name: type = …` at the beginning of a line.
fn assigned<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let rest = line.strip_prefix(name)?;
        rest.starts_with([' ', ':', '=']).then_some(())?;
        rest.split_once('=').map(|(_, value)| value)
    })
}

/// Returns the texts in quotes.
fn quoted(value: &str) -> Vec<String> {
    let parts = value.split(['"', '\'']).skip(1).step_by(2);
    parts.map(str::to_owned).collect()
}
