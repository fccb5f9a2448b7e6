//! Which values of the environment are never stored.

use std::env;
use std::os::unix::ffi::OsStringExt as _;

use crate::domain::attempt::{Assignment, SqlWork, Work};
use crate::domain::ready::Family;
use crate::domain::redact::{Redactor, passwords_in, written_in};
use crate::domain::runbook::sql::{Quoting, expand_sql};

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
        Work::Sql(work) => (Some(work.url_env.as_str()), with_values(work)),
        Work::Shell(work) => (None, work.script.clone()),
        Work::Ready(work) => (Some(work.url_env.as_str()), String::new()),
        Work::Http(_) => (None, String::new()),
    };
    let urls = [assignment.url_env.as_deref(), url_env];
    let urls: Vec<&str> = urls.into_iter().flatten().collect();
    let mut secrets = of_environment(&assignment.secrets, &urls);
    secrets.extend(written_in(text.as_bytes()));
    Redactor::new(secrets)
}

/// Returns the statements with their values, as a password may stand in one: whose rules quote them is the same here.
fn with_values(work: &SqlWork) -> String {
    let Some(values) = &work.values else {
        return work.text.clone();
    };
    let put = |quoting| expand_sql(&work.text, quoting, &|name| values.get(name).cloned());
    let put = put(Quoting::Postgres).or_else(|_| put(Quoting::of(Family::MySql)));
    put.unwrap_or_else(|_| work.text.clone())
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
