//! What can go wrong on the way to any server, in the operator's words.

use std::io::ErrorKind;

use crate::domain::tame;
use crate::engine::database::error::{DatabaseError, Trouble};

/// What is said differently of each family of servers.
pub(super) struct Words {
    /// Its name.
    pub name: &'static str,
    /// What to do when encryption cannot be agreed upon.
    pub tls: &'static str,
}

/// Returns a trouble in one tame line.
pub(super) fn trouble(kind: Trouble, said: String, hint: &str) -> DatabaseError {
    DatabaseError {
        kind,
        said: tame::line(said),
        hint: tame::line(hint),
    }
}

/// Says that nothing was heard for `seconds`; `client` is the program to try.
pub(super) fn silent(address: &str, seconds: u64, client: &str) -> DatabaseError {
    trouble(
        Trouble::TimedOut,
        format!("{address} did not answer within {seconds} s"),
        &format!(
            "a firewall, a stopped server or a catalog that is locked: try {client} from this machine"
        ),
    )
}

/// Says why no encryption came about.
fn tls(why: &str, address: &str, words: &Words) -> DatabaseError {
    trouble(
        Trouble::Tls,
        format!("no encrypted connection to {address}: {why}"),
        words.tls,
    )
}

/// Says why no connection came about.
fn io(io: &std::io::Error, address: &str, words: &Words) -> DatabaseError {
    let hint = "is the server up, and are host and port right?";
    let text = io.to_string();
    if io.kind() == ErrorKind::InvalidData || text.contains("certificate") {
        return tls(&text, address, words);
    }
    match io.kind() {
        ErrorKind::ConnectionRefused => trouble(
            Trouble::Unreachable,
            format!("nothing listens at {address}"),
            hint,
        ),
        ErrorKind::NotFound => trouble(
            Trouble::Unreachable,
            format!("there is no socket at {address}"),
            hint,
        ),
        ErrorKind::PermissionDenied => trouble(
            Trouble::Denied,
            format!("the socket at {address} may not be opened"),
            "look at the rights of its directory",
        ),
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => trouble(
            Trouble::NotThisServer,
            format!("{address} closed the connection before it was set up"),
            &format!(
                "is it {} that listens there, and does it take this kind of encryption?",
                words.name
            ),
        ),
        _ if text.contains("lookup") || text.contains("resolve") => trouble(
            Trouble::Unreachable,
            format!("the host of {address} is not known"),
            "is its name spelled right, and does this machine know it?",
        ),
        _ => trouble(
            Trouble::Unreachable,
            format!("{address} cannot be reached: {text}"),
            hint,
        ),
    }
}

/// Says why no connection came about with `address`; `refused` is what the server itself said of it.
pub(super) fn connecting(
    error: &sqlx::Error,
    address: &str,
    words: &Words,
    refused: Option<DatabaseError>,
) -> DatabaseError {
    match error {
        sqlx::Error::Io(error) => io(error, address, words),
        sqlx::Error::Database(_) => refused
            .unwrap_or_else(|| trouble(Trouble::Lost, format!("{address} answered nonsense"), "")),
        sqlx::Error::Tls(source) => tls(&chain(source.as_ref()), address, words),
        sqlx::Error::Configuration(source) => trouble(
            Trouble::BadAddress,
            format!(
                "the connection to {address} cannot be set up: {}",
                chain(source.as_ref())
            ),
            "",
        ),
        other => trouble(
            Trouble::NotThisServer,
            format!(
                "what listens at {address} does not answer like {}",
                words.name
            ),
            &format!("check host and port ({other})"),
        ),
    }
}

/// Says why a question was not answered on an open connection, where the server did not speak.
pub(super) fn broken(error: &sqlx::Error) -> DatabaseError {
    let said = match error {
        sqlx::Error::Io(io) => format!("the connection broke: {io}"),
        other => format!("the connection is no longer in step: {other}"),
    };
    trouble(Trouble::Lost, said, "")
}

/// Returns an error with all that lies behind it.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = error.source();
    }
    text
}
