//! What is no record is set aside and not thrown away.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::domain::digest::sha256_hex;
use crate::domain::journal::Entry;
use crate::domain::run::event::Event;
use crate::engine::store::Torn;

pub(super) fn torn_file(journal: &Path, n: usize) -> PathBuf {
    journal.with_file_name(format!("journal.jsonl.torn-{n}"))
}

/// Keeps torn bytes in a file of their own, whole before it has its name: nothing is thrown away.
pub(super) fn set_aside(journal: &Path, bytes: &[u8]) -> io::Result<()> {
    let temp = journal.with_file_name("journal.jsonl.torn.tmp");
    let mut open = OpenOptions::new();
    open.write(true).create(true).truncate(true).mode(0o600);
    let mut file = open.open(&temp)?;
    file.write_all(bytes).and_then(|()| file.sync_all())?;
    let mut n = 1;
    while torn_file(journal, n).exists() {
        n += 1;
    }
    fs::rename(&temp, torn_file(journal, n))
}

/// Returns what was set aside and stands in no record: a program that died between the two leaves it to the next.
pub(super) fn unrecorded(journal: &Path, entries: &[Entry]) -> io::Result<Vec<Torn>> {
    let mut recorded: Vec<&str> = Vec::new();
    for entry in entries {
        if let Event::JournalRecovered { sha256, .. } = &entry.event {
            recorded.push(sha256);
        }
    }
    let mut found = Vec::new();
    for path in (1..).map(|n| torn_file(journal, n)) {
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(found),
            Err(e) => return Err(e),
        };
        let sha256 = sha256_hex(&bytes);
        match recorded.iter().position(|known| *known == sha256) {
            Some(at) => drop(recorded.swap_remove(at)),
            None => found.push(Torn {
                bytes: bytes.len() as u64,
                sha256,
            }),
        }
    }
    Ok(found)
}
