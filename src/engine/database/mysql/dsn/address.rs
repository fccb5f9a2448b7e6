//! An address taken apart, in the spellings of the family's programs and of drivers.

use crate::engine::database::address::{Address, Settings};
use crate::engine::database::error::{DatabaseError, Trouble};
use crate::engine::database::mysql::dsn::Mode;

/// Parameters that mean something here.
pub(super) const KNOWN: &[&str] = &[
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

/// Parameters that other programs know and that change nothing here.
pub(super) const WITHOUT_EFFECT: &[&str] = &[
    "charset",
    "collation",
    "allowpublickeyretrieval",
    "usessl",
    "requiressl",
    "verifyservercertificate",
];

/// Returns what follows `mysql://`, `mariadb://`, `jdbc:mysql://`, `mysql+pymysql://`, `mysql2://`.
pub(super) fn rest(text: &str) -> Option<&str> {
    let text = text.trim();
    let text = text.strip_prefix("jdbc:").unwrap_or(text);
    let (scheme, rest) = text.split_once("://")?;
    let base = scheme.split('+').next().unwrap_or_default();
    matches!(base, "mysql" | "mariadb" | "mysql2").then_some(rest)
}

pub(super) fn bad(why: &str) -> DatabaseError {
    DatabaseError {
        kind: Trouble::BadAddress,
        said: why.to_owned(),
        hint: "write it as mysql://user@host:3306/database".to_owned(),
    }
}

/// Takes an address apart; the error never holds it, for it may hold a password.
pub(super) fn settings(rest: &str) -> Result<Settings, String> {
    let mut address = Address::read(rest)?;
    if address.hosts.contains(',') {
        return Err("it names several hosts: give the one that is the primary".to_owned());
    }
    for (key, _) in &mut address.query {
        *key = spelled(key);
    }
    Ok(address.settings("database"))
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

/// Reads the words of MySQL, of MariaDB's connectors and of the JDBC switches from before there were modes.
pub(super) fn mode(given: &Settings, word: Option<&str>) -> Result<Mode, DatabaseError> {
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
