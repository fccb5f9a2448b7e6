//! One private cluster: made, started, asked, and taken away.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use crate::engine::sandbox::account::FOR_POSTGRES;
use crate::engine::sandbox::host::{Host, apart, on_a_free_port};
use crate::engine::sandbox::options::{Listen, Options};
use crate::engine::sandbox::stale::POSTGRES;
use crate::engine::sandbox::{SandboxError, ServerBinaries};

/// How long a server may take until it answers.
const READY_WITHIN: Duration = Duration::from_mins(1);
/// The port where it only names the socket's file.
const SOCKET_PORT: u16 = 5432;

/// A running throw-away server. Dropping it stops the server and removes everything.
#[derive(Debug)]
pub struct Sandbox {
    binaries: ServerBinaries,
    options: Options,
    port: u16,
    host: Host,
}

impl Sandbox {
    /// Makes a cluster with `binaries` and starts it: about a second. Returns once it accepts connections.
    pub fn start(binaries: &ServerBinaries, options: Options) -> Result<Self, SandboxError> {
        let mut sandbox = Self::prepare(binaries, options)?;
        sandbox.make_cluster()?;
        sandbox.launch()?;
        Ok(sandbox)
    }

    /// Makes a directory that is cleared up whatever happens to this process.
    pub(super) fn prepare(
        binaries: &ServerBinaries,
        options: Options,
    ) -> Result<Self, SandboxError> {
        Ok(Self {
            binaries: binaries.clone(),
            options,
            port: SOCKET_PORT,
            host: Host::new(POSTGRES, FOR_POSTGRES)?,
        })
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
        self.host.dir()
    }

    /// Returns where and as whom the server runs.
    pub(super) fn host(&self) -> &Host {
        &self.host
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
            .url(self.dir(), self.port, database, user, password)
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
        apart(|| async {
            let mut session = options.disable_statement_logging().connect().await?;
            sqlx::raw_sql(AssertSqlSafe(statements))
                .execute(&mut session)
                .await?;
            session.close().await
        })
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

    fn make_cluster(&self) -> Result<(), SandboxError> {
        let mut command = self.host.program(&self.binaries.bin.join("initdb"));
        command.arg("-D").arg(self.host.data());
        command.args(["--locale=C", "--encoding=UTF8", "--no-sync"]);
        command.args(["-U", &self.options.superuser, "--auth-local=trust"]);
        let password_file = self.dir().join("password");
        if let Some(password) = &self.options.password {
            fs::write(&password_file, password).map_err(SandboxError::file(&password_file))?;
            self.host.account().own(&password_file)?;
            command
                .args(["--auth-host=scram-sha-256", "--pwfile"])
                .arg(&password_file);
        } else {
            command.arg("--auth-host=trust");
        }
        let made = self.host.make_data(command);
        let _ = fs::remove_file(&password_file);
        made
    }

    /// Starts the server on the data directory that there is.
    pub(super) fn launch(&mut self) -> Result<(), SandboxError> {
        match self.options.listen {
            Listen::Socket => self.launch_at(SOCKET_PORT),
            Listen::Loopback => on_a_free_port(|port| self.launch_at(port)),
        }
    }

    fn launch_at(&mut self, port: u16) -> Result<(), SandboxError> {
        self.port = port;
        self.configure()?;
        let mut command = self.host.program(&self.binaries.bin.join("postgres"));
        command.arg("-D").arg(self.host.data());
        self.host.launch(command, READY_WITHIN, takes_connections)
    }

    fn configure(&self) -> Result<(), SandboxError> {
        let path = self.host.data().join("postgresql.conf");
        let text = self.options.configuration(self.dir(), self.port);
        fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(SandboxError::file(&path))
    }
}

/// Whether the eighth line of `postmaster.pid` says that connections are accepted.
fn takes_connections(host: &Host) -> bool {
    let state = fs::read_to_string(host.pid_file()).unwrap_or_default();
    let mut lines = state.lines();
    lines.nth(7).is_some_and(|line| line.trim() == "ready")
}
