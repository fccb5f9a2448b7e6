//! Where a server is and how to log in: a connection string, a service file, the environment, in this order.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::engine::database::address::{self, Settings};
use crate::engine::database::error::{DatabaseError, Trouble};
use crate::engine::database::postgres::settings;
use crate::engine::database::postgres::ssl::{Ssl, ssl};

/// Settings that mean something here.
const KNOWN: &[&str] = &[
    "user",
    "dbname",
    "port",
    "host",
    "hostaddr",
    "password",
    "passfile",
    "connect_timeout",
    "options",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "target_session_attrs",
    "service",
];

/// Settings that libpq knows and that change nothing here.
const WITHOUT_EFFECT: &[&str] = &[
    "application_name",
    "fallback_application_name",
    "gssencmode",
    "channel_binding",
    "client_encoding",
    "ssl",
];

/// Where a server is and how to log in. Printed it is `user@host:port/database`, never a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Dsn {
    pub(super) hosts: Vec<Host>,
    pub(super) user: String,
    pub(super) password: Option<String>,
    pub(super) database: String,
    pub(super) ssl: Ssl,
    pub(super) options: Vec<(String, String)>,
    pub(super) connect_timeout: Duration,
    pub(super) wanted: Wanted,
    ignored: Vec<String>,
}

/// One place to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    /// A name, an address, or a socket's directory.
    pub name: String,
    pub port: u16,
    pub password: Option<String>,
}

/// Which of several servers is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Any,
    Primary,
    Standby,
    PreferStandby,
}

/// Where settings come from besides the connection string.
pub(super) struct Surroundings<'a> {
    pub env: &'a dyn Fn(&str) -> Option<String>,
    pub file: &'a dyn Fn(&Path) -> Option<String>,
    pub os_user: &'a dyn Fn() -> String,
}

impl Dsn {
    /// Reads a connection string: an address, `key=value` text, or nothing where the environment says it all.
    ///
    /// # Errors
    /// What cannot be read, without the string.
    pub fn read(text: &str) -> Result<Self, DatabaseError> {
        let env = |key: &str| std::env::var(key).ok().filter(|value| !value.is_empty());
        let file = |path: &Path| std::fs::read_to_string(path).ok();
        let os_user = || {
            sqlx::postgres::PgConnectOptions::new_without_pgpass()
                .get_username()
                .to_owned()
        };
        Self::resolve(
            text,
            &Surroundings {
                env: &env,
                file: &file,
                os_user: &os_user,
            },
        )
    }

    pub(super) fn resolve(text: &str, around: &Surroundings) -> Result<Self, DatabaseError> {
        let mut given = settings::read(text).map_err(|why| bad(&why))?;
        add_service(&mut given, around)?;
        let home = (around.env)("HOME").map(PathBuf::from);
        let take = |key: &str, env: &str| given.get(key).cloned().or_else(|| (around.env)(env));
        let user = take("user", "PGUSER").unwrap_or_else(|| (around.os_user)());
        let database = take("dbname", "PGDATABASE").unwrap_or_else(|| user.clone());
        let port = take("port", "PGPORT").unwrap_or_default();
        let name = take("hostaddr", "PGHOSTADDR").or_else(|| take("host", "PGHOST"));
        let mut hosts = places(&name.unwrap_or_default(), &port)?;
        let password = take("password", "PGPASSWORD");
        if password.is_none() {
            let path = take("passfile", "PGPASSFILE").map(PathBuf::from);
            let path = path.or_else(|| Some(home.as_ref()?.join(".pgpass")));
            let path = path.filter(|path| is_private(path));
            if let Some(file) = path.and_then(|path| (around.file)(&path)) {
                look_up_passwords(&mut hosts, &file, &database, &user);
            }
        }
        let options = given.get("options").map(|text| options(text));
        Ok(Self {
            hosts,
            user,
            password,
            database,
            ssl: ssl(&take, home.as_deref()),
            options: options.unwrap_or_default(),
            connect_timeout: address::connect_timeout(take("connect_timeout", "PGCONNECT_TIMEOUT")),
            wanted: wanted(take("target_session_attrs", "PGTARGETSESSIONATTRS").as_deref()),
            ignored: address::ignored(&given, [KNOWN, WITHOUT_EFFECT]),
        })
    }

