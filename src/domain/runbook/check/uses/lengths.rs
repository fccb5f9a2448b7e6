//! Lengths of time that a parameter or a target's value says: every value that it may get must be one.

use crate::domain::runbook::model::{Runbook, read_length};
use crate::domain::runbook::read::{Reader, Use};

const WRITE: &str = "write a length as 90s, 15m or 1h30m";

/// Checks that `one` is known when a run begins, and that what the runbook says of it is a length.
pub(super) fn check(reader: &mut Reader, book: &Runbook, one: &Use) {
    let name = one.name.as_str();
    let parameter = book.parameters.iter().find(|p| p.name == name);
    let of_targets = book.targets.iter().filter_map(|t| {
        let value = t.values.get(name)?;
        Some((format!("its value on {}", t.name), value.as_str()))
    });
    let said: Vec<(String, &str)> = match parameter {
        Some(parameter) => {
            let default = parameter.default.iter();
            let default = default.map(|v| ("its default".to_owned(), v.as_str()));
            let choices = parameter.one_of.iter();
            default
                .chain(choices.map(|v| ("its choice".to_owned(), v.as_str())))
                .collect()
        }
        None => of_targets.collect(),
    };
    if parameter.is_none() && said.is_empty() {
        let message =
            format!("how long something lasts is known before the run begins, and `{name}` is not");
        let hint = "name a parameter, or a value of the target";
        reader.error(one.at.clone(), message, Some(hint.into()));
        return;
    }
    for (what, value) in said {
        // A default that names other values is judged when the run is opened.
        if parameter.is_some() && value.contains("${") {
            continue;
        }
        if let Err(why) = read_length(value) {
            let message =
                format!("`{name}` is used as a length of time, and {what} `{value}` {why}");
            reader.error(one.at.clone(), message, Some(WRITE.into()));
        }
    }
}
