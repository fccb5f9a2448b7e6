//! Whose keys and settings are used: the home, the configuration, the agent, and the programs asked for them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

use crate::engine::clock;

/// A person's surroundings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desk {
    /// The home directory.
    pub home: PathBuf,
    /// holdpoint's configuration directory.
    pub config: PathBuf,
    /// The agent's socket, where one is offered.
    pub agent: Option<OsString>,
    /// What git says of people and keys, once it was asked.
    settings: Arc<OnceLock<BTreeMap<String, String>>>,
}

impl Desk {
    /// Returns the surroundings of this process.
    pub fn this() -> Self {
        let home = std::env::home_dir().unwrap_or_default();
        let config = directories::ProjectDirs::from("", "", "holdpoint").map_or_else(
            || home.join(".config/holdpoint"),
            |dirs| dirs.config_dir().to_owned(),
        );
        let agent = std::env::var_os("SSH_AUTH_SOCK").filter(|s| !s.is_empty());
        Self::at(home, config, agent)
    }

    /// Returns surroundings elsewhere.
    pub fn at(home: PathBuf, config: PathBuf, agent: Option<OsString>) -> Self {
        Self {
            home,
            config,
            agent,
            settings: Arc::default(),
        }
    }

    /// Returns a command that sees these surroundings.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("HOME", &self.home);
        match &self.agent {
            Some(socket) => command.env("SSH_AUTH_SOCK", socket),
            None => command.env_remove("SSH_AUTH_SOCK"),
        };
        command
    }

    /// Returns what a program prints; `None` where it cannot be started or fails.
    pub fn ask(&self, program: &str, args: &[&str]) -> Option<String> {
        let asked = self
            .command(program)
            .args(args)
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&asked.stdout).trim_end().to_owned();
        (asked.status.success() && !text.is_empty()).then_some(text)
    }

    /// Returns a value of git's configuration; `name` begins with `user.` or `gpg.`.
    pub fn git(&self, name: &str) -> Option<String> {
        // git is asked once for all of them: the first screen waits for it.
        let settings = self.settings.get_or_init(|| self.git_settings());
        settings.get(&name.to_ascii_lowercase()).cloned()
    }

    fn git_settings(&self) -> BTreeMap<String, String> {
        let asked = self.ask(
            "git",
            &["config", "--null", "--get-regexp", r"^(user|gpg)\."],
        );
        let listed = asked.unwrap_or_default();
        let pairs = listed.split('\0').filter_map(|pair| pair.split_once('\n'));
        // The last of a name wins, as it does for git; an empty one is none.
        let mut settings: BTreeMap<String, String> = pairs
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim_end().to_owned()))
            .collect();
        settings.retain(|_, value| !value.is_empty());
        settings
    }

    /// Returns a path as a configuration file spells it: `~/x` is below the home.
    pub fn path(&self, text: &str) -> PathBuf {
        match text.strip_prefix("~/") {
            Some(rest) => self.home.join(rest),
            None => Path::new(text).to_owned(),
        }
    }

    /// Returns the printed name: git's, else the account's.
    pub fn name(&self) -> String {
        self.git("user.name").unwrap_or_else(clock::os_user)
    }

    /// Returns the identity as trust files spell it: git's address, else `account@host`.
    pub fn identity(&self) -> String {
        self.git("user.email")
            .unwrap_or_else(|| format!("{}@{}", clock::os_user(), clock::host()))
    }

    /// Returns the program that signs and verifies: git's, else `ssh-keygen`.
    pub fn ssh_keygen(&self) -> String {
        self.git("gpg.ssh.program")
            .unwrap_or_else(|| "ssh-keygen".to_owned())
    }
}
