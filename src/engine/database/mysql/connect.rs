//! Opening a connection: with a limit of time, settings that hold from the first statement on, and our mark.

use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};
use tokio::time::timeout;

use crate::engine::database::error::{DatabaseError, Trouble};
use crate::engine::database::mysql::dsn::{Dsn, Mode, Place};
use crate::engine::database::mysql::{mark, trouble};

/// How long the first questions may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Has what MySQL 8 tells of tables read from the tables.
pub(super) const FRESH: &str = "set session information_schema_stats_expiry = 0";

/// An open connection and where it leads.
pub struct Link {
    pub conn: MySqlConnection,
    /// `host:port` or the socket.
    pub address: String,
    /// Its number on the server (`CONNECTION_ID()`).
    pub id: u64,
    pub version: Version,
    /// Questions of a look that went to the server and back.
    pub questions: u32,
    /// Kept for as long as the session is ours.
    _own: mark::Own,
}

/// Which server it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub brand: Brand,
    /// 10, 11, 19
    pub parts: [u32; 3],
    /// `10.11.19-MariaDB`
    pub text: String,
}

/// Whose server it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brand {
    MariaDb,
    MySql,
}

impl Version {
    fn read(text: &str) -> Self {
        let brand = if text.to_ascii_lowercase().contains("mariadb") {
            Brand::MariaDb
        } else {
            Brand::MySql
        };
        // Some old MariaDB puts 5.5.5- before its version, for replicas' sake.
        let plain = match brand {
            Brand::MariaDb => text.strip_prefix("5.5.5-").unwrap_or(text),
            Brand::MySql => text,
        };
        let number = |part: &str| {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().unwrap_or_default()
        };
        let mut numbers = plain.split('.').map(number);
        let mut next = || numbers.next().unwrap_or_default();
        Self {
            brand,
            parts: [next(), next(), next()],
            text: plain.to_owned(),
        }
    }

    /// Whether sizes, rows and the next automatic number are told from a copy that may be a day old, unless asked with [`FRESH`].
    pub fn keeps_copies(&self) -> bool {
        self.brand == Brand::MySql && self.parts[0] >= 8
    }

    /// Returns it as people say it: `MariaDB 10.11.19`, `MySQL 8.4.3`.
    pub fn name(&self) -> String {
        let [a, b, c] = self.parts;
        match self.brand {
            Brand::MariaDb => format!("MariaDB {a}.{b}.{c}"),
            Brand::MySql => format!("MySQL {a}.{b}.{c}"),
        }
    }
}

/// Opens a connection called `name`; `settings` are session variables with their values as SQL.
pub(super) async fn connect(
    dsn: &Dsn,
    name: &str,
    settings: &[(&str, &str)],
) -> Result<Link, DatabaseError> {
    let opened = timeout(dsn.connect_timeout, open(dsn, name, settings)).await;
    let seconds = dsn.connect_timeout.as_secs();
    opened.unwrap_or_else(|_| Err(trouble::silent(&dsn.address(), seconds)))
}

async fn open(dsn: &Dsn, name: &str, settings: &[(&str, &str)]) -> Result<Link, DatabaseError> {
    let address = dsn.address();
    let said = |e: sqlx::Error| trouble::connecting(&e, &address, &dsn.user, &dsn.database);
    let options = options(dsn)?;
    let mut conn = MySqlConnection::connect_with(&options)
        .await
        .map_err(said)?;
    let rows = rows(&mut conn, "select connection_id(), version()").await;
    let mut row = rows
        .map_err(said)?
        .into_iter()
        .flatten()
        .map(Option::unwrap_or_default);
    let id = row
        .next()
        .and_then(|id| id.parse().ok())
        .unwrap_or_default();
    let version = Version::read(&row.next().unwrap_or_default());
    let own = mark::own(&address, id, name);
    let mut link = Link {
        conn,
        address,
        id,
        version,
        questions: 0,
        _own: own,
    };
    for (key, value) in settings {
        ask(&mut link, &format!("set session {key} = {value}"), LIMIT).await?;
    }
    if mark::on_the_server(name) {
        ask(&mut link, &mark::statement(name), LIMIT).await?;
    }
    Ok(link)
}

