//! Opening a connection: every host in turn, with a limit of time, and settings that hold from the first statement on.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use tokio::time::timeout;

use crate::engine::database::error::{DatabaseError, Trouble};
use crate::engine::database::postgres::dsn::{Dsn, Host, Wanted};
use crate::engine::database::postgres::trouble;

/// A dead network is noticed by the server too, and its session's locks are freed.
const KEEPALIVE: &[(&str, &str)] = &[
    ("tcp_keepalives_idle", "60"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "6"),
];

/// An open connection and where it leads.
pub struct Link {
    pub conn: PgConnection,
    /// `host:port` or the socket's directory.
    pub address: String,
    /// Questions of a look that went to the server and back.
    pub questions: u32,
}

/// Opens a connection called `name` with `settings`; the first host that answers and is what is wanted.
pub(super) async fn connect(
    dsn: &Dsn,
    name: &str,
    settings: &[(&str, &str)],
) -> Result<Link, DatabaseError> {
    let mut last = None;
    let rounds: &[Wanted] = match dsn.wanted {
        Wanted::PreferStandby => &[Wanted::Standby, Wanted::Any],
        Wanted::Any => &[Wanted::Any],
        Wanted::Primary => &[Wanted::Primary],
        Wanted::Standby => &[Wanted::Standby],
    };
    for wanted in rounds {
        for host in &dsn.hosts {
            let attempt = timeout(
                dsn.connect_timeout,
                open(dsn, host, *wanted, name, settings),
            );
            let seconds = dsn.connect_timeout.as_secs();
            match attempt.await {
                Ok(Ok(link)) => return Ok(link),
                Ok(Err(error)) => last = Some(error),
                Err(_) => last = Some(trouble::silent(&host.address(), seconds)),
            }
        }
    }
    Err(last.unwrap_or_else(|| trouble::silent("no host", 0)))
}

async fn open(
    dsn: &Dsn,
    host: &Host,
    wanted: Wanted,
    name: &str,
    settings: &[(&str, &str)],
) -> Result<Link, DatabaseError> {
    let address = host.address();
    let said = |e: sqlx::Error| trouble::connecting(&e, &address, &dsn.user, &dsn.database);
    let options = options(dsn, host, name, settings)?;
    let mut conn = PgConnection::connect_with(&options).await.map_err(said)?;
    if wanted != Wanted::Any {
        let sql = "select pg_catalog.pg_is_in_recovery()";
        let row = sqlx::raw_sql(sql)
            .fetch_one(&mut conn)
            .await
            .map_err(said)?;
        let standby = text(&row, 0).as_deref() == Some("t");
        if standby != (wanted == Wanted::Standby) {
            let is = if standby { "a standby" } else { "a primary" };
            return Err(DatabaseError {
                kind: Trouble::Unreachable,
                said: format!("{address} is {is}"),
                hint: "target_session_attrs asks for the other".to_owned(),
            });
        }
    }
    Ok(Link {
        conn,
        address,
        questions: 0,
    })
}

fn options(
    dsn: &Dsn,
    host: &Host,
    name: &str,
    settings: &[(&str, &str)],
) -> Result<PgConnectOptions, DatabaseError> {
    let bad = |what: &str, hint: &str| DatabaseError {
        kind: Trouble::BadAddress,
        said: what.to_owned(),
        hint: hint.to_owned(),
    };
    let mode = if host.is_socket() {
        "disable"
    } else {
        &dsn.ssl.mode
    };
    let mode = PgSslMode::from_str(mode).map_err(|_| {
        let modes = "disable, allow, prefer, require, verify-ca or verify-full";
        bad(&format!("sslmode `{mode}` is not known"), modes)
    })?;
    let mut options = PgConnectOptions::new_without_pgpass()
        .host(&host.name)
        .port(host.port)
        .username(&dsn.user)
        .database(&dsn.database)
        .application_name(name)
        .ssl_mode(mode)
        .statement_cache_capacity(32);
    if let Some(password) = dsn.password.as_ref().or(host.password.as_ref()) {
        options = options.password(password);
    }
    for (path, what) in [
        (&dsn.ssl.root, "root certificate"),
        (&dsn.ssl.cert, "certificate"),
    ] {
        if let Some(path) = path.as_ref().filter(|path| !path.exists()) {
            let said = format!("the {what} {} does not exist", path.display());
            return Err(bad(&said, "check sslrootcert and sslcert"));
        }
    }
    if let Some(root) = &dsn.ssl.root {
        options = options.ssl_root_cert(root);
    }
    if let (Some(cert), Some(key)) = (&dsn.ssl.cert, &dsn.ssl.key) {
        options = options.ssl_client_cert(cert).ssl_client_key(key);
    }
    let own = dsn.options.iter().map(|(k, v)| (k.as_str(), v.as_str()));
    let all = KEEPALIVE
        .iter()
        .copied()
        .chain(own)
        .chain(settings.iter().copied());
    Ok(options.options(all).disable_statement_logging())
}

/// Asks the simple way and waits no longer than `limit`; every row as text.
pub(super) async fn ask(
    link: &mut Link,
    sql: &str,
    limit: Duration,
) -> Result<Vec<Vec<Option<String>>>, DatabaseError> {
    let query = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).fetch_all(&mut link.conn);
    let rows = match timeout(limit, query).await {
        Ok(rows) => rows.map_err(|e| trouble::asking(&e))?,
        Err(_) => return Err(trouble::silent(&link.address, limit.as_secs())),
    };
    let texts = rows
        .iter()
        .map(|row| (0..row.len()).map(|i| text(row, i)).collect());
    Ok(texts.collect())
}

/// Returns a column as text, decoded lossily; `None`: null.
pub(super) fn text(row: &sqlx::postgres::PgRow, at: usize) -> Option<String> {
    let value = row.try_get_raw(at).ok()?;
    let bytes = value.as_bytes().ok()?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}
