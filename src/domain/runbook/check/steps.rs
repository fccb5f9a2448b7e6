//! Steps that contradict themselves, and ways that lead nowhere.

use std::collections::HashMap;

use crate::domain::runbook::model::{
    Action, Danger, Earlier, Item, Length, OnFailure, Place, Runbook, Skipping, Step, Terminal,
    WayBack,
};
use crate::domain::runbook::near;
use crate::domain::runbook::read::Reader;

/// Checks every step, then the ways between them.
pub(super) fn check(reader: &mut Reader, book: &Runbook, ids: &HashMap<&str, usize>) {
    for (i, step) in book.steps.iter().enumerate() {
        danger(reader, i, step);
        repeating(reader, i, step);
        ways(reader, i, step);
        database(reader, book, i, step);
        comparison(reader, book, i, step);
    }
    for phase in &book.phases {
        decisions(reader, book, &phase.items);
    }
    never(reader, book, ids);
}

fn danger(reader: &mut Reader, i: usize, step: &Step) {
    let alone = match &step.action {
        Action::Run(shell) | Action::Check(shell) => {
            shell.terminal == Terminal::None && step.background.is_none()
        }
        Action::Sql(_) | Action::Http(_) => true,
        Action::Confirm(_)
        | Action::Watch(_)
        | Action::Decide(_)
        | Action::Use(_)
        | Action::Sign(_) => false,
    };
    if step.danger == Danger::High && alone && step.timeout.is_none() {
        let hint = "say after what time it is to be stopped: `timeout: 30m`";
        let at = reader.marks[i].key("danger");
        reader.error(at, "a dangerous step needs a `timeout`", Some(hint.into()));
    }
}

fn repeating(reader: &mut Reader, i: usize, step: &Step) {
    if step.until.is_some() && !step.only_looks() && step.is_automated() {
        let hint = match step.action {
            Action::Run(_) => "polling repeats it: use `check` for a command that only looks",
            Action::Sql(_) => "polling repeats it: say `read_only: true` if it only looks",
            _ => "polling repeats it: a get or head request only looks",
        };
        let at = reader.marks[i].key("until");
        reader.error(at, "`until` is for what only looks", Some(hint.into()));
    }
    if step.until.is_some() && step.retry.is_some() {
        let at = reader.marks[i].key("retry");
        let hint = "`until` polls already: take `retry` out";
        reader.error(
            at,
            "`retry` does not go together with `until`",
            Some(hint.into()),
        );
    }
    let fixed = |length: &Option<Length>| length.as_ref().and_then(Length::fixed);
    if let (Some(until), Some(timeout)) = (fixed(&step.until), fixed(&step.timeout))
        && timeout < until
    {
        let at = reader.marks[i].value("timeout");
        let hint = "`timeout` counts over all polls: make it longer, or take it out";
        reader.error(
            at,
            "the `timeout` ends it before `until` does",
            Some(hint.into()),
        );
    }
}

fn ways(reader: &mut Reader, i: usize, step: &Step) {
    let critical = step.skipping == Skipping::Forbidden;
    if critical && step.on_failure == OnFailure::Continue {
        let at = reader.marks[i].value("on_failure");
        let hint = "a critical step holds the run: take one of the two out";
        reader.error(
            at,
            "`on_failure: continue` does not go together with `critical`",
            Some(hint.into()),
        );
    }
    if step.way_back == WayBack::Closed && matches!(step.place, Place::Path(_)) {
        let at = reader.marks[i].key("point_of_no_return");
        let hint = "it is for steps of a phase";
        reader.error(
            at,
            "a way back has no point of no return",
            Some(hint.into()),
        );
    }
}

fn database(reader: &mut Reader, book: &Runbook, i: usize, step: &Step) {
    let (key, on) = match &step.action {
        Action::Sql(sql) => ("sql", &sql.on),
        Action::Use(used) => ("use", &used.on),
        _ => return,
    };
    if on.is_some() {
        return;
    }
    let lacking: Vec<&str> = book
        .targets
        .iter()
        .filter(|t| step.only.is_empty() || step.only.contains(&t.name))
        .filter(|t| t.database.is_none())
        .map(|t| t.name.as_str())
        .collect();
    let at = reader.marks[i].key(key);
    if book.targets.is_empty() {
        let hint = "add `targets: {production: {database: '${DATABASE_URL}'}}`";
        reader.error(
            at,
            "there is no target whose database could be asked",
            Some(hint.into()),
        );
    } else if !lacking.is_empty() {
        let message = format!("the target {} has no `database`", lacking.join(", "));
        let hint = "give it one, name another with `on`, or restrict the step with `only`";
        reader.error(at, message, Some(hint.into()));
    }
}

