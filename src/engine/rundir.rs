//! The run directory: where it lies, what is in it, and who drives it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::domain::report::later::FILE;
use crate::engine::clock;
use crate::engine::driving::{read_driver, write_driver};

pub use crate::engine::driving::{Driver, DriverLock, Life};

/// The environment variable that names another data directory.
pub const DATA_ENV: &str = "HOLDPOINT_DATA";

/// What git needs to know of a record: its bytes are never to be changed, on no machine. The digests depend on them.
const ATTRIBUTES: &str = "* -text\n";

/// Why a run directory cannot be used. The text says what, why and what now.
#[derive(Debug, Error)]
pub enum RunDirError {
    /// The system does not say where the user's data lie.
    #[error("there is no home directory to keep runs in: set HOLDPOINT_DATA to a directory")]
    NoHome,
    /// A file or directory cannot be used.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// No run has such a name.
    #[error("there is no run called `{name}` in {place}: `holdpoint runs` lists them")]
    NoSuchRun {
        /// What was asked for.
        name: String,
        /// Where was looked.
        place: String,
    },
    /// Several runs have such a name.
    #[error("`{name}` fits several runs: {}", .found.join(", "))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// Which fit.
        found: Vec<String>,
    },
    /// Somebody else drives.
    #[error("{} drives this run, pid {} on {}, since {}: follow it with `holdpoint watch {run}`", .driver.user, .driver.pid, .driver.host, .driver.since)]
    Driven {
        /// The run.
        run: String,
        /// Who.
        driver: Box<Driver>,
    },
}

fn io_at(path: &Path) -> impl Fn(io::Error) -> RunDirError + '_ {
    |source| RunDirError::Io {
        path: path.display().to_string(),
        source,
    }
}

/// A run's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir {
    /// The directory.
    pub path: PathBuf,
}

/// Returns the directory below which everything lies.
///
/// # Errors
/// No home directory.
pub fn data_dir() -> Result<PathBuf, RunDirError> {
    if let Some(dir) = std::env::var_os(DATA_ENV).filter(|d| !d.is_empty()) {
        return std::path::absolute(&dir).map_err(io_at(Path::new(&dir)));
    }
    let dirs = directories::ProjectDirs::from("", "", "holdpoint").ok_or(RunDirError::NoHome)?;
    Ok(dirs.data_dir().to_owned())
}

/// Returns the directory of all runs.
///
/// # Errors
/// No home directory.
pub fn runs_dir() -> Result<PathBuf, RunDirError> {
    Ok(data_dir()?.join("runs"))
}

/// Returns every run's directory, the newest first.
///
/// # Errors
/// The directory cannot be read.
pub fn list() -> Result<Vec<RunDir>, RunDirError> {
    list_in(&runs_dir()?)
}

/// Returns the directory of every run in `dir`, the newest first; none where there is no such directory.
///
/// # Errors
/// The directory cannot be read.
pub fn list_in(dir: &Path) -> Result<Vec<RunDir>, RunDirError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(io_at(dir)(e)),
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut runs: Vec<RunDir> = paths
        .filter(|p| p.join("journal.jsonl").exists())
        .map(|path| RunDir { path })
        .collect();
    runs.sort_by(|a, b| b.path.file_name().cmp(&a.path.file_name()));
    Ok(runs)
}

/// Returns the run that `name` names: a directory, a run's id, or a part of it that fits only one.
///
/// # Errors
/// None fits, or several do.
pub fn find(name: &str) -> Result<RunDir, RunDirError> {
    let path = Path::new(name);
    if path.join("journal.jsonl").exists() {
        return Ok(RunDir {
            path: std::path::absolute(path).map_err(io_at(path))?,
        });
    }
    let mut fits: Vec<RunDir> = list()?
        .into_iter()
        .filter(|run| run.name().contains(name))
        .collect();
    if let Some(exact) = fits.iter().position(|run| run.name() == name) {
        return Ok(fits.swap_remove(exact));
    }
    match fits.len() {
        1 => Ok(fits.swap_remove(0)),
        0 => Err(RunDirError::NoSuchRun {
            name: name.into(),
            place: runs_dir()?.display().to_string(),
        }),
        _ => Err(RunDirError::Ambiguous {
            name: name.into(),
            found: fits.iter().map(RunDir::name).collect(),
        }),
    }
}

/// Returns a new run's id: `20261120T090412Z-orders-7f3a2c`.
pub fn new_id(title: &str, now_ms: i64) -> String {
    let stamp = chrono::DateTime::from_timestamp_millis(now_ms)
        .unwrap_or_default()
        .format("%Y%m%dT%H%M%SZ");
    let words = title
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty());
    let slug: String = words
        .collect::<Vec<_>>()
        .join("-")
        .to_ascii_lowercase()
        .chars()
        .take(24)
        .collect();
    let slug = slug.trim_matches('-');
    format!(
        "{stamp}-{}-{}",
        if slug.is_empty() { "run" } else { slug },
        clock::random_hex(6)
    )
}

