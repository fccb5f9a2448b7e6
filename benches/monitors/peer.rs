//! `pg_activity`, brought from PyPI into an environment of its own below `target/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::Done;
use crate::watch::Tool;

/// Where it lies.
const HOME: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/pg_activity");

/// An installed `pg_activity`.
pub struct Peer {
    program: PathBuf,
}

impl Peer {
    /// Finds it, or installs it.
    ///
    /// # Errors
    /// There is no Python, or the package index does not answer.
    pub fn bring() -> Done<Self> {
        let program = Path::new(HOME).join("bin/pg_activity");
        if !program.exists() {
            succeed(Command::new("python3").args(["-m", "venv", HOME]))?;
            let pip = Path::new(HOME).join("bin/pip");
            succeed(Command::new(pip).args(["install", "--quiet", "pg_activity[psycopg]"]))?;
        }
        succeed(Command::new(&program).arg("--version"))?;
        Ok(Self { program })
    }

    /// Returns it at its view of running statements.
    pub fn running(&self) -> Tool {
        Tool::PgActivity {
            program: self.program.clone(),
            name: "pg_activity, running",
            role: "by_running",
            key: "1",
        }
    }

    /// Returns it at its view of blocking sessions.
    pub fn blocking(&self) -> Tool {
        Tool::PgActivity {
            program: self.program.clone(),
            name: "pg_activity, blocking",
            role: "by_blocking",
            key: "3",
        }
    }
}

fn succeed(command: &mut Command) -> Done {
    let output = command.output().map_err(|e| format!("{command:?}: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(format!("{command:?}: {}: {}", output.status, said.trim()).into())
}
