//! What a throw-away server of either family lives in: a private directory, an account, a process, and their end.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::engine::sandbox::SandboxError;
use crate::engine::sandbox::account::Account;
use crate::engine::sandbox::stale::Breed;

/// How often a server that starts is asked whether it is ready.
const LOOKS: Duration = Duration::from_millis(5);
/// How often another port is tried where somebody else took the chosen one in the meantime.
const TRIES: usize = 5;

/// A private directory and the server in it. Dropping it ends the server and removes everything.
#[derive(Debug)]
pub(super) struct Host {
    breed: Breed,
    account: Account,
    dir: PathBuf,
    server: Option<Child>,
    watchdog: Option<Child>,
}

impl Host {
    /// Makes a directory that is cleared up whatever happens to this process; root's belongs to one of `services`.
    pub fn new(breed: Breed, services: &[&str]) -> Result<Self, SandboxError> {
        let account = Account::suitable(services)?;
        let dir = breed.directory(&short_temp_dir(), &account)?;
        let mut host = Self {
            breed,
            account,
            dir,
            server: None,
            watchdog: None,
        };
        host.watchdog = Some(breed.watchdog(&host.dir)?);
        Ok(host)
    }

    /// Returns the directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns where the server's data lies.
    pub fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// Returns whose server it is.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Returns the file whose first line is the server's pid.
    pub fn pid_file(&self) -> PathBuf {
        self.breed.pid_file(&self.dir)
    }

    /// Returns `program`, run as the server's account in an environment without the caller's variables.
    pub fn program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("LC_ALL", "C")
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("TMPDIR", &self.dir);
        command.current_dir(&self.dir).stdin(Stdio::null());
        self.account.wear(&mut command);
        command
    }

    /// Runs a program that makes the data directory.
    pub fn make_data(&self, mut command: Command) -> Result<(), SandboxError> {
        let output = command
            .output()
            .map_err(|e| self.not_started(&command, e))?;
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        Err(SandboxError::Init {
            said: last_lines(&String::from_utf8_lossy(&said)),
        })
    }

    /// Starts the server and waits until it is `ready`, at most `within`.
    pub fn launch(
        &mut self,
        mut command: Command,
        within: Duration,
        ready: impl Fn(&Self) -> bool,
    ) -> Result<(), SandboxError> {
        let path = self.log();
        let log = fs::File::create(&path).map_err(SandboxError::file(&path))?;
        let errors = log.try_clone().map_err(SandboxError::file(&path))?;
        command.stdout(log).stderr(errors);
        // Its own group: Ctrl-C at the terminal is for holdpoint and not for the server.
        command.process_group(0);
        let server = command.spawn().map_err(|e| self.not_started(&command, e))?;
        self.server = Some(server);
        self.await_ready(within, ready)
            .map_err(|why| SandboxError::NotReady {
                why,
                log: self.log_tail(),
            })
    }

    fn await_ready(
        &mut self,
        within: Duration,
        ready: impl Fn(&Self) -> bool,
    ) -> Result<(), String> {
        let begun = Instant::now();
        while begun.elapsed() < within {
            if ready(self) {
                return Ok(());
            }
            let ended = self.server.as_mut().map(Child::try_wait);
            if let Some(Ok(Some(status))) = ended {
                return Err(format!("it ended with {status}"));
            }
            sleep(LOOKS);
        }
        Err(format!("not ready after {} s", within.as_secs()))
    }

    fn log(&self) -> PathBuf {
        self.dir.join("server.log")
    }

    /// Returns the last lines of the server's log.
    pub fn log_tail(&self) -> String {
        let log = fs::read(self.log()).unwrap_or_default();
        last_lines(&String::from_utf8_lossy(&log))
    }

    /// Says that a program of the server's could not be started.
    pub fn not_started(&self, command: &Command, source: std::io::Error) -> SandboxError {
        SandboxError::Program {
            program: command.get_program().into(),
            account: self.account.name().to_owned(),
            source,
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let (server, watchdog) = (self.server.take(), self.watchdog.take());
        self.breed.end(&self.dir, server, watchdog);
    }
}

/// Starts a server on a free port of 127.0.0.1; tries another where somebody else took it in the meantime.
pub(super) fn on_a_free_port(
    mut start: impl FnMut(u16) -> Result<(), SandboxError>,
) -> Result<(), SandboxError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match start(free_port()?) {
            Err(SandboxError::NotReady { log, .. })
                if tries < TRIES && log.contains("already in use") => {}
            done => return done,
        }
    }
}

fn free_port() -> Result<u16, SandboxError> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(SandboxError::file("127.0.0.1"))
}

/// Waits for `work` on the server, from wherever it is called: on a thread of its own, because a runtime may not be
/// started inside another.
pub(super) fn apart<T: Send, W: Future<Output = Result<T, sqlx::Error>>>(
    work: impl FnOnce() -> W + Send,
) -> Result<T, SandboxError> {
    let died = || Err(sqlx::Error::Io(std::io::Error::other("its thread died")));
    std::thread::scope(|scope| {
        let joined = scope.spawn(|| block_on(work())).join();
        joined.unwrap_or_else(|_| died())
    })
    .map_err(|source| SandboxError::Statement { source })
}

fn block_on<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(sqlx::Error::Io)?
        .block_on(work)
}

/// Returns a directory short enough for a socket's path, which may hold 107 bytes at most (unix(7)).
pub(super) fn short_temp_dir() -> PathBuf {
    let named = std::env::temp_dir();
    if named.as_os_str().len() <= 40 {
        named
    } else {
        PathBuf::from("/tmp")
    }
}

/// Returns the end of what a program printed.
pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(5)..].join(" / ")
}
