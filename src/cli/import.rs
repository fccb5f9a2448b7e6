//! `holdpoint import`: a markdown checklist becomes a runbook.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use crate::cli::args::ImportArgs;
use crate::cli::failure::{BADLY, Failure, WORLD};
use crate::domain::import::{self, Expand, Imported, LARGEST, Options, Refused, Repair};
use crate::domain::tame;

/// Imported, and there is something to be looked at.
const WARNED: u8 = 2;
/// Warnings that are printed; the account has all.
const PRINTED: usize = 20;

/// Imports a checklist; returns 0, or 2 where there are warnings.
///
/// # Errors
/// It is refused (1), or a file cannot be read or written (4).
pub fn import(args: &ImportArgs) -> Result<u8, Failure> {
    let outputs = [args.output.as_deref(), args.report.as_deref()];
    for path in outputs.into_iter().flatten() {
        free(path, args.force)?;
    }
    if args.output.is_some() && args.output == args.report {
        return Err(Failure::new(
            BADLY,
            "the runbook and its report cannot be one file",
        ));
    }
    let (bytes, name) = read(&args.file)?;
    if is_runbook(&bytes) {
        let why = "it is a holdpoint runbook already".to_owned();
        let hint = format!("check it with: holdpoint check {}", args.file.display());
        let hint = Some(tame::line(&hint));
        return Err(refusal(&name, Refused { why, hint }));
    }
    let options = Options {
        expand: if args.no_expand {
            Expand::No
        } else {
            Expand::Yes
        },
        repair: if args.repair_fences {
            Repair::Yes
        } else {
            Repair::No
        },
    };
    let imported =
        import::import(&bytes, &name, options).map_err(|refused| refusal(&name, refused))?;
    if let Some(path) = &args.report {
        write(
            path,
            &imported.account.report(&name, &imported.digest),
            args.force,
        )?;
    }
    match &args.output {
        Some(path) => write(path, &imported.yaml, args.force)?,
        None => {
            let _ = io::stdout().write_all(imported.yaml.as_bytes());
        }
    }
    let mut told = summary(&imported, &name);
    if let Some(path) = &args.output {
        let path = path.display();
        told.push_str(&format!(
            "written to {path}; read it, then: holdpoint run {path}\n"
        ));
    }
    let _ = io::stderr().write_all(told.as_bytes());
    Ok(if imported.account.warnings.is_empty() {
        0
    } else {
        WARNED
    })
}

/// Whether it begins as runbooks do: comments and blank lines aside, with `runbook: 1`.
fn is_runbook(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    let first = lines.find(|line| !(line.trim().is_empty() || line.starts_with(['#', '-'])));
    let version = first.and_then(|line| line.strip_prefix("runbook:"));
    version.is_some_and(|version| version.trim().parse::<u32>().is_ok())
}

/// Makes a failure of a refusal.
pub fn refusal(name: &str, refused: Refused) -> Failure {
    let failure = Failure::new(
        BADLY,
        format!("{} is not imported: {}", tame::line(name), refused.why),
    );
    match refused.hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// Reads a document, and says what it is called.
pub fn read(path: &Path) -> Result<(Vec<u8>, String), Failure> {
    let limit = u64::try_from(LARGEST).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let (done, name) = if path == Path::new("-") {
        (
            io::stdin().lock().take(limit).read_to_end(&mut bytes),
            "standard input".to_owned(),
        )
    } else {
        let name = path.file_name().map_or_else(
            || path.display().to_string(),
            |n| n.to_string_lossy().into_owned(),
        );
        (
            File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)),
            name,
        )
    };
    done.map_err(|error| {
        Failure::new(WORLD, format!("{} cannot be read: {error}", path.display()))
    })?;
    Ok((bytes, name))
}

/// Refuses to write over a file.
pub fn free(path: &Path, force: bool) -> Result<(), Failure> {
    if force || path.symlink_metadata().is_err() {
        return Ok(());
    }
    Err(Failure::new(
        BADLY,
        format!("{} exists already: nothing was written", path.display()),
    )
    .hint("name another file, or say --force"))
}

/// Writes a file; without `force` only where there is none.
pub fn write(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let done = options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    done.map_err(|error| {
        Failure::new(
            WORLD,
            format!("{} cannot be written: {error}", path.display()),
        )
    })
}

/// What is told on standard error.
pub fn summary(imported: &Imported, name: &str) -> String {
    let account = &imported.account;
    let mut text = format!("{}: {}\n", tame::line(name), account.summary());
    if !imported.book.targets.is_empty() {
        text.push_str("  its SQL asks the database at $DATABASE_URL: export that before a run, or change `targets`\n");
    }
    for (line, warning) in account.warnings.iter().take(PRINTED) {
        text.push_str(&format!("  line {line}: {}\n", tame::line(warning)));
    }
    if let Some(more) = account
        .warnings
        .len()
        .checked_sub(PRINTED)
        .filter(|n| *n > 0)
    {
        text.push_str(&format!("  … and {more} more: `--report FILE` tells all\n"));
    }
    text
}
