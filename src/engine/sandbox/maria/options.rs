//! What a throw-away MariaDB or MySQL is like.

use std::path::Path;

use crate::engine::sandbox::maria::Brand;
use crate::engine::sandbox::options::percent;

/// What a throw-away MariaDB or MySQL is like. It listens on a socket and on a free port of 127.0.0.1.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MariaOptions {
    /// The password of `root`; `None`: nobody is asked.
    pub password: Option<String>,
    /// Further settings, as in an option file; they win over ours.
    pub settings: Vec<(String, String)>,
}

impl MariaOptions {
    /// Adds a setting, as `lock_wait_timeout`.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds what the monitor reads best: the performance schema, and who holds which metadata lock.
    #[must_use]
    pub fn observable(self, brand: Brand) -> Self {
        let with = self.setting("performance_schema", "ON");
        match brand {
            Brand::MariaDb => with
                .setting("plugin_load_add", "metadata_lock_info")
                .setting(
                    "performance_schema_instrument",
                    "wait/lock/metadata/sql/mdl=ON",
                ),
            // MySQL 8 watches metadata locks by itself.
            Brand::MySql => with.setting("performance_schema_consumer_events_stages_current", "ON"),
        }
    }

    /// Returns the server's arguments; the last of a name wins.
    pub(super) fn arguments(&self, brand: Brand, dir: &Path, port: u16) -> Vec<String> {
        let dir = dir.display();
        let addresses = [
            ("datadir", format!("{dir}/data")),
            ("socket", format!("{dir}/s")),
            ("pid_file", format!("{dir}/data/server.pid")),
            ("bind_address", "127.0.0.1".to_owned()),
            ("port", port.to_string()),
        ];
        let addresses = addresses
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        let own = self.settings.iter();
        let own = own.map(|(name, value)| (name.as_str(), value.as_str()));
        let brands: &[_] = match brand {
            Brand::MariaDb => &[("innodb_log_file_size", "16M")],
            Brand::MySql => &OF_MYSQL,
        };
        let mut all = vec!["--no-defaults".to_owned()];
        // MySQL keeps a binary log unless it is told not to.
        if brand == Brand::MySql && !self.settings.iter().any(|(name, _)| name == "log_bin") {
            all.push("--skip-log-bin".to_owned());
        }
        for part in [ENGINE, &SETTINGS, brands] {
            all.extend(arguments(part));
        }
        all.extend(addresses.chain(own).map(argument));
        all
    }
}

/// Returns settings as a program's arguments.
pub(super) fn arguments(settings: &[(&'static str, &'static str)]) -> impl Iterator<Item = String> {
    settings.iter().copied().map(argument)
}

fn argument((name, value): (&str, &str)) -> String {
    format!("--{}={value}", name.replace('_', "-"))
}

/// Returns a connection URL over TCP.
pub(super) fn url(port: u16, database: &str, user: &str, password: Option<&str>) -> String {
    let (user, database) = (percent(user), percent(database));
    let password = password.map_or_else(String::new, |p| format!(":{}", percent(p)));
    format!("mysql://{user}{password}@127.0.0.1:{port}/{database}")
}

/// How the engine keeps its files, from the first one on: small, and safe to lose.
pub(super) const ENGINE: &[(&str, &str)] = &[
    ("innodb_flush_method", "nosync"),
    ("innodb_doublewrite", "OFF"),
    ("loose_innodb_redo_log_capacity", "16M"),
];

/// What the server is told besides its addresses: small, fast, and safe to lose.
const SETTINGS: [(&str, &str); 5] = [
    ("innodb_flush_log_at_trx_commit", "0"),
    ("innodb_buffer_pool_size", "32M"),
    ("max_connections", "150"),
    ("default_time_zone", "+00:00"),
    ("skip_name_resolve", "ON"),
];

/// MySQL as it is packed wants a directory of the system's, and listens at one more port on every address.
const OF_MYSQL: [(&str, &str); 2] = [("secure_file_priv", "NULL"), ("loose_mysqlx", "OFF")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_settings_come_last_and_a_password_is_spelled_for_a_url() {
        let options = MariaOptions::default().setting("max_connections", "7");
        let arguments = options.arguments(Brand::MySql, Path::new("/x"), 6000);
        assert_eq!(arguments[..2], ["--no-defaults", "--skip-log-bin"]);
        assert_eq!(arguments.last().unwrap(), "--max-connections=7");
        assert_eq!(
            url(6000, "shop", "ann", Some("p@ss/w:rd")),
            "mysql://ann:p%40ss%2Fw%3Ard@127.0.0.1:6000/shop"
        );
    }
}
