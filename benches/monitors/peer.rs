//! The other monitors: `pg_activity`, brought from PyPI into an environment of its own below `target/`, and `pg_top`, where it is installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::Done;
use crate::support::place::PROGRAM;
use crate::watch::{Kind, Tool};

/// `pg_activity` at its view of blocking sessions.
pub const BLOCKING: &str = "pg_activity, blocking";
/// `pg_top`.
pub const PG_TOP: &str = "pg_top";

/// Returns ours; and beside it the program that `HOLDPOINT_BENCH_BEFORE` names, to see what a change did.
pub fn ours() -> Vec<Tool> {
    let tool = |name, role, program| Tool {
        name,
        role,
        program,
        kind: Kind::Holdpoint,
    };
    let before = std::env::var_os("HOLDPOINT_BENCH_BEFORE").map(PathBuf::from);
    let before = before.map(|program| tool("holdpoint before", "by_before", program));
    let now = tool("holdpoint monitor", "by_holdpoint", PROGRAM.into());
    [now].into_iter().chain(before).collect()
}

/// Returns `pg_top`.
///
/// # Errors
/// It is not installed.
pub fn pg_top() -> Done<Tool> {
    succeed(Command::new("pg_top").arg("--version"))?;
    Ok(Tool {
        name: PG_TOP,
        role: "by_top",
        program: "pg_top".into(),
        kind: Kind::PgTop,
    })
}

/// Where it lies.
const HOME: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/pg_activity");

/// An installed `pg_activity`.
pub struct PgActivity {
    program: PathBuf,
}

impl PgActivity {
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
        self.at("pg_activity, running", "by_running", "1")
    }

    /// Returns it at its view of blocking sessions.
    pub fn blocking(&self) -> Tool {
        self.at(BLOCKING, "by_blocking", "3")
    }

    fn at(&self, name: &'static str, role: &'static str, key: &'static str) -> Tool {
        Tool {
            name,
            role,
            program: self.program.clone(),
            kind: Kind::PgActivity(key),
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
