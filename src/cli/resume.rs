//! `holdpoint resume`: a run goes on exactly where it stands.

use std::io::{BufRead as _, Write as _};

use crate::cli::args::ResumeArgs;
use crate::cli::failure::{Failure, USAGE, WAITS};
use crate::cli::runs;
use crate::cli::session::{self, Face};
use crate::domain::run::later::Stage;
use crate::domain::run::review::ReviewFinding;
use crate::domain::run::state::RunState;
use crate::domain::runbook::model::Demand;
use crate::engine::rundir::{self, RunDir};
use crate::engine::seal::Desk;
use crate::engine::store;
use crate::runtime::claim::{Claim, Of, claim};
use crate::runtime::edited::{Amendment, Edited, edited};
use crate::runtime::{opening, seal};

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
    let wishes = Wishes {
        key: args.key.as_deref(),
        reason: args
            .reason
            .as_deref()
            .map(str::trim)
            .filter(|r| !r.is_empty()),
        edits: if args.amend {
            Edits::Amend
        } else {
            Edits::Show
        },
        face,
    };
    take_up(dir, &wishes)
}

/// How a run is to be taken up.
#[derive(Debug, Clone, Copy)]
pub struct Wishes<'a> {
    /// The key to sign with.
    pub key: Option<&'a str>,
    /// Why it is taken over from a dead driver, or amended; asked for where it is needed.
    pub reason: Option<&'a str>,
    /// What is done with edits of the runbook's file.
    pub edits: Edits,
    /// Whether there is a screen.
    pub face: Face,
}

/// What is done with edits of a runbook's file whose run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edits {
    /// They are shown, and the run goes on with its own copy.
    Show,
    /// They are taken over where they may be.
    Amend,
}

/// Takes the run in `dir` up again.
///
/// # Errors
/// Somebody else drives it, its record is broken, nobody says why a dead driver is taken over, or what is to be amended
/// may not be.
pub fn take_up(dir: RunDir, wishes: &Wishes) -> Result<u8, Failure> {
    let operator = session::operator(wishes.key)?;
    let claim = claim(dir)?;
    match prepare(&claim, wishes) {
        Err(failure) => {
            claim.decline();
            Err(failure)
        }
        Ok((reason, amendment, notice)) => {
            let (run, _) = claim.stands();
            let is_handover = run.closed.is_none() && run.operator.identity != operator.identity;
            let mut open = claim.take_up(&operator, reason, amendment)?;
            // Who takes a run over signs for it, so that nobody can say that they did.
            let unsigned = is_handover.then(|| seal::sign_opening(&mut open, "handover").err());
            session::drive(open, wishes.face, notice.or(unsigned.flatten()))
        }
    }
}

/// All that can fail or be declined before a word is written: the reason, what is amended, and what is to be known.
fn prepare(
    claim: &Claim,
    wishes: &Wishes,
) -> Result<(String, Option<Amendment>, Option<String>), Failure> {
    let (run, book) = claim.stands();
    let later = claim.of() == Of::Later;
    if run.closed.is_some() && !later {
        return Ok(Default::default());
    }
    if later && wishes.edits == Edits::Amend {
        return Err(Failure::new(
            USAGE,
            "the run is closed: its later duties are done as its runbook said them then",
        ));
    }
    let missing = opening::unset_environment(book, &run.opened.target);
    if !missing.is_empty() {
        return Err(Failure::new(
            USAGE,
            format!(
                "the run needs environment variables that are not set: {}",
                missing.join(", ")
            ),
        )
        .hint("export them as they were when it was started, then resume"));
    }
    let edited = if later {
        None
    } else {
        edited(claim.executes(), run)
    };
    let reason = match (wishes.reason, claim.abandoned()) {
        (Some(given), _) => given.to_owned(),
        (None, None) => String::new(),
        (None, Some(said)) => ask(
            &format!("{said}.\nNothing is lost: steps that still run go on."),
            "say why you take it over: holdpoint resume RUN --reason 'my terminal crashed'",
            wishes.face,
        )?,
    };
    let (amendment, notice) = match (edited, wishes.edits) {
        (None, Edits::Show) => (None, None),
        (None, Edits::Amend) => {
            return Err(Failure::new(
                USAGE,
                format!(
                    "{} is as the run executes it: there is nothing to amend",
                    run.opened.runbook_path
                ),
            ));
        }
        (Some(edited), Edits::Show) => (None, Some(shown(&edited, run, wishes.face)?)),
        (Some(edited), Edits::Amend) => (Some(amended(&edited, claim, wishes)?), None),
    };
    Ok((reason, amendment, notice))
}

fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Shows what was edited and that it does not count; returns the same in one line, for the screen.
fn shown(edited: &Edited, run: &RunState, face: Face) -> Result<String, Failure> {
    let path = edited.path.display();
    say(&format!(
        "{path} was edited since the run began. The run goes on with its own copy; this is the difference:\n\n{}",
        edited.diff
    ));
    if let Err(why) = &edited.now {
        say(&format!("As it is now it could not be executed:\n{why}"));
    }
    say(&format!(
        "To take over what is changed of steps that were not begun: holdpoint resume {} --amend",
        run.opened.run
    ));
    if face == Face::Screen {
        let _ = write!(
            std::io::stderr(),
            "\nEnter goes on with the run's own copy, Ctrl-C leaves the run as it is. "
        );
        let mut line = String::new();
        match std::io::stdin().lock().read_line(&mut line) {
            Ok(n) if n > 0 && line.ends_with('\n') => {}
            _ => return Err(Failure::new(WAITS, "whether to go on was not answered")),
        }
    }
    Ok("the runbook's file was edited since; the run goes on with its own copy".to_owned())
}

/// Shows what is taken over, and asks why.
fn amended(edited: &Edited, claim: &Claim, wishes: &Wishes) -> Result<Amendment, Failure> {
    let (run, _) = claim.stands();
    let amendment = edited.amendment(claim.executes(), run);
    let mut amendment = amendment.map_err(|problems| {
        let said = format!(
            "what was edited cannot be taken over:\n  {}",
            problems.join("\n  ")
        );
        Failure::new(USAGE, said).hint(
            "mend the file, or resume without --amend: the run then goes on with its own copy",
        )
    })?;
    let trust = std::env::var_os(seal::TRUST_ENV).map(Into::into);
    let target = &run.opened.target;
    let review = opening::reviewed(&Desk::this(), &amendment.source, target, trust).review;
    if review.demand == Demand::Demanded && review.finding != ReviewFinding::Valid {
        // The reason that is asked for below stands for the review, as at the opening.
        let unreviewed = format!("{}, which {target} demands", review.said());
        amendment.event.changes.push(unreviewed);
    }
    say(&format!(
        "{}\nTaken over: {}.",
        edited.diff,
        amendment.event.changes.join("; ")
    ));
    amendment.event.reason = match wishes.reason {
        Some(given) => given.to_owned(),
        None => ask(
            "The runbook of a run that goes on is amended.",
            "say why it is amended: holdpoint resume RUN --amend --reason 'the table is called otherwise'",
            wishes.face,
        )?,
    };
    Ok(amendment)
}

/// Asks at the terminal for a reason, after saying what it is for.
fn ask(said: &str, hint: &str, face: Face) -> Result<String, Failure> {
    let unanswered = |why: &str| Failure::new(WAITS, format!("{said} {why}")).hint(hint);
    if face == Face::Lines {
        return Err(unanswered("A person must say why."));
    }
    let mut out = std::io::stderr();
    let _ = writeln!(out, "{said}\nWhy, goes into the record.");
    loop {
        let _ = write!(out, "Reason: ");
        let _ = out.flush();
        let mut line = String::new();
        match std::io::stdin().lock().read_line(&mut line) {
            Ok(n) if n > 0 && line.ends_with('\n') => {}
            _ => return Err(unanswered("That was not answered.")),
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

/// The newest run that is not closed; else the one whose later duty is due first.
fn newest_open() -> Result<RunDir, Failure> {
    let mut due = Vec::new();
    for dir in rundir::list()? {
        let Ok(journal) = store::read(&dir.journal()) else {
            continue;
        };
        if RunState::fold(&journal.entries).closed.is_none() {
            return Ok(dir);
        }
        let first = runs::standing(&dir).ok().and_then(|s| {
            let open = s
                .duties
                .iter()
                .filter(|d| d.stage(s.now_ms) != Stage::NotYet && d.is_open());
            open.map(|d| d.due_ms).min()
        });
        due.extend(first.map(|due_ms| (due_ms, dir)));
    }
    if let Some((_, dir)) = due.into_iter().min_by_key(|(due_ms, _)| *due_ms) {
        return Ok(dir);
    }
    Err(Failure::new(
        USAGE,
        "there is no run to take up again: all are closed, and no later duty can be done now",
    )
    .hint("`holdpoint run FILE` starts one"))
}