fn options(dsn: &Dsn) -> Result<MySqlConnectOptions, DatabaseError> {
    // The server's own `sql_mode` and time zone: what was tested with the family's programs must mean the same here.
    let mut options = MySqlConnectOptions::new()
        .username(&dsn.user)
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone(None)
        .statement_cache_capacity(0);
    let mode = match &dsn.place {
        Place::Socket(path) => {
            options = options.socket(path);
            // Nobody listens there, but MySQL wants a password itself, and in plain: sqlx sends that only encrypted.
            match dsn.ssl.mode {
                Mode::Disabled => Mode::Disabled,
                Mode::Preferred | Mode::Required | Mode::VerifyCa | Mode::VerifyIdentity => {
                    Mode::Preferred
                }
            }
        }
        Place::Tcp { host, port } => {
            options = options.host(host).port(*port);
            dsn.ssl.mode
        }
    };
    options = options.ssl_mode(mode.into());
    if let Some(password) = &dsn.password {
        options = options.password(password);
    }
    if !dsn.database.is_empty() {
        options = options.database(&dsn.database);
    }
    for (path, what) in [
        (&dsn.ssl.ca, "authority's certificate"),
        (&dsn.ssl.cert, "certificate"),
        (&dsn.ssl.key, "key"),
    ] {
        if let Some(path) = path.as_ref().filter(|path| !path.exists()) {
            return Err(DatabaseError {
                kind: Trouble::BadAddress,
                said: format!("the {what} {} does not exist", path.display()),
                hint: "check ssl-ca, ssl-cert and ssl-key".to_owned(),
            });
        }
    }
    if let Some(ca) = &dsn.ssl.ca {
        options = options.ssl_ca(ca);
    }
    if let (Some(cert), Some(key)) = (&dsn.ssl.cert, &dsn.ssl.key) {
        options = options.ssl_client_cert(cert).ssl_client_key(key);
    }
    Ok(options.disable_statement_logging())
}

/// Asks the simple way and waits no longer than `limit`; every row as text.
pub(super) async fn ask(
    link: &mut Link,
    sql: &str,
    limit: Duration,
) -> Result<Vec<Vec<Option<String>>>, DatabaseError> {
    match timeout(limit, rows(&mut link.conn, sql)).await {
        Ok(rows) => rows.map_err(|e| trouble::asking(&e)),
        Err(_) => Err(trouble::silent(&link.address, limit.as_secs())),
    }
}

/// Returns every row of `sql`'s answer as text.
pub(super) async fn rows(
    conn: &mut MySqlConnection,
    sql: &str,
) -> Result<Vec<Vec<Option<String>>>, sqlx::Error> {
    let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .fetch_all(conn)
        .await?;
    let texts = rows
        .iter()
        .map(|row| (0..row.len()).map(|i| text(row, i)).collect());
    Ok(texts.collect())
}

/// Returns a column of the simple way's answer as text, decoded lossily; `None`: null.
pub(super) fn text(row: &MySqlRow, at: usize) -> Option<String> {
    // Everything comes as text here, whatever its type: the bytes are what the server wrote.
    let bytes: Option<Vec<u8>> = row.try_get_unchecked(at).ok()?;
    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_brands_say_their_version() {
        for (text, name) in [
            ("10.11.19-MariaDB-0+deb12u1", "MariaDB 10.11.19"),
            ("5.5.5-10.4.3-MariaDB", "MariaDB 10.4.3"),
            ("8.0.36-28", "MySQL 8.0.36"),
            ("8.4.3", "MySQL 8.4.3"),
        ] {
            assert_eq!(Version::read(text).name(), name);
        }
    }
}
