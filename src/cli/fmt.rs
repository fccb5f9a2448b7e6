//! `holdpoint fmt FILE…`: runbooks in their canonical form.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use crate::cli::args::FmtArgs;
use crate::cli::check;
use crate::cli::failure::{BADLY, Failure, INVALID, WORLD};
use crate::domain::runbook::canonical::{Unformatted, canonical};

/// Formats each file; returns 0, or 1 where one is left alone or, with `--check`, would change.
///
/// # Errors
/// A file cannot be read or written (4), or is no runbook (3).
pub fn fmt(args: &FmtArgs) -> Result<u8, Failure> {
    let mut code = 0;
    for path in &args.files {
        let told = one(path, args.check)?;
        if let Told::Bad(text) = told {
            let _ = writeln!(io::stderr(), "{}: {text}", path.display());
            code = BADLY;
        }
    }
    Ok(code)
}

enum Told {
    Good,
    Bad(String),
}

fn one(path: &Path, check_only: bool) -> Result<Told, Failure> {
    let unreadable = |error: io::Error| {
        Failure::new(WORLD, format!("{} cannot be read: {error}", path.display()))
    };
    let (bytes, _) = check::load(path).map_err(unreadable)?;
    let Ok(source) = String::from_utf8(bytes) else {
        return Err(Failure::new(
            INVALID,
            format!("{} is not UTF-8", path.display()),
        ));
    };
    let dir = path.parent().unwrap_or(Path::new(""));
    let files = |name: &str| fs::read_to_string(dir.join(name));
    match canonical(&source, &files) {
        Ok(written) if written == source => Ok(Told::Good),
        Ok(_) if check_only => Ok(Told::Bad(
            "not in its canonical form: `holdpoint fmt` writes it".into(),
        )),
        Ok(written) => replace(path, &written).map(|()| Told::Good),
        Err(Unformatted::Invalid(problems)) => Err(problems.into()),
        Err(left @ Unformatted::LeftAlone(_)) => Ok(Told::Bad(left.to_string())),
    }
}

/// Writes beside the file and puts it in its place, so that no half of it is ever there.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    // A link stays a link: what it names is written.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut beside = path.clone().into_os_string();
    beside.push(".holdpoint-fmt");
    let beside = std::path::PathBuf::from(beside);
    let done = fs::write(&beside, text)
        .and_then(|()| fs::metadata(&path))
        .and_then(|meta| fs::set_permissions(&beside, meta.permissions()))
        .and_then(|()| fs::rename(&beside, &path));
    done.map_err(|error| {
        let _ = fs::remove_file(&beside);
        Failure::new(
            WORLD,
            format!("{} cannot be written: {error}", path.display()),
        )
    })
}