    /// Returns the keys of the connection string that mean nothing to a PostgreSQL client, as `schema`.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }
}

impl fmt::Display for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<String> = self.hosts.iter().map(Host::address).collect();
        write!(f, "{}@{}/{}", self.user, hosts.join(","), self.database)
    }
}

impl fmt::Debug for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dsn({self})")
    }
}

impl Host {
    /// Returns `host:port`, or the socket's directory.
    pub fn address(&self) -> String {
        match (self.is_socket(), self.port) {
            (true, 5432) => self.name.clone(),
            (false, port) if self.name.contains(':') => format!("[{}]:{port}", self.name),
            (_, port) => format!("{}:{port}", self.name),
        }
    }

    pub fn is_socket(&self) -> bool {
        self.name.starts_with('/')
    }
}

fn bad(why: &str) -> DatabaseError {
    DatabaseError {
        kind: Trouble::BadAddress,
        said: why.to_owned(),
        hint: "write it as postgresql://user@host:5432/database".to_owned(),
    }
}

fn add_service(given: &mut Settings, around: &Surroundings) -> Result<(), DatabaseError> {
    let Some(name) = given
        .get("service")
        .cloned()
        .or_else(|| (around.env)("PGSERVICE"))
    else {
        return Ok(());
    };
    let own = (around.env)("PGSERVICEFILE").map(PathBuf::from);
    let own = own.or_else(|| Some(Path::new(&(around.env)("HOME")?).join(".pg_service.conf")));
    let system = (around.env)("PGSYSCONFDIR").unwrap_or("/etc/postgresql-common".to_owned());
    let files = own
        .into_iter()
        .chain([Path::new(&system).join("pg_service.conf")]);
    let found = files
        .filter_map(|path| (around.file)(&path))
        .find_map(|file| settings::service(&file, &name))
        .ok_or_else(|| bad(&format!("no service file has a section [{name}]")))?;
    for (key, value) in found {
        given.entry(key).or_insert(value);
    }
    Ok(())
}

fn places(names: &str, ports: &str) -> Result<Vec<Host>, DatabaseError> {
    let ports: Vec<&str> = ports.split(',').map(str::trim).collect();
    let names = names.split(',').map(str::trim).enumerate();
    let mut hosts = Vec::new();
    for (at, name) in names {
        let port = match *ports
            .get(at)
            .or(ports.first().filter(|_| ports.len() == 1))
            .unwrap_or(&"")
        {
            "" => 5432,
            port => address::port(port).map_err(|why| bad(&why))?,
        };
        let name = match name {
            "" => default_host(port),
            name => name.to_owned(),
        };
        hosts.push(Host {
            name,
            port,
            password: None,
        });
    }
    Ok(hosts)
}

fn default_host(port: u16) -> String {
    let socket = format!(".s.PGSQL.{port}");
    let dirs = ["/var/run/postgresql", "/tmp"];
    let found = dirs
        .iter()
        .find(|dir| Path::new(dir).join(&socket).exists());
    found.map_or_else(|| "localhost".to_owned(), |dir| (*dir).to_owned())
}

fn look_up_passwords(hosts: &mut [Host], file: &str, database: &str, user: &str) {
    for host in hosts {
        let port = host.port.to_string();
        let name = if host.is_socket() {
            "localhost"
        } else {
            &host.name
        };
        host.password = settings::password(file, [name, &port, database, user]);
    }
}

/// A password file that others may read is not used, as libpq does it.
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path)
        .is_ok_and(|m| m.is_file() && m.permissions().mode().trailing_zeros() >= 6)
}

