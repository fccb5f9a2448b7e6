//! `holdpoint runs`: every run, the newest first.

use serde_json::json;

use crate::app::questions::day;
use crate::cli::args::RunsArgs;
use crate::cli::failure::Failure;
use crate::cli::tell;
use crate::domain::run::later::{Duty, Stage, duties, first_due};
use crate::domain::run::next::{self, Next, Wait};
use crate::domain::run::state::RunState;
use crate::domain::tame;
use crate::engine::clock;
use crate::engine::rundir::{self, RunDir};
use crate::engine::store::{self, StoreError};
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
    /// Whether somebody drives it now.
    pub driven: bool,
    /// Its later duties, once it is closed.
    pub later: Vec<(Stage, Duty)>,
}

/// Prints every run.
///
/// # Errors
/// The directory cannot be read.
pub fn runs(args: &RunsArgs) -> Result<u8, Failure> {
    let all: Vec<Summary> = rundir::list()?.iter().map(summary).collect();
    if args.json {
        for s in &all {
            tell(&json!({"run": s.run, "title": s.title, "target": s.target, "stand": s.stand, "open": s.open, "driven": s.driven, "later": s.later.iter().map(told).collect::<Vec<_>>()}).to_string());
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

/// How a run stands, with what is to be done later.
#[derive(Debug)]
pub struct Standing {
    /// The fold over its records, those of later duties too.
    pub state: RunState,
    /// Its later duties, once it is closed.
    pub duties: Vec<Duty>,
    /// Now, in milliseconds since 1970.
    pub now_ms: i64,
}

/// Returns how the run in `dir` stands.
///
/// # Errors
/// Its journal cannot be read, or is broken.
pub fn standing(dir: &RunDir) -> Result<Standing, StoreError> {
    let window = store::read(&dir.journal())?;
    let mut state = RunState::fold(&window.entries);
    let mut all = Vec::new();
    if state.closed.is_some() {
        for entry in &store::read_behind(&dir.later(), &window)? {
            state.apply(entry);
        }
        if let Ok(source) = opening::pinned(dir, &state) {
            all = duties(&source.book, &state);
        }
    }
    let now_ms = clock::wall_ms();
    Ok(Standing {
        state,
        duties: all,
        now_ms,
    })
}

/// Returns what is known of the run in `dir`.
pub fn summary(dir: &RunDir) -> Summary {
    let run = dir.name();
    let found = match standing(dir) {
        Ok(found) => found,
        Err(e) => {
            return Summary {
                run,
                title: String::new(),
                target: String::new(),
                stand: format!("broken: {e}"),
                open: false,
                driven: false,
                later: Vec::new(),
            };
        }
    };
    let Standing {
        state,
        duties,
        now_ms,
    } = found;
    let (title, target) = (state.opened.title.clone(), state.opened.target.clone());
    let driver = dir.driver().map(|driver| {
        let (user, pid, host) = (driver.user, driver.pid, driver.host);
        format!("driven by {user}, pid {pid} on {host}")
    });
    let driven = driver.is_some();
    let later = words(&duties, now_ms);
    let stand = match (&state.closed, driver) {
        (Some(closed), None) => closed.status.word().to_lowercase() + &later,
        (Some(closed), Some(driver)) => {
            format!("{}; {driver}", closed.status.word().to_lowercase())
        }
        (None, Some(driver)) => format!("{}; {driver}", waits(dir, &state)),
        (None, None) => left(dir, &state),
    };
    let open = duties
        .iter()
        .any(|d| matches!(d.stage(now_ms), Stage::Open | Stage::Overdue));
    Summary {
        run,
        title,
        target,
        stand,
        open: state.closed.is_none() || open,
        driven,
        later: duties.into_iter().map(|d| (d.stage(now_ms), d)).collect(),
    }
}

/// What is to be done later and by when; the overdue are named, one by one.
fn words(all: &[Duty], now_ms: i64) -> String {
    let Some(first) = first_due(all) else {
        return if all.is_empty() {
            String::new()
        } else {
            "; later duties settled".into()
        };
    };
    let open = all.iter().filter(|d| d.is_open()).count();
    let late: Vec<String> = all
        .iter()
        .filter(|d| d.stage(now_ms) == Stage::Overdue)
        .map(|d| {
            format!(
                "“{}” OVERDUE since {}",
                tame::line(&d.title),
                day(Some(d.due_ms))
            )
        })
        .collect();
    let what = if late.is_empty() {
        format!(
            "“{}” due by {}",
            tame::line(&first.title),
            day(Some(first.due_ms))
        )
    } else {
        late.join(", ")
    };
    format!("; later duties: {open} of {} open, {what}", all.len())
}

fn told((stage, duty): &(Stage, Duty)) -> serde_json::Value {
    let stage = match stage {
        Stage::Done => "settled",
        Stage::NotYet => "not yet",
        Stage::Open => "open",
        Stage::Overdue => "overdue",
    };
    let (from, due) = (
        duty.from_ms.map(clock::rfc3339),
        clock::rfc3339(duty.due_ms),
    );
    json!({"phase": duty.title, "stage": stage, "from": from, "due": due, "done": duty.done, "steps": duty.all})
}

/// How a run stands that nobody drives: what it was at is what was known last.
fn left(dir: &RunDir, state: &RunState) -> String {
    let stands = waits(dir, state);
    if state.running().next().is_some() {
        return format!("{stands}; nobody drives it, `holdpoint resume` looks what became of it");
    }
    stands
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
