//! The file of what the monitor saw during a run: appended to without waiting for the disk, read back when the run is taken up.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::domain::sample::timeline::{Line, Timeline};

/// More of the file is not read: it never grows so large by itself.
const MOST: u64 = 64 * 1024 * 1024;

/// The open file.
#[derive(Debug)]
pub struct SampleFile {
    file: File,
}

impl SampleFile {
    /// Opens the file at `path` for appending, and makes it where there is none. A torn last line is ended.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        let mut last = [b'\n'];
        if file.seek(SeekFrom::End(-1)).is_ok() {
            file.read_exact(&mut last)?;
        }
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
        Ok(Self { file })
    }

    /// Appends `lines` in one write. They are no evidence: nothing waits until the disk holds them.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn append(&mut self, lines: &[Line]) -> io::Result<()> {
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        self.file.write_all(&text)
    }
}

/// Reads the file at `path`; where there is none nothing was seen.
///
/// # Errors
/// The disk refuses.
pub fn read(path: &Path) -> io::Result<Timeline> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Timeline::default()),
        Err(e) => return Err(e),
    };
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes)?;
    Ok(Timeline::read(&String::from_utf8_lossy(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::timeline::{Gap, Why};

    #[test]
    fn what_a_crash_tore_costs_one_line_and_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("samples.jsonl");
        assert_eq!(read(&path).unwrap(), Timeline::default());
        let gap = |at_ms| {
            Line::Gap(Gap {
                at_ms,
                why: Why::Away,
            })
        };
        SampleFile::open(&path).unwrap().append(&[gap(1)]).unwrap();
        let torn = [fs::read(&path).unwrap(), b"{\"gap\":2,\"wh".to_vec()].concat();
        fs::write(&path, torn).unwrap();
        SampleFile::open(&path).unwrap().append(&[gap(3)]).unwrap();
        let read = read(&path).unwrap();
        assert_eq!((read.lines, read.unread), (vec![gap(1), gap(3)], 1));
    }
}
