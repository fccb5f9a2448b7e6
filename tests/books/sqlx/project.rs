//! A shop at its seventh script, with three more to come, and the real `sqlx`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::story::{Story, copy, fixture, printed};

const ROLES: [&str; 4] = ["Database Admin", "Backend Lead", "DevOps Lead", "Security"];
const BOOK: &str = "sqlx-postgresql.yaml";

/// Everything one story needs.
pub struct Project {
    pub story: Story,
}

impl Project {
    pub fn new() -> Self {
        Self::of(Story::new(BOOK, &ROLES))
    }

    /// A project on a server of its own.
    pub fn alone() -> Self {
        Self::of(Story::alone(BOOK, &ROLES))
    }

    fn of(mut story: Story) -> Self {
        copy(&fixture("sqlx"), &story.dir());
        story.add_path(tool());
        for (name, value) in [
            ("release", "v1"),
            ("expected_from", "7"),
            ("last_version", "10"),
            ("sample_file", "sample.sql"),
            ("query_file", "queries.txt"),
            ("data_file", "answers.sql"),
            ("enums", "order_state=open,paid"),
            ("partitioned", "events"),
            ("matviews", "turnover open_orders"),
            ("soft_table", "customers"),
            ("active_view", "active_customers"),
            ("audit_table", "audit"),
            ("recovery", "managed"),
            ("integration_tests", "true"),
        ] {
            story.set(name, value);
        }
        let project = Self { story };
        project.sqlx(&["migrate", "run", "--target-version", "7"]);
        let sample = fs::read_to_string(project.story.dir().join("sample.sql")).unwrap();
        project.story.sql(&sample);
        project
            .story
            .sql("refresh materialized view turnover; analyze");
        project
    }

    /// Makes as if staging had been through its window: production wants to see its digests and its changes.
    pub fn staging_went_well(&self) {
        let mut sums = Command::new("sh");
        sums.args(["-c", "sha384sum *.up.sql"]);
        let sums = printed(sums.current_dir(self.story.dir().join("migrations")));
        self.story.archive("v1.staging.applied", &(sums + "\n"));
        self.story.archive("v1.staging.changes", &self.changes());
    }

    /// Returns what the three scripts change, as the runbook writes it down: found out on a database of its own, because
    /// versions of the server print a view's query differently.
    pub fn changes(&self) -> String {
        let name = format!("{}_changes", self.story.database);
        let url = self.story.server().create_database(&name).unwrap();
        self.sqlx_on(&url, &["migrate", "run", "--target-version", "7"]);
        let before = self.schema(&name);
        self.sqlx_on(&url, &["migrate", "run"]);
        let after = self.schema(&name);
        let new = after.lines().filter(|line| !before.contains(line));
        let mut new: Vec<String> = new.map(|line| format!("> {line}\n")).collect();
        new.sort();
        new.concat()
    }

    fn schema(&self, database: &str) -> String {
        let mut psql = self.story.server().psql(database).expect("psql is needed");
        let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks/sql/schema.sql");
        psql.args(["-At", "-v", "schemas=public", "-f"]).arg(list);
        printed(&mut psql)
    }

    /// Runs `sqlx` by hand and returns what it printed.
    pub fn sqlx(&self, words: &[&str]) -> String {
        self.sqlx_on(&self.story.url(), words)
    }

    fn sqlx_on(&self, url: &str, words: &[&str]) -> String {
        let mut sqlx = Command::new(tool().join("sqlx"));
        sqlx.args(words).arg("--no-dotenv");
        sqlx.current_dir(self.story.dir());
        printed(sqlx.env("DATABASE_URL", url))
    }

    /// Returns the numbers of the scripts in the history, separated by commas.
    pub fn applied(&self) -> String {
        self.story
            .value("select string_agg(version::text, ',' order by version) from _sqlx_migrations")
    }
}

/// Returns the directory of the real `sqlx`: an example of this package, which is built where it is missing.
fn tool() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let build = || {
        printed(
            Command::new(env!("CARGO"))
                .args(["build", "--quiet", "--locked", "--example", "sqlx"])
                .current_dir(env!("CARGO_MANIFEST_DIR")),
        );
        let target = Path::new(env!("CARGO_BIN_EXE_holdpoint")).parent().unwrap();
        target.join("examples")
    };
    BUILT.get_or_init(build).clone()
}
