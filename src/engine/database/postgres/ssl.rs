//! Encryption of a connection, as libpq reads it.

use std::path::{Path, PathBuf};

/// Encryption.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Ssl {
    /// `disable`, `allow`, `prefer`, `require`, `verify-ca`, `verify-full`.
    pub mode: String,
    pub root: Option<PathBuf>,
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
}

/// Reads it from the settings; `home` is where libpq's own files lie.
pub(super) fn ssl(take: &impl Fn(&str, &str) -> Option<String>, home: Option<&Path>) -> Ssl {
    let mut mode = take("sslmode", "PGSSLMODE").unwrap_or_else(|| "prefer".to_owned());
    let default = |name: &str| {
        let path = home?.join(".postgresql").join(name);
        path.exists().then_some(path)
    };
    let path = |key, env, name| take(key, env).map(PathBuf::from).or_else(|| default(name));
    let root = path("sslrootcert", "PGSSLROOTCERT", "root.crt");
    let root = match root {
        Some(root) if root == Path::new("system") => {
            "verify-full".clone_into(&mut mode);
            None
        }
        root => root,
    };
    if mode == "require" && root.is_some() {
        "verify-ca".clone_into(&mut mode); // libpq's promise, which sqlx does not keep
    }
    Ssl {
        mode,
        root,
        cert: path("sslcert", "PGSSLCERT", "postgresql.crt"),
        key: path("sslkey", "PGSSLKEY", "postgresql.key"),
    }
}
