//! MySQL as distributions pack it, each a private copy that is not installed: what is known of it is proved on it.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::engine::sandbox::SandboxError;
use crate::engine::sandbox::account::FOR_MYSQL;
use crate::engine::sandbox::fetch::{run, whole};
use crate::engine::sandbox::find::{NO_CACHE, cache_dir};
use crate::engine::sandbox::host::Host;
use crate::engine::sandbox::maria::{Brand, MariaBinaries, data};
use crate::engine::sandbox::packages::{Archive, unpack, write_starter};
use crate::engine::sandbox::stale::MYSQL;

/// A MySQL that a distribution packs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackedMySql {
    /// What its version begins with: `8.0`.
    pub series: &'static str,
    package: &'static str,
    archive: Archive,
}

/// Every MySQL that is packed; the newest last. Debian's unstable distribution goes on to the next release by itself.
pub const MYSQL_PACKED: [PackedMySql; 2] = [
    PackedMySql {
        series: "8.0",
        package: "mysql-server-core-8.0",
        archive: Archive::UbuntuNoble,
    },
    PackedMySql {
        series: "9",
        package: "mysql-server-core",
        archive: Archive::DebianSid,
    },
];

/// Returns a private copy of MySQL: from our cache, else by `apt-get` (about 50 MB to fetch, once).
///
/// Nothing is installed. A data directory is kept with it, because MySQL takes seconds to make one.
///
/// # Errors
/// Where it is not packed any longer or not for this machine, or without network or `apt-get`.
pub fn mysql_of(packed: &PackedMySql) -> Result<MariaBinaries, SandboxError> {
    let not_fetched = |why: String| SandboxError::NoMySql {
        series: packed.series,
        why,
    };
    let cache = cache_dir("mysql").ok_or_else(|| not_fetched(NO_CACHE.into()))?;
    let home = cache.join(packed.package);
    if let Ok(binaries) = kept(&home, packed) {
        return Ok(binaries);
    }
    fs::create_dir_all(&cache).map_err(SandboxError::file(&cache))?;
    whole(&cache, &home, |work, made| {
        unpack(packed.archive, packed.package, work, made)?;
        write_starter(made, "usr/sbin/mysqld", "--basedir=\"$root/usr\"")?;
        let binaries = MariaBinaries::in_dir(&made.join("bin")).map_err(|e| e.to_string())?;
        keep_data(&binaries, made)
    })
    .map_err(not_fetched)?;
    kept(&home, packed).map_err(not_fetched)
}

fn kept(home: &Path, packed: &PackedMySql) -> Result<MariaBinaries, String> {
    let binaries = MariaBinaries::in_dir(&home.join("bin")).map_err(|e| e.to_string())?;
    let (series, version) = (packed.series, &binaries.version);
    let goes_on = version.strip_prefix(series);
    if binaries.brand != Brand::MySql || !goes_on.is_some_and(|rest| rest.starts_with('.')) {
        return Err(format!("what came is version {version}"));
    }
    Ok(MariaBinaries {
        template: Some(home.join("data")),
        ..binaries
    })
}

/// Makes a data directory once, to be copied. Each server gives its copy an identity of its own.
fn keep_data(binaries: &MariaBinaries, root: &Path) -> Result<(), String> {
    let host = Host::new(MYSQL, FOR_MYSQL).map_err(|e| e.to_string())?;
    data::make(binaries, &host).map_err(|e| e.to_string())?;
    fs::remove_file(host.data().join("auto.cnf")).map_err(|e| format!("auto.cnf: {e}"))?;
    let mut copy = Command::new("/bin/cp");
    copy.args(["-a", "--"]);
    run(copy.arg(host.data()).arg(root.join("data")))
}
