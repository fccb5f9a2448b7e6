//! A connection string as PostgreSQL's own programs read it: other tools' spellings and parameters are taken out.

/// The parameters that libpq knows: `psql` and `pg_dump` refuse an address with any other.
const KNOWN: &[&str] = &[
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "dbname",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "options",
    "passfile",
    "password",
    "port",
    "replication",
    "require_auth",
    "requirepeer",
    "service",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslmode",
    "sslnegotiation",
    "sslpassword",
    "sslrootcert",
    "sslsni",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

/// Returns the address `text` for `psql` and `pg_dump`: without `jdbc:` and a driver's name (`postgresql+psycopg`), and
/// without parameters that libpq refuses (Prisma's `schema`, say). What is no PostgreSQL address stays as it is.
pub fn address(text: &str) -> String {
    let plain = text.trim();
    let plain = plain.strip_prefix("jdbc:").unwrap_or(plain);
    let Some((scheme, rest)) = plain.split_once("://") else {
        return text.to_owned();
    };
    if !matches!(scheme.split('+').next(), Some("postgres" | "postgresql")) {
        return text.to_owned();
    }
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let known = |pair: &&str| KNOWN.contains(&pair.split('=').next().unwrap_or_default());
    let kept: Vec<&str> = query.split('&').filter(known).collect();
    let mark = if kept.is_empty() { "" } else { "?" };
    format!("postgresql://{place}{mark}{}", kept.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libpq_refuses_is_taken_out() {
        for (given, wanted) in [
            ("postgres://u:p@h:1/d", "postgresql://u:p@h:1/d"),
            (
                "postgresql://u@h/d?schema=public&sslmode=require&connection_limit=5",
                "postgresql://u@h/d?sslmode=require",
            ),
            ("postgresql+psycopg2://u@h/d?schema=x", "postgresql://u@h/d"),
            (
                "jdbc:postgresql://h/d?user=u&currentSchema=x",
                "postgresql://h/d?user=u",
            ),
            (
                "postgresql://u@/d?host=/run&port=6",
                "postgresql://u@/d?host=/run&port=6",
            ),
        ] {
            assert_eq!(address(given), wanted);
        }
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        for text in ["host=db1 dbname=shop", "mysql://u@h/d?schema=x", ""] {
            assert_eq!(address(text), text);
        }
    }
}
