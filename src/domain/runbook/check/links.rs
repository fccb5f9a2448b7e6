//! Names that another part of the file must define: paths, steps, roles, targets, parameters, databases, metrics.

use std::collections::HashMap;

use crate::domain::runbook::model::{Place, Runbook, Target};
use crate::domain::runbook::near;
use crate::domain::runbook::read::{Link, LinkTo, Reader, Wanted, allowed};
use crate::domain::sample::metric::METRICS;
use crate::domain::sample::rule::unmeasured;

const ENDS_WHERE_IT_BEGAN: &str = "a way back ends where it began: it leads to no step of a phase";

/// Checks every link.
pub(super) fn check(reader: &mut Reader, book: &Runbook, ids: &HashMap<&str, usize>) {
    for link in std::mem::take(&mut reader.links) {
        match &link.to {
            LinkTo::Path => path(reader, book, ids, &link),
            LinkTo::StepOrPath => step_or_path(reader, book, ids, &link),
            LinkTo::Step => step(reader, book, ids, &link),
            LinkTo::Role => role(reader, book, &link),
            LinkTo::Target => target(reader, book, &link),
            LinkTo::Database => database(reader, book, &link),
            LinkTo::Parameter(wanted) => parameter(reader, book, &link, wanted),
            LinkTo::Metric => metric(reader, book, &link),
        }
    }
}

fn unknown<'a>(
    reader: &mut Reader,
    link: &Link,
    what: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) {
    let hint = near::hint(&link.name, "there are", known);
    let message = format!("there is no {what} `{}`", link.name);
    reader.error(link.at.clone(), message, hint);
}

fn paths(book: &Runbook) -> impl Iterator<Item = &str> + Clone {
    book.rollback.iter().map(|path| path.name.as_str())
}

fn step_names(book: &Runbook) -> impl Iterator<Item = &str> + Clone {
    book.steps.iter().map(|step| step.id.as_str())
}

fn path(reader: &mut Reader, book: &Runbook, ids: &HashMap<&str, usize>, link: &Link) {
    if book.path(&link.name).is_some() {
        return;
    }
    if ids.contains_key(link.name.as_str()) {
        let hint =
            "only a rollback path can be offered; a step can be reached with `decide` and `go_to`";
        let message = format!("`{}` is a step, not a rollback path", link.name);
        reader.error(link.at.clone(), message, Some(hint.into()));
    } else {
        unknown(reader, link, "rollback path", paths(book));
    }
}

fn step_or_path(reader: &mut Reader, book: &Runbook, ids: &HashMap<&str, usize>, link: &Link) {
    let there = ids.get(link.name.as_str()).map(|i| &book.steps[*i]);
    let is_path = book.path(&link.name).is_some();
    let inside = |place: Place| match place {
        Place::Phase(_) => None,
        Place::Path(path) => Some(path),
    };
    let Some(here) = link.step.map(|i| &book.steps[i]) else {
        return;
    };
    match (there, is_path) {
        (Some(there), true) if inside(there.place) == inside(here.place) => {
            let hint = "give the step another `id`, or the path another name";
            let message = format!("`{}` is both a step and a rollback path", link.name);
            reader.error(link.at.clone(), message, Some(hint.into()));
        }
        // A path comes before a step of another list, which could not be meant.
        (_, true) => {}
        (None, false) => {
            let known = paths(book).chain(step_names(book));
            unknown(reader, link, "rollback path or step", known);
        }
        (Some(there), false) if here.id == there.id => {
            let message = "the decision leads to itself";
            let hint = "leave `go_to` out to go on with the next step";
            reader.error(link.at.clone(), message, Some(hint.into()));
        }
        (Some(there), false) if inside(there.place) == inside(here.place) => {}
        (Some(there), false) => {
            let message = format!("`{}` stands in another list", link.name);
            let hint = match there.place {
                Place::Path(path) => format!("go to its path: `{}`", book.rollback[path].name),
                Place::Phase(_) => ENDS_WHERE_IT_BEGAN.to_owned(),
            };
            reader.error(link.at.clone(), message, Some(hint));
        }
    }
}

