//! `holdpoint run`: a new run of a runbook.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, IsTerminal as _, Write as _};

use chrono::{DateTime, Local, NaiveDateTime, NaiveTime, TimeZone as _};
use regex::Regex;

use crate::cli::args::RunArgs;
use crate::cli::failure::{Failure, USAGE};
use crate::cli::rehearse;
use crate::cli::session::{self, Face};
use crate::domain::run::event::Mode;
use crate::domain::run::review::ReviewFinding;
use crate::domain::runbook::model::{Demand, Parameter, Runbook};
use crate::domain::runbook::variables;
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
    run_source(&opening::read(&args.file)?, args)
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
    let parameters = parameters(&source.book, &args.set, asking)?;
    if args.rehearse {
        return Ok(rehearse::rehearse(source, &target, &parameters));
    }
    let missing = opening::unset_environment(&source.book, &target);
    if !missing.is_empty() {
        let names = missing.join(", ");
        return Err(Failure::new(
            USAGE,
            format!("the runbook needs environment variables that are not set: {names}"),
        )
        .hint("export them, then start again; nothing has happened yet"));
    }
    let opening = Opening {
        mode: mode(args),
        parameters,
        planned_start: args
            .start
            .as_deref()
            .map(|t| start(t, Local::now()))
            .transpose()?,
        change: args.change.clone(),
        looked: reviewed(args, source, &target)?,
        operator: session::operator(args.key.as_deref())?,
        target,
    };
    begin(source, opening, face)
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

/// Where missing parameters are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// At the terminal.
    Terminal,
    /// Nowhere: a missing one is an error.
    Never,
}

/// Returns the parameters' values: as given, else asked for, else their defaults.
///
/// # Errors
/// One is unknown, missing, or does not fit.
pub fn parameters(
    book: &Runbook,
    set: &[String],
    asking: Asking,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut values = BTreeMap::new();
    let known: BTreeSet<&str> = book.parameters.iter().map(|p| p.name.as_str()).collect();
    for pair in set {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(Failure::new(USAGE, format!("`--set {pair}` has no `=`"))
                .hint("write --set name=value"));
        };
        if !known.contains(name) {
            let all = known.iter().copied().collect::<Vec<_>>().join(", ");
            return Err(Failure::new(
                USAGE,
                format!("the runbook has no parameter called `{name}`"),
            )
            .hint(format!("it has: {all}")));
        }
        values.insert(name.to_owned(), value.to_owned());
    }
    for parameter in &book.parameters {
        let value = match values.get(&parameter.name) {
            Some(given) => given.clone(),
            None => missing(parameter, &values, asking)?,
        };
        fits(parameter, &value).map_err(|why| Failure::new(USAGE, why))?;
        values.insert(parameter.name.clone(), value);
    }
    Ok(values)
}

fn missing(
    parameter: &Parameter,
    values: &BTreeMap<String, String>,
    asking: Asking,
) -> Result<String, Failure> {
    let default = parameter.default.as_ref().map(|template| {
        let lookup = |name: &str| {
            values
                .get(name)
                .cloned()
                .or_else(|| std::env::var(name).ok())
        };
        variables::expand(template, &lookup)
    });
    let default = match default {
        Some(Ok(value)) => Some(value),
        Some(Err(e)) => {
            return Err(Failure::new(
                USAGE,
                format!("the default of `{}`: {e}", parameter.name),
            ));
        }
        None => None,
    };
    let at_terminal = asking == Asking::Terminal && std::io::stdin().is_terminal();
    match default {
        Some(value) if parameter.ask.is_none() || !at_terminal => Ok(value),
        default if at_terminal => ask(parameter, default.as_deref()),
        _ => Err(Failure::new(
            USAGE,
            format!("the parameter `{}` has no value", parameter.name),
        )
        .hint(format!("give it: --set {}=…", parameter.name))),
    }
}

fn ask(parameter: &Parameter, default: Option<&str>) -> Result<String, Failure> {
    let question = parameter.ask.as_deref().unwrap_or(&parameter.name);
    loop {
        let shown = default.map(|d| format!(" [{d}]")).unwrap_or_default();
        let choices = if parameter.one_of.is_empty() {
            String::new()
        } else {
            format!(" ({})", parameter.one_of.join(" | "))
        };
        let _ = write!(std::io::stderr(), "{question}{choices}{shown}: ");
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        if !matches!(read, Ok(n) if n > 0) {
            return Err(Failure::new(
                USAGE,
                format!("the parameter `{}` was not answered", parameter.name),
            ));
        }
        let answer = match (line.trim(), default) {
            ("", Some(default)) => default.to_owned(),
            (given, _) => given.to_owned(),
        };
        match fits(parameter, &answer) {
            Ok(()) => return Ok(answer),
            Err(why) => {
                let _ = writeln!(std::io::stderr(), "{why}");
            }
        }
    }
}

fn fits(parameter: &Parameter, value: &str) -> Result<(), String> {
    let name = &parameter.name;
    if !parameter.one_of.is_empty() && !parameter.one_of.iter().any(|v| v == value) {
        return Err(format!(
            "`{name}` is `{value}` and must be one of {}",
            parameter.one_of.join(", ")
        ));
    }
    let Some(pattern) = &parameter.matches else {
        return Ok(());
    };
    let whole = Regex::new(&format!("^(?:{pattern})$")).map_err(|e| e.to_string())?;
    if whole.is_match(value) {
        Ok(())
    } else {
        Err(format!("`{name}` is `{value}` and must match /{pattern}/"))
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

    #[test]
    fn a_value_that_does_not_fit_is_named() {
        let parameter = Parameter {
            name: "release".into(),
            matches: Some(r"v\d+".into()),
            ..Parameter::default()
        };
        assert!(fits(&parameter, "v12").is_ok());
        assert_eq!(
            fits(&parameter, "xv12").unwrap_err(),
            r"`release` is `xv12` and must match /v\d+/"
        );
    }
}
