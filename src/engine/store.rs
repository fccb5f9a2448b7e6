//! The journal's file: a record is appended with one write and is on disk before anybody is told.

mod aside;
mod follow;
#[cfg(test)]
mod tests;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::domain::digest::sha256_hex;
use crate::domain::journal::{Entry, GENESIS, Journal, JournalError};
use crate::domain::run::event::Event;
use crate::engine::clock;
use crate::engine::store::aside::{set_aside, unrecorded};

pub use follow::{Follower, read, read_behind};

/// Who speaks where the program tells what it saw by itself.
const OWN_NAME: &str = "holdpoint";

/// Bytes that must be free for a step to start: its report, its output, and its records.
const ROOM: u64 = 256 * 1024;

/// Bytes of somebody else that are set aside at most: they are read whole.
const FOREIGN: u64 = 64 * 1024 * 1024;

/// Why the journal cannot be read or written.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The disk refuses.
    #[error("{source} ({path})")]
    Io {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Its chain is broken: it is refused, never repaired.
    #[error("{path} is not the journal that was written: {source}")]
    Broken {
        /// Which file.
        path: String,
        /// Where.
        source: JournalError,
    },
    /// An event that cannot be written.
    #[error(transparent)]
    Record(#[from] JournalError),
}

/// A journal that is open for appending.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    file: File,
    /// Bytes that are known to be whole records.
    length: u64,
    head: String,
    seq: u64,
    /// The forward clock when this process opened the run.
    opened_mono: u64,
    /// What the disk refused half-way and what could not be taken back yet; empty: nothing.
    half_written: Vec<u8>,
}

/// What was set aside: bytes that are no record of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// How many.
    pub bytes: u64,
    /// Their digest.
    pub sha256: String,
}

/// A journal as it was found.
#[derive(Debug)]
pub struct Opened {
    /// Open for appending.
    pub store: Store,
    /// Its records.
    pub entries: Vec<Entry>,
    /// What was set aside and stands in no record yet, the oldest first.
    pub torn: Vec<Torn>,
}

fn io_at(path: &Path) -> impl Fn(io::Error) -> StoreError + '_ {
    |source| StoreError::Io {
        path: path.display().to_string(),
        source,
    }
}

impl Store {
    /// Opens the journal at `path`, making it where there is none. Bytes after the last line end are set aside.
    ///
    /// # Errors
    /// The disk refuses, or the chain is broken.
    pub fn open(path: &Path) -> Result<Opened, StoreError> {
        Self::open_behind(path, GENESIS, 0)
    }

