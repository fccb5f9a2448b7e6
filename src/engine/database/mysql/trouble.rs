//! What sqlx says of a fault, in the operator's words.

use sqlx::mysql::MySqlDatabaseError;

use crate::engine::database::error::{DatabaseError, SqlError, Trouble};
use crate::engine::database::wire::{self, trouble};

const SERVER: wire::Words = wire::Words {
    name: "MySQL or MariaDB",
    tls: "check ssl-mode and ssl-ca: PREFERRED also takes a connection without encryption",
};

/// What sqlx says where `caching_sha2_password` would have the password encrypted with the server's own key, fetched without proof.
const NOT_IN_PLAIN: &str = "RSA auth backend";

/// Says why no connection came about with `address` for `user` to `database`.
pub(super) fn connecting(
    error: &sqlx::Error,
    address: &str,
    user: &str,
    database: &str,
) -> DatabaseError {
    if let sqlx::Error::Configuration(source) = error
        && wire::chain(source.as_ref()).contains(NOT_IN_PLAIN)
    {
        return trouble(
            Trouble::Tls,
            format!("{address} takes the password of {user} only over an encrypted connection"),
            "take ssl-mode=DISABLED (useSSL=false) away: PREFERRED encrypts where the server can",
        );
    }
    let refused = account(error).map(|said| refused(&said, address, user, database));
    wire::connecting(error, address, &SERVER, refused)
}

/// Says that nothing was heard for `seconds`.
pub(super) fn silent(address: &str, seconds: u64) -> DatabaseError {
    wire::silent(address, seconds, "mysql")
}

fn refused(said: &SqlError, address: &str, user: &str, database: &str) -> DatabaseError {
    let message = &said.message;
    let number = said.number.unwrap_or_default();
    let (kind, text, hint) = match number {
        1045 => (
            Trouble::Denied,
            format!("{address} refused {user}: {message}"),
            "give the password by MYSQL_PWD, in ~/.my.cnf or in the address; the server admits users by name and by the host they come from",
        ),
        1049 => (
            Trouble::NoDatabase,
            format!("there is no database \"{database}\" at {address}"),
            "`show databases` lists those that are",
        ),
        1044 => (
            Trouble::Denied,
            format!("{user} may not use \"{database}\" at {address}: {message}"),
            "an administrator can GRANT it",
        ),
        1040 | 1203 | 1226 => (
            Trouble::Busy,
            format!("{address} takes no more connections: {message}"),
            "end idle sessions, or connect as a user with SUPER or CONNECTION ADMIN: one place is kept for them",
        ),
        1129 | 1130 => (
            Trouble::Denied,
            format!("{address} does not admit this machine: {message}"),
            "users are bound to hosts; after many faults `mysqladmin flush-hosts` lets a blocked host in again",
        ),
        3159 => (
            Trouble::Tls,
            format!("{address} wants an encrypted connection: {message}"),
            "give ssl-mode=REQUIRED in the address",
        ),
        _ => (
            Trouble::Denied,
            format!("{address} refused the connection: {message} ({number})"),
            "",
        ),
    };
    trouble(kind, text, hint)
}

/// Returns the server's own account of `error`; `None` where the server did not speak.
pub(super) fn account(error: &sqlx::Error) -> Option<SqlError> {
    let said = error
        .as_database_error()?
        .try_downcast_ref::<MySqlDatabaseError>()?;
    Some(SqlError {
        code: said.code().unwrap_or_default().to_owned(),
        number: Some(said.number()),
        message: said.message().to_owned(),
        ..SqlError::default()
    })
}

/// Says why statements ended, also where the server did not speak.
pub(super) fn statement(error: &sqlx::Error) -> SqlError {
    account(error).unwrap_or_else(|| SqlError {
        message: asking(error).said,
        ..SqlError::default()
    })
}

/// Says why a question on an open connection was not answered.
pub(super) fn asking(error: &sqlx::Error) -> DatabaseError {
    match account(error) {
        // Shutdown, a killed connection, one that idled for too long, lost packets.
        Some(said)
            if matches!(
                said.number,
                Some(1053 | 1077..=1080 | 1927 | 4031 | 1152..=1161)
            ) =>
        {
            trouble(
                Trouble::Lost,
                format!("the server ended the connection: {}", said.message),
                "",
            )
        }
        Some(said) => trouble(
            Trouble::Refused,
            format!("{} ({})", said.message, said.number.unwrap_or_default()),
            "",
        ),
        None => wire::broken(error),
    }
}
