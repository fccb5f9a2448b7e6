//! `holdpoint resume`: a run goes on exactly where it stands.

use std::io::{BufRead as _, Write as _};

use crate::cli::args::ResumeArgs;
use crate::cli::failure::{Failure, USAGE, WAITS};
use crate::cli::session::{self, Face};
use crate::domain::run::state::RunState;
use crate::engine::rundir::{self, RunDir};
use crate::engine::store;
use crate::runtime::claim::claim;
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
    take_up(dir, args.key.as_deref(), args.reason.as_deref(), face)
}

/// Takes the run in `dir` up again. Where its driver went without a word, `reason` says why it is taken over; without
/// one it is asked for.
///
/// # Errors
/// Somebody else drives it, its record is broken, or nobody says why a dead driver is taken over.
pub fn take_up(
    dir: RunDir,
    key: Option<&str>,
    reason: Option<&str>,
    face: Face,
) -> Result<u8, Failure> {
    let operator = session::operator(key)?;
    let claim = claim(dir)?;
    let (run, book) = claim.stands();
    let missing = opening::unset_environment(book, &run.opened.target);
    if run.closed.is_none() && !missing.is_empty() {
        claim.decline();
        return Err(Failure::new(
            USAGE,
            format!(
                "the run needs environment variables that are not set: {}",
                missing.join(", ")
            ),
        )
        .hint("export them as they were when it was started, then resume"));
    }
    let reason = match (reason.map(str::trim), claim.abandoned()) {
        (Some(given), _) if !given.is_empty() => given.to_owned(),
        (_, None) => String::new(),
        (_, Some(said)) => match ask(&said, face) {
            Ok(reason) => reason,
            Err(failure) => {
                claim.decline();
                return Err(failure);
            }
        },
    };
    session::drive(claim.take_up(&operator, reason)?, face, None)
}

/// Asks at the terminal why a run is taken over whose driver is dead.
fn ask(said: &str, face: Face) -> Result<String, Failure> {
    let unanswered = |why: &str| {
        Failure::new(WAITS, format!("{said}; {why}"))
            .hint("say why you take it over: holdpoint resume RUN --reason 'my terminal crashed'")
    };
    if face == Face::Lines {
        return Err(unanswered("a person must say why it is taken over"));
    }
    let mut out = std::io::stderr();
    let _ = writeln!(
        out,
        "{said}.\nNothing is lost: steps that still run go on. Why it is taken over goes into the record."
    );
    loop {
        let _ = write!(out, "Reason: ");
        let _ = out.flush();
        let mut line = String::new();
        match std::io::stdin().lock().read_line(&mut line) {
            Ok(n) if n > 0 && line.ends_with('\n') => {}
            _ => return Err(unanswered("why it is taken over was not answered")),
        }
        if !line.trim().is_empty() {
            return Ok(line.trim().to_owned());
        }
        let _ = writeln!(
            out,
            "a few words are enough; Ctrl-C leaves the run as it is"
        );
    }
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
