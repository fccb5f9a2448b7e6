//! Flyway: its own configuration, or its plugin for Gradle or Maven; `V1_2__name.sql`.

use std::cmp::Ordering;

use crate::domain::project::tools::bare;
use crate::domain::project::tree::{ending, file_name, here, parent};
use crate::domain::project::{Migration, Project, Tool, Tree};

/// How Flyway is reached.
enum By {
    Itself,
    Gradle(&'static str),
    Maven(&'static str),
}

/// Returns the project that Flyway's configuration in `tree` describes.
pub fn look(tree: &Tree) -> Option<Project> {
    let (file, by) = reached(tree)?;
    let given = "-Dflyway.url=\"$jdbc\" -Dflyway.user=\"$FLYWAY_USER\"";
    let timeouts = "\"SET lock_timeout='$lock_timeout'\"";
    let call = |what: &str| match by {
        By::Itself => {
            format!("flyway -url=\"$jdbc\" -user=\"$FLYWAY_USER\" -initSql={timeouts} {what}")
        }
        By::Gradle(gradle) => format!(
            "{gradle} flyway{} {given} -Dflyway.initSql={timeouts}",
            capital(what)
        ),
        By::Maven(maven) => format!("{maven} -B flyway:{what} {given} -Dflyway.initSql={timeouts}"),
    };
    let found = migrations(tree);
    let mut project = Project {
        files: here(found.first().map_or("", |m| parent(&m.file))),
        migrations: found,
        address: vec![
            "jdbc=\"jdbc:postgresql://${url##*@}\"".to_owned(),
            "export FLYWAY_USER=\"${FLYWAY_USER:-$(psql -XAtqc 'select session_user' \"$url\")}\""
                .to_owned(),
        ],
        secrets: vec!["FLYWAY_PASSWORD", "PGPASSWORD"],
        present: match by {
            By::Itself => "flyway -v | head -5".into(),
            By::Gradle(gradle) => format!("{gradle} --version | head -8"),
            By::Maven(maven) => format!("{maven} --version | head -3"),
        },
        shows: call("info"),
        plans: Some(call("validate")),
        applies: call("migrate"),
        table: "flyway_schema_history",
        version: Some(
            "select version from flyway_schema_history where success and version is not null order by installed_rank desc limit 1",
        ),
        ..bare(Tool::Flyway, file, here(parent(file)))
    };
    project.remarks.push(
        "Flyway reads its password from `FLYWAY_PASSWORD`; the address is made of the target's own, so that both are the same server.".into(),
    );
    project.remarks.push(
        "`flyway info` and `validate` in JSON end with 0 even where a migration failed; and on PostgreSQL a failed one leaves no row: the version is what counts.".into(),
    );
    project.remarks.push(
        "With `CREATE INDEX CONCURRENTLY` and Flyway 9, set `flyway.postgresql.transactional.lock=false`: else it waits for itself for ever.".into(),
    );
    let other = ["jdbc:mysql", "jdbc:mariadb"];
    if tree
        .all()
        .any(|(_, text)| other.iter().any(|word| text.contains(word)))
    {
        project.remarks.push(
            "This project's address is MySQL's or MariaDB's: the backup, the limits of time and the checks below are PostgreSQL's. Take `my/…` of `holdpoint checks`, `mysqldump`, and plan the way back by hand: there no schema change is rolled back.".into(),
        );
    }
    Some(project)
}

fn reached(tree: &Tree) -> Option<(&str, By)> {
    let own = ["flyway.toml", "flyway.conf", "conf/flyway.conf"];
    if let Some(file) = own.iter().find_map(|name| tree.named(name)) {
        return Some((file, By::Itself));
    }
    let naming = |ends: &str| {
        let named = tree
            .all()
            .find(|(p, t)| file_name(p).starts_with(ends) && t.contains("flyway"));
        named.map(|(path, _)| path)
    };
    if let Some(file) = naming("build.gradle") {
        let gradle = if tree.has("gradlew") {
            "./gradlew"
        } else {
            "gradle"
        };
        return Some((file, By::Gradle(gradle)));
    }
    let maven = if tree.has("mvnw") { "./mvnw" } else { "mvn" };
    naming("pom.xml").map(|file| (file, By::Maven(maven)))
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn migrations(tree: &Tree) -> Vec<Migration> {
    let versioned = tree.all().filter_map(|(path, _)| {
        let (version, rest) = file_name(path).strip_prefix('V')?.split_once("__")?;
        let numbers = version
            .chars()
            .all(|c| c.is_ascii_digit() || "._".contains(c));
        (numbers && ending(rest) == "sql").then(|| Migration {
            version: version.replace('_', "."),
            file: path.to_owned(),
        })
    });
    let mut all: Vec<Migration> = versioned.collect();
    all.sort_by(|a, b| by_parts(&a.version, &b.version));
    all
}

fn by_parts(a: &str, b: &str) -> Ordering {
    let parts = |v: &str| {
        v.split('.')
            .map(|p| p.parse::<u64>().unwrap_or(0))
            .collect::<Vec<_>>()
    };
    parts(a).cmp(&parts(b))
}
