//! `holdpoint report`: a run as one page of HTML, to be read, shown and printed.

use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;

use crate::cli::failure::{Failure, USAGE};
use crate::cli::log::{bundle, failure};
use crate::cli::tell;

/// `holdpoint report`
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// The run: its id, a part of it, its directory, or its log.
    pub run: String,
    /// One self-contained page of HTML: the log, and a timeline of steps, sessions and alarms.
    #[arg(long)]
    pub html: bool,
    /// Where to write it; standard output by default.
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Writes the page.
///
/// # Errors
/// The run, its runbook or its journal cannot be read, or the disk refuses.
pub fn report(args: &ReportArgs) -> Result<u8, Failure> {
    if !args.html {
        let said = "say which form: --html";
        return Err(Failure::new(USAGE, said).hint("`holdpoint log RUN` prints the markdown"));
    }
    let page = bundle(&args.run)?.html().map_err(|e| failure(&e))?;
    let Some(file) = &args.out else {
        let _ = std::io::stdout().write_all(page.as_bytes());
        return Ok(0);
    };
    std::fs::write(file, page).map_err(|e| Failure::world(&e).hint(file.display().to_string()))?;
    tell(&file.display().to_string());
    Ok(0)
}
