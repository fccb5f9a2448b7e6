//! `holdpoint log`: prints the log of a run, and writes it where it is missing.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::failure::{Failure, WORLD};
use crate::cli::tell;
use crate::engine::rundir;
use crate::engine::seal::{Bundle, SealError, detach};

/// `holdpoint log`
#[derive(Debug, Clone, Args)]
pub struct LogArgs {
    /// The run: its id, a part of it, or its directory.
    pub run: String,
    /// Where the log is, and not what it says.
    #[arg(long)]
    pub path: bool,
    /// Write every signature and what it covers as a pair of files into this directory: `log.1.md`, `log.1.md.sig`.
    #[arg(long, value_name = "DIR", conflicts_with = "path")]
    pub detached: Option<PathBuf>,
}

/// Prints the log of a run. What is signed is printed as it stands; anything else is told anew from the journal.
///
/// # Errors
/// The run, its runbook or its journal cannot be read, or the disk refuses.
pub fn log(args: &LogArgs) -> Result<u8, Failure> {
    let bundle = bundle(&args.run)?;
    if let Some(dir) = &args.detached {
        for text in detach(&bundle, dir).map_err(|e| failure(&e))? {
            let text = text.display();
            tell(&format!("{text}, signed in {text}.sig"));
        }
        return Ok(0);
    }
    let text = bundle.write_log().map_err(|e| failure(&e))?;
    if args.path {
        tell(&bundle.log.display().to_string());
    } else {
        tell(text.trim_end_matches('\n'));
    }
    Ok(0)
}

/// Returns the bundle of a run: its id, a part of it, its directory, or its log.
///
/// # Errors
/// None fits, or several do.
pub fn bundle(name: &str) -> Result<Bundle, Failure> {
    let path = Path::new(name);
    if path.exists() {
        return Ok(Bundle::at(path));
    }
    Ok(Bundle::at(&rundir::find(name)?.path))
}

/// Returns what keeps something from being signed or told, as the command line says it.
pub fn failure(error: &SealError) -> Failure {
    Failure::new(WORLD, error.to_string())
}
