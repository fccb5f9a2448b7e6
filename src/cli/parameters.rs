//! The values of a runbook's parameters: as given with `--set`, else asked for at the terminal, else their defaults.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, IsTerminal as _, Write as _};

use regex::Regex;

use crate::cli::failure::{Failure, USAGE};
use crate::domain::runbook::model::{Parameter, Runbook, read_length};
use crate::domain::runbook::variables;
use crate::domain::tame;

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
    target: &str,
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
            let hint = if known.is_empty() {
                "this runbook has no parameters".to_owned()
            } else {
                let all = known.iter().copied().collect::<Vec<_>>();
                format!("it has: {}", all.join(", "))
            };
            return Err(Failure::new(
                USAGE,
                format!("the runbook has no parameter called `{name}`"),
            )
            .hint(hint));
        }
        values.insert(name.to_owned(), value.to_owned());
    }
    let lengths = book.lengths();
    let mut asked = false;
    for parameter in &book.parameters {
        let kind = Kind::of(parameter, &lengths);
        let given = values.get(&parameter.name).cloned().map(Found::Given);
        let found = given.map_or_else(|| missing(parameter, &values, asking), Ok)?;
        let value = match found {
            Found::Given(value) => value,
            Found::Ask(default) => {
                if !asked {
                    introduce(book, target);
                    asked = true;
                }
                ask(parameter, kind, default.as_deref())?
            }
        };
        fits(parameter, kind, &value).map_err(|why| Failure::new(USAGE, why))?;
        values.insert(parameter.name.clone(), value);
    }
    Ok(values)
}

/// What a parameter's value is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Any text.
    Text,
    /// A step lasts so long.
    Length,
}

impl Kind {
    fn of(parameter: &Parameter, lengths: &BTreeSet<&str>) -> Self {
        if lengths.contains(parameter.name.as_str()) {
            Self::Length
        } else {
            Self::Text
        }
    }
}

/// Where a value comes from that was not given.
enum Found {
    /// It is the default.
    Given(String),
    /// A person is asked; Enter takes this.
    Ask(Option<String>),
}

/// Says whose questions follow, so that nobody answers those of another runbook or for another target.
fn introduce(book: &Runbook, target: &str) {
    let on = if target.is_empty() {
        String::new()
    } else {
        format!(" \u{2192} {target}")
    };
    let title = tame::line(&book.title);
    let _ = writeln!(
        std::io::stderr(),
        "{title}{on}: some values are asked for, nothing is started yet. Enter takes what stands in [ ], Ctrl-C leaves."
    );
}

fn missing(
    parameter: &Parameter,
    values: &BTreeMap<String, String>,
    asking: Asking,
) -> Result<Found, Failure> {
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
        Some(value) if parameter.ask.is_none() || !at_terminal => Ok(Found::Given(value)),
        default if at_terminal => Ok(Found::Ask(default)),
        _ => Err(Failure::new(
            USAGE,
            format!("the parameter `{}` has no value", parameter.name),
        )
        .hint(format!("give it: --set {}=…", parameter.name))),
    }
}

fn ask(parameter: &Parameter, kind: Kind, default: Option<&str>) -> Result<String, Failure> {
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
            // An Enter too many would deploy a release called nothing.
            ("", None) if fits(parameter, kind, "").is_ok() => {
                let said = "it needs a value; to give an empty one leave with Ctrl-C and say";
                let _ = writeln!(std::io::stderr(), "{said} --set {}=", parameter.name);
                continue;
            }
            (given, _) => given.to_owned(),
        };
        match fits(parameter, kind, &answer) {
            Ok(()) => return Ok(answer),
            Err(why) => {
                let _ = writeln!(std::io::stderr(), "{why}");
            }
        }
    }
}

fn fits(parameter: &Parameter, kind: Kind, value: &str) -> Result<(), String> {
    let name = &parameter.name;
    if value
        .chars()
        .any(|c| c.is_control() && c != '\n' && c != '\t')
    {
        let shown = tame::line(value);
        return Err(format!(
            "`{name}` is `{shown}`: it holds a control character, as an arrow key types one here"
        ));
    }
    if !parameter.one_of.is_empty() && !parameter.one_of.iter().any(|v| v == value) {
        return Err(format!(
            "`{name}` is `{value}` and must be one of {}",
            parameter.one_of.join(", ")
        ));
    }
    if let (Kind::Length, Err(why)) = (kind, read_length(value)) {
        return Err(format!(
            "`{name}` is `{value}`, and as a length of time it {why}"
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_does_not_fit_is_named() {
        let parameter = Parameter {
            name: "release".into(),
            matches: Some(r"v\d+".into()),
            ..Parameter::default()
        };
        assert!(fits(&parameter, Kind::Text, "v12").is_ok());
        assert_eq!(
            fits(&parameter, Kind::Text, "xv12").unwrap_err(),
            r"`release` is `xv12` and must match /v\d+/"
        );
        let arrow = fits(&parameter, Kind::Text, "v1\u{1b}[D2").unwrap_err();
        assert!(arrow.contains("control character"), "{arrow}");
        assert!(!arrow.contains('\u{1b}'), "{arrow}");
    }

    #[test]
    fn a_value_that_says_how_long_something_lasts_is_a_length() {
        let parameter = Parameter {
            name: "quiet".into(),
            ..Parameter::default()
        };
        assert!(fits(&parameter, Kind::Length, "90s").is_ok());
        for (value, why) in [
            ("soon", "no length"),
            ("0s", "longer than nothing"),
            ("", "no length"),
        ] {
            let said = fits(&parameter, Kind::Length, value).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
        assert!(fits(&parameter, Kind::Text, "soon").is_ok());
    }
}
