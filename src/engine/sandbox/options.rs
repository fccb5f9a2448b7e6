//! What a sandbox's server is like: its settings and its address.

use std::path::Path;

/// Where the server listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Listen {
    /// On a Unix socket in a directory that only the owner may enter.
    #[default]
    Socket,
    /// On the socket, and on a free port of 127.0.0.1 as well.
    Loopback,
}

/// What a sandbox's server is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The superuser's name.
    pub superuser: String,
    /// The superuser's password. With one, connections over TCP need it (SCRAM); without, nobody is asked.
    pub password: Option<String>,
    /// Where it listens.
    pub listen: Listen,
    /// Further settings, as in `postgresql.conf`; they win over ours.
    pub settings: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            superuser: "postgres".to_owned(),
            password: None,
            listen: Listen::Socket,
            settings: Vec::new(),
        }
    }
}

impl Options {
    /// Adds a setting of `postgresql.conf`.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Returns the lines that are added to `postgresql.conf`; the last of a name wins.
    pub(super) fn configuration(&self, dir: &Path, port: u16) -> String {
        let (port, dir) = (port.to_string(), dir.display().to_string());
        let ours = [
            ("listen_addresses", self.listen.addresses()),
            ("port", port.as_str()),
            ("unix_socket_directories", dir.as_str()),
            ("unix_socket_permissions", "0700"),
        ];
        let own = self.settings.iter();
        let own = own.map(|(name, value)| (name.as_str(), value.as_str()));
        let lines: Vec<String> = ours
            .into_iter()
            .chain(SETTINGS)
            .chain(own)
            .map(|(name, value)| format!("{name} = '{}'\n", value.replace('\'', "''")))
            .collect();
        lines.concat()
    }

    /// Returns a connection URL: over TCP where the server listens there, else over the socket in `dir`.
    pub(super) fn url(
        &self,
        dir: &Path,
        port: u16,
        database: &str,
        user: &str,
        password: Option<&str>,
    ) -> String {
        let (user, database) = (percent(user), percent(database));
        let password = password.map_or_else(String::new, |p| format!(":{}", percent(p)));
        match self.listen {
            Listen::Socket => format!(
                "postgresql://{user}{password}@localhost/{database}?host={}&port={port}",
                percent(&dir.display().to_string())
            ),
            Listen::Loopback => {
                format!("postgresql://{user}{password}@127.0.0.1:{port}/{database}")
            }
        }
    }
}

impl Listen {
    fn addresses(self) -> &'static str {
        match self {
            Self::Socket => "",
            Self::Loopback => "127.0.0.1",
        }
    }
}

/// What the server is told besides its addresses: small, fast, and safe to lose.
const SETTINGS: [(&str, &str); 11] = [
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("shared_buffers", "32MB"),
    ("max_connections", "100"),
    ("max_prepared_transactions", "10"),
    ("jit", "off"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("log_line_prefix", "%m [%p] %a "),
    ("logging_collector", "off"),
];

/// Spells `text` for a URL (RFC 3986: everything but unreserved characters as %XX).
pub(super) fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_of_the_caller_wins_and_cannot_end_its_line_early() {
        let options = Options::default().setting("max_connections", "7' x");
        let text = options.configuration(Path::new("/tmp/x"), 5432);
        assert!(text.ends_with("max_connections = '7'' x'\n"), "{text}");
        assert!(text.contains("listen_addresses = ''\n"));
    }

    #[test]
    fn a_password_is_spelled_for_a_url() {
        let options = Options {
            listen: Listen::Loopback,
            ..Options::default()
        };
        assert_eq!(
            options.url(Path::new("/x"), 6000, "shop", "ann", Some("p@ss/w:rd")),
            "postgresql://ann:p%40ss%2Fw%3Ard@127.0.0.1:6000/shop"
        );
    }
}