    /// Opens the journal at `path` that goes on behind record `seq` of another file, whose digest is `head`, making it
    /// where there is none. Bytes after the last line end are set aside.
    ///
    /// # Errors
    /// The disk refuses, or the chain is broken.
    pub fn open_behind(path: &Path, head: &str, seq: u64) -> Result<Opened, StoreError> {
        let open = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path);
        let file = open.map_err(io_at(path))?;
        let bytes = fs::read(path).map_err(io_at(path))?;
        let journal = Journal::read_on(&bytes, head, seq).map_err(|source| StoreError::Broken {
            path: path.display().to_string(),
            source,
        })?;
        let whole = bytes.len() - journal.torn;
        if journal.torn > 0 {
            set_aside(path, &bytes[whole..]).map_err(io_at(path))?;
            file.set_len(whole as u64)
                .and_then(|()| file.sync_data())
                .map_err(io_at(path))?;
        }
        let torn = unrecorded(path, &journal.entries).map_err(io_at(path))?;
        if let Some(dir) = path.parent() {
            File::open(dir)
                .and_then(|d| d.sync_all())
                .map_err(io_at(dir))?;
        }
        let store = Self {
            path: path.to_owned(),
            file,
            length: whole as u64,
            head: journal.head,
            seq: seq + journal.entries.len() as u64,
            opened_mono: clock::mono_ms(),
            half_written: Vec::new(),
        };
        Ok(Opened {
            store,
            entries: journal.entries,
            torn,
        })
    }

    /// Appends `events`, each in the name of `operator` or in the program's own; when it returns they are on disk. Where it fails nothing of them is.
    ///
    /// # Errors
    /// The disk refuses, or an event is too long.
    pub fn append(&mut self, operator: &str, events: &[Event]) -> Result<Vec<Entry>, StoreError> {
        let t = clock::rfc3339(clock::wall_ms());
        let mono_ms = clock::mono_ms().saturating_sub(self.opened_mono);
        let (mut head, mut seq) = (self.head.clone(), self.seq);
        let mut written = Vec::with_capacity(events.len());
        let mut lines = Vec::with_capacity(events.len());
        for event in events {
            seq += 1;
            let entry = Entry {
                seq,
                t: t.clone(),
                mono_ms,
                by: if event.is_observation() {
                    OWN_NAME.into()
                } else {
                    operator.to_owned()
                },
                event: event.clone(),
            };
            let line = entry.encode(&head)?;
            head = sha256_hex(line.as_bytes());
            lines.push(line);
            written.push(entry);
        }
        let bytes = lines.concat().into_bytes();
        let length = bytes.len() as u64;
        let ready = self.take_back().and_then(|()| self.still_ours());
        ready
            .and_then(|()| self.room(events))
            .and_then(|()| self.write(bytes))
            .map_err(io_at(&self.path))?;
        self.length += length;
        (self.head, self.seq) = (head, seq);
        Ok(written)
    }

    /// Refuses to let a step start where there is no room for what it will leave behind; what has happened is always
    /// tried.
    fn room(&self, events: &[Event]) -> io::Result<()> {
        if !events.iter().any(|e| matches!(e, Event::StepStarted(_))) {
            return Ok(());
        }
        self.has_room()
    }

    fn has_room(&self) -> io::Result<()> {
        let disk = rustix::fs::fstatvfs(&self.file)?;
        // Some file systems do not count.
        if disk.f_blocks == 0 || disk.f_bavail.saturating_mul(disk.f_frsize) >= ROOM {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::StorageFull,
            format!(
                "less than {} KiB are free on its disk: make room",
                ROOM / 1024
            ),
        ))
    }

    fn write(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        // One write for all of them: what belongs together is not parted by a program that dies here.
        let written = self
            .file
            .write_all(&bytes)
            .and_then(|()| self.file.sync_data());
        if written.is_err() {
            self.half_written = bytes;
            let _ = self.take_back(); // where the disk refuses this too, it is tried again before the next record
        }
        written
    }

    /// Takes back what a refused write of ours left behind, so that the next record stands behind a whole one. Bytes of
    /// anybody else stay where they are.
    fn take_back(&mut self) -> io::Result<()> {
        if self.half_written.is_empty() {
            return Ok(());
        }
        if self.half_written.starts_with(&self.excess()?) {
            self.file.set_len(self.length)?;
        }
        self.half_written.clear();
        Ok(())
    }

    /// Returns what stands behind the last record.
    fn excess(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(self.beyond()?).unwrap_or(usize::MAX)];
        self.file.read_exact_at(&mut bytes, self.length)?;
        Ok(bytes)
    }

    fn beyond(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len().saturating_sub(self.length))
    }

    /// A journal that somebody removed or replaced is still open here: writing into the void is no record.
    fn still_ours(&self) -> io::Result<()> {
        self.still_there()?;
        match self.beyond()? {
            0 if self.file.metadata()?.len() == self.length => Ok(()),
            0 => Err(io::Error::other("it was cut short by somebody else")),
            n => Err(io::Error::other(format!(
                "{n} bytes were written into it by somebody else"
            ))),
        }
    }

    fn still_there(&self) -> io::Result<()> {
        let (there, ours) = (fs::metadata(&self.path)?, self.file.metadata()?);
        if (there.dev(), there.ino()) == (ours.dev(), ours.ino()) {
            return Ok(());
        }
        Err(io::Error::other("it was replaced by somebody else"))
    }

    /// Returns the digest of the last record and its number.
    pub fn head(&self) -> (u64, &str) {
        (self.seq, &self.head)
    }

    /// Looks whether the disk takes bytes again, by a file beside the journal. What somebody else wrote behind the last
    /// record is set aside, as a torn tail is, and returned: it is to be recorded.
    ///
    /// # Errors
    /// The disk takes nothing, or the journal is not the one that was opened.
    pub fn probe(&mut self) -> io::Result<Option<Torn>> {
        self.still_there()?;
        self.take_back()?;
        self.has_room()?;
        let path = self.path.with_file_name("probe.tmp");
        let written = File::create(&path)
            .and_then(|mut f| f.write_all(&vec![b'x'; 65_536]).and_then(|()| f.sync_all()));
        let _ = fs::remove_file(&path);
        written?;
        let set_aside = self.set_foreign_aside()?;
        self.still_ours()?;
        Ok(set_aside)
    }

    fn set_foreign_aside(&mut self) -> io::Result<Option<Torn>> {
        let beyond = self.beyond()?;
        if beyond == 0 {
            return Ok(None);
        }
        if beyond > FOREIGN {
            return Err(io::Error::other(format!(
                "{beyond} bytes were written into it by somebody else: too many to be set aside"
            )));
        }
        let bytes = self.excess()?;
        set_aside(&self.path, &bytes)?;
        self.file.set_len(self.length)?;
        self.file.sync_data()?;
        Ok(Some(Torn {
            bytes: beyond,
            sha256: sha256_hex(&bytes),
        }))
    }
}
