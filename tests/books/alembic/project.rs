//! A billing database at the first revision, and the project whose revisions are pending.

use std::process::Command;

use super::venv;
use crate::support::story::{Story, copy, fixture, printed};

/// Everything one story needs.
pub struct Project {
    pub story: Story,
}

impl Project {
    /// Makes the database, takes it to the first revision and fills it.
    pub fn new() -> Self {
        let roles = ["Database Admin", "Backend Lead", "Infrastructure"];
        let mut story = Story::new("alembic-postgresql.yaml", &roles);
        copy(&fixture("alembic"), &story.dir());
        story.add_path(venv::bin());
        for (name, value) in [
            ("release", "v1"),
            ("expected_from", "a1"),
            ("expected_head", "a3"),
            ("versions_dir", "migrations/versions"),
            ("tables", "customers,invoices"),
            ("large", "no"),
            ("recovery", "managed"),
        ] {
            story.set(name, value);
        }
        let scratch = format!("{}_restored", story.database);
        story.set("restore_db", &scratch);
        let project = Self { story };
        project.alembic(&["upgrade", "a1"]);
        project.story.sql(
            "insert into customers (email) select 'customer' || n || '@example.com' from generate_series(1, 1000) n;
             insert into invoices (customer_id, total_cents) select 1 + n % 1000, n from generate_series(1, 5000) n;
             analyze",
        );
        project
    }

    /// Runs Alembic by hand and returns what it printed.
    pub fn alembic(&self, words: &[&str]) -> String {
        let mut alembic = Command::new(venv::bin().join("alembic"));
        alembic.args(words).current_dir(self.story.dir());
        printed(alembic.env("DATABASE_URL", self.story.url()))
    }
}
