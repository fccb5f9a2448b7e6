//! The runbook that is opened, with the files that it names.

use std::collections::BTreeMap;
use std::fs::{self};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::domain::digest::sha256_hex;
use crate::domain::run::state::RunState;
use crate::domain::runbook::model::Runbook;
use crate::engine::rundir::RunDir;
use crate::runtime::opening::OpenError;

/// A runbook as it was read: its bytes, and those of every file that it names.
#[derive(Debug, Clone)]
pub struct Source {
    /// Where it was read from, absolute.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The files that it names, relative to it.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The plan.
    pub book: Arc<Runbook>,
}

/// Reads the runbook at `path`, and every file that it names.
///
/// # Errors
/// It cannot be read, or is not valid.
pub fn read(path: &Path) -> Result<Source, OpenError> {
    let io_error = |source| OpenError::Io {
        path: path.display().to_string(),
        source,
    };
    let path = std::path::absolute(path).map_err(io_error)?;
    let bytes = fs::read(&path).map_err(io_error)?;
    let dir = path.parent().map(Path::to_owned).unwrap_or_default();
    parsed(path, bytes, &dir)
}

/// Returns a runbook that was made of the document `path`; it names no files.
///
/// # Errors
/// It is no runbook.
pub fn imported(path: &Path, bytes: Vec<u8>) -> Result<Source, OpenError> {
    let dir = path.parent().map(Path::to_owned).unwrap_or_default();
    parsed(path.to_owned(), bytes, &dir)
}

/// Reads the runbook that `run` executes: the pinned bytes, never the file that they once came from.
///
/// # Errors
/// It cannot be read, or is not what the record says.
pub fn pinned(dir: &RunDir, run: &RunState) -> Result<Source, OpenError> {
    let root = match run.amendments.last() {
        Some(amended) => dir.path.join(&amended.dir),
        None => dir.path.clone(),
    };
    let path = root.join("runbook.yaml");
    let bytes = fs::read(&path).map_err(|source| OpenError::Io {
        path: path.display().to_string(),
        source,
    })?;
    let (sha256, files) = run.executes();
    let changed = |file: &str| OpenError::Changed {
        run: dir.name(),
        file: file.to_owned(),
    };
    if sha256_hex(&bytes) != sha256 {
        return Err(changed("runbook.yaml"));
    }
    // Before it is read: a file that somebody changed may not even be valid.
    for (name, sha256) in files {
        let kept = fs::read(root.join("files").join(name)).ok();
        if kept.is_none_or(|kept| sha256_hex(&kept) != *sha256) {
            return Err(changed(name));
        }
    }
    parsed(path, bytes, &root.join("files"))
}

/// Returns the digests of the files that the runbook names.
pub fn digests(source: &Source) -> BTreeMap<String, String> {
    let files = source.files.iter();
    files
        .map(|(name, bytes)| (name.clone(), sha256_hex(bytes)))
        .collect()
}

fn parsed(path: PathBuf, bytes: Vec<u8>, dir: &Path) -> Result<Source, OpenError> {
    let seen = std::cell::RefCell::new(BTreeMap::new());
    let files = |name: &str| {
        let text = fs::read_to_string(dir.join(name))?;
        seen.borrow_mut()
            .insert(name.to_owned(), text.clone().into_bytes());
        Ok(text)
    };
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let book = crate::domain::runbook::parse::parse(&bytes, &name, &files)
        .map_err(|p| OpenError::Invalid(p.render()))?;
    Ok(Source {
        path,
        bytes,
        files: seen.into_inner(),
        book: Arc::new(book),
    })
}
