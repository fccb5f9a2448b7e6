//! `exit.json`: written once, whole or not at all, and with room kept for it on a disk that fills up.

use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crate::domain::attempt::Outcome;
use crate::engine::attempt::files::{Files, private_file, sync_dir};

/// An ordinary report fits into so many bytes.
const ROOM: usize = 16 * 1024;
/// How often writing is tried, a second apart.
const TRIES: u32 = 60;

/// The room for a report.
#[derive(Debug)]
pub struct Report {
    file: File,
    temp: PathBuf,
    path: PathBuf,
}

impl Report {
    /// Takes room for it, before anything is done that would have to be told.
    pub fn reserve(files: &Files) -> io::Result<Self> {
        let path = files.exit();
        let temp = path.with_extension("tmp");
        let mut file = private_file(&temp)?;
        file.write_all(&[b' '; ROOM])?;
        file.sync_all()?;
        Ok(Self { file, temp, path })
    }

    /// Writes it. A disk that refuses is asked again for a minute: without a report the attempt counts as lost.
    pub fn write(mut self, outcome: &Outcome) -> io::Result<()> {
        let json = serde_json::to_vec_pretty(outcome)?;
        for _ in 1..TRIES {
            if self.try_write(&json).is_ok() {
                return Ok(());
            }
            thread::sleep(Duration::from_secs(1));
        }
        self.try_write(&json)
    }

    fn try_write(&mut self, json: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(json)?;
        self.file.set_len(json.len() as u64)?;
        self.file.sync_all()?;
        fs::rename(&self.temp, &self.path)?;
        sync_dir(&self.path)
    }
}
