//! A shop whose schema began with a baseline: a Gradle project, and an application that only validates the schema.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::story::{PASSWORD, Story, copy, fixture, free_port, printed};

const ROLES: [&str; 2] = ["Database Admin", "Application Lead"];
const BOOK: &str = "flyway-gradle-mysql.yaml";

/// Everything one story needs.
pub struct Project {
    pub story: Story,
}

impl Project {
    /// `None`: there is no server of this kind here, and the test says so.
    pub fn new() -> Option<Self> {
        Story::on_maria(BOOK, &ROLES).map(Self::of)
    }

    /// A project on a server of its own.
    pub fn alone() -> Option<Self> {
        Story::alone_on_maria(BOOK, &ROLES).map(Self::of)
    }

    fn of(mut story: Story) -> Self {
        copy(&fixture("gradle").join("project"), &story.dir());
        story.add_path(fixture("gradle").join("bin"));
        let program = Path::new(env!("CARGO_BIN_EXE_holdpoint"));
        story.add_path(program.parent().unwrap().to_owned());
        let port = free_port();
        let state = story.home.path().join("state");
        fs::create_dir(&state).unwrap();
        let database = story.database.clone();
        let (migrator, application) = (format!("m_{database}"), format!("a_{database}"));
        for (name, value) in [
            ("release", "v42"),
            ("previous_release", "v41"),
            ("expected_versions", "4.1,4.2"),
            ("ddl_user", &migrator),
            ("app_user", &application),
            ("migration_dir", "db"),
            ("gradle", "gradlew"),
            ("client", "mariadb"),
            ("mysqldump", "mariadb-dump"),
            ("data_file", "answers.sql"),
            ("app_start", "service start"),
            ("app_stop", "service stop"),
            ("app_log", state.join("app.log").to_str().unwrap()),
            ("maintenance_on", "service maintenance on"),
            ("maintenance_off", "service maintenance off"),
            ("base_url", &format!("http://127.0.0.1:{port}")),
            ("probe", "Customer"),
        ] {
            story.set(name, value);
        }
        let here = story.dir();
        for (name, value) in [
            ("PORT", port.as_str()),
            ("STANDIN_STATE", state.to_str().unwrap()),
            ("STANDIN_MIGRATIONS", here.join("db").to_str().unwrap()),
            ("STANDIN_ENTITIES", here.join("entities").to_str().unwrap()),
            // What build.gradle says: whoever does not give flyway.url goes there.
            ("STANDIN_BUILD_URL", "jdbc:mysql://127.0.0.1:1/developers"),
            ("STANDIN_DB", &database),
            ("STANDIN_DB_PORT", &story.maria().port().to_string()),
            ("STANDIN_APP_USER", &application),
            ("STANDIN_APP_PASSWORD", PASSWORD),
            ("API_PASSWORD", "only-for-smoke"),
        ] {
            story.set_env(name, value);
        }
        let url = story.maria().url_as(&database, &migrator, Some(PASSWORD));
        story.set_env("DATABASE_URL", &url);
        let project = Self { story };
        project.at_the_baseline(&migrator, &application);
        project
    }

    fn at_the_baseline(&self, migrator: &str, application: &str) {
        let database = &self.story.database;
        let beside = format!("{}\\_%", database.replace('_', "\\_"));
        self.story.sql(&format!(
            "create user '{migrator}'@'127.0.0.1' identified by '{PASSWORD}';
             grant process, connection admin, replication client on *.* to '{migrator}'@'127.0.0.1';
             grant select on performance_schema.* to '{migrator}'@'127.0.0.1';
             grant all on `{database}`.* to '{migrator}'@'127.0.0.1';
             grant all on `{beside}`.* to '{migrator}'@'127.0.0.1';
             create user '{application}'@'127.0.0.1' identified by '{PASSWORD}';
             grant select, insert, update, delete, execute on `{database}`.* to '{application}'@'127.0.0.1';"
        ));
        let before = fs::File::open(self.story.dir().join("before.sql")).unwrap();
        let mut client = self.story.client(migrator);
        printed(client.stdin(before));
        // The document is committed after the last deployment; without git the runbook only warns.
        for words in ["init -q", "add -A", "commit -qm baseline"] {
            let mut git = Command::new("git");
            git.args(words.split(' ')).current_dir(self.story.dir());
            let _ = git.env("HOME", self.story.home.path()).output();
        }
        let mut service = Command::new(fixture("gradle").join("bin/service"));
        service.arg("start").envs(self.story.environment("staging"));
        service.envs([("RELEASE", "v41"), ("SPRING_PROFILES_ACTIVE", "prod")]);
        printed(&mut service);
    }

    /// Production takes what `staging` has signed.
    pub fn after(&mut self, staging: &Self) {
        let log = staging.story.run_dir().join("log.md");
        self.story.set("staging_log", log.to_str().unwrap());
        let trust = staging.story.signers.trust.display().to_string();
        self.story
            .set("verify_log", &format!("holdpoint verify --trust {trust}"));
        self.story.archive("v42.staging.changes", CHANGES);
    }

    /// Returns the path of a migration.
    pub fn script(&self, name: &str) -> PathBuf {
        self.story.dir().join("db").join(name)
    }

    /// Returns how Gradle was called.
    pub fn calls(&self) -> String {
        fs::read_to_string(self.story.home.path().join("state/gradlew.log")).unwrap()
    }

    /// A person has read the proposed statements and agrees.
    pub fn accept_the_proposal(&self, of: &str) {
        let dir = self.story.dir().join("deployments");
        let [proposed, agreed] =
            ["undo.proposed.sql", "undo.sql"].map(|end| dir.join(format!("{of}.{end}")));
        fs::rename(proposed, agreed).unwrap();
    }

    /// Returns the versions in the history, separated by commas; one that failed has a `!`.
    pub fn applied(&self) -> String {
        self.story.value(
            "select group_concat(concat(version, if(success, '', '!')) order by installed_rank separator ',')
               from flyway_schema_history",
        )
    }

    /// Returns what no way through may change.
    pub fn answers(&self) -> String {
        ["customers", "orders", "products", "units"]
            .map(|table| {
                self.story
                    .value(&format!("checksum table {table} extended"))
            })
            .join(" ")
    }

    /// Asks the schema in which the broken tables lie (`{}`).
    pub fn aside(&self, query: &str) -> String {
        let schema = self.story.value(&format!(
            "select schema_name from information_schema.schemata where schema_name like '{}\\_failed\\_%'",
            self.story.database
        ));
        self.story.value(&query.replace("{}", &schema))
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let mut stop = Command::new(fixture("gradle").join("bin/service"));
        stop.arg("stop").envs(self.story.environment("staging"));
        let _ = stop.output();
    }
}

/// What the two migrations change, as the runbook writes it down.
pub const CHANGES: &str = include_str!("../../fixtures/gradle.changes");
