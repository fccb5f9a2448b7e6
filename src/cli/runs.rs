//! `holdpoint runs`: every run, the newest first.

use serde_json::json;

use crate::cli::args::RunsArgs;
use crate::cli::failure::Failure;
use crate::cli::tell;
use crate::domain::run::next::{self, Next, Wait};
use crate::domain::run::state::RunState;
use crate::engine::clock;
use crate::engine::rundir::{self, RunDir};
use crate::engine::store;
use crate::runtime::opening;

/// What is known of a run without driving it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its id.
    pub run: String,
    /// Its runbook's title.
    pub title: String,
    /// Its target.
    pub target: String,
    /// How it stands, in words.
    pub stand: String,
    /// Whether it can be taken up again.
    pub open: bool,
}

/// Prints every run.
///
/// # Errors
/// The directory cannot be read.
pub fn runs(args: &RunsArgs) -> Result<u8, Failure> {
    let all: Vec<Summary> = rundir::list()?.iter().map(summary).collect();
    if args.json {
        for s in &all {
            tell(&json!({"run": s.run, "title": s.title, "target": s.target, "stand": s.stand, "open": s.open}).to_string());
        }
        return Ok(0);
    }
    if all.is_empty() {
        tell(&format!("no runs yet in {}", rundir::runs_dir()?.display()));
    }
    let width =
        |of: fn(&Summary) -> &str| all.iter().map(|s| of(s).chars().count()).max().unwrap_or(0);
    let (run, target) = (width(|s| &s.run), width(|s| &s.target));
    for s in &all {
        tell(&format!(
            "{:run$}  {:target$}  {}",
            s.run, s.target, s.stand
        ));
    }
    Ok(0)
}

/// Returns what is known of the run in `dir`.
pub fn summary(dir: &RunDir) -> Summary {
    let run = dir.name();
    let journal = match store::read(&dir.journal()) {
        Ok(journal) => journal,
        Err(e) => {
            return Summary {
                run,
                title: String::new(),
                target: String::new(),
                stand: format!("broken: {e}"),
                open: false,
            };
        }
    };
    let state = RunState::fold(&journal.entries);
    let (title, target) = (state.opened.title.clone(), state.opened.target.clone());
    let stand = match (&state.closed, dir.driver()) {
        (Some(closed), _) => closed.status.word().to_lowercase(),
        (None, Some(driver)) => format!(
            "driven by {}, pid {} on {}",
            driver.user, driver.pid, driver.host
        ),
        (None, None) => waits(dir, &state),
    };
    Summary {
        run,
        title,
        target,
        stand,
        open: state.closed.is_none(),
    }
}

fn waits(dir: &RunDir, state: &RunState) -> String {
    let Ok(source) = opening::pinned(dir, state) else {
        return "its runbook cannot be read".into();
    };
    let book = &source.book;
    let step = |id| {
        book.step(id)
            .map_or(String::new(), |s| format!("{} {}", s.number, s.title))
    };
    match next::next(book, state, clock::wall_ms()) {
        Next::Finished | Next::PathEnded(_) => "every step is settled: it waits to be ended".into(),
        Next::Start(id) | Next::Accept(id) => format!("waits at {}", step(&id)),
        Next::Wait(Wait::Running(id)) => format!("running: {}", step(&id)),
        Next::Wait(Wait::Failure(id)) => format!("failed: {}", step(&id)),
        Next::Wait(Wait::Doubt(id)) => format!("may have run: {}", step(&id)),
        Next::Wait(Wait::Held(_)) => "on hold".into(),
        Next::Wait(Wait::Person(id) | Wait::Key(id, _) | Wait::Clock(id, _)) => {
            format!("waits at {}", step(&id))
        }
        Next::Wait(Wait::ChooseItem(_)) => "waits for a choice".into(),
        Next::Wait(Wait::Closed) => "closed".into(),
    }
}
