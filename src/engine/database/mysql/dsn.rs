//! Where a server is and how to log in: an address, the environment, the option files, in this order.

mod address;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::mysql::MySqlSslMode;

use crate::engine::database::address::{Settings, connect_timeout, ignored, port};
use crate::engine::database::error::DatabaseError;
use crate::engine::database::mysql::dsn::address::{
    KNOWN, WITHOUT_EFFECT, bad, mode, rest, settings,
};
use crate::engine::database::mysql::option_files;

/// Where the server's own packages put its socket.
const SOCKETS: [&str; 3] = [
    "/run/mysqld/mysqld.sock",
    "/var/lib/mysql/mysql.sock",
    "/tmp/mysql.sock",
];
/// Where a server is and how to log in. Printed it is `user@host:port/database`, never a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Dsn {
    pub(super) place: Place,
    pub(super) user: String,
    pub(super) password: Option<String>,
    pub(super) database: String,
    pub(super) ssl: Ssl,
    pub(super) connect_timeout: Duration,
    ignored: Vec<String>,
}

/// How to get there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Socket(PathBuf),
    Tcp { host: String, port: u16 },
}

/// Encryption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ssl {
    pub mode: Mode,
    pub ca: Option<PathBuf>,
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Disabled,
    Preferred,
    Required,
    VerifyCa,
    VerifyIdentity,
}

/// Where settings come from besides the address.
struct Surroundings<'a> {
    env: &'a dyn Fn(&str) -> Option<String>,
    file: &'a dyn Fn(&Path) -> Option<String>,
    socket: &'a dyn Fn() -> Option<PathBuf>,
}

/// Whether `text` is the address of a server of this family.
pub(in crate::engine::database) fn is_address(text: &str) -> bool {
    rest(text).is_some()
}

impl Dsn {
    /// Reads an address: `mysql://user:password@host:3306/database?ssl-mode=REQUIRED`.
    ///
    /// What it leaves out comes from `MYSQL_HOST`, `MYSQL_TCP_PORT`, `MYSQL_UNIX_PORT`, `MYSQL_PWD`, then from
    /// `[client]` in `/etc/my.cnf`, `/etc/mysql/my.cnf`, `~/.my.cnf`.
    ///
    /// # Errors
    /// What cannot be read, without the address.
    pub fn read(text: &str) -> Result<Self, DatabaseError> {
        let env = |key: &str| std::env::var(key).ok().filter(|value| !value.is_empty());
        let file = |path: &Path| {
            let path = Some(path).filter(|path| option_files::is_trustworthy(path))?;
            std::fs::read_to_string(path).ok()
        };
        let socket = || SOCKETS.map(PathBuf::from).into_iter().find(|s| s.exists());
        Self::resolve(
            text,
            &Surroundings {
                env: &env,
                file: &file,
                socket: &socket,
            },
        )
    }

    fn resolve(text: &str, around: &Surroundings) -> Result<Self, DatabaseError> {
        let rest = rest(text).ok_or_else(|| bad("it is no MySQL or MariaDB address"))?;
        let given = settings(rest).map_err(|why| bad(&why))?;
        let files = files(around);
        let take = |key: &str, env: &str| {
            let from_env = || Some(env).filter(|e| !e.is_empty()).and_then(around.env);
            let found = given.get(key).cloned().or_else(from_env);
            found.or_else(|| files.get(key).cloned())
        };
        let path = |key: &str| take(key, "").map(PathBuf::from);
        let ssl = Ssl {
            mode: mode(&given, take("ssl-mode", "").as_deref())?,
            ca: path("ssl-ca"),
            cert: path("ssl-cert"),
            key: path("ssl-key"),
        };
        let user = take("user", "").or_else(|| (around.env)("USER"));
        Ok(Self {
            place: place(&given, &take, around)?,
            user: user.unwrap_or_else(|| "root".to_owned()),
            password: take("password", "MYSQL_PWD"),
            database: given.get("database").cloned().unwrap_or_default(),
            ssl,
            connect_timeout: connect_timeout(take("connect-timeout", "")),
            ignored: ignored(&given, [KNOWN, WITHOUT_EFFECT]),
        })
    }

    /// Returns the parameters of the address that mean nothing here, as `serverTimezone`.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// Returns the database's name; empty: none is chosen.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Returns `host:port`, or the socket.
    pub fn address(&self) -> String {
        match &self.place {
            Place::Socket(path) => path.display().to_string(),
            Place::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
            Place::Tcp { host, port } => format!("{host}:{port}"),
        }
    }

    /// Returns the variables by which the family's own programs find the same server: `mysql`, `mysqldump`.
    ///
    /// They have no variable for the user and the database: those are `HOLDPOINT_DB_USER` and `HOLDPOINT_DB_NAME`.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let mut env = vec![
            ("HOLDPOINT_DB_USER", self.user.clone()),
            ("HOLDPOINT_DB_NAME", self.database.clone()),
        ];
        match &self.place {
            Place::Socket(path) => env.push(("MYSQL_UNIX_PORT", path.display().to_string())),
            Place::Tcp { host, port } => {
                env.push(("MYSQL_HOST", host.clone()));
                env.push(("MYSQL_TCP_PORT", port.to_string()));
                env.push(("HOLDPOINT_DB_HOST", host.clone()));
                env.push(("HOLDPOINT_DB_PORT", port.to_string()));
            }
        }
        env.extend(self.password.clone().map(|p| ("MYSQL_PWD", p)));
        env
    }
}

impl fmt::Display for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}/{}", self.user, self.address(), self.database)
    }
}

impl fmt::Debug for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dsn({self})")
    }
}

impl From<Mode> for MySqlSslMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Disabled => Self::Disabled,
            Mode::Preferred => Self::Preferred,
            Mode::Required => Self::Required,
            Mode::VerifyCa => Self::VerifyCa,
            Mode::VerifyIdentity => Self::VerifyIdentity,
        }
    }
}

fn files(around: &Surroundings) -> Settings {
    let own = (around.env)("HOME").map(|home| Path::new(&home).join(".my.cnf"));
    let system = ["/etc/my.cnf", "/etc/mysql/my.cnf"].map(PathBuf::from);
    let mut found = Settings::new();
    for path in system.into_iter().chain(own) {
        if let Some(text) = (around.file)(&path) {
            option_files::add(&text, &mut found);
        }
    }
    found
}

/// Without a host it is the socket, as the family's programs have it; with one it is the network, as drivers have it.
fn place(
    given: &Settings,
    take: &impl Fn(&str, &str) -> Option<String>,
    around: &Surroundings,
) -> Result<Place, DatabaseError> {
    if let Some(socket) = given.get("socket") {
        return Ok(Place::Socket(socket.into()));
    }
    let host = take("host", "MYSQL_HOST");
    let elsewhere = host.as_deref().is_some_and(|host| host != "localhost");
    if !given.contains_key("host") && !given.contains_key("port") && !elsewhere {
        let named = take("socket", "MYSQL_UNIX_PORT").map(PathBuf::from);
        if let Some(socket) = named.or_else(|| (around.socket)()) {
            return Ok(Place::Socket(socket));
        }
    }
    let port = match take("port", "MYSQL_TCP_PORT") {
        None => 3306,
        Some(given) => port(&given).map_err(|why| bad(&why))?,
    };
    let host = host.unwrap_or_else(|| "127.0.0.1".to_owned());
    Ok(Place::Tcp { host, port })
}
