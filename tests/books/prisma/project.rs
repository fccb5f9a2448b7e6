//! A shop's backend at its first migration, with two more to come.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::packages;
use crate::support::story::{Story, free_port, printed, without};

pub const ROLES: [&str; 4] = [
    "Database Admin",
    "DevOps Lead",
    "Application Lead",
    "QA Lead",
];
const BOOK: &str = "prisma-postgresql.yaml";

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
        packages::project(&story.dir());
        for (name, value) in [
            ("release", "v1"),
            ("last_migration", "20260302000000_budgets"),
            ("touched", "Client,Product"),
            ("prisma", "node node_modules/prisma/build/index.js"),
            ("new_tables", "Budget"),
            ("new_columns", "Product.unit_cost"),
            ("seed_command", "node seed.mjs"),
            ("seeded", "Budget"),
            ("data_file", "answers.sql"),
            ("recovery", "managed"),
        ] {
            story.set(name, value);
        }
        let url = story.url();
        // As Prisma wants it, and as psql does not.
        let prisma_s = format!("{url}?schema=public&connection_limit=5");
        for (name, value) in [
            ("DATABASE_URL", prisma_s.as_str()),
            ("APP_DATABASE_URL", url.as_str()),
            ("ADMIN_PASSWORD", "admins-own"),
            ("PORTAL_PASSWORD", "portals-own"),
            ("CHECKPOINT_DISABLE", "1"),
            ("PRISMA_HIDE_UPDATE_MESSAGE", "1"),
        ] {
            story.set_env(name, value);
        }
        let engine = story.home.path().join("no-engine");
        fs::write(&engine, "").unwrap();
        fs::set_permissions(&engine, Permissions::from_mode(0o755)).unwrap();
        // `migrate resolve` wants to see one, and does not use it.
        story.set_env("PRISMA_SCHEMA_ENGINE_BINARY", engine.to_str().unwrap());
        let mut project = Self { story };
        project.at_the_first_migration();
        project.with_application();
        project
    }

    fn at_the_first_migration(&self) {
        let migrations = self.story.dir().join("prisma/migrations");
        let later = ["20260301000000_unit_cost", "20260302000000_budgets"];
        without(&migrations, &later, || {
            self.prisma(&["migrate", "deploy"]);
        });
        self.story.sql(
            r#"insert into "Client" (email) select 'client' || n || '@example.com' from generate_series(1, 500) n;
               insert into "Product" (name) select 'product ' || n from generate_series(1, 200) n;
               insert into "Order" ("clientId", total) select 1 + n % 500, n from generate_series(1, 3000) n;
               analyze"#,
        );
    }

    /// Has the application started and stopped by commands.
    fn with_application(&mut self) {
        let port = free_port();
        self.story.set_env("PORT", &port);
        for (name, value) in [
            ("app", "commands"),
            ("start_command", "./app start"),
            ("stop_command", "./app stop"),
            ("base_url", &format!("http://127.0.0.1:{port}")),
        ] {
            self.story.set(name, value);
        }
        self.application("start");
    }

    /// Starts or stops the application.
    pub fn application(&self, word: &str) {
        let mut app = Command::new(self.story.dir().join("app"));
        app.arg(word).envs(self.story.environment("staging"));
        printed(&mut app);
    }

    /// Makes as if staging had been through its window: production wants to see its digests and its changes.
    pub fn staging_went_well(&self) {
        let mut sums = Command::new("sha256sum");
        sums.args(
            ["20260301000000_unit_cost", "20260302000000_budgets"]
                .map(|n| format!("{n}/migration.sql")),
        );
        let sums = printed(sums.current_dir(self.story.dir().join("prisma/migrations")));
        self.story.archive("v1.staging.applied", &(sums + "\n"));
        self.story.archive("v1.staging.changes", CHANGES);
    }

    /// Runs Prisma by hand and returns what it printed.
    pub fn prisma(&self, words: &[&str]) -> String {
        let mut prisma = Command::new("node");
        prisma
            .arg("node_modules/prisma/build/index.js")
            .args(words)
            .current_dir(self.story.dir())
            .envs(self.story.environment("production"));
        printed(&mut prisma)
    }

    /// Returns the migrations that the history calls applied, separated by commas.
    pub fn applied(&self) -> String {
        self.story.value(
            "select string_agg(split_part(migration_name, '_', 1), ',' order by migration_name)
               from _prisma_migrations where finished_at is not null and rolled_back_at is null",
        )
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        self.application("stop");
    }
}

/// What the two migrations change, as the runbook writes it down.
pub const CHANGES: &str = include_str!("../../fixtures/prisma.changes");
