//! Where a server is and how to log in: an address, the environment, the option files, in this order.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::mysql::MySqlSslMode;

use crate::engine::database::error::{DatabaseError, Trouble};
use crate::engine::database::mysql::option_files;
use crate::engine::database::postgres::settings::{decoded, host_list};

/// Where the server's own packages put its socket.
const SOCKETS: [&str; 3] = [
    "/run/mysqld/mysqld.sock",
    "/var/lib/mysql/mysql.sock",
    "/tmp/mysql.sock",
];
/// Parameters that other programs know and that change nothing here.
const WITHOUT_EFFECT: [&str; 6] = [
    "charset",
    "collation",
    "allowpublickeyretrieval",
    "usessl",
    "requiressl",
    "verifyservercertificate",
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

type Settings = BTreeMap<String, String>;

/// Whether `text` is the address of a server of this family.
pub(in crate::engine::database) fn is_address(text: &str) -> bool {
    rest(text).is_some()
}

/// Returns what follows `mysql://`, `mariadb://`, `jdbc:mysql://`, `mysql+pymysql://`, `mysql2://`.
fn rest(text: &str) -> Option<&str> {
    let text = text.trim();
    let text = text.strip_prefix("jdbc:").unwrap_or(text);
    let (scheme, rest) = text.split_once("://")?;
    let base = scheme.split('+').next().unwrap_or_default();
    matches!(base, "mysql" | "mariadb" | "mysql2").then_some(rest)
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
        let seconds = take("connect-timeout", "");
        let seconds = seconds.and_then(|s| s.parse().ok()).filter(|s| *s > 0);
        let user = take("user", "").or_else(|| (around.env)("USER"));
        Ok(Self {
            place: place(&given, &take, around)?,
            user: user.unwrap_or_else(|| "root".to_owned()),
            password: take("password", "MYSQL_PWD"),
            database: given.get("database").cloned().unwrap_or_default(),
            ssl,
            connect_timeout: Duration::from_secs(seconds.unwrap_or(10)),
            ignored: ignored(&given),
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

fn bad(why: &str) -> DatabaseError {
    DatabaseError {
        kind: Trouble::BadAddress,
        said: why.to_owned(),
        hint: "write it as mysql://user@host:3306/database".to_owned(),
    }
}

/// Takes an address apart; the error never holds it, for it may hold a password.
fn settings(rest: &str) -> Result<Settings, String> {
    let mut found = Settings::new();
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = match user.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (user, None),
    };
    let mut set = |key: &str, value: &str| -> Result<(), String> {
        if !value.is_empty() {
            found.insert(key.to_owned(), decoded(value)?);
        }
        Ok(())
    };
    set("user", user)?;
    set("database", database)?;
    if let Some(password) = password {
        set("password", password)?;
    }
    let (host, port) = host_list(hosts)?;
    if host.contains(',') {
        return Err("it names several hosts: give the one that is the primary".to_owned());
    }
    set("host", &host)?;
    set("port", &port)?;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        set(&spelled(&decoded(key)?), value)?;
    }
    Ok(found)
}

/// Returns our spelling of a parameter that drivers spell differently.
fn spelled(key: &str) -> String {
    let key = key.to_ascii_lowercase().replace('_', "-");
    let known = match key.as_str() {
        "sslmode" => "ssl-mode",
        "sslca" | "sslrootcert" | "serversslcert" => "ssl-ca",
        "sslcert" => "ssl-cert",
        "sslkey" => "ssl-key",
        "unix-socket" | "localsocket" => "socket",
        "connecttimeout" => "connect-timeout",
        other => other,
    };
    known.to_owned()
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
        Some(port) => port
            .parse()
            .map_err(|_| bad(&format!("the port `{port}` is no number below 65536")))?,
    };
    let host = host.unwrap_or_else(|| "127.0.0.1".to_owned());
    Ok(Place::Tcp { host, port })
}

/// Reads the words of MySQL, of MariaDB's connectors and of the JDBC switches from before there were modes.
fn mode(given: &Settings, word: Option<&str>) -> Result<Mode, DatabaseError> {
    let yes = |key: &str| given.get(key).is_some_and(|v| v == "true" || v == "1");
    let no = |key: &str| given.get(key).is_some_and(|v| v == "false" || v == "0");
    let Some(word) = word else {
        return Ok(match () {
            () if yes("verifyservercertificate") => Mode::VerifyCa,
            () if yes("requiressl") || yes("usessl") => Mode::Required,
            () if no("usessl") => Mode::Disabled,
            () => Mode::Preferred,
        });
    };
    match word.to_ascii_lowercase().replace('-', "_").as_str() {
        "disabled" | "disable" => Ok(Mode::Disabled),
        "preferred" | "prefer" => Ok(Mode::Preferred),
        "required" | "require" | "trust" => Ok(Mode::Required),
        "verify_ca" => Ok(Mode::VerifyCa),
        "verify_identity" | "verify_full" => Ok(Mode::VerifyIdentity),
        _ => Err(DatabaseError {
            hint: "DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY".to_owned(),
            ..bad(&format!("ssl-mode `{word}` is not known"))
        }),
    }
}

fn ignored(given: &Settings) -> Vec<String> {
    let known = [
        "user",
        "password",
        "database",
        "host",
        "port",
        "socket",
        "ssl-mode",
        "ssl-ca",
        "ssl-cert",
        "ssl-key",
        "connect-timeout",
    ];
    let keys = given.keys().map(String::as_str);
    keys.filter(|key| !known.contains(key) && !WITHOUT_EFFECT.contains(key))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dsn(text: &str, env: &[(&str, &str)], files: &[(&str, &str)]) -> Result<Dsn, DatabaseError> {
        let find = |list: &[(&str, &str)], key: &str| {
            let found = list.iter().find(|(k, _)| *k == key);
            found.map(|(_, v)| (*v).to_owned())
        };
        Dsn::resolve(
            text,
            &Surroundings {
                env: &|key| find(env, key),
                file: &|path| find(files, path.to_str().unwrap()),
                socket: &|| Some("/run/s".into()),
            },
        )
    }

    #[test]
    fn printing_tells_everything_but_the_password() {
        let dsn = dsn("mysql://u:se%40cret@db1:3307/shop", &[], &[]).unwrap();
        assert_eq!(dsn.to_string(), "u@db1:3307/shop");
        assert_eq!(format!("{dsn:?}"), "Dsn(u@db1:3307/shop)");
        assert_eq!(dsn.password.as_deref(), Some("se@cret"));
    }

    #[test]
    fn the_spellings_of_drivers_are_read() {
        for (text, wanted) in [
            ("mariadb://u@h/d", "u@h:3306/d"),
            (
                "jdbc:mysql://h:1/d?user=u&password=p&useSSL=false",
                "u@h:1/d",
            ),
            ("mysql+pymysql://u:p@h/d?charset=utf8mb4", "u@h:3306/d"),
            ("mysql2://u@[::1]:7/d", "u@[::1]:7/d"),
            ("mysql://u@/d?socket=%2Ftmp%2Fs", "u@/tmp/s/d"),
            ("mysql://u@localhost/d", "u@localhost:3306/d"),
            ("mysql://u@/d", "u@/run/s/d"),
        ] {
            assert_eq!(dsn(text, &[], &[]).unwrap().to_string(), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_not_given_comes_from_the_environment_then_from_the_option_files() {
        let env = [("HOME", "/h"), ("MYSQL_PWD", "x"), ("MYSQL_TCP_PORT", "7")];
        let files = [
            ("/etc/my.cnf", "[client]\nhost=db9\nuser=them\n"),
            ("/h/.my.cnf", "[client]\nuser=me\npassword=y\n"),
        ];
        let both = dsn("mysql:///shop", &env, &files).unwrap();
        assert_eq!(both.to_string(), "me@db9:7/shop");
        assert_eq!(both.password.as_deref(), Some("x"));
        let files_alone = dsn("mysql://db1/shop", &env[..1], &files).unwrap();
        assert_eq!(files_alone.to_string(), "me@db1:3306/shop");
        assert_eq!(files_alone.password.as_deref(), Some("y"));
    }

    #[test]
    fn encryption_is_read_in_each_of_its_spellings() {
        let mode = |query: &str| {
            let text = format!("mysql://h/d?{query}");
            dsn(&text, &[], &[]).map(|dsn| dsn.ssl.mode)
        };
        assert_eq!(
            mode("sslMode=VERIFY_IDENTITY").unwrap(),
            Mode::VerifyIdentity
        );
        assert_eq!(mode("ssl-mode=verify-ca").unwrap(), Mode::VerifyCa);
        assert_eq!(mode("useSSL=false").unwrap(), Mode::Disabled);
        assert_eq!(mode("").unwrap(), Mode::Preferred);
        assert!(mode("sslmode=maybe").unwrap_err().said.contains("maybe"));
    }

    #[test]
    fn what_means_nothing_here_is_named_and_what_is_wrong_is_refused() {
        let odd = dsn("mysql://h/d?serverTimezone=UTC", &[], &[]).unwrap();
        assert_eq!(odd.ignored(), ["servertimezone"]);
        for (text, why) in [
            ("mysql://h:99999/d", "99999"),
            ("mysql://a,b/d", "several hosts"),
            ("oracle://h/d", "no MySQL"),
        ] {
            let error = dsn(text, &[], &[]).unwrap_err();
            assert!(error.said.contains(why), "{text}: {}", error.said);
        }
    }

    #[test]
    fn the_familys_programs_find_the_same_server() {
        let dsn = dsn("mysql://u:p@h:7/d", &[], &[]).unwrap();
        let env: BTreeMap<_, _> = dsn.environment().into_iter().collect();
        assert_eq!(env["MYSQL_HOST"], "h");
        assert_eq!(env["MYSQL_TCP_PORT"], "7");
        assert_eq!(env["MYSQL_PWD"], "p");
        assert_eq!(env["HOLDPOINT_DB_USER"], "u");
    }
}
