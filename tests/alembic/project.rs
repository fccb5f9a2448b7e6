//! A billing database at the first revision, the project whose revisions are pending, and a place for the run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use holdpoint::engine::sandbox::{Options, Sandbox, any_server};
use tempfile::TempDir;

use crate::signers::Signers;
use crate::venv;

/// Everything one story needs.
pub struct Project {
    pub sandbox: Sandbox,
    pub home: TempDir,
    pub signers: Signers,
}

impl Project {
    /// Makes the database, takes it to the first revision and fills it.
    pub fn new() -> Self {
        let sandbox = Sandbox::start(&any_server().unwrap(), Options::default()).unwrap();
        sandbox.create_database("billing").unwrap();
        let home = tempfile::tempdir().unwrap();
        copy(&venv::fixture(), &home.path().join("project"));
        let signers = Signers::new(home.path());
        let project = Self {
            sandbox,
            home,
            signers,
        };
        project.alembic(&["upgrade", "a1"]);
        project.sql(
            "insert into customers (email) select 'customer' || n || '@example.com' from generate_series(1, 1000) n;
             insert into invoices (customer_id, total_cents) select 1 + n % 1000, n from generate_series(1, 5000) n;
             analyze",
        );
        project
    }

    /// Returns the database's address.
    pub fn url(&self) -> String {
        self.sandbox.url("billing")
    }

    /// Sends statements to the database.
    pub fn sql(&self, statements: &str) {
        self.sandbox.execute("billing", statements).unwrap();
    }

    /// Asks for one value.
    pub fn value(&self, query: &str) -> String {
        let mut psql = self.sandbox.psql("billing").expect("the tests need psql");
        let output = psql.args(["-At", "-c", query]).output().unwrap();
        assert!(
            output.status.success(),
            "{query}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Runs Alembic by hand and returns what it printed.
    pub fn alembic(&self, words: &[&str]) -> String {
        let output = Command::new(venv::bin().join("alembic"))
            .args(words)
            .current_dir(self.dir())
            .env("DATABASE_URL", self.url())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Returns the directory of `alembic.ini`.
    pub fn dir(&self) -> PathBuf {
        self.home.path().join("project")
    }

    /// Returns what the project keeps of the release `v1`.
    pub fn archived(&self, name: &str) -> String {
        fs::read_to_string(self.dir().join("deployments").join(name)).unwrap()
    }

    /// Returns the run's directory: there is one only.
    pub fn run_dir(&self) -> PathBuf {
        let runs = self.home.path().join("data/runs");
        let mut found = fs::read_dir(&runs).unwrap().map(|e| e.unwrap().path());
        let run = found.next().expect("no run was opened");
        assert!(
            found.next().is_none(),
            "more than one run in {}",
            runs.display()
        );
        run
    }

    /// Returns the words that start the run on `target`.
    pub fn words(&self, target: &str) -> Vec<String> {
        let runbook =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks/alembic-postgresql.yaml");
        let mut words = vec!["run".to_owned(), runbook.display().to_string()];
        words.extend(["--target".to_owned(), target.to_owned()]);
        for pair in [
            "release=v1",
            "database=billing",
            "expected_from=a1",
            "expected_head=a3",
            "tables=customers,invoices",
            "large=no",
            "recovery=managed",
            &format!("project_dir={}", self.dir().display()),
        ] {
            words.extend(["--set".to_owned(), pair.to_owned()]);
        }
        words.extend(["--key".to_owned(), self.signers.operator_key()]);
        words
    }

    /// Returns the variables of the run; the other target's database does not exist.
    pub fn environment(&self, target: &str) -> Vec<(String, String)> {
        let nowhere = "postgresql://nobody@127.0.0.1:1/nowhere".to_owned();
        let (staging, production) = match target {
            "staging" => (self.url(), nowhere),
            _ => (nowhere, self.url()),
        };
        let mut path = vec![venv::bin(), self.sandbox.binaries().bin.clone()];
        let before = std::env::var_os("PATH").unwrap_or_default();
        path.extend(std::env::split_paths(&before));
        let path = std::env::join_paths(path).unwrap();
        [
            ("PATH", path.to_str().unwrap().to_owned()),
            ("HOME", self.home.path().display().to_string()),
            (
                "HOLDPOINT_DATA",
                self.home.path().join("data").display().to_string(),
            ),
            ("STAGING_DATABASE_URL", staging),
            ("DATABASE_URL", production),
            ("HOLDPOINT_TRUST", self.signers.trust.display().to_string()),
            ("LANG", "C.UTF-8".to_owned()),
            ("TERM", "xterm-256color".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
