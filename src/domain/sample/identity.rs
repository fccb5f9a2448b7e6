//! Whether a server is the one it must be.

use std::cmp::Ordering;

use crate::domain::run::event::TargetSeen;
use crate::domain::runbook::model::{Identity, Op};

/// Returns what differs from `must_be` (every variable expanded), one sentence each; empty: nothing.
pub fn differs(must_be: &Identity, seen: &TargetSeen) -> Vec<String> {
    let mut differs = Vec::new();
    let mut same = |what: &str, want: Option<&str>, is: &str| {
        if let Some(want) = want
            && want != is
        {
            let is = if is.is_empty() { "unknown" } else { is };
            differs.push(format!("{what} is {is}, must be {want}"));
        }
    };
    let role = must_be.role.map(|role| role.to_string());
    same("database", must_be.database.as_deref(), &seen.database);
    same("role", role.as_deref(), &seen.role);
    same("host", must_be.host.as_deref(), host(&seen.address));
    same(
        "system identifier",
        must_be.system_identifier.as_deref(),
        &seen.system_identifier,
    );
    if let Some(want) = &must_be.version
        && !version_holds(want, &seen.version)
    {
        differs.push(format!("version is {}, must be {want}", seen.version));
    }
    differs
}

fn host(address: &str) -> &str {
    if address.starts_with('/') {
        return address;
    }
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

fn version_holds(want: &str, seen: &str) -> bool {
    let (op, with) = operator(want);
    let (with, seen) = (parts(with), parts(seen));
    if with.is_empty() || seen.is_empty() {
        return false;
    }
    // `= 15` means any 15.x: the parts that were not given are not compared.
    let order = match op {
        Op::Eq | Op::Ne | Op::Le | Op::Gt => seen[..seen.len().min(with.len())].cmp(&with[..]),
        Op::Lt | Op::Ge => seen.cmp(&with),
    };
    match op {
        Op::Eq => order == Ordering::Equal,
        Op::Ne => order != Ordering::Equal,
        Op::Lt => order == Ordering::Less,
        Op::Le => order != Ordering::Greater,
        Op::Gt => order == Ordering::Greater,
        Op::Ge => order != Ordering::Less,
    }
}

/// Splits a leading comparison from `text`; without one it is `=`.
pub(super) fn operator(text: &str) -> (Op, &str) {
    let text = text.trim();
    let known = [
        (">=", Op::Ge),
        ("<=", Op::Le),
        ("!=", Op::Ne),
        ("<>", Op::Ne),
        ("==", Op::Eq),
        ("=", Op::Eq),
        (">", Op::Gt),
        ("<", Op::Lt),
    ];
    known
        .into_iter()
        .find_map(|(sign, op)| text.strip_prefix(sign).map(|rest| (op, rest.trim())))
        .unwrap_or((Op::Eq, text))
}

fn parts(version: &str) -> Vec<u64> {
    let digits = version
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        .unwrap_or_default();
    digits
        .split('.')
        .map_while(|part| {
            let end = part
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(part.len());
            part[..end].parse().ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::runbook::model::ServerRole;

    fn seen() -> TargetSeen {
        TargetSeen {
            version: "PostgreSQL 15.18 (Debian 15.18-0+deb12u1)".into(),
            database: "billing".into(),
            address: "db1:5432".into(),
            role: "primary".into(),
            ..TargetSeen::default()
        }
    }

    fn version(want: &str) -> bool {
        let must_be = Identity {
            version: Some(want.into()),
            ..Identity::default()
        };
        differs(&must_be, &seen()).is_empty()
    }

    #[test]
    fn a_server_that_is_what_it_must_be_differs_in_nothing() {
        let must_be = Identity {
            database: Some("billing".into()),
            role: Some(ServerRole::Primary),
            version: Some(">= 11".into()),
            host: Some("db1".into()),
            system_identifier: None,
        };
        assert_eq!(differs(&must_be, &seen()), Vec::<String>::new());
    }

    #[test]
    fn everything_that_differs_is_named() {
        let must_be = Identity {
            database: Some("shop".into()),
            role: Some(ServerRole::Standby),
            version: Some(">= 16".into()),
            host: Some("db2".into()),
            system_identifier: Some("7".into()),
        };
        assert_eq!(
            differs(&must_be, &seen()),
            [
                "database is billing, must be shop",
                "role is primary, must be standby",
                "host is db1, must be db2",
                "system identifier is unknown, must be 7",
                "version is PostgreSQL 15.18 (Debian 15.18-0+deb12u1), must be >= 16",
            ]
        );
    }

    #[test]
    fn versions_compare_by_their_parts() {
        for good in ["15", "= 15", ">= 15.9", "< 16", "<= 15", "!= 14", "15.18"] {
            assert!(version(good), "{good}");
        }
        for bad in ["15.2", "> 15", ">= 15.19", "< 15", "!= 15", "", ">= x"] {
            assert!(!version(bad), "{bad}");
        }
    }

    #[test]
    fn a_socket_is_compared_by_its_directory_and_ipv6_without_brackets() {
        assert_eq!(host("/var/run/postgresql"), "/var/run/postgresql");
        assert_eq!(host("[::1]:5432"), "::1");
    }
}
