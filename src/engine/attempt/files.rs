//! The files of one attempt: where they lie, how they are written, who holds the lock.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::attempt::Outcome;

/// Where the files of one attempt lie.
#[derive(Debug, Clone)]
pub struct Files {
    run_dir: PathBuf,
    dir: PathBuf,
    name: String,
}

/// Who supervises an attempt: the content of its lock file, written before any work begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// When that process started, in clock ticks after boot (`/proc/PID/stat`, field 22).
    pub start: u64,
    /// Which boot of the machine it was.
    pub boot: String,
    /// When it began, in milliseconds of Unix time.
    pub since_ms: u64,
}

/// What can be told from a lock file.
#[derive(Debug)]
pub enum Lock {
    /// There is none: nobody was ever launched.
    Absent,
    /// Somebody holds it; who, if it has said so already.
    Held(Option<Holder>),
    /// Nobody holds it; who did, if anybody began to work.
    Free(Option<Holder>),
    /// It cannot be asked.
    Unknown(io::Error),
}

impl Files {
    /// Returns the files of attempt `name` below `run_dir`; `None`: the name could lead elsewhere.
    pub fn new(run_dir: &Path, name: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let good = name.len() <= 100
            && name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.chars().all(plain);
        good.then(|| Self {
            run_dir: run_dir.to_owned(),
            dir: run_dir.join("attempts").join(name),
            name: name.to_owned(),
        })
    }

    /// Returns the attempt's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the run's directory.
    pub fn run_dir(&self) -> &Path {
        &self.run_dir
    }

    /// Returns the attempt's directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns what is to be done.
    pub fn action(&self) -> PathBuf {
        self.dir.join("action.json")
    }

    /// Returns from where on the server's sessions may be the tool's.
    pub fn tool(&self) -> PathBuf {
        self.dir.join("tool.json")
    }

    /// Returns the lock.
    pub fn lock(&self) -> PathBuf {
        self.dir.join("lock")
    }

    /// Returns how it ended.
    pub fn exit(&self) -> PathBuf {
        self.dir.join("exit.json")
    }

    /// Returns the wish that it be stopped.
    pub fn cancel(&self) -> PathBuf {
        self.dir.join("cancel")
    }

    /// Returns which process does the work, for those who find it orphaned.
    pub fn job(&self) -> PathBuf {
        self.dir.join("job")
    }

    /// Returns where a script leaves `name=value` lines.
    pub fn values(&self) -> PathBuf {
        self.dir.join("values")
    }

    /// Returns the directory of the captured values that are secret.
    pub fn secrets(&self) -> PathBuf {
        self.dir.join("secret")
    }

    /// Returns the output file, relative to the run's directory.
    pub fn output_name(&self) -> String {
        format!("output/{}.txt", self.name)
    }

    /// Returns the output file.
    pub fn output(&self) -> PathBuf {
        self.run_dir.join(self.output_name())
    }

    /// Makes the directories, for their owner alone.
    pub fn make_dirs(&self) -> io::Result<()> {
        private_dir(&self.dir)?;
        private_dir(&self.run_dir.join("output"))
    }

    /// Opens the lock file for reading and writing, made where there is none.
    pub fn open_lock(&self) -> io::Result<File> {
        let mut open = OpenOptions::new();
        open.read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600);
        open.open(self.lock())
    }

    /// Asks the lock file who holds it. Never disturbs a holder: what is taken is shared, and only for a moment.
    pub fn ask_lock(&self) -> Lock {
        let mut file = match File::open(self.lock()) {
            Ok(file) => file,
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Lock::Absent,
            Err(err) => return Lock::Unknown(err),
        };
        let free = match file.try_lock_shared() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(err)) => return Lock::Unknown(err),
        };
        match read_holder(&mut file) {
            Ok(holder) if free => Lock::Free(holder),
            Ok(holder) => Lock::Held(holder),
            Err(err) => Lock::Unknown(err),
        }
    }

    /// Reads how it ended; `None`: it has not ended, or not written so.
    pub fn outcome(&self) -> io::Result<Option<Outcome>> {
        match fs::read(self.exit()) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(err) => Err(err),
        }
    }
}

/// Reads who a lock file names; `None`: nobody yet. A line that was cut off by a crash names nobody.
pub fn read_holder(file: &mut File) -> io::Result<Option<Holder>> {
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(4096).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text).ok())
}

/// Makes a directory (and those above it) for its owner alone.
pub fn private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes a new file for its owner alone; one that is there already is emptied.
pub fn private_file(path: &Path) -> io::Result<File> {
    let mut open = OpenOptions::new();
    open.write(true).create(true).truncate(true).mode(0o600);
    open.open(path)
}

/// Writes a whole file so that a reader sees all of it or nothing, and a crash later cannot undo it.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut temp = path.to_owned();
    temp.set_extension("tmp");
    let mut file = private_file(&temp)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temp, path)?;
    sync_dir(path)
}

/// Makes sure that the name of `path` survives a crash.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    path.parent()
        .map_or(Ok(()), |dir| File::open(dir)?.sync_all())
}