impl RunDir {
    /// Makes the directory of a new run, with the exact bytes of its runbook.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn create(id: &str, runbook: &[u8]) -> Result<Self, RunDirError> {
        let runs = runs_dir()?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&runs)
            .map_err(io_at(&runs))?;
        let path = runs.join(id);
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(io_at(&path))?;
        for sub in ["attempts", "output"] {
            let sub = path.join(sub);
            DirBuilder::new()
                .mode(0o700)
                .create(&sub)
                .map_err(io_at(&sub))?;
        }
        let run = Self { path };
        let attributes = run.path.join(".gitattributes");
        private(&attributes)
            .and_then(|mut file| file.write_all(ATTRIBUTES.as_bytes()))
            .map_err(io_at(&attributes))?;
        let book = run.runbook();
        let mut file = private(&book).map_err(io_at(&book))?;
        file.write_all(runbook)
            .and_then(|()| file.sync_all())
            .map_err(io_at(&book))?;
        for dir in [&run.path, &runs] {
            File::open(dir)
                .and_then(|d| d.sync_all())
                .map_err(io_at(dir))?;
        }
        Ok(run)
    }

    /// Returns the run's id.
    pub fn name(&self) -> String {
        self.path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    /// Returns the path of the runbook that is executed.
    pub fn runbook(&self) -> PathBuf {
        self.path.join("runbook.yaml")
    }

    /// Returns the path of the journal.
    pub fn journal(&self) -> PathBuf {
        self.path.join("journal.jsonl")
    }

    /// Returns the path of the signed log.
    pub fn log(&self) -> PathBuf {
        self.path.join("log.md")
    }

    /// Returns the file of what is recorded after the run was closed: see `domain::report::later`.
    pub fn later(&self) -> PathBuf {
        self.path.join(FILE)
    }

    /// Returns the file of what the monitor saw: see `domain::sample::timeline`.
    pub fn samples(&self) -> PathBuf {
        self.path.join("samples.jsonl")
    }

    /// Returns who drives the run at the moment.
    pub fn driver(&self) -> Option<Driver> {
        let path = self.path.join("driver.lock");
        let file = OpenOptions::new().read(true).write(true).open(path).ok()?;
        match file.try_lock() {
            Ok(()) => None,
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => read_driver(&file),
        }
    }

    /// Takes the right to append to the journal; [`DriverLock::begin`] says that it is used.
    ///
    /// # Errors
    /// Somebody else has it, or the disk refuses.
    pub fn drive(&self) -> Result<DriverLock, RunDirError> {
        let path = self.path.join("driver.lock");
        let open = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        let file = open.map_err(io_at(&path))?;
        self.lock(&file, &path)?;
        let before = read_driver(&file).and_then(Driver::drove);
        write_driver(&file, &Driver::taking_over(before.as_ref())).map_err(io_at(&path))?;
        Ok(DriverLock { file, before })
    }
}

impl RunDir {
    /// Takes the lock, or says who has it. A driver that was killed holds it until the system has put it away.
    fn lock(&self, file: &File, path: &Path) -> Result<(), RunDirError> {
        for patience in (0..100).rev() {
            match file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::Error(e)) => return Err(io_at(path)(e)),
                Err(TryLockError::WouldBlock) => {}
            }
            let driver = read_driver(file).unwrap_or_default();
            if patience == 0 || matches!(driver.life(), Life::Runs | Life::Elsewhere) {
                let (run, driver) = (self.name(), Box::new(driver));
                return Err(RunDirError::Driven { run, driver });
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Ok(())
    }
}

/// Makes a new file that only its owner reads.
///
/// # Errors
/// The disk refuses, or the file is there.
pub fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_driver_is_told_who_the_first_is() {
        let dir = tempfile::tempdir().unwrap();
        let run = RunDir {
            path: dir.path().to_owned(),
        };
        let lock = run.drive().unwrap();
        assert!(lock.before.is_none());
        let refused = run.drive().unwrap_err().to_string();
        assert!(
            refused.contains(&format!("pid {}", std::process::id())),
            "{refused}"
        );
        assert_eq!(run.driver().map(|d| d.pid), Some(std::process::id()));
        drop(lock);
        assert!(run.driver().is_none());
        // Who never began did not drive.
        assert!(run.drive().unwrap().before.is_none());
        run.drive().unwrap().begin().unwrap();
        for _ in 0..2 {
            let before = run.drive().unwrap().before.unwrap();
            assert_eq!(before.pid, std::process::id());
        }
    }

    #[test]
    fn a_run_is_called_after_its_time_and_title() {
        let id = new_id("Orders: 2026.11 – fulfilment status!", 1_763_629_452_000);
        assert!(
            id.starts_with("20251120T090412Z-orders-2026-11-fulfilme"),
            "{id}"
        );
    }
}
