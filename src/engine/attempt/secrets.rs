//! Which values of the environment are never stored.

use std::env;
use std::os::unix::ffi::OsStringExt as _;

use crate::domain::attempt::{Assignment, Work};
use crate::domain::redact::{Redactor, passwords_in, written_in};

/// Variables with such an ending hold secrets, whether the runbook names them or not.
const ENDINGS: &[&str] = &[
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "API_KEY",
    "APIKEY",
    "PRIVATE_KEY",
    "SECRET_KEY",
    "ACCESS_KEY",
    "MYSQL_PWD",
];

/// Returns a redactor of every secret that the environment holds, and of those written into the work itself.
pub fn redactor(assignment: &Assignment) -> Redactor {
    let (url_env, text) = match &assignment.work {
        Work::Sql(work) => (Some(work.url_env.as_str()), work.text.as_str()),
        Work::Shell(work) => (None, work.script.as_str()),
        Work::Ready(work) => (Some(work.url_env.as_str()), ""),
        Work::Http(_) => (None, ""),
    };
    let urls = [assignment.url_env.as_deref(), url_env];
    let urls: Vec<&str> = urls.into_iter().flatten().collect();
    let mut secrets = of_environment(&assignment.secrets, &urls);
    secrets.extend(written_in(text.as_bytes()));
    Redactor::new(secrets)
}

/// Returns every secret that the environment holds: the variables in `named`, those whose names say it, and the
/// passwords in the connection strings `urls`.
pub fn of_environment(named: &[String], urls: &[&str]) -> Vec<Vec<u8>> {
    let mut secrets = Vec::new();
    for (name, value) in env::vars_os() {
        let value = value.into_vec();
        let Some(name) = name.to_str() else { continue };
        let upper = name.to_ascii_uppercase();
        let named = named.iter().any(|s| s == name);
        if named || ENDINGS.iter().any(|ending| upper.ends_with(ending)) {
            secrets.push(value);
        } else if urls.contains(&name) {
            // Host and database may be told, the password not.
            secrets.extend(passwords_in(&value));
        }
    }
    secrets
}
