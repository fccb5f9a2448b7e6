//! A throw-away MariaDB, or MySQL where `HOLDPOINT_MYSQL_BIN` leads to one: made, started, asked, and taken away.

mod find;
mod options;
mod replica;

use std::fs;
use std::io::Read as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use sqlx::mysql::MySqlConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use crate::engine::sandbox::SandboxError;
use crate::engine::sandbox::account::{Account, FOR_MYSQL};
use crate::engine::sandbox::cluster::{
    block_on, free_port, last_lines, not_started, short_temp_dir, tail,
};
use crate::engine::sandbox::stale::MYSQL;

pub use find::{Brand, MariaBinaries, find_maria};
pub use options::MariaOptions;

/// How long a server may take until it answers.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// A running throw-away server. Dropping it stops the server and removes everything.
#[derive(Debug)]
pub struct MariaSandbox {
    binaries: MariaBinaries,
    options: MariaOptions,
    dir: PathBuf,
    port: u16,
    server: Option<Child>,
    watchdog: Option<Child>,
}

impl MariaSandbox {
    /// Makes a data directory with `binaries` and starts a server on it: some seconds. Returns once it takes
    /// connections. `root` may come over the socket and from 127.0.0.1.
    ///
    /// # Errors
    /// A program that does not start, or what the server said.
    pub fn start(binaries: &MariaBinaries, options: MariaOptions) -> Result<Self, SandboxError> {
        let account = Account::suitable(FOR_MYSQL)?;
        let dir = MYSQL.directory(&short_temp_dir(), &account)?;
        let mut sandbox = Self {
            binaries: binaries.clone(),
            options,
            port: 0,
            server: None,
            watchdog: None,
            dir,
        };
        sandbox.watchdog = Some(MYSQL.watchdog(&sandbox.dir)?);
        sandbox.make_data(&account)?;
        sandbox.launch(&account)?;
        sandbox.admit_root()?;
        Ok(sandbox)
    }

    /// Returns the programs it runs on.
    pub fn binaries(&self) -> &MariaBinaries {
        &self.binaries
    }

    /// Returns its directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns its socket.
    pub fn socket(&self) -> PathBuf {
        self.dir.join("s")
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

    /// Returns the last lines of the server's log.
    pub fn log_tail(&self) -> String {
        tail(&self.dir.join("server.log"))
    }

    /// Stops the server at once and removes its directory; a dropped sandbox does the same.
    pub fn stop(self) {
        drop(self);
    }

    fn make_data(&self, account: &Account) -> Result<(), SandboxError> {
        let data = format!("--datadir={}", self.dir.join("data").display());
        let (program, arguments) = match self.binaries.brand {
            Brand::MariaDb => (
                self.binaries
                    .tool("mariadb-install-db")
                    .or_else(|| self.binaries.tool("mysql_install_db")),
                vec![
                    "--auth-root-authentication-method=normal",
                    "--skip-test-db",
                    "--skip-name-resolve",
                    "--innodb-flush-method=nosync",
                    "--innodb-log-file-size=16M",
                ],
            ),
            Brand::MySql => (
                Some(self.binaries.server.clone()),
                vec!["--initialize-insecure"],
            ),
        };
        let program = program.ok_or_else(|| SandboxError::Init {
            said: "there is no `mariadb-install-db` beside the server or on the PATH".to_owned(),
        })?;
        let output = self
            .program(&program, account)
            .arg("--no-defaults")
            .arg(&data)
            .args(arguments)
            .output()
            .map_err(|e| not_started(&program, account, e))?;
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        Err(SandboxError::Init {
            said: last_lines(&String::from_utf8_lossy(&said)),
        })
    }

    /// Starts the server; tries another port where somebody else took the chosen one in the meantime.
    fn launch(&mut self, account: &Account) -> Result<(), SandboxError> {
        let mut tries = 0;
        loop {
            tries += 1;
            self.port = free_port()?;
            match self.try_launch(account) {
                Err(SandboxError::NotReady { log, .. })
                    if tries < 5 && log.contains("already in use") => {}
                done => return done,
            }
        }
    }

    fn try_launch(&mut self, account: &Account) -> Result<(), SandboxError> {
        let log_path = self.dir.join("server.log");
        let log = fs::File::create(&log_path).map_err(SandboxError::file(&log_path))?;
        let errors = log.try_clone().map_err(SandboxError::file(&log_path))?;
        let mut command = self.program(&self.binaries.server, account);
        command.args(self.options.arguments(&self.dir, self.port));
        command.stdout(log).stderr(errors);
        // Its own group: Ctrl-C at the terminal is for holdpoint and not for the server.
        command.process_group(0);
        let mut server = command
            .spawn()
            .map_err(|e| not_started(&self.binaries.server, account, e))?;
        let ready = self.wait_until_ready(&mut server);
        self.server = Some(server);
        ready.map_err(|why| SandboxError::NotReady {
            why,
            log: tail(&log_path),
        })
    }

    /// Waits for its greeting: the server speaks first.
    fn wait_until_ready(&self, server: &mut Child) -> Result<(), String> {
        let begun = Instant::now();
        while begun.elapsed() < READY_WITHIN {
            if let Ok(mut stream) = UnixStream::connect(self.socket())
                && stream
                    .set_read_timeout(Some(Duration::from_secs(2)))
                    .is_ok()
                && stream.read_exact(&mut [0; 5]).is_ok()
            {
                return Ok(());
            }
            if let Ok(Some(status)) = server.try_wait() {
                return Err(format!("it ended with {status}"));
            }
            sleep(Duration::from_millis(10));
        }
        Err(format!("not ready after {} s", READY_WITHIN.as_secs()))
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

    /// Returns one of the server's programs, run as `account` in an environment without the caller's variables.
    fn program(&self, program: &Path, account: &Account) -> Command {
        let mut command = Command::new(program);
        let path = "/usr/sbin:/usr/bin:/sbin:/bin";
        command.env_clear().env("LC_ALL", "C").env("PATH", path);
        command.env("TMPDIR", &self.dir);
        command.current_dir(&self.dir).stdin(Stdio::null());
        account.wear(&mut command);
        command
    }
}

impl Drop for MariaSandbox {
    fn drop(&mut self) {
        MYSQL.end(&self.dir, self.server.take(), self.watchdog.take());
    }
}
