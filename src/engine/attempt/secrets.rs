//! Which values of the environment are never stored.

use std::env;
use std::os::unix::ffi::OsStringExt as _;

use crate::domain::attempt::{Assignment, Work};
use crate::domain::redact::{Redactor, passwords_in};

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
];

/// Returns a redactor of every secret that the environment holds.
pub fn redactor(assignment: &Assignment) -> Redactor {
    let url_env = match &assignment.work {
        Work::Sql(work) => Some(work.url_env.as_str()),
        Work::Shell(_) | Work::Http(_) => None,
    };
    let mut secrets = Vec::new();
    for (name, value) in env::vars_os() {
        let value = value.into_vec();
        let Some(name) = name.to_str() else { continue };
        let upper = name.to_ascii_uppercase();
        let named = assignment.secrets.iter().any(|s| s == name);
        if named || ENDINGS.iter().any(|ending| upper.ends_with(ending)) {
            secrets.push(value);
        } else if assignment.url_env.as_deref() == Some(name) || url_env == Some(name) {
            // Host and database may be told, the password not.
            secrets.extend(passwords_in(&value));
        }
    }
    Redactor::new(secrets)
}