fn step(reader: &mut Reader, book: &Runbook, ids: &HashMap<&str, usize>, link: &Link) {
    match ids.get(link.name.as_str()) {
        None => unknown(reader, link, "step", step_names(book)),
        Some(index) if Some(*index) == link.step => {
            reader.error(link.at.clone(), "the step undoes itself", None);
        }
        Some(_) => {
            let in_path = link
                .step
                .is_some_and(|i| matches!(book.steps[i].place, Place::Path(_)));
            if !in_path {
                let hint = "only a step of a rollback path undoes another";
                reader.error(
                    link.at.clone(),
                    "`undoes` stands in a phase",
                    Some(hint.into()),
                );
            }
        }
    }
}

fn role(reader: &mut Reader, book: &Runbook, link: &Link) {
    if book.roles.contains(&link.name) {
        return;
    }
    if book.roles.is_empty() {
        let message = format!(
            "nobody has the role `{}`: the runbook lists no `roles`",
            link.name
        );
        let hint = format!("add `roles: [{}]` at the top", link.name);
        reader.error(link.at.clone(), message, Some(hint));
    } else {
        unknown(reader, link, "role", book.roles.iter().map(String::as_str));
    }
}

fn target_names(book: &Runbook) -> impl Iterator<Item = &str> + Clone {
    book.targets.iter().map(|target| target.name.as_str())
}

fn target(reader: &mut Reader, book: &Runbook, link: &Link) {
    if book.target(&link.name).is_none() {
        unknown(reader, link, "target", target_names(book));
    }
}

fn database(reader: &mut Reader, book: &Runbook, link: &Link) {
    let only: &[String] = link.step.map_or(&[], |i| &book.steps[i].only);
    let used = |t: &&Target| only.is_empty() || only.contains(&t.name);
    let lacking: Vec<&str> = book
        .targets
        .iter()
        .filter(used)
        .filter(|target| !target.databases.contains_key(&link.name))
        .map(|target| target.name.as_str())
        .collect();
    let all: std::collections::BTreeSet<&str> = book
        .targets
        .iter()
        .flat_map(|t| t.databases.keys().map(String::as_str))
        .collect();
    if !all.contains(link.name.as_str()) {
        unknown(reader, link, "database", all.iter().copied());
    } else if !lacking.is_empty() {
        let message = format!(
            "the target {} has no database `{}`",
            lacking.join(", "),
            link.name
        );
        let hint = "add it to the target's `databases`, or restrict the step with `only`";
        reader.error(link.at.clone(), message, Some(hint.into()));
    }
}

fn parameter(reader: &mut Reader, book: &Runbook, link: &Link, wanted: &Wanted) {
    let Some(parameter) = book.parameters.iter().find(|p| p.name == link.name) else {
        let known = book.parameters.iter().map(|p| p.name.as_str());
        unknown(reader, link, "parameter", known);
        return;
    };
    if let Err(why) = allowed(parameter, &wanted.value) {
        let message = format!("the parameter never has this value: {why}");
        reader.error(wanted.at.clone(), message, None);
    }
}

fn metric(reader: &mut Reader, book: &Runbook, link: &Link) {
    let own = book.monitor.values.iter().map(|value| value.name.as_str());
    let known = own.chain(METRICS.iter().map(|metric| metric.name));
    if known.clone().any(|name| name == link.name) {
        return;
    }
    let message = format!("there is no metric `{}`", link.name);
    if let Some(why) = unmeasured(&link.name) {
        reader.error(link.at.clone(), message, Some(why.to_owned()));
        return;
    }
    let hint = near::nearest(&link.name, known.clone()).map_or_else(
        || {
            format!(
                "there are: {}",
                known.clone().collect::<Vec<_>>().join(", ")
            )
        },
        |near| format!("did you mean `{near}`?"),
    );
    reader.error(link.at.clone(), message, Some(hint));
}
