//! Reading a journal that others may write meanwhile.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use crate::domain::journal::{Entry, GENESIS, Journal};
use crate::engine::store::{StoreError, io_at};

/// Reads the journal at `path` without touching it.
///
/// # Errors
/// It cannot be read, or its chain is broken.
pub fn read(path: &Path) -> Result<Journal, StoreError> {
    let bytes = fs::read(path).map_err(io_at(path))?;
    Journal::read(&bytes).map_err(|source| StoreError::Broken {
        path: path.display().to_string(),
        source,
    })
}

/// Reads the records that stand in the file at `path` behind those of `window`; there may be none.
///
/// # Errors
/// They cannot be read, or do not go on from there.
pub fn read_behind(path: &Path, window: &Journal) -> Result<Vec<Entry>, StoreError> {
    let bytes = match fs::read(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(io_at(path))?,
    };
    let read = Journal::read_on(&bytes, &window.head, window.entries.len() as u64);
    let broken = |source| StoreError::Broken {
        path: path.display().to_string(),
        source,
    };
    Ok(read.map_err(broken)?.entries)
}

/// Who reads along while somebody else writes: what was read once is not read again.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    length: u64,
    head: String,
    seq: u64,
}

impl Follower {
    /// Begins at the start; returns all records that are there.
    ///
    /// # Errors
    /// The journal cannot be read, or its chain is broken.
    pub fn open(path: &Path) -> Result<(Self, Vec<Entry>), StoreError> {
        let mut follower = Self {
            path: path.to_owned(),
            length: 0,
            head: GENESIS.to_owned(),
            seq: 0,
        };
        let entries = follower.more()?;
        Ok((follower, entries))
    }

    /// Begins at the file at `path` that goes on behind what this one has read.
    #[must_use]
    pub fn behind(&self, path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            length: 0,
            head: self.head.clone(),
            seq: self.seq,
        }
    }

    /// Returns the records that came since; half of one is left for the next look.
    ///
    /// # Errors
    /// The journal cannot be read, or its chain is broken.
    pub fn more(&mut self) -> Result<Vec<Entry>, StoreError> {
        let mut file = File::open(&self.path).map_err(io_at(&self.path))?;
        if file.metadata().map_err(io_at(&self.path))?.len() == self.length {
            return Ok(Vec::new());
        }
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(self.length))
            .and_then(|_| file.read_to_end(&mut bytes))
            .map_err(io_at(&self.path))?;
        let read = Journal::read_on(&bytes, &self.head, self.seq).map_err(|source| {
            StoreError::Broken {
                path: self.path.display().to_string(),
                source,
            }
        })?;
        self.length += (bytes.len() - read.torn) as u64;
        self.head = read.head;
        self.seq += read.entries.len() as u64;
        Ok(read.entries)
    }
}
