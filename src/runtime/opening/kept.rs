//! Copies in the run's own directory.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Component, Path};

use crate::engine::rundir::{self, RunDir};
use crate::runtime::edited::Amendment;
use crate::runtime::opening::OpenError;

/// Keeps what an amended run executes from now on; what a process left that died before it was recorded is overwritten.
///
/// # Errors
/// The disk refuses.
pub fn keep_amendment(dir: &RunDir, amendment: &Amendment) -> Result<(), OpenError> {
    let within = RunDir {
        path: dir.path.join(&amendment.event.dir),
    };
    let io_error = |source| OpenError::Io {
        path: within.path.display().to_string(),
        source,
    };
    let made = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&within.path);
    made.map_err(io_error)?;
    keep_at(&within, &within.runbook(), &amendment.source.bytes)?;
    for (name, bytes) in &amendment.source.files {
        keep_file(&within, name, bytes)?;
    }
    File::open(&dir.path)
        .and_then(|d| d.sync_all())
        .map_err(io_error)
}

/// Keeps a file that the runbook names in the run's directory.
pub(super) fn keep_file(dir: &RunDir, name: &str, bytes: &[u8]) -> Result<(), OpenError> {
    let inside = Path::new(name)
        .components()
        .all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
    let path = dir.path.join("files").join(name);
    let io_error = |source| OpenError::Io {
        path: path.display().to_string(),
        source,
    };
    if !inside {
        return Err(io_error(io::Error::other(
            "a runbook names files below its own directory only",
        )));
    }
    keep_at(dir, &path, bytes)
}

/// Writes a file within the run's directory so that no crash takes it away again.
fn keep_at(dir: &RunDir, path: &Path, bytes: &[u8]) -> Result<(), OpenError> {
    let io_error = |source| OpenError::Io {
        path: path.display().to_string(),
        source,
    };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(io_error)?;
    }
    let kept = File::create(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    kept.map_err(io_error)?;
    // Its name, too, and that of every directory on the way survive a crash.
    let ways = path.ancestors().skip(1);
    for above in ways.take_while(|above| above.starts_with(&dir.path)) {
        File::open(above)
            .and_then(|d| d.sync_all())
            .map_err(io_error)?;
    }
    Ok(())
}

/// Keeps a signature of the reviewer's in the run's directory.
pub(super) fn keep_beside(dir: &RunDir, name: &str, bytes: &[u8]) -> Result<(), OpenError> {
    let path = dir.path.join(name);
    let written = rundir::private(&path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        // Its name, too, survives a crash: without it the record would speak of a signature that is not there.
        File::open(&dir.path)?.sync_all()
    });
    written.map_err(|source| OpenError::Io {
        path: path.display().to_string(),
        source,
    })
}
