//! Everything an attempt prints: cleaned of secrets, capped, digested and written to its file as it comes.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use crate::domain::attempt::OutputDigest;
use crate::domain::digest::Sha256;
use crate::domain::redact::Redactor;
use crate::engine::attempt::files::{Files, private_file};
use crate::engine::attempt::keep::{Keep, keep_last};
use crate::engine::attempt::learning::Learning;
use crate::engine::attempt::mask::refresh;

/// Of an output that is cut, the last so many bytes are stored too: that is where errors stand.
const END_KEPT: u64 = 64 * 1024;

/// Where something was printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output, rows, a response's body.
    Out,
    /// Standard error, a server's notices.
    Err,
}

/// The output of one attempt.
#[derive(Debug)]
pub struct Output {
    name: String,
    file: File,
    cleaners: [Redactor; 2],
    /// Raw, in memory only: expectations and captures look at it.
    kept: [Keep; 2],
    clean: Vec<u8>,
    learning: Learning,
    cap: u64,
    end: Vec<u8>,
    end_dropped: u64,
    came: u64,
    stored: u64,
    lines: u64,
    last: Option<u8>,
    digest: Sha256,
    trouble: Option<io::Error>,
}

/// What became of the output.
#[derive(Debug)]
pub struct Stored {
    /// What lies in the file.
    pub digest: OutputDigest,
    /// Why not everything could be written.
    pub trouble: Option<io::Error>,
}

impl Output {
    /// Makes the output file of an attempt, which keeps at most `cap` bytes.
    pub fn create(files: &Files, redactor: &Redactor, cap: u64) -> io::Result<Self> {
        let file = private_file(&files.output())?;
        Ok(Self::over(file, files.output_name(), redactor, cap))
    }

    fn over(file: File, name: String, redactor: &Redactor, cap: u64) -> Self {
        Self {
            name,
            file,
            cleaners: [redactor.fresh(), redactor.fresh()],
            kept: Default::default(),
            clean: Vec::new(),
            learning: Learning::default(),
            cap,
            end: Vec::new(),
            end_dropped: 0,
            came: 0,
            stored: 0,
            lines: 0,
            last: None,
            digest: Sha256::default(),
            trouble: None,
        }
    }

    /// Blots out what `learning` finds, in its own line already.
    pub fn learn(&mut self, learning: Learning) {
        self.learning = learning;
    }

    /// Takes what was printed.
    pub fn take(&mut self, stream: Stream, bytes: &[u8]) {
        self.kept[stream as usize].take(bytes);
        self.print(stream, bytes);
    }

    /// Prints what is no part of what expectations and captures look at.
    pub fn print(&mut self, stream: Stream, bytes: &[u8]) {
        let whole = self.learning.lines(stream as usize, bytes);
        self.push(stream as usize, &whole);
    }

    fn push(&mut self, stream: usize, bytes: &[u8]) {
        for secret in self.learning.secrets(bytes) {
            for cleaner in &mut self.cleaners {
                cleaner.learn(&secret);
            }
        }
        let mut clean = std::mem::take(&mut self.clean);
        self.cleaners[stream].push(bytes, &mut clean);
        self.store(&clean);
        clean.clear();
        self.clean = clean;
    }

    /// Writes a line of holdpoint's own, on a line of its own. Both streams count as ended before it.
    pub fn say(&mut self, line: &str) {
        self.flush();
        if self.last.is_some_and(|b| b != b'\n') {
            self.store(b"\n");
        }
        let line = self.cleaners[0].redact_text(line);
        self.store(format!("{line}\n").as_bytes());
    }

    /// Forgets what expectations and captures have looked at so far.
    pub fn forget(&mut self) {
        self.kept = Default::default();
    }

    /// Returns what came on `stream` since the beginning or [`Self::forget`], with its secrets.
    pub fn kept(&self, stream: Stream) -> String {
        self.kept[stream as usize].text()
    }

    /// Writes what is still held back and makes sure that all of it survives a crash.
    pub fn finish(mut self, path: &Path) -> Stored {
        self.flush();
        self.append_end();
        if let Err(err) = self.file.sync_all() {
            self.trouble.get_or_insert(err);
        }
        let mut digest = OutputDigest {
            path: self.name.clone(),
            sha256: self.digest.clone().hex(),
            bytes: self.stored,
            lines: self.lines + u64::from(self.last.is_some_and(|b| b != b'\n')),
            cut_from: (self.end_dropped > 0).then_some(self.came),
            redactions: self.cleaners.iter().map(Redactor::redactions).sum(),
        };
        if self.trouble.is_some() {
            // A write that failed half-way may have stored some of it: only the file itself can tell.
            refresh(&mut digest, path).ok();
            digest.cut_from = Some(self.came);
        }
        Stored {
            digest,
            trouble: self.trouble,
        }
    }

    /// Ends both streams: what was held back is written.
    pub fn flush(&mut self) {
        for stream in 0..self.cleaners.len() {
            let rest = self.learning.rest(stream);
            self.push(stream, &rest);
        }
        let mut clean = Vec::new();
        for cleaner in &mut self.cleaners {
            cleaner.finish(&mut clean);
        }
        self.store(&clean);
    }

