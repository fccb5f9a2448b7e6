//! Programs out of a distribution's packages, unpacked beside each other, nothing installed: `apt-get` resolves what a
//! package needs from the archive's signed index, fetches it and verifies it; `dpkg-deb` unpacks it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::engine::sandbox::fetch::{run, run_and_tell};

/// A distribution whose archive is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Archive {
    /// Debian's unstable distribution, which moves.
    DebianSid,
    /// Ubuntu 24.04 with its updates.
    UbuntuNoble,
}

impl Archive {
    fn suites(self) -> &'static [&'static str] {
        match self {
            Self::DebianSid => &["sid"],
            Self::UbuntuNoble => &["noble", "noble-updates"],
        }
    }

    fn components(self) -> &'static str {
        match self {
            Self::DebianSid => "main",
            Self::UbuntuNoble => "main universe",
        }
    }

    fn address(self, machine: &Machine) -> &'static str {
        match (self, machine.architecture) {
            (Self::DebianSid, _) => "http://deb.debian.org/debian",
            (Self::UbuntuNoble, "amd64") => "http://archive.ubuntu.com/ubuntu",
            (Self::UbuntuNoble, _) => "http://ports.ubuntu.com/ubuntu-ports",
        }
    }

    /// The keys that sign its index: where they lie, and the package that brings them.
    fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::DebianSid => (
                "usr/share/keyrings/debian-archive-keyring.gpg",
                "debian-archive-keyring",
            ),
            Self::UbuntuNoble => (
                "usr/share/keyrings/ubuntu-archive-keyring.gpg",
                "ubuntu-keyring",
            ),
        }
    }

    /// Who has this one's keys among his packages.
    fn other(self) -> Self {
        match self {
            Self::DebianSid => Self::UbuntuNoble,
            Self::UbuntuNoble => Self::DebianSid,
        }
    }
}

/// What the packages call this kind of machine.
struct Machine {
    architecture: &'static str,
    /// The directory of its libraries below `usr/lib`.
    triple: &'static str,
    loader: &'static str,
}

impl Machine {
    fn this() -> Result<Self, String> {
        let (os, arch) = (env::consts::OS, env::consts::ARCH);
        match (os, arch) {
            ("linux", "x86_64") => Ok(Self {
                architecture: "amd64",
                triple: "x86_64-linux-gnu",
                loader: "ld-linux-x86-64.so.2",
            }),
            ("linux", "aarch64") => Ok(Self {
                architecture: "arm64",
                triple: "aarch64-linux-gnu",
                loader: "ld-linux-aarch64.so.1",
            }),
            _ => Err(format!("nobody packs it for {os} on {arch}")),
        }
    }
}

/// Unpacks `package` of `archive` and all that it needs into `root`, down to the C library; `work` is for what is passing.
///
/// # Errors
/// What is missing here, or what `apt-get` or `dpkg-deb` said last.
pub(super) fn unpack(
    archive: Archive,
    package: &str,
    work: &Path,
    root: &Path,
) -> Result<(), String> {
    let machine = Machine::this()?;
    let keys = keys(archive, &machine, work)?;
    let shelf = Shelf::open(archive, &machine, &keys, &work.join("shelf"))?;
    let mut install = shelf.apt();
    install.args(["--yes", "--no-install-recommends", "--download-only"]);
    ask(install.args(["install", package]))?;
    shelf.unpack(root)
}

/// Writes `root/bin/NAME`, which starts the unpacked `program` with its own C library and what is given in `more`, where
/// `$root` is the directory.
pub(super) fn write_starter(root: &Path, program: &str, more: &str) -> Result<(), String> {
    let Machine { triple, loader, .. } = Machine::this()?;
    let text = format!(
        "#!/bin/sh\n\
         # Starts the unpacked program with the libraries beside it, not with the system's.\n\
         root=$(dirname \"$(dirname \"$(readlink -f \"$0\")\")\")\n\
         lib=$root/usr/lib/{triple}\n\
         exec \"$lib/{loader}\" --library-path \"$lib:$root/lib/{triple}\" \"$root/{program}\" \"$@\" {more}\n"
    );
    let bin = root.join("bin");
    let name = Path::new(program).file_name().unwrap_or_default();
    let path = bin.join(name);
    let said = |e: std::io::Error| format!("{}: {e}", path.display());
    fs::create_dir_all(&bin).map_err(said)?;
    fs::write(&path, text).map_err(said)?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&path, mode).map_err(said)
}

/// Returns the keys of `archive`: this system's, else those that the other distribution packs.
fn keys(archive: Archive, machine: &Machine, work: &Path) -> Result<PathBuf, String> {
    let (path, package) = archive.keys();
    let here = Path::new("/").join(path);
    if here.is_file() {
        return Ok(here);
    }
    let other = archive.other();
    let (theirs, _) = other.keys();
    let theirs = Path::new("/").join(theirs);
    if !theirs.is_file() {
        return Err(format!(
            "{} is not here, which would prove that what comes is genuine: install `{package}`",
            here.display()
        ));
    }
    let work = work.join("keys");
    let shelf = Shelf::open(other, machine, &theirs, &work.join("shelf"))?;
    ask(shelf.apt().args(["download", package]))?;
    let root = work.join("root");
    shelf.unpack(&root)?;
    Ok(root.join(path))
}

