//! `holdpoint run`: a new run of a runbook.

use chrono::{DateTime, Local, NaiveDateTime, NaiveTime, TimeZone as _};

use crate::cli::args::RunArgs;
use crate::cli::failure::{Failure, USAGE};
use crate::cli::parameters::{Asking, parameters};
use crate::cli::rehearse;
use crate::cli::session::{self, Face};
use crate::domain::run::event::Mode;
use crate::domain::run::review::ReviewFinding;
use crate::domain::runbook::model::{Demand, Runbook};
use crate::domain::units;
use crate::engine::seal::Desk;
use crate::engine::seal::review::Looked;
use crate::runtime::opening::{self, Opening, Source};
use crate::runtime::seal;

/// Starts a run.
///
/// # Errors
/// Anything that keeps it from starting; nothing has happened then.
pub fn run(args: &RunArgs) -> Result<u8, Failure> {
    let source = opening::read(&args.file).map_err(|error| {
        let failure = Failure::from(error);
        let is_checklist = args
            .file
            .extension()
            .is_some_and(|e| e == "md" || e == "markdown");
        if is_checklist {
            let yaml = args.file.with_extension("yaml");
            let (file, yaml) = (args.file.display(), yaml.display());
            return failure.hint(format!(
                "a markdown checklist becomes a runbook by: holdpoint import {file} -o {yaml}"
            ));
        }
        failure
    })?;
    run_source(&source, args)
}

/// Starts a run of a runbook that was read.
///
/// # Errors
/// As [`run`].
pub fn run_source(source: &Source, args: &RunArgs) -> Result<u8, Failure> {
    let target = target(&source.book, args.target.as_deref())?;
    let face = if args.auto { Face::Lines } else { Face::Screen };
    if face == Face::Screen && !args.rehearse {
        crate::cli::need_terminal(
            "`--auto` runs without a screen, `--rehearse` only shows what would be done",
        )?;
    }
    let asking = if args.auto || args.rehearse {
        Asking::Never
    } else {
        Asking::Terminal
    };
    if args.rehearse {
        let parameters = parameters(&source.book, &target, &args.set, asking)?;
        return Ok(rehearse::rehearse(source, &target, &parameters));
    }
    // Whatever is refused is refused before a person has typed ten values.
    set(&source.book, &target)?;
    let planned_start = args.start.as_deref().map(|t| start(t, Local::now()));
    let planned_start = planned_start.transpose()?;
    let looked = reviewed(args, source, &target)?;
    let opening = Opening {
        mode: mode(args),
        parameters: parameters(&source.book, &target, &args.set, asking)?,
        planned_start,
        change: args.change.clone(),
        looked,
        operator: session::operator(args.key.as_deref())?,
        target,
    };
    begin(source, opening, face)
}

/// The environment variables that the runbook names are there.
///
/// # Errors
/// Some are not set.
pub fn set(book: &Runbook, target: &str) -> Result<(), Failure> {
    let missing = opening::unset_environment(book, target);
    let Some(first) = missing.first() else {
        return Ok(());
    };
    let said = format!(
        "the runbook needs environment variables that are not set: {}",
        missing.join(", ")
    );
    Err(Failure::new(USAGE, said)
        .hint("export them, then start again; nothing has happened yet")
        .hint(format!(
            "`read -rs {first} && export {first}` keeps what you paste off the screen and out of the shell's history"
        )))
}

/// A target that demands a reviewed runbook gets none else, unless somebody says why.
fn reviewed(args: &RunArgs, source: &Source, target: &str) -> Result<Looked, Failure> {
    let trust = std::env::var_os(seal::TRUST_ENV).map(Into::into);
    let mut looked = opening::reviewed(&Desk::this(), source, target, trust);
    let review = &mut looked.review;
    if review.demand == Demand::Welcome || review.finding == ReviewFinding::Valid {
        return Ok(looked);
    }
    match args.unreviewed.as_deref().map(str::trim) {
        Some(reason) if !reason.is_empty() => {
            reason.clone_into(&mut review.reason);
            Ok(looked)
        }
        _ => Err(Failure::new(
            USAGE,
            format!("target {target} demands a reviewed runbook: {}", review.said()),
        )
        .hint(format!("a reviewer signs it: holdpoint approve {}", args.file.display()))
        .hint("or say why it runs all the same, which the record counts as a deviation: --unreviewed 'why'")),
    }
}

/// Opens a run and drives it.
///
/// # Errors
/// The disk refuses.
pub fn begin(source: &Source, opening: Opening, face: Face) -> Result<u8, Failure> {
    let mut open = opening::open(source, opening)?;
    let notice = seal::sign_opening(&mut open, "open").err();
    session::drive(open, face, notice)
}

fn mode(args: &RunArgs) -> Mode {
    match (args.auto, args.step) {
        (true, _) => Mode::Unattended,
        (false, true) => Mode::StepByStep,
        (false, false) => Mode::Autopilot,
    }
}

/// Returns the name of the target that `wanted` names, else of the first.
///
/// # Errors
/// There is no such target.
pub fn target(book: &Runbook, wanted: Option<&str>) -> Result<String, Failure> {
    match wanted {
        None => Ok(book
            .targets
            .first()
            .map(|t| t.name.clone())
            .unwrap_or_default()),
        Some(name) if book.target(name).is_some() => Ok(name.to_owned()),
        Some(name) => {
            let known: Vec<&str> = book.targets.iter().map(|t| t.name.as_str()).collect();
            let hint = if known.is_empty() {
                "this runbook has no targets".to_owned()
            } else {
                format!("it has: {}", known.join(", "))
            };
            Err(
                Failure::new(USAGE, format!("the runbook has no target called `{name}`"))
                    .hint(hint),
            )
        }
    }
}

/// Reads a planned start; returns seconds since 1970. A time of day that has passed by more than half a day is tomorrow's.
fn start(text: &str, now: DateTime<Local>) -> Result<i64, Failure> {
    let wrong = || {
        Failure::new(USAGE, format!("`--start {text}` is not a time"))
            .hint("write 22:00, '2026-11-20 22:00', 2026-11-20T22:00:00Z or +30m")
    };
    if let Some(after) = text.strip_prefix('+') {
        let length = units::duration(after).map_err(|_| wrong())?;
        return Ok(now.timestamp() + i64::try_from(length.as_secs()).unwrap_or(0));
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.timestamp());
    }
    let local = |time: NaiveDateTime| {
        Local
            .from_local_datetime(&time)
            .earliest()
            .map(|t| t.timestamp())
            .ok_or_else(wrong)
    };
    for format in ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
            return local(time);
        }
    }
    let time = NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| wrong())?;
    let today = local(now.date_naive().and_time(time))?;
    let tomorrow = local((now.date_naive() + chrono::Days::new(1)).and_time(time))?;
    Ok(if now.timestamp() - today > 12 * 3600 {
        tomorrow
    } else {
        today
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_read_in_each_of_its_forms() {
        let now = Local.with_ymd_and_hms(2026, 11, 20, 23, 30, 0).unwrap();
        assert_eq!(start("+30m", now).unwrap(), now.timestamp() + 1800);
        assert_eq!(start("23:00", now).unwrap(), now.timestamp() - 1800);
        assert_eq!(start("02:00", now).unwrap(), now.timestamp() + 9000);
        assert_eq!(start("2026-11-20T22:00:00Z", now).unwrap(), 1_795_212_000);
        assert!(start("soon", now).unwrap_err().said.contains("soon"));
    }
}