    /// Writes up to the cap; of what is beyond it only the end is remembered.
    fn store(&mut self, bytes: &[u8]) {
        self.came += bytes.len() as u64;
        let end_kept = END_KEPT.min(self.cap / 4);
        let room = (self.cap - end_kept).saturating_sub(self.stored);
        let full = self.end_dropped > 0 || !self.end.is_empty();
        let fits = if full {
            0
        } else {
            usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len())
        };
        let (now, beyond) = bytes.split_at(fits);
        self.write(now);
        if beyond.is_empty() {
            return;
        }
        let cut_before = self.end_dropped > 0;
        let keep = usize::try_from(end_kept).unwrap_or(0);
        self.end_dropped += keep_last(&mut self.end, beyond, keep.div_ceil(2));
        if self.end_dropped > 0 && !cut_before {
            self.notice(&format!(
                "[holdpoint: more than {} bytes were printed; from here on they are counted, and only the last are kept]",
                self.cap
            ));
        }
    }

    fn append_end(&mut self) {
        if self.end_dropped > 0 {
            self.notice(&format!(
                "[holdpoint: {} bytes were cut out here; the last {} follow]",
                self.end_dropped,
                self.end.len()
            ));
        }
        let end = std::mem::take(&mut self.end);
        self.write(&end);
    }

    fn notice(&mut self, line: &str) {
        if self.last.is_some_and(|b| b != b'\n') {
            self.write(b"\n");
        }
        self.write(line.as_bytes());
        self.write(b"\n");
    }

    /// Once the disk has refused, nothing more is tried: the child must not be kept waiting.
    fn write(&mut self, bytes: &[u8]) {
        let Some(last) = bytes.last() else { return };
        if self.trouble.is_some() {
            return;
        }
        if let Err(err) = self.file.write_all(bytes) {
            self.trouble = Some(err);
            return;
        }
        self.digest.update(bytes);
        self.stored += bytes.len() as u64;
        self.lines += bytes.iter().map(|b| u64::from(*b == b'\n')).sum::<u64>();
        self.last = Some(*last);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::domain::digest::sha256_hex;

    use super::*;

    fn output(dir: &Path, secrets: &[&str], cap: u64) -> (Files, Output) {
        let files = Files::new(dir, "01.1").unwrap();
        files.make_dirs().unwrap();
        let output = Output::create(&files, &Redactor::new(secrets), cap).unwrap();
        (files, output)
    }

    fn agrees(stored: &Stored, bytes: &[u8]) {
        assert_eq!(stored.digest.sha256, sha256_hex(bytes));
        assert_eq!(stored.digest.bytes, bytes.len() as u64);
        assert_eq!(
            stored.digest.lines,
            String::from_utf8_lossy(bytes).lines().count() as u64
        );
    }

    #[test]
    fn what_is_stored_is_what_is_digested_and_what_is_kept_is_raw() {
        let dir = tempfile::tempdir().unwrap();
        let (files, mut output) = output(dir.path(), &["geheimnis"], 1 << 20);
        output.take(Stream::Out, b"the geh");
        output.take(Stream::Err, b"warning\n");
        output.take(Stream::Out, b"eimnis\n\0\xff");
        assert_eq!(output.kept(Stream::Out), "the geheimnis\n\0\u{fffd}");
        let stored = output.finish(&files.output());
        let bytes = fs::read(files.output()).unwrap();
        assert_eq!(bytes, b"the warning\n[redacted]\n\0\xff");
        assert_eq!(stored.digest.redactions, 1);
        assert_eq!(stored.digest.cut_from, None);
        agrees(&stored, &bytes);
    }

    #[test]
    fn beyond_its_cap_the_output_keeps_its_end_and_says_what_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        let (files, mut output) = output(dir.path(), &[], 10_000);
        for n in 0..10_000 {
            output.take(Stream::Out, format!("line {n}\n").as_bytes());
        }
        let stored = output.finish(&files.output());
        let text = fs::read_to_string(files.output()).unwrap();
        agrees(&stored, text.as_bytes());
        assert_eq!(stored.digest.cut_from, Some(98_890));
        assert!(text.starts_with("line 0\n") && text.ends_with("\nline 9999\n"));
        assert_eq!(text.matches("[holdpoint: ").count(), 2);
        let missing: u64 = text
            .split(" bytes were cut out")
            .next()
            .unwrap()
            .rsplit(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let notices: usize = text
            .split_inclusive('\n')
            .filter(|l| l.starts_with("[holdpoint"))
            .map(str::len)
            .sum();
        let added = u64::from(text.contains("]\n\n"));
        assert!(missing + text.len() as u64 - notices as u64 - 98_890 <= 2 + added);
    }

    #[test]
    fn just_up_to_its_cap_nothing_is_cut() {
        let dir = tempfile::tempdir().unwrap();
        let (files, mut output) = output(dir.path(), &[], 1000);
        output.take(Stream::Out, &[b'x'; 1000]);
        let stored = output.finish(&files.output());
        assert_eq!(stored.digest.cut_from, None);
        agrees(&stored, &[b'x'; 1000]);
    }

    #[test]
    fn a_full_disk_is_told_and_stops_nothing() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut output = Output::over(
            full,
            "output/x.txt".into(),
            &Redactor::new::<&str>([]),
            1 << 20,
        );
        output.take(Stream::Out, b"lost");
        output.take(Stream::Out, b"lost as well");
        let stored = output.finish(Path::new("/dev/null"));
        assert_eq!(stored.trouble.unwrap().kind(), io::ErrorKind::StorageFull);
        assert_eq!(stored.digest.bytes, 0);
        assert_eq!(stored.digest.cut_from, Some(16));
    }
}
