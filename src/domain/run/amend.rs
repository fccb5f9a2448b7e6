//! What of an edited runbook may be taken over while its run goes on: changes of steps that nobody has touched.

use crate::domain::run::state::RunState;
use crate::domain::runbook::model::{Danger, Place, Runbook, Skipping, Step, StepId, WayBack};

/// Returns what is different in `new`, one sentence each, where all of it may be taken over.
///
/// # Errors
/// Everything that may not, one sentence each.
pub fn amend(old: &Runbook, new: &Runbook, run: &RunState) -> Result<Vec<String>, Vec<String>> {
    let mut problems = around(old, new);
    problems.extend(places(old, new, run));
    problems.extend(run.steps.keys().filter_map(|id| touched(old, new, id)));
    problems.extend(old.steps.iter().filter_map(|step| weaker(step, new, run)));
    if !problems.is_empty() {
        return Err(problems);
    }
    let changes = changes(old, new);
    if changes.is_empty() {
        return Err(vec!["no step is different in it".into()]);
    }
    Ok(changes)
}

fn named(step: &Step) -> String {
    format!("step {} “{}”", step.number, step.title)
}

/// Whatever is no step stays as it is: targets and their protection first of all.
fn around(old: &Runbook, new: &Runbook) -> Vec<String> {
    let parts = [
        ("the title", old.title == new.title),
        ("`about`", old.about == new.about),
        ("the parameters", old.parameters == new.parameters),
        ("the secrets", old.secrets == new.secrets),
        ("the targets", old.targets == new.targets),
        ("the window", old.window == new.window),
        (
            "the roles",
            old.roles == new.roles && old.meanings == new.meanings,
        ),
        ("the contacts", old.contacts == new.contacts),
        ("the monitor", old.monitor == new.monitor),
    ];
    let other = parts.iter().filter(|(_, same)| !same);
    other
        .map(|(what, _)| format!("{what} differ: only steps can be amended, put it back"))
        .collect()
}

/// A phase or way back that was begun keeps its name and its times.
fn places(old: &Runbook, new: &Runbook, run: &RunState) -> Vec<String> {
    let begun = |place| old.steps_in(place).any(|s| run.record(&s.id).is_some());
    let phases = old.phases.iter().enumerate().filter_map(|(i, was)| {
        let same = new
            .phases
            .get(i)
            .is_some_and(|is| (&is.title, is.at) == (&was.title, was.at));
        (begun(Place::Phase(i)) && !same).then(|| {
            format!(
                "phase “{}” was begun: its headline and time stay",
                was.title
            )
        })
    });
    let entered = run.rollbacks.iter().filter_map(|record| {
        let (was, is) = (old.path(&record.path)?.1, new.path(&record.path));
        let same = is.is_some_and(|(_, is)| (&is.title, &is.when) == (&was.title, &was.when));
        (!same).then(|| format!("the way back “{}” was entered: it stays", was.title))
    });
    phases.chain(entered).collect()
}

/// A step that was started, confirmed, decided or left out stays as it is, and where it is.
fn touched(old: &Runbook, new: &Runbook, id: &StepId) -> Option<String> {
    let was = old.step(id)?;
    let what = match new.step(id) {
        None => "is gone in the file",
        Some(is) if here(was) == here(is) && old.choices(id) == new.choices(id) => {
            return None;
        }
        Some(is) if plan(was) == plan(is) => "has moved in the file",
        Some(_) => "is changed in the file",
    };
    Some(format!(
        "{} was begun and {what}: put it back as it was",
        named(was)
    ))
}

/// The step without the line on which it stands.
fn here(step: &Step) -> Step {
    Step {
        line: 0,
        ..step.clone()
    }
}

/// The step without the place in which it stands.
fn plan(step: &Step) -> Step {
    Step {
        number: String::new(),
        ordinal: 0,
        place: Place::Phase(0),
        ..here(step)
    }
}

/// What protects a step that is still to come is not taken away from it in the night.
fn weaker(was: &Step, new: &Runbook, run: &RunState) -> Option<String> {
    if run.record(&was.id).is_some() {
        return None;
    }
    let Some(is) = new.step(&was.id) else {
        return (was.skipping == Skipping::Forbidden).then(|| {
            format!(
                "{} is critical and is gone in the file: it may not be left out",
                named(was)
            )
        });
    };
    let lost = if was.danger == Danger::High && is.danger != Danger::High {
        "`danger: high`"
    } else if was.skipping == Skipping::Forbidden && is.skipping != Skipping::Forbidden {
        "`critical`"
    } else if was.way_back == WayBack::Closed && is.way_back != WayBack::Closed {
        "`point_of_no_return`"
    } else if was.verify.is_some() && is.verify.is_none() {
        "its `verify`"
    } else if was.timeout.is_some() && is.timeout.is_none() {
        "its `timeout`"
    } else {
        return None;
    };
    Some(format!(
        "{} would lose {lost}: a running change is not made less careful",
        named(was)
    ))
}

fn changes(old: &Runbook, new: &Runbook) -> Vec<String> {
    let gone = old.steps.iter().filter(|s| new.step(&s.id).is_none());
    let mut changes: Vec<String> = gone.map(|s| format!("{} is gone", named(s))).collect();
    for is in &new.steps {
        match old.step(&is.id) {
            None => changes.push(format!("{} is new", named(is))),
            Some(was) if plan(was) != plan(is) => {
                changes.push(format!("{} is changed: {}", named(is), aspects(was, is)));
            }
            Some(was) if was.place != is.place => {
                changes.push(format!("{} was {} before", named(is), was.number));
            }
            Some(_) => {}
        }
    }
    let kept = |a: &Runbook, b: &Runbook| -> Vec<StepId> {
        let both = a.steps.iter().filter(|s| b.step(&s.id).is_some());
        both.map(|s| s.id.clone()).collect()
    };
    if kept(old, new) != kept(new, old) {
        changes.push("steps stand in another order".into());
    }
    let parts = |book: &Runbook| (book.phases.clone(), book.rollback.clone());
    if changes.is_empty() && parts(old) != parts(new) {
        changes.push("phases, groups or ways back are called or arranged otherwise".into());
    }
    changes
}

