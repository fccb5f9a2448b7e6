//! A throw-away MariaDB or MySQL: made, started, asked, and taken away.

mod data;
mod find;
mod options;
mod packed;
mod replica;

use std::io::Read as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::mysql::MySqlConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use crate::engine::sandbox::SandboxError;
use crate::engine::sandbox::account::FOR_MYSQL;
use crate::engine::sandbox::host::{Host, apart, on_a_free_port};
use crate::engine::sandbox::stale::MYSQL;

pub use find::{Brand, MariaBinaries, find_maria};
pub use options::MariaOptions;
pub use packed::{MYSQL_PACKED, PackedMySql, mysql_of};

/// How long a server may take until it answers.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// A running throw-away server. Dropping it stops the server and removes everything.
#[derive(Debug)]
pub struct MariaSandbox {
    binaries: MariaBinaries,
    options: MariaOptions,
    port: u16,
    host: Host,
}

impl MariaSandbox {
    /// Makes a data directory with `binaries` and starts a server on it: some seconds. Returns once it takes
    /// connections. `root` may come over the socket and from 127.0.0.1.
    ///
    /// # Errors
    /// A program that does not start, or what the server said.
    pub fn start(binaries: &MariaBinaries, options: MariaOptions) -> Result<Self, SandboxError> {
        let mut sandbox = Self {
            binaries: binaries.clone(),
            options,
            port: 0,
            host: Host::new(MYSQL, FOR_MYSQL)?,
        };
        data::make(&sandbox.binaries, &sandbox.host)?;
        on_a_free_port(|port| sandbox.launch_at(port))?;
        sandbox.admit_root()?;
        Ok(sandbox)
    }

    fn launch_at(&mut self, port: u16) -> Result<(), SandboxError> {
        self.port = port;
        let mut command = self.host.program(&self.binaries.server);
        let brand = self.binaries.brand;
        command.args(self.options.arguments(brand, self.host.dir(), port));
        self.host.launch(command, READY_WITHIN, greets)
    }

    /// Returns the programs it runs on.
    pub fn binaries(&self) -> &MariaBinaries {
        &self.binaries
    }

    /// Returns its directory.
    pub fn dir(&self) -> &Path {
        self.host.dir()
    }

    /// Returns its socket.
    pub fn socket(&self) -> PathBuf {
        socket(&self.host)
    }

    /// Returns its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the connection URL of `root` for `database`; an empty name is none.
    pub fn url(&self, database: &str) -> String {
        self.url_as(database, "root", self.options.password.as_deref())
    }

    /// Returns a connection URL for `database` as `user`.
    pub fn url_as(&self, database: &str, user: &str, password: Option<&str>) -> String {
        options::url(self.port, database, user, password)
    }

    /// Sends statements as `root` to `database` (empty: none) and waits for them. May be called from inside a runtime.
    ///
    /// # Errors
    /// What the server said.
    pub fn execute(&self, database: &str, statements: &str) -> Result<(), SandboxError> {
        self.send(self.options.password.as_deref(), database, statements)
    }

    fn send(
        &self,
        password: Option<&str>,
        database: &str,
        statements: &str,
    ) -> Result<(), SandboxError> {
        let mut options = MySqlConnectOptions::new()
            .socket(self.socket())
            .username("root")
            .pipes_as_concat(false)
            .timezone(None);
        if let Some(password) = password {
            options = options.password(password);
        }
        if !database.is_empty() {
            options = options.database(database);
        }
        apart(|| async {
            let mut session = options.disable_statement_logging().connect().await?;
            sqlx::raw_sql(AssertSqlSafe(statements))
                .execute(&mut session)
                .await?;
            // Encrypted on a socket, its end is answered by a server that is gone already: what was sent is done.
            let _ = session.close().await;
            Ok(())
        })
    }

    /// Makes an empty database called `name` and returns its URL.
    ///
    /// # Errors
    /// What the server said.
    pub fn create_database(&self, name: &str) -> Result<String, SandboxError> {
        let quoted = name.replace('`', "``");
        self.execute(
            "",
            &format!("create database `{quoted}` character set utf8mb4"),
        )?;
        Ok(self.url(name))
    }

    /// Stops the server at once and removes its directory; a dropped sandbox does the same.
    pub fn stop(self) {
        drop(self);
    }

    /// A fresh server knows `root` at `localhost` alone, without a password.
    fn admit_root(&self) -> Result<(), SandboxError> {
        let password = self.options.password.as_deref().unwrap_or_default();
        let password = password.replace('\\', "\\\\").replace('\'', "''");
        let root = |host: &str| {
            format!(
                "create user if not exists 'root'@'{host}'; alter user 'root'@'{host}' identified by '{password}'; \
                 grant all on *.* to 'root'@'{host}' with grant option;"
            )
        };
        // Its own way in is changed last, and none of it goes to a replica.
        let own = format!("alter user 'root'@'localhost' identified by '{password}';");
        let text = format!("set session sql_log_bin = 0; {} {own}", root("127.0.0.1"));
        self.send(None, "", &text)
    }
}

fn socket(host: &Host) -> PathBuf {
    host.dir().join("s")
}

/// Whether it takes connections: the server speaks first.
fn greets(host: &Host) -> bool {
    let within = Some(Duration::from_secs(2));
    UnixStream::connect(socket(host)).is_ok_and(|mut stream| {
        stream.set_read_timeout(within).is_ok() && stream.read_exact(&mut [0; 5]).is_ok()
    })
}
