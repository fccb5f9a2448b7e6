//! One private cluster: made, started, asked, and taken away.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use crate::engine::sandbox::account::{Account, FOR_POSTGRES};
use crate::engine::sandbox::options::{Listen, Options};
use crate::engine::sandbox::stale::POSTGRES;
use crate::engine::sandbox::{SandboxError, ServerBinaries};

/// How long a server may take until it answers.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// The port where it only names the socket's file.
const SOCKET_PORT: u16 = 5432;

/// A running throw-away server. Dropping it stops the server and removes everything.
#[derive(Debug)]
pub struct Sandbox {
    binaries: ServerBinaries,
    options: Options,
    dir: PathBuf,
    port: u16,
    server: Option<Child>,
    watchdog: Option<Child>,
}

impl Sandbox {
    /// Makes a cluster with `binaries` and starts it: about a second. Returns once it accepts connections.
    pub fn start(binaries: &ServerBinaries, options: Options) -> Result<Self, SandboxError> {
        let account = Account::suitable(FOR_POSTGRES)?;
        let mut sandbox = Self::prepare(binaries, options, &account)?;
        sandbox.make_cluster(&account)?;
        sandbox.launch(&account)?;
        Ok(sandbox)
    }

    /// Makes a directory that is cleared up whatever happens to this process.
    pub(super) fn prepare(
        binaries: &ServerBinaries,
        options: Options,
        account: &Account,
    ) -> Result<Self, SandboxError> {
        let dir = POSTGRES.directory(&short_temp_dir(), account)?;
        let mut sandbox = Self {
            binaries: binaries.clone(),
            options,
            port: SOCKET_PORT,
            server: None,
            watchdog: None,
            dir,
        };
        sandbox.watchdog = Some(POSTGRES.watchdog(&sandbox.dir)?);
        Ok(sandbox)
    }

    /// Returns the binaries it runs on.
    pub fn binaries(&self) -> &ServerBinaries {
        &self.binaries
    }

    /// Returns what it was asked to be like.
    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    /// Returns its directory; the socket lies in it.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the port: of the socket's name, and of 127.0.0.1 where it listens there.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the superuser's connection URL for `database`: over TCP where the server listens there, else the socket.
    pub fn url(&self, database: &str) -> String {
        self.url_as(
            database,
            &self.options.superuser,
            self.options.password.as_deref(),
        )
    }

    /// Returns a connection URL for `database` as `user`.
    pub fn url_as(&self, database: &str, user: &str, password: Option<&str>) -> String {
        self.options
            .url(&self.dir, self.port, database, user, password)
    }

    /// Returns a `psql` on `database` that reads no start-up file and stops at the first error, if `psql` is at hand.
    pub fn psql(&self, database: &str) -> Option<Command> {
        let mut command = Command::new(self.binaries.tool("psql")?);
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d"]);
        command.arg(self.url(database));
        Some(command)
    }

