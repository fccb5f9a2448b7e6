//! Where the program plays: a home, data and a work directory of its own, and nothing of the caller's environment.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::PathBuf;

use portable_pty::CommandBuilder;
use tempfile::TempDir;

use crate::support::Done;

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_holdpoint");

/// A place of its own; it goes with its value.
pub struct Place {
    dir: TempDir,
}

impl Place {
    /// Makes one.
    pub fn new() -> Done<Self> {
        let dir = tempfile::tempdir()?;
        for name in ["home", "work"] {
            fs::create_dir(dir.path().join(name))?;
        }
        Ok(Self { dir })
    }

    /// Returns a path below it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Returns the environment that is all a program here sees.
    pub fn environment(&self) -> [(&'static str, OsString); 6] {
        [
            ("PATH", std::env::var_os("PATH").unwrap_or_default()),
            ("TERM", "xterm-256color".into()),
            ("LANG", "C.UTF-8".into()),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
            ("HOME", self.path("home").into_os_string()),
            ("HOLDPOINT_DATA", self.path("data").into_os_string()),
        ]
    }

    /// Returns a command for a terminal.
    pub fn command<S: AsRef<OsStr>>(&self, words: &[S]) -> CommandBuilder {
        let mut command = CommandBuilder::from_argv(words.iter().map(Into::into).collect());
        command.env_clear();
        for (name, value) in self.environment() {
            command.env(name, value);
        }
        command.cwd(self.path("work"));
        command
    }
}
