//! Addresses of servers taken apart, whatever their family: `scheme://user:password@host:port/database?key=value`.

use std::collections::BTreeMap;
use std::time::Duration;

/// Keys and values of an address; several hosts and ports stay separated by commas.
pub(super) type Settings = BTreeMap<String, String>;

/// What follows `scheme://`, decoded; what is not given is empty. What is said of a fault never holds the address: it
/// may hold a password.
pub(super) struct Address {
    pub user: String,
    pub password: String,
    /// The hosts, separated by commas.
    pub hosts: String,
    /// Their ports, separated by commas; empty: none has one.
    pub ports: String,
    pub database: String,
    pub query: Vec<(String, String)>,
}

impl Address {
    pub fn read(rest: &str) -> Result<Self, String> {
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        let (hosts, ports) = host_list(hosts)?;
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pair = |pair: &str| -> Result<_, String> {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decoded(key)?, decoded(value)?))
        };
        Ok(Self {
            user: decoded(user)?,
            password: decoded(password)?,
            hosts: decoded(&hosts)?,
            ports: decoded(&ports)?,
            database: decoded(database)?,
            query: pairs.map(pair).collect::<Result<_, _>>()?,
        })
    }

    /// Returns what is given as settings; the family's own word for the database is `database`.
    pub fn settings(self, database: &str) -> Settings {
        let parts = [
            ("user", self.user),
            ("password", self.password),
            (database, self.database),
            ("host", self.hosts),
            ("port", self.ports),
        ];
        let parts = parts.map(|(key, value)| (key.to_owned(), value));
        let all = parts.into_iter().chain(self.query);
        all.filter(|(_, value)| !value.is_empty()).collect()
    }
}

fn host_list(text: &str) -> Result<(String, String), String> {
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    for one in text.split(',') {
        let (host, port) = match one.strip_prefix('[') {
            Some(v6) => {
                let (host, rest) = v6.split_once(']').ok_or("a `[` in the host has no `]`")?;
                (host, rest.strip_prefix(':').unwrap_or_default())
            }
            None => one.rsplit_once(':').unwrap_or((one, "")),
        };
        hosts.push(host);
        ports.push(port);
    }
    let ports = if ports.iter().all(|p| p.is_empty()) {
        String::new()
    } else {
        ports.join(",")
    };
    Ok((hosts.join(","), ports))
}

fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let byte = after
            .get(..2)
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .ok_or("a `%` in the address is not followed by two hex digits: write it as %25")?;
        bytes.push(byte);
        rest = &after[2..];
    }
    String::from_utf8(bytes).map_err(|_| "the address holds bytes that are no UTF-8".to_owned())
}

/// Reads a port.
pub(super) fn port(text: &str) -> Result<u16, String> {
    text.parse()
        .map_err(|_| format!("the port `{text}` is no number below 65536"))
}

/// Reads for how many seconds a connection may take to come about: 10, where nobody says so.
pub(super) fn connect_timeout(seconds: Option<String>) -> Duration {
    let seconds = seconds.and_then(|s| s.parse().ok()).filter(|s| *s > 0);
    Duration::from_secs(seconds.unwrap_or(10))
}

/// Returns the keys that are in none of the lists `known`.
pub(super) fn ignored(given: &Settings, known: [&[&str]; 2]) -> Vec<String> {
    let unknown = |key: &&String| !known.iter().any(|list| list.contains(&key.as_str()));
    given.keys().filter(unknown).cloned().collect()
}
