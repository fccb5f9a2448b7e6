//! Where the programs of a MariaDB or MySQL server may be found.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::engine::sandbox::SandboxError;

/// Whose server it is: they are set up differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brand {
    /// MariaDB.
    MariaDb,
    /// MySQL.
    MySql,
}

/// A server's programs that were seen to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MariaBinaries {
    /// `mariadbd` or `mysqld`.
    pub server: PathBuf,
    /// Whose it is.
    pub brand: Brand,
    /// The version as the server says it: `10.11.19-MariaDB`.
    pub version: String,
    /// A data directory that is copied instead of making one.
    pub(super) template: Option<PathBuf>,
}

/// Where packages put the server, besides `PATH`.
const PLACES: [&str; 6] = [
    "/usr/sbin",
    "/usr/libexec",
    "/usr/local/sbin",
    "/usr/local/mysql/bin",
    "/opt/homebrew/bin",
    "/opt/mariadb/bin",
];

impl MariaBinaries {
    /// Asks the server in `bin` for its version.
    ///
    /// # Errors
    /// There is none, or it does not start.
    pub fn in_dir(bin: &Path) -> Result<Self, SandboxError> {
        let not_usable = |why: String| SandboxError::NotUsable {
            dir: bin.to_owned(),
            why,
        };
        let server = ["mariadbd", "mysqld"]
            .map(|name| bin.join(name))
            .into_iter()
            .find(|path| path.is_file())
            .ok_or_else(|| not_usable("there is no `mariadbd` or `mysqld` in it".to_owned()))?;
        let output = Command::new(&server)
            .args(["--no-defaults", "--version"])
            .output()
            .map_err(|e| not_usable(e.to_string()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let version = said
            .split_whitespace()
            .skip_while(|word| *word != "Ver")
            .nth(1)
            .ok_or_else(|| not_usable(String::from_utf8_lossy(&output.stderr).trim().to_owned()))?;
        let brand = if version.contains("MariaDB") {
            Brand::MariaDb
        } else {
            Brand::MySql
        };
        Ok(Self {
            server,
            brand,
            version: version.to_owned(),
            template: None,
        })
    }

    /// Returns the path of the program `name` (`mariadb-dump`, `mysql`): beside the server, else on `PATH`.
    pub fn tool(&self, name: &str) -> Option<PathBuf> {
        let beside = self.server.parent().map(Path::to_owned);
        let mut dirs = beside.into_iter().chain(path_dirs());
        dirs.find_map(|dir| Some(dir.join(name)).filter(|path| path.is_file()))
    }
}

/// Finds an installed server: `HOLDPOINT_MYSQL_BIN`, `PATH`, the usual places.
///
/// # Errors
/// There is none.
pub fn find_maria() -> Result<MariaBinaries, SandboxError> {
    if let Some(named) = env::var_os("HOLDPOINT_MYSQL_BIN").filter(|v| !v.is_empty()) {
        return MariaBinaries::in_dir(Path::new(&named));
    }
    let mut places = path_dirs().chain(PLACES.map(PathBuf::from));
    places
        .find_map(|dir| MariaBinaries::in_dir(&dir).ok())
        .ok_or(SandboxError::NoMaria)
}

fn path_dirs() -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let dirs: Vec<PathBuf> = env::split_paths(&path).collect();
    dirs.into_iter().filter(|dir| dir.is_absolute())
}
