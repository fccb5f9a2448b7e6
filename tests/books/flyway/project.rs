//! A parking service at its fourth migration, in containers that stand-ins make of processes.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::story::{PASSWORD, Story, copy, fixture, free_port, printed, without};

const ROLES: [&str; 3] = ["Database Admin", "DevOps Lead", "Development Lead"];
const BOOK: &str = "flyway-docker-postgresql.yaml";

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
        copy(&fixture("flyway").join("project"), &story.dir());
        story.add_path(fixture("flyway").join("bin"));
        let port = free_port();
        for (name, value) in [
            ("release", "v2"),
            ("previous_release", "v1"),
            ("expected_versions", "5,6"),
            ("migration_dir", "db"),
            ("config_dir", "config"),
            ("compose", "docker-compose"),
            ("db_container", "parking_db"),
            ("build", "mvn -q clean install"),
            ("tests", "mvn -q verify -Dspring.profiles.active=staging"),
            ("compensation", "compensate.sql"),
            ("critical_tables", "clients,tickets,spots"),
            ("data_file", "answers.sql"),
            ("recovery", "managed"),
            ("base_url", &format!("http://127.0.0.1:{port}")),
        ] {
            story.set(name, value);
        }
        let state = story.home.path().join("containers");
        fs::create_dir(&state).unwrap();
        let here = story.dir().join("db");
        let server_port = story.server().port().to_string();
        let database = story.database.clone();
        for (name, value) in [
            ("PORT", port.as_str()),
            ("STANDIN_STATE", state.to_str().unwrap()),
            ("STANDIN_MIGRATIONS", here.to_str().unwrap()),
            ("STANDIN_DB_HOST", "127.0.0.1"),
            ("STANDIN_DB_PORT", server_port.as_str()),
            ("STANDIN_DB_USER", "postgres"),
            ("STANDIN_DB_PASSWORD", PASSWORD),
            ("STANDIN_DB_DATABASE", database.as_str()),
            ("API_PASSWORD", "only-for-smoke"),
            ("SPRING_DATASOURCE_PASSWORD", PASSWORD),
            ("SPRING_REDIS_PASSWORD", "redis-own"),
            ("JWT_SECRET", &"s".repeat(64)),
        ] {
            story.set_env(name, value);
        }
        let project = Self { story };
        project.at_the_fourth_migration();
        project
    }

    fn at_the_fourth_migration(&self) {
        let scripts = self.story.dir().join("db");
        let later = ["V5__ticket_spot.sql", "V6__one_client_per_plate.sql"];
        without(&scripts, &later, || {
            // What the image of the previous release holds.
            copy(&scripts, &self.story.dir().join("db-v1"));
            let mut flyway = Command::new("python3");
            flyway.arg(fixture("flyway").join("bin/flyway.py"));
            let server = self.story.server();
            let place = format!("127.0.0.1:{}/{}", server.port(), self.story.database);
            flyway.args(["migrate", &format!("-url=jdbc:postgresql://{place}")]);
            flyway.args(["-user=postgres", &format!("-password={PASSWORD}")]);
            flyway.arg(format!("-locations=filesystem:{}", scripts.display()));
            printed(flyway.envs(self.story.environment("staging")));
        });
        self.story.sql(
            "insert into clients (plate) select 'K-' || n from generate_series(1, 300) n;
             insert into spots (label) select 'P' || n from generate_series(1, 50) n;
             insert into tickets (client_id, cents) select 1 + n % 300, n from generate_series(1, 2000) n;
             analyze",
        );
    }

    /// Returns the path of a migration.
    pub fn script(&self, name: &str) -> PathBuf {
        self.story.dir().join("db").join(name)
    }

    /// Makes as if staging had been through its window: production wants to see its digests and its changes.
    pub fn staging_went_well(&self, digests: &str) {
        self.story.archive("v2.staging.applied", digests);
        self.story.archive("v2.staging.changes", CHANGES);
    }

    /// Returns the versions in the history, separated by commas; one that failed has a `!`.
    pub fn applied(&self) -> String {
        self.story.value(
            "select string_agg(version || case when success then '' else '!' end, ',' order by installed_rank)
               from flyway_schema_history where version is not null",
        )
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let mut stop = Command::new(fixture("flyway").join("bin/docker-compose"));
        stop.arg("stop").envs(self.story.environment("staging"));
        let _ = stop.output();
    }
}

/// The digests of the two migrations, as the runbook keeps them.
pub const DIGESTS: &str = include_str!("../../fixtures/flyway.digests");
/// What they change, as the runbook writes it down.
pub const CHANGES: &str = include_str!("../../fixtures/flyway.changes");
