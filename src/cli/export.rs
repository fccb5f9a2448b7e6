//! `holdpoint export`: a runbook as a markdown checklist.

use std::io::{self, Write as _};

use crate::cli::args::ExportArgs;
use crate::cli::failure::{Failure, WORLD};
use crate::cli::{check, import};
use crate::domain::import::export as checklist;

/// Writes the checklist.
///
/// # Errors
/// The runbook cannot be read or is not valid, or the checklist cannot be written.
pub fn export(args: &ExportArgs) -> Result<u8, Failure> {
    if let Some(path) = &args.output {
        import::free(path, args.force)?;
    }
    let (_, parsed) = check::load(&args.file).map_err(|error| {
        Failure::new(
            WORLD,
            format!("{} cannot be read: {error}", args.file.display()),
        )
    })?;
    let Some(book) = parsed.book else {
        return Err(parsed.problems.into());
    };
    let text = checklist(&book);
    match &args.output {
        Some(path) => import::write(path, &text, args.force)?,
        None => {
            let _ = io::stdout().write_all(text.as_bytes());
        }
    }
    Ok(0)
}