    /// Sends statements as the superuser to `database` and waits for them. May be called from inside a runtime.
    pub fn execute(&self, database: &str, statements: &str) -> Result<(), SandboxError> {
        let options: PgConnectOptions = self
            .url(database)
            .parse()
            .map_err(|source| SandboxError::Statement { source })?;
        let work = async move {
            let mut session = options.disable_statement_logging().connect().await?;
            sqlx::raw_sql(AssertSqlSafe(statements))
                .execute(&mut session)
                .await?;
            session.close().await
        };
        // Its own thread, because a runtime may not be started inside another.
        std::thread::scope(|scope| {
            scope
                .spawn(move || block_on(work))
                .join()
                .unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::Error::other("its thread died"))))
        })
        .map_err(|source| SandboxError::Statement { source })
    }

    /// Makes an empty database called `name` and returns its URL.
    pub fn create_database(&self, name: &str) -> Result<String, SandboxError> {
        let quoted = name.replace('"', "\"\"");
        self.execute("postgres", &format!("create database \"{quoted}\""))?;
        Ok(self.url(name))
    }

    /// Stops the server at once and removes its directory; a dropped sandbox does the same.
    pub fn stop(self) {
        drop(self);
    }

    fn make_cluster(&self, account: &Account) -> Result<(), SandboxError> {
        let program = self.binaries.bin.join("initdb");
        let mut command = self.program(&program, account);
        command.arg("-D").arg(self.data());
        command.args(["--locale=C", "--encoding=UTF8", "--no-sync"]);
        command.args(["-U", &self.options.superuser, "--auth-local=trust"]);
        let password_file = self.dir.join("password");
        if let Some(password) = &self.options.password {
            fs::write(&password_file, password).map_err(SandboxError::file(&password_file))?;
            account.own(&password_file)?;
            command
                .args(["--auth-host=scram-sha-256", "--pwfile"])
                .arg(&password_file);
        } else {
            command.arg("--auth-host=trust");
        }
        let output = command
            .output()
            .map_err(|e| not_started(&program, account, e))?;
        let _ = fs::remove_file(&password_file);
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(SandboxError::Init {
            said: last_lines(&said),
        })
    }

    /// Starts the server; tries another port where somebody else took the chosen one in the meantime.
    pub(super) fn launch(&mut self, account: &Account) -> Result<(), SandboxError> {
        let mut tries = 0;
        loop {
            tries += 1;
            if self.options.listen == Listen::Loopback {
                self.port = free_port()?;
            }
            self.configure()?;
            match self.try_launch(account) {
                Err(SandboxError::NotReady { log, .. })
                    if tries < 5 && log.contains("already in use") => {}
                done => return done,
            }
        }
    }

    fn configure(&self) -> Result<(), SandboxError> {
        let path = self.data().join("postgresql.conf");
        let text = self.options.configuration(&self.dir, self.port);
        fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(SandboxError::file(&path))
    }

    fn try_launch(&mut self, account: &Account) -> Result<(), SandboxError> {
        let log_path = self.dir.join("server.log");
        let log = fs::File::create(&log_path).map_err(SandboxError::file(&log_path))?;
        let errors = log.try_clone().map_err(SandboxError::file(&log_path))?;
        let program = self.binaries.bin.join("postgres");
        let mut command = self.program(&program, account);
        command.arg("-D").arg(self.data());
        command.stdout(log).stderr(errors);
        // Its own group: Ctrl-C at the terminal is for holdpoint and not for the server.
        command.process_group(0);
        let mut server = command
            .spawn()
            .map_err(|e| not_started(&program, account, e))?;
        let ready = self.wait_until_ready(&mut server);
        self.server = Some(server);
        ready.map_err(|why| SandboxError::NotReady {
            why,
            log: tail(&log_path),
        })
    }

    /// Waits for the eighth line of `postmaster.pid` to say that connections are accepted.
    fn wait_until_ready(&self, server: &mut Child) -> Result<(), String> {
        let file = POSTGRES.pid_file(&self.dir);
        let begun = Instant::now();
        while begun.elapsed() < READY_WITHIN {
            let state = fs::read_to_string(&file).unwrap_or_default();
            if state
                .lines()
                .nth(7)
                .is_some_and(|line| line.trim() == "ready")
            {
                return Ok(());
            }
            if let Ok(Some(status)) = server.try_wait() {
                return Err(format!("it ended with {status}"));
            }
            sleep(Duration::from_millis(5));
        }
        Err(format!("not ready after {} s", READY_WITHIN.as_secs()))
    }

    pub(super) fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// Returns one of the server's programs, run as `account` in an environment without the caller's `PG…` variables.
    pub(super) fn program(&self, program: &Path, account: &Account) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("LC_ALL", "C")
            .env("PATH", "/usr/bin:/bin");
        command.current_dir(&self.dir).stdin(Stdio::null());
        account.wear(&mut command);
        command
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        POSTGRES.end(&self.dir, self.server.take(), self.watchdog.take());
    }
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

pub(super) fn free_port() -> Result<u16, SandboxError> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(SandboxError::file("127.0.0.1"))
}

pub(super) fn not_started(
    program: &Path,
    account: &Account,
    source: std::io::Error,
) -> SandboxError {
    SandboxError::Program {
        program: program.to_owned(),
        account: account.name().to_owned(),
        source,
    }
}

pub(super) fn block_on<T>(
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(sqlx::Error::Io)?
        .block_on(work)
}

pub(super) fn tail(path: &Path) -> String {
    last_lines(&String::from_utf8_lossy(
        &fs::read(path).unwrap_or_default(),
    ))
}

pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(5)..].join(" / ")
}