/// Names what of a step is different.
fn aspects(was: &Step, is: &Step) -> String {
    let aspects = [
        ("title", was.title == is.title),
        ("note", was.note == is.note),
        ("what is done", was.action == is.action),
        ("danger", was.danger == is.danger),
        ("timeout", was.timeout == is.timeout),
        ("takes", was.takes == is.takes),
        ("expect", was.expect == is.expect),
        ("capture", was.capture == is.capture),
        ("on_failure", was.on_failure == is.on_failure),
        ("retry", was.retry == is.retry),
        ("until", was.until == is.until),
        ("only", was.only == is.only),
        ("if", was.condition == is.condition),
        ("role", was.role == is.role),
        ("not_before", was.not_before == is.not_before),
        ("start", was.start == is.start),
        ("point_of_no_return", was.way_back == is.way_back),
        ("critical", was.skipping == is.skipping),
        ("verify", was.verify == is.verify),
        ("undoes", was.undoes == is.undoes),
        ("background", was.background == is.background),
        ("evidence", was.evidence == is.evidence),
        ("sessions", was.sessions == is.sessions),
    ];
    let other: Vec<&str> = aspects
        .iter()
        .filter(|(_, same)| !same)
        .map(|(name, _)| *name)
        .collect();
    other.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attempt::Ended;
    use crate::domain::run::fixture::{book, finished, run, started};

    const OLD: &str = "
phases:
  - phase: One
    steps:
      - {step: a, id: a, run: 'true'}
      - {step: b, id: b, run: 'true', danger: high, timeout: 1m, critical: true}
      - {step: c, id: c, run: 'true'}
  - phase: Two
    steps:
      - {step: d, id: d, confirm: x}
";

    /// What becomes of the book with `from` replaced by `to`, after step `a` has run.
    fn amended(from: &str, to: &str) -> Result<Vec<String>, Vec<String>> {
        assert!(OLD.contains(from), "{from}");
        let state = run(
            "prod",
            vec![started("a", 1), finished("a", 1, Ended::Passed)],
        );
        amend(&book(OLD), &book(&OLD.replacen(from, to, 1)), &state)
    }

    fn refused(from: &str, to: &str) -> String {
        amended(from, to).unwrap_err().join("; ")
    }

    #[test]
    fn steps_to_come_may_be_changed_added_and_taken_away() {
        let done = amended(
            "{step: c, id: c, run: 'true'}",
            "{step: c, id: c, run: 'false'}",
        );
        assert_eq!(done.unwrap(), ["step 1.3 “c” is changed: what is done"]);
        let new = "{step: c, id: c, run: 'true'}\n      - {step: e, id: e, run: 'true'}";
        let done = amended("{step: c, id: c, run: 'true'}", new);
        assert_eq!(done.unwrap(), ["step 1.4 “e” is new"]);
        let done = amended("      - {step: c, id: c, run: 'true'}\n", "");
        assert_eq!(done.unwrap(), ["step 1.3 “c” is gone"]);
        let done = amended("phase: Two", "phase: Three");
        assert_eq!(done.unwrap().len(), 1);
    }

    #[test]
    fn what_was_begun_stays_as_it_is_and_where_it_is() {
        let a = "{step: a, id: a, run: 'true'}";
        assert!(
            refused(a, "{step: a, id: a, run: 'false'}").contains("“a” was begun and is changed")
        );
        assert!(refused(a, "{step: a, id: z, run: 'true'}").contains("“a” was begun and is gone"));
        let before = format!("{{step: y, id: y, run: 'true'}}\n      - {a}");
        assert!(refused(a, &before).contains("“a” was begun and has moved"));
        assert!(refused("phase: One", "phase: Eins").contains("was begun: its headline"));
    }

    #[test]
    fn nothing_is_made_less_careful() {
        let b = "danger: high, timeout: 1m, critical: true";
        assert!(refused(b, "timeout: 1m, critical: true").contains("danger: high"));
        assert!(refused(b, "danger: high, timeout: 1m").contains("critical"));
        let gone =
            "      - {step: b, id: b, run: 'true', danger: high, timeout: 1m, critical: true}\n";
        assert!(refused(gone, "").contains("critical and is gone"));
        let old = book(OLD);
        for (from, to) in [
            ("protect: true", "protect: false"),
            ("title: test", "title: other"),
        ] {
            let text = format!(
                "runbook: 1\ntitle: test\ntargets:\n  prod: {{protect: true}}\n  staging: {{}}\n{OLD}"
            );
            let text = text.replacen(from, to, 1);
            let new = crate::domain::runbook::parse::parse(text.as_bytes(), "t", &|_| {
                Err(std::io::ErrorKind::NotFound.into())
            });
            let new = new.unwrap_or_else(|p| panic!("{}", p.render()));
            let why = amend(&old, &new, &run("prod", vec![])).unwrap_err();
            assert!(why[0].contains("only steps can be amended"), "{why:?}");
        }
    }

    #[test]
    fn a_comment_alone_amends_nothing() {
        assert!(refused("\nphases", "\n# a comment\nphases").contains("no step is different"));
    }
}