/// Runs `apt-get`, which says first what is wrong and then what comes of it.
fn ask(command: &mut Command) -> Result<(), String> {
    run_and_tell(command, |said| {
        let mut wrong = said.lines().filter_map(|line| line.strip_prefix("E: "));
        wrong.next().map(str::to_owned)
    })
}

/// A private place where `apt-get` knows one archive and takes nothing for installed but Perl, whose part in a server's
/// package are helpers that nobody runs here.
struct Shelf {
    dir: PathBuf,
    architecture: &'static str,
}

const INSTALLED: &str = "Package: perl\nStatus: install ok installed\nVersion: 99\nArchitecture: all\n\
     Multi-Arch: allowed\nMaintainer: nobody\nDescription: taken for installed\n";

impl Shelf {
    /// Makes the place and brings the archive's index.
    fn open(archive: Archive, machine: &Machine, keys: &Path, dir: &Path) -> Result<Self, String> {
        let (address, architecture) = (archive.address(machine), machine.architecture);
        let said = |e: std::io::Error| format!("{}: {e}", dir.display());
        for part in ["state", "lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(dir.join(part)).map_err(said)?;
        }
        let sources = archive.suites().iter().map(|suite| {
            let components = archive.components();
            let keys = keys.display();
            format!("deb [arch={architecture} signed-by={keys}] {address} {suite} {components}\n")
        });
        fs::write(dir.join("sources.list"), sources.collect::<String>()).map_err(said)?;
        fs::write(dir.join("status"), INSTALLED).map_err(said)?;
        let shelf = Self {
            dir: dir.to_owned(),
            architecture,
        };
        ask(shelf.apt().args(["update", "--error-on=any"]))?;
        Ok(shelf)
    }

    fn apt(&self) -> Command {
        let mut command = Command::new("apt-get");
        // What it says is read for its reason.
        command.env("LC_ALL", "C").arg("--quiet");
        command.current_dir(self.dir.join("cache/archives"));
        let mut option = |name: &str, value: &dyn std::fmt::Display| {
            command.arg("-o").arg(format!("{name}={value}"));
        };
        for (name, part) in [
            ("Dir::State", "state"),
            ("Dir::State::lists", "lists"),
            ("Dir::State::status", "status"),
            ("Dir::Cache", "cache"),
            ("Dir::Etc::sourcelist", "sources.list"),
        ] {
            option(name, &self.dir.join(part).display());
        }
        for parts in ["sourceparts", "preferences", "preferencesparts"] {
            option(&format!("Dir::Etc::{parts}"), &"/dev/null");
        }
        option("APT::Architecture", &self.architecture);
        option("APT::Architectures", &self.architecture);
        // What a whole system would need is not wanted.
        option("APT::pkgCacheGen::Essential", &"none");
        option("Acquire::Languages", &"none");
        option("Acquire::Retries", &"2");
        for index in ["DEP-11", "CNF"] {
            option(
                &format!("Acquire::IndexTargets::deb::{index}::DefaultEnabled"),
                &"false",
            );
        }
        command
    }

    fn unpack(&self, root: &Path) -> Result<(), String> {
        let archives = self.dir.join("cache/archives");
        let entries =
            fs::read_dir(&archives).map_err(|e| format!("{}: {e}", archives.display()))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.extension().is_some_and(|e| e == "deb") {
                run(Command::new("dpkg-deb")
                    .arg("--extract")
                    .arg(path)
                    .arg(root))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_is_not_there_is_told_in_the_clients_words() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf {
            dir: dir.path().to_owned(),
            architecture: "amd64",
        };
        for part in ["state", "lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(dir.path().join(part)).unwrap();
        }
        fs::write(dir.path().join("status"), INSTALLED).unwrap();
        fs::write(dir.path().join("sources.list"), "").unwrap();
        let said = ask(shelf.apt().args(["install", "--yes", "no-such-package"])).unwrap_err();
        assert!(
            said.contains("no-such-package") || said.contains("`apt-get` is not installed"),
            "{said}"
        );
    }

    #[test]
    fn an_unpacked_program_is_started_with_its_own_loader() {
        let Ok(machine) = Machine::this() else { return };
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let lib = root.join("usr/lib").join(machine.triple);
        fs::create_dir_all(&lib).unwrap();
        // A loader that tells what it was given.
        let loader = lib.join(machine.loader);
        fs::write(&loader, "#!/bin/sh\necho \"$@\"\n").unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&loader, mode).unwrap();
        write_starter(&root, "usr/sbin/mysqld", "--basedir=\"$root/usr\"").unwrap();
        let mut command = Command::new(root.join("bin/mysqld"));
        let said = command.arg("a b").output().unwrap().stdout;
        let root = root.display();
        let lib = format!("{root}/usr/lib/{0}:{root}/lib/{0}", machine.triple);
        assert_eq!(
            String::from_utf8(said).unwrap(),
            format!("--library-path {lib} {root}/usr/sbin/mysqld a b --basedir={root}/usr\n")
        );
    }
}
