//! Why an attempt could not be launched or asked to stop.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why an attempt could not be launched or asked to stop.
#[derive(Debug, Error)]
pub enum AttemptError {
    /// The name is no name of a file.
    #[error("`{0}` cannot name an attempt: use letters, digits, dots and dashes")]
    Name(String),
    /// It is running under that name.
    #[error("attempt {0} is running: it is not started a second time")]
    Running(String),
    /// It was started under that name before.
    #[error(
        "attempt {0} was started before: a step is never run twice under one name; begin the next attempt"
    )]
    StartedBefore(String),
    /// A process of an earlier attempt still works, without its supervisor.
    #[error(
        "process {pid} of attempt {name} is still at work without its supervisor: wait for its end, or end it, and look again what it did"
    )]
    Orphaned {
        /// The earlier attempt.
        name: String,
        /// The process.
        pid: u32,
    },
    /// There is nothing to stop.
    #[error("attempt {0} is not running: there is nothing to stop")]
    NotRunning(String),
    /// A file of the attempt cannot be read or written.
    #[error("{} cannot be {what}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `read`, `written`, `locked`.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The supervisor's process cannot be started.
    #[error("the step's supervisor cannot be started: {0}")]
    Spawn(io::Error),
}

impl AttemptError {
    /// Returns a function that tells which file, and what could not be done with it.
    pub(crate) fn file(
        path: impl Into<PathBuf>,
        what: &'static str,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, what, source }
    }
}