fn wanted(text: Option<&str>) -> Wanted {
    match text {
        Some("read-write" | "primary") => Wanted::Primary,
        Some("read-only" | "standby") => Wanted::Standby,
        Some("prefer-standby") => Wanted::PreferStandby,
        _ => Wanted::Any,
    }
}

/// `-c a=b --c=d` as pairs.
fn options(text: &str) -> Vec<(String, String)> {
    let words = text.split_whitespace().filter(|word| *word != "-c");
    let pairs = words.filter_map(|word| {
        let word = word
            .strip_prefix("--")
            .or(word.strip_prefix("-c"))
            .unwrap_or(word);
        word.split_once('=')
    });
    pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
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
                os_user: &|| "os".to_owned(),
            },
        )
    }

    #[test]
    fn printing_tells_everything_but_the_password() {
        let dsn = dsn("postgres://u:secret@db1,db2:5433/shop", &[], &[]).unwrap();
        assert_eq!(dsn.to_string(), "u@db1:5432,db2:5433/shop");
        assert_eq!(format!("{dsn:?}"), "Dsn(u@db1:5432,db2:5433/shop)");
    }

    #[test]
    fn what_is_not_given_comes_from_the_environment() {
        let env = [
            ("PGHOST", "db9"),
            ("PGPORT", "6000"),
            ("PGUSER", "eve"),
            ("PGPASSWORD", "x"),
        ];
        let from_env = dsn("", &env, &[]).unwrap();
        assert_eq!(from_env.to_string(), "eve@db9:6000/eve");
        assert_eq!(from_env.password.as_deref(), Some("x"));
        let given = dsn("host=db1 dbname=shop", &env, &[]).unwrap();
        assert_eq!(given.to_string(), "eve@db1:6000/shop");
    }

    #[test]
    fn a_service_fills_what_is_missing() {
        let files = [(
            "/h/.pg_service.conf",
            "[prod]\nhost=db1\ndbname=shop\nuser=svc\n",
        )];
        let env = [("HOME", "/h")];
        let prod = dsn("service=prod user=me", &env, &files).unwrap();
        assert_eq!(prod.to_string(), "me@db1:5432/shop");
        let none = dsn("service=test", &env, &files).unwrap_err();
        assert!(none.said.contains("[test]"));
    }

    #[test]
    fn a_password_file_is_used_only_when_nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pass");
        std::fs::write(&path, "db1:*:*:*:from-file\n").unwrap();
        let read = |mode: u32| {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(&path, permissions).unwrap();
            let text = format!("host=db1 user=u passfile={}", path.display());
            let content = [(path.to_str().unwrap(), "db1:*:*:*:from-file\n")];
            dsn(&text, &[], &content).unwrap().hosts[0].password.clone()
        };
        assert_eq!(read(0o600).as_deref(), Some("from-file"));
        assert_eq!(read(0o644), None);
    }

    #[test]
    fn require_with_a_root_certificate_verifies_it() {
        let mode = |text: &str| dsn(text, &[], &[]).unwrap().ssl.mode;
        assert_eq!(mode("sslmode=require sslrootcert=/ca.crt"), "verify-ca");
        assert_eq!(mode("sslmode=require"), "require");
        assert_eq!(mode("sslrootcert=system"), "verify-full");
        assert_eq!(mode("host=a"), "prefer");
    }

    #[test]
    fn what_other_tools_add_to_an_address_is_left_out_and_named() {
        let dsn = dsn(
            "postgres://u@h/x?schema=public&options=-c%20a%3Db",
            &[],
            &[],
        )
        .unwrap();
        assert_eq!(dsn.ignored(), ["schema"]);
        assert_eq!(dsn.options, [("a".to_owned(), "b".to_owned())]);
    }

    #[test]
    fn a_port_that_is_none_is_refused() {
        let why = dsn("postgres://h:99999/x", &[], &[]).unwrap_err();
        assert_eq!(why.kind, Trouble::BadAddress);
        assert!(why.said.contains("99999"));
    }
}
