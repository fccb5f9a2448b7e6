//! Follows what an attempt prints.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::engine::attempt::files::Files;

/// How much is handed over at once, at most.
const AT_ONCE: u64 = 256 * 1024;

/// Follows the output file of one attempt, from its last 256 KiB on.
#[derive(Debug)]
pub struct Tail {
    path: PathBuf,
    file: Option<File>,
    at: u64,
}

/// A piece of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The bytes, as stored. They may begin and end within a character.
    pub bytes: Vec<u8>,
    /// How many bytes before them were jumped over.
    pub skipped: u64,
}

impl Tail {
    /// Follows the output of attempt `name`; the file need not be there yet.
    pub fn open(run_dir: &Path, name: &str) -> Self {
        Self {
            path: Files::new(run_dir, name)
                .map(|files| files.output())
                .unwrap_or_default(),
            file: None,
            at: 0,
        }
    }

    /// Returns what is new, at most the last 256 KiB of it; `None`: nothing is.
    pub fn poll(&mut self) -> Option<Chunk> {
        if self.file.is_none() {
            self.file = File::open(&self.path).ok();
        }
        let file = self.file.as_ref()?;
        let end = file.metadata().ok()?.len();
        let from = end.saturating_sub(AT_ONCE).max(self.at);
        let mut bytes = vec![0; usize::try_from(end.checked_sub(from)?).ok()?];
        let read = file.read_at(&mut bytes, from).ok()?;
        bytes.truncate(read);
        if bytes.is_empty() {
            return None;
        }
        let skipped = from - self.at;
        self.at = from + read as u64;
        Some(Chunk { bytes, skipped })
    }
}
