//! What sqlx says of a fault, in the operator's words. Its own `Display` names lines of the server's C source.

use sqlx::postgres::{PgDatabaseError, PgErrorPosition};

use crate::engine::database::error::{DatabaseError, SqlError, Trouble};
use crate::engine::database::wire::{self, trouble};

const SERVER: wire::Words = wire::Words {
    name: "PostgreSQL",
    tls: "check sslmode and sslrootcert: `prefer` also takes a connection without encryption",
};

/// Says why no connection came about with `address` for `user` to `database`.
pub(super) fn connecting(
    error: &sqlx::Error,
    address: &str,
    user: &str,
    database: &str,
) -> DatabaseError {
    let refused = account(error).map(|said| refused(&said, address, user, database));
    wire::connecting(error, address, &SERVER, refused)
}

/// Says that nothing was heard for `seconds`.
pub(super) fn silent(address: &str, seconds: u64) -> DatabaseError {
    wire::silent(address, seconds, "psql")
}

fn refused(said: &SqlError, address: &str, user: &str, database: &str) -> DatabaseError {
    let message = &said.message;
    let (kind, text, hint) = match said.code.as_str() {
        "28P01" => (
            Trouble::Denied,
            format!("{address} refused the password of {user}"),
            "give it by PGPASSWORD, in ~/.pgpass (mode 0600) or in the address",
        ),
        "28000" => (
            Trouble::Denied,
            format!("{address} does not admit {user}: {message}"),
            "the server's pg_hba.conf decides who may come from where, and whether encrypted",
        ),
        "3D000" => (
            Trouble::NoDatabase,
            format!("there is no database \"{database}\" at {address}"),
            "`psql -l` lists those that are",
        ),
        "42501" => (
            Trouble::Denied,
            format!("{user} may not connect to \"{database}\": {message}"),
            "its owner can GRANT CONNECT ON DATABASE",
        ),
        "53300" | "57P03" => return busy(said, address),
        "08P01" if message.contains("startup parameter") => return pooler(message),
        code => (
            Trouble::Denied,
            format!("{address} refused the connection: {message} ({code})"),
            said.hint.as_deref().unwrap_or_default(),
        ),
    };
    trouble(kind, text, hint)
}

/// Says that somebody else's program answers in the server's name, and `how` that was found out.
pub(super) fn pooler(how: &str) -> DatabaseError {
    trouble(
        Trouble::NotThisServer,
        format!("a connection pooler stands between us and the server: {how}"),
        "give the server's own address: settings must not be shared with other clients",
    )
}

/// Says that the connection stands and another server answers over it.
pub(super) fn another_server(before: &str, now: &str) -> DatabaseError {
    trouble(
        Trouble::NotThisServer,
        format!(
            "another server answers over the same connection: it was started at {now}, the one before at {before}"
        ),
        "a pooler or a balancer stands between: give the server's own address",
    )
}

fn busy(said: &SqlError, address: &str) -> DatabaseError {
    let message = &said.message;
    if said.code == "57P03" {
        return trouble(
            Trouble::Busy,
            format!("{address} does not take connections yet: {message}"),
            "it starts, stops or recovers: wait",
        );
    }
    trouble(
        Trouble::Busy,
        format!("{address} takes no more connections: {message}"),
        "end idle sessions, or connect as a superuser: a few places are kept for them",
    )
}

/// Returns PostgreSQL's own account of `error`; `None` where the server did not speak.
pub(super) fn account(error: &sqlx::Error) -> Option<SqlError> {
    let said = error
        .as_database_error()?
        .try_downcast_ref::<PgDatabaseError>()?;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Some(SqlError {
        code: said.code().to_owned(),
        number: None,
        message: said.message().to_owned(),
        detail: owned(said.detail()),
        hint: owned(said.hint()),
        position: match said.position() {
            Some(PgErrorPosition::Original(at)) => Some(at),
            Some(PgErrorPosition::Internal { .. }) | None => None,
        },
        context: owned(said.r#where()),
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
        Some(said) if said.code.starts_with("57P") || said.code.starts_with("08") => trouble(
            Trouble::Lost,
            format!("the server ended the connection: {}", said.message),
            "",
        ),
        Some(said) => trouble(
            Trouble::Refused,
            format!("{} ({})", said.message, said.code),
            said.hint.as_deref().unwrap_or_default(),
        ),
        None => wire::broken(error),
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[test]
    fn a_certificate_nobody_vouches_for_is_told_from_a_host_that_is_away() {
        let why = "invalid peer certificate: UnknownIssuer";
        let io = std::io::Error::new(ErrorKind::InvalidData, why);
        let error = connecting(&sqlx::Error::Io(io), "db1:5432", "u", "x");
        assert_eq!(error.kind, Trouble::Tls);
        assert_eq!(
            error.said,
            format!("no encrypted connection to db1:5432: {why}")
        );
    }
}
