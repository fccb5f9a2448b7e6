//! `holdpoint resume`: a run goes on exactly where it stands.

use crate::cli::args::ResumeArgs;
use crate::cli::failure::{Failure, USAGE};
use crate::cli::session::{self, Face};
use crate::domain::run::state::RunState;
use crate::engine::rundir::{self, RunDir};
use crate::engine::store;
use crate::runtime::opening;

/// Takes a run up again.
///
/// # Errors
/// There is no such run, somebody else drives it, or its record is broken.
pub fn resume(args: &ResumeArgs) -> Result<u8, Failure> {
    let face = if args.auto { Face::Lines } else { Face::Screen };
    if face == Face::Screen {
        crate::cli::need_terminal("`holdpoint resume RUN --auto` goes on without a screen")?;
    }
    let dir = match &args.run {
        Some(name) => rundir::find(name)?,
        None => newest_open()?,
    };
    take_up(dir, args.key.as_deref(), face)
}

/// Takes the run in `dir` up again.
///
/// # Errors
/// Somebody else drives it, or its record is broken.
pub fn take_up(dir: RunDir, key: Option<&str>, face: Face) -> Result<u8, Failure> {
    let open = opening::take_up(dir, &session::operator(key)?, String::new())?;
    let target = &open.run.opened.target;
    let missing = opening::unset_environment(&open.book, target);
    if open.run.closed.is_none() && !missing.is_empty() {
        return Err(Failure::new(
            USAGE,
            format!(
                "the run needs environment variables that are not set: {}",
                missing.join(", ")
            ),
        )
        .hint("export them as they were when it was started, then resume"));
    }
    session::drive(open, face, None)
}

/// The newest run that is not closed.
fn newest_open() -> Result<RunDir, Failure> {
    for dir in rundir::list()? {
        let Ok(journal) = store::read(&dir.journal()) else {
            continue;
        };
        if RunState::fold(&journal.entries).closed.is_none() {
            return Ok(dir);
        }
    }
    Err(
        Failure::new(USAGE, "there is no run to take up again: all are closed")
            .hint("`holdpoint run FILE` starts one"),
    )
}
