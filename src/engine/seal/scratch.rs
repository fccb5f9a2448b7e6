//! A directory of our own for the files that `ssh-keygen` wants.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::engine::clock;
use crate::engine::seal::error::{SealError, io_at};

/// A private directory that is gone with this value.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes one.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn new() -> Result<Self, SealError> {
        let path = std::env::temp_dir().join(format!("holdpoint-{}", clock::random_hex(16)));
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(io_at(&path))?;
        Ok(Self(path))
    }

    /// Writes a file into it; returns its path.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, SealError> {
        let path = self.0.join(name);
        fs::write(&path, bytes).map_err(io_at(&path))?;
        Ok(path)
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
