//! Variables: that somebody defines them, and that no secret is put where it would be seen.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::runbook::model::{Place, Runbook};
use crate::domain::runbook::near;
use crate::domain::runbook::read::{Reader, Slot, Use};
use crate::domain::runbook::variables::{BUILT_IN, is_environment_name};

mod lengths;
mod templates;
pub use templates::{environment_names, environment_names_of};

/// Who gives a name its value.
struct Defined<'a> {
    parameters: BTreeSet<&'a str>,
    /// Captured or written by these steps.
    captured: BTreeMap<&'a str, Vec<usize>>,
    /// Values of targets.
    values: BTreeSet<&'a str>,
    secrets: BTreeSet<&'a str>,
}

/// Checks every use of a variable, and every secret.
pub(super) fn check(reader: &mut Reader, book: &Runbook) {
    let uses = std::mem::take(&mut reader.uses);
    let written = std::mem::take(&mut reader.written);
    let secrets = std::mem::take(&mut reader.secrets);
    let mut captured: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, step) in book.steps.iter().enumerate() {
        for capture in &step.capture {
            captured.entry(&capture.name).or_default().push(i);
        }
    }
    for (name, step) in &written {
        captured.entry(name).or_default().push(*step);
    }
    let defined = Defined {
        parameters: book.parameters.iter().map(|p| p.name.as_str()).collect(),
        captured,
        values: book
            .targets
            .iter()
            .flat_map(|t| t.values.keys().map(String::as_str))
            .collect(),
        secrets: secrets.iter().map(|(name, _)| name.as_str()).collect(),
    };
    for name in &secrets {
        secret(reader, &defined, name);
    }
    twice(reader, book, &defined);
    for one in &uses {
        used(reader, book, &defined, one);
    }
}

fn secret(reader: &mut Reader, defined: &Defined, (name, at): &(String, std::ops::Range<usize>)) {
    let name = name.as_str();
    if defined.parameters.contains(name) {
        let hint =
            "give it by an environment variable, as ${API_TOKEN}, and name that under `secrets`";
        let message =
            format!("`{name}` is a parameter: it is shown and written down, and cannot be secret");
        reader.error(at.clone(), message, Some(hint.into()));
    } else if defined.values.contains(name) {
        let hint = "give it by an environment variable, and name that under `secrets`";
        let message =
            format!("`{name}` is a target's value: it stands in the runbook, and cannot be secret");
        reader.error(at.clone(), message, Some(hint.into()));
    } else if !is_environment_name(name) && !defined.captured.contains_key(name) {
        let hint = near::nearest(name, defined.captured.keys().copied()).map_or_else(
            || {
                "names in capitals are environment variables; others are captured by a step"
                    .to_owned()
            },
            |near| format!("did you mean `{near}`?"),
        );
        reader.error(at.clone(), format!("no step captures `{name}`"), Some(hint));
    }
}

/// Notes names that get their value from two sides.
fn twice(reader: &mut Reader, book: &Runbook, defined: &Defined) {
    for i in 0..book.steps.len() {
        for (name, at) in std::mem::take(&mut reader.marks[i].captures) {
            if defined.parameters.contains(name.as_str()) {
                let message = format!(
                    "`{name}` is a parameter: what is captured under this name is never used"
                );
                reader.error(at, message, Some("choose another name".into()));
            }
        }
    }
}

fn used(reader: &mut Reader, book: &Runbook, defined: &Defined, one: &Use) {
    let name = one.name.as_str();
    let known = defined.parameters.contains(name)
        || defined.captured.contains_key(name)
        || defined.values.contains(name)
        || BUILT_IN.contains(&name)
        || is_environment_name(name);
    if !known {
        undefined(reader, defined, one);
        return;
    }
    if defined.secrets.contains(name) && one.slot != Slot::Hidden {
        let message = format!("`{name}` is secret, and here it would be seen or written down");
        let hint = match one.slot {
            Slot::Sql => "use psql in a `run` step, whose environment has it",
            Slot::Text | Slot::Length | Slot::Hidden => {
                "commands find it in their environment; a request may hold it"
            }
        };
        reader.error(one.at.clone(), message, Some(hint.into()));
    }
    if one.slot == Slot::Length {
        lengths::check(reader, book, one);
    } else {
        too_early(reader, book, defined, one);
    }
    not_everywhere(reader, book, defined, one);
}

fn undefined(reader: &mut Reader, defined: &Defined, one: &Use) {
    let known = defined
        .parameters
        .iter()
        .chain(defined.captured.keys())
        .chain(&defined.values)
        .copied()
        .chain(BUILT_IN.iter().copied());
    let hint = near::nearest(&one.name, known).map_or_else(
        || {
            if one.slot == Slot::Length {
                return "add it to `parameters`, or to the targets' `values`".to_owned();
            }
            let upper = one.name.to_uppercase();
            format!("add it to `parameters`, capture it in a step, or write `${{{upper}}}` for an environment variable")
        },
        |near| format!("did you mean `${{{near}}}`?"),
    );
    let message = format!("nobody defines `{}`", one.name);
    reader.error(one.at.clone(), message, Some(hint));
}

/// Warns when every step that captures the value comes after the one that uses it.
fn too_early(reader: &mut Reader, book: &Runbook, defined: &Defined, one: &Use) {
    let (Some(user), Some(givers)) = (one.step, defined.captured.get(one.name.as_str())) else {
        return;
    };
    let in_phase = |i: usize| matches!(book.steps[i].place, Place::Phase(_));
    let elsewhere = defined.parameters.contains(one.name.as_str())
        || defined.values.contains(one.name.as_str());
    if in_phase(user) && !elsewhere && givers.iter().all(|giver| *giver > user) {
        let giver = &book.steps[givers[0]];
        let message = format!(
            "`{}` has no value yet: step {} captures it",
            one.name, giver.number
        );
        let hint = "move that step in front, or use another value";
        reader.warn(one.at.clone(), message, Some(hint.into()));
    }
}

/// Notes the use of a target's value where another target has none of that name.
fn not_everywhere(reader: &mut Reader, book: &Runbook, defined: &Defined, one: &Use) {
    let name = one.name.as_str();
    if !defined.values.contains(name)
        || defined.parameters.contains(name)
        || defined.captured.contains_key(name)
    {
        return;
    }
    let only: &[String] = one.step.map_or(&[], |i| &book.steps[i].only);
    let lacking: Vec<&str> = book
        .targets
        .iter()
        .filter(|t| only.is_empty() || only.contains(&t.name))
        .filter(|t| !t.values.contains_key(name))
        .map(|t| t.name.as_str())
        .collect();
    if !lacking.is_empty() {
        let message = format!("`{name}` has no value on the target {}", lacking.join(", "));
        let hint = "add it to that target's `values`, or restrict the step with `only`";
        reader.error(one.at.clone(), message, Some(hint.into()));
    }
}

/// Returns every name that only the environment can define.
pub(super) fn only_environment<'a>(
    book: &Runbook,
    names: impl Iterator<Item = &'a str>,
) -> BTreeSet<String> {
    let own: BTreeSet<&str> = book.parameters.iter().map(|p| p.name.as_str()).collect();
    names
        .filter(|name| is_environment_name(name) && !own.contains(name))
        .map(str::to_owned)
        .collect()
}
