//! The files of one run as its record: read carefully, because they may come from anywhere.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use crate::domain::journal::Journal;
use crate::domain::report::html::{self, Made};
use crate::domain::report::scan::{Scan, Scanner};
use crate::domain::report::{self, Told, signoff};
use crate::domain::run::event::Event;
use crate::domain::runbook::model::Runbook;
use crate::domain::runbook::parse;
use crate::domain::sample::timeline::Timeline;
use crate::engine::seal::error::{SealError, io_at};

/// The largest file that is read, in bytes.
pub const LARGEST: u64 = 512 << 20;

/// Bytes that are read at once.
const PIECE: usize = 256 << 10;

/// A run's directory, and its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The directory.
    pub dir: PathBuf,
    /// The log.
    pub log: PathBuf,
}

impl Bundle {
    /// Returns the bundle of a run's directory, or of its log.
    pub fn at(path: &Path) -> Self {
        if path.is_dir() {
            let (dir, log) = (path.to_owned(), path.join("log.md"));
            return Self { dir, log };
        }
        let dir = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            Some(_) | None => PathBuf::from("."),
        };
        let log = path.to_owned();
        Self { dir, log }
    }

    /// Returns the name of the directory.
    pub fn folder(&self) -> Option<String> {
        let dir = fs::canonicalize(&self.dir).ok()?;
        Some(dir.file_name()?.to_string_lossy().into_owned())
    }

    /// Reads a file by its path within the directory: a plain file, never through a link out of it.
    ///
    /// # Errors
    /// It is not there, is no plain file, or is too large.
    pub fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        plain(&self.place(path)?)
    }

    /// Reads a file to its end without holding it; the same files as [`Bundle::read`], of any size.
    ///
    /// # Errors
    /// It is not there, or is no plain file.
    pub fn scan(&self, path: &str) -> io::Result<Scan> {
        let whole = self.place(path)?;
        let about = fs::metadata(&whole)?;
        if !about.is_file() {
            return Err(io::Error::other("it is no plain file"));
        }
        let mut file = File::open(&whole)?.take(about.len());
        let mut scanner = Scanner::default();
        let mut piece = vec![0; PIECE];
        loop {
            match file.read(&mut piece)? {
                0 => return Ok(scanner.done()),
                n => scanner.feed(&piece[..n]),
            }
        }
    }

    fn place(&self, path: &str) -> io::Result<PathBuf> {
        let inside = Path::new(path)
            .components()
            .all(|c| matches!(c, Component::Normal(_)));
        if !inside || path.is_empty() {
            return Err(io::Error::other("its path leads out of the folder"));
        }
        let mut whole = self.dir.clone();
        for part in Path::new(path).components() {
            whole.push(part);
            if fs::symlink_metadata(&whole)?.is_symlink() {
                return Err(io::Error::other("it is a link"));
            }
        }
        Ok(whole)
    }

    /// Returns the journal's bytes.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn journal(&self) -> Result<Vec<u8>, SealError> {
        self.read("journal.jsonl")
            .map_err(io_at(self.dir.join("journal.jsonl")))
    }

    /// Returns the plan that was executed.
    ///
    /// # Errors
    /// It cannot be read, or is not valid.
    pub fn book(&self) -> Result<Runbook, SealError> {
        let root = self.amended().map_or(String::new(), |dir| dir + "/");
        let path = format!("{root}runbook.yaml");
        let bytes = self.read(&path).map_err(io_at(self.dir.join(&path)))?;
        let files = |name: &str| {
            let path = report::kept_as(name).unwrap_or_default();
            let bytes = self.read(&format!("{root}{path}"))?;
            String::from_utf8(bytes).map_err(io::Error::other)
        };
        parse::parse(&bytes, "runbook.yaml", &files).map_err(|p| SealError::Runbook(p.render()))
    }

    /// Returns the directory of the runbook's last amendment; `None`: there is none, or the journal cannot say.
    fn amended(&self) -> Option<String> {
        let journal = Journal::read(&self.journal().ok()?).ok()?;
        journal
            .entries
            .into_iter()
            .rev()
            .find_map(|e| match e.event {
                Event::RunbookAmended(amended) => Some(amended.dir),
                _ => None,
            })
    }

    /// Returns the log as the journal tells it, before anybody signs it.
    ///
    /// # Errors
    /// The runbook or the journal cannot be read.
    pub fn tell(&self) -> Result<String, SealError> {
        Ok(self.told()?.record)
    }

    /// Returns the log as the journal tells it, with what was counted meanwhile.
    ///
    /// # Errors
    /// The runbook or the journal cannot be read.
    pub fn told(&self) -> Result<Told, SealError> {
        let (book, journal) = (self.book()?, self.journal()?);
        let told = report::render(&book, &journal, &|path| self.scan(path).ok())?;
        Ok(told)
    }

    /// Returns the run as one page of HTML: the log as it stands on the disk, or as it would be told, and a timeline.
    ///
    /// # Errors
    /// The runbook, the journal or the log cannot be read.
    pub fn html(&self) -> Result<String, SealError> {
        let (book, journal) = (self.book()?, self.journal()?);
        let log = match self.log()? {
            Some(log) => log,
            None => self.tell()?,
        };
        // No signature covers the samples: what cannot be read of them is left out of the picture.
        let samples = self.read("samples.jsonl").unwrap_or_default();
        let samples = Timeline::read(&String::from_utf8_lossy(&samples));
        let made = Made {
            book: &book,
            journal: &journal,
            log: &log,
            seen: &samples.lines,
        };
        Ok(html::page(&made, &|path| self.scan(path).ok())?)
    }

    /// Returns the log as it stands on the disk; `None`: there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn log(&self) -> Result<Option<String>, SealError> {
        match plain(&self.log) {
            Ok(bytes) => String::from_utf8(bytes)
                .map(Some)
                .map_err(|e| io_at(&self.log)(io::Error::other(e))),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(io_at(&self.log)(e)),
        }
    }

    /// Writes the log, unless it is signed: then it stays as it is. Returns its text.
    ///
    /// # Errors
    /// The runbook or the journal cannot be read, or the disk refuses.
    pub fn write_log(&self) -> Result<String, SealError> {
        if let Some(log) = self.log()?
            && signoff::read(&log).is_some_and(|layout| !layout.blocks.is_empty())
        {
            return Ok(log);
        }
        let told = self.tell()?;
        self.replace_log(&told)?;
        Ok(told)
    }

    /// Puts another text in the log's place: at no time is there half a log.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn replace_log(&self, text: &str) -> Result<(), SealError> {
        let mut name = self.log.as_os_str().to_owned();
        name.push(".new");
        let new = PathBuf::from(name);
        let written = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)
            .and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.sync_all()
            });
        written.map_err(io_at(&new))?;
        fs::rename(&new, &self.log).map_err(io_at(&self.log))?;
        let dir = File::open(&self.dir).and_then(|dir| dir.sync_all());
        dir.map_err(io_at(&self.dir))
    }

    /// Whether the run was closed, and who drove it last.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn ending(&self) -> Result<Ending, SealError> {
        let journal = Journal::read(&self.journal()?).map_err(report::ReportError::from)?;
        let last = journal.last_of_run();
        Ok(Ending {
            closed: match last {
                Some(Event::RunClosed(_)) if journal.torn == 0 => Closing::Closed,
                Some(_) | None => Closing::Open,
            },
            operator: journal.entries.iter().rev().find_map(|e| match &e.event {
                Event::Operator(operator) => Some(operator.identity.clone()),
                _ => None,
            }),
        })
    }
}

/// How a journal ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Whether the run was closed.
    pub closed: Closing,
    /// The identity of who drove it last.
    pub operator: Option<String>,
}

/// Whether a run was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// It was.
    Closed,
    /// Its journal may still grow.
    Open,
}

/// Reads a plain file of a bearable size: no pipe, no device, nothing that never ends.
pub fn plain(path: &Path) -> io::Result<Vec<u8>> {
    let about = fs::metadata(path)?;
    if !about.is_file() {
        return Err(io::Error::other("it is no plain file"));
    }
    if about.len() > LARGEST {
        return Err(io::Error::other("it is larger than 512 MiB"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}