/// A comparison needs an earlier look of the same check.
fn comparison(reader: &mut Reader, book: &Runbook, i: usize, step: &Step) {
    let Action::Use(used) = &step.action else {
        return;
    };
    let Some(earlier) = &used.compare else { return };
    let at = reader.marks[i].value("compare");
    match (earlier, book.compared_with(step)) {
        (Earlier::First, None) => {
            let message = format!(
                "no earlier step uses {}: there is nothing to compare with",
                used.check
            );
            let hint = "use it once before the change, without `compare`";
            reader.error(at, message, Some(hint.into()));
        }
        (Earlier::Step(id), Some(other)) => {
            let same = matches!(&other.action, Action::Use(o) if o.check == used.check);
            if !same || other.ordinal >= step.ordinal {
                let message = format!("`{id}` is no earlier step that uses {}", used.check);
                let hint = "`compare: before` takes the first one";
                reader.error(at, message, Some(hint.into()));
            }
        }
        (Earlier::Step(id), None) => {
            let names = book.steps.iter().map(|step| step.id.as_str());
            let hint = near::nearest(id.as_str(), names).map_or_else(
                || "`compare: before` takes the first one that uses the check".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            reader.error(at, format!("there is no step `{id}`"), Some(hint));
        }
        (Earlier::First, Some(_)) => {}
    }
}

/// Warns of steps behind a decision all of whose choices lead elsewhere.
fn decisions(reader: &mut Reader, book: &Runbook, items: &[Item]) {
    for pair in items.windows(2) {
        let (Item::Step(i), Item::Step(next)) = (&pair[0], &pair[1]) else {
            continue;
        };
        let Action::Decide(choices) = &book.steps[*i].action else {
            continue;
        };
        let next_id = book.steps[*next].id.as_str();
        let leads_on = choices
            .iter()
            .any(|c| c.go_to.as_deref().is_none_or(|to| to == next_id));
        let reached = book.steps.iter().any(|step| match &step.action {
            Action::Decide(choices) => choices.iter().any(|c| c.go_to.as_deref() == Some(next_id)),
            _ => false,
        });
        if !leads_on && !reached && !choices.is_empty() {
            let at = reader.marks[*next].at.clone();
            let hint = "leave `go_to` out of the choice that goes on";
            reader.warn(
                at,
                "no choice of the decision before leads to this step",
                Some(hint.into()),
            );
        }
    }
}

/// Warns of paths that can never be walked.
///
/// An operator can enter any path by hand, so that nothing offers it is no fault. Unreachable is a path none of whose
/// steps can ever apply: each is for no target on which the step that it undoes runs.
fn never(reader: &mut Reader, book: &Runbook, ids: &HashMap<&str, usize>) {
    for (p, path) in book.rollback.iter().enumerate() {
        let mut steps = book.steps_in(Place::Path(p)).peekable();
        let dead = steps.peek().is_some() && steps.all(|step| never_applies(book, ids, step));
        if dead && let Some(at) = reader.paths.get(p).cloned() {
            let message = format!(
                "the path `{}` can never be walked: none of its steps ever applies",
                path.name
            );
            let hint = "compare their `only` and `if` with those of the steps they undo";
            reader.warn(at, message, Some(hint.into()));
        }
    }
}

fn never_applies(book: &Runbook, ids: &HashMap<&str, usize>, step: &Step) -> bool {
    let undone = step.undoes.as_ref().and_then(|id| ids.get(id.as_str()));
    let Some(undone) = undone.map(|i| &book.steps[*i]) else {
        return false;
    };
    let apart = !step.only.is_empty()
        && !undone.only.is_empty()
        && !step.only.iter().any(|target| undone.only.contains(target));
    let contrary = step.condition.iter().any(|(name, value)| {
        undone
            .condition
            .get(name)
            .is_some_and(|other| other != value)
    });
    apart || contrary
}
