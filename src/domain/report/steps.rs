//! Every step of the plan with what came of it.

use crate::domain::attempt::Ended;
use crate::domain::report::page::Page;
use crate::domain::report::story::{Attempt, Story, is_well};
use crate::domain::report::time;
use crate::domain::run::event::Event;
use crate::domain::run::next;
use crate::domain::run::state::Stand;
use crate::domain::runbook::model::{Action, Place, Step, StepId};
use crate::domain::tame;

/// Adds the table of steps and the values that were read.
pub fn section(page: &mut Page, story: &Story) {
    page.head(2, "Steps");
    let mut rows: Vec<_> = shown(story).map(|step| row(story, step)).collect();
    for id in story.strangers() {
        rows.push(stranger(story, id));
    }
    page.table(
        [
            "#", "Step", "Kind", "Result", "Attempts", "Started", "Took", "By",
        ],
        &rows,
    );
    values(page, story);
}

/// Returns the steps of the phases, and those of the ways back that were entered or touched.
pub fn shown<'s>(story: &'s Story) -> impl Iterator<Item = &'s Step> {
    story.book.steps.iter().filter(|step| match step.place {
        // What is due later has a table of its own.
        Place::Phase(_) => !story.book.is_later(step.place) || story.run.record(&step.id).is_some(),
        Place::Path(at) => {
            let name = story.book.rollback.get(at).map(|path| path.name.as_str());
            story
                .run
                .rollbacks
                .iter()
                .any(|r| Some(r.path.as_str()) == name)
                || story.run.record(&step.id).is_some()
        }
    })
}

/// Returns the counts of the verdict.
pub fn tally(story: &Story) -> String {
    let count = |wanted: &dyn Fn(&Step, &Stand) -> bool| {
        shown(story)
            .filter(|s| wanted(s, story.run.stand(&s.id)))
            .count()
    };
    let applies = |s: &Step| next::omitted(story.book, &story.run, &s.id).is_none();
    let mut parts = vec![
        format!("{} done", count(&|_, stand| *stand == Stand::Done)),
        format!("{} skipped", count(&|_, stand| *stand == Stand::Skipped)),
        format!(
            "{} open",
            count(&|s, stand| *stand == Stand::Waiting && applies(s))
        ),
    ];
    let mut add = |n: usize, what: &str| {
        if n > 0 {
            parts.push(format!("**{n} {what}**"));
        }
    };
    add(count(&|_, stand| *stand == Stand::Failed), "failed");
    add(
        count(&|_, stand| *stand == Stand::Accepted),
        "failed and accepted as it is",
    );
    add(count(&|_, stand| *stand == Stand::InDoubt), "in doubt");
    add(
        count(&|_, stand| *stand == Stand::Running),
        "running when the journal ends",
    );
    add(story.strangers().len(), "not in the runbook");
    let omitted = count(&|s, stand| *stand == Stand::Waiting && !applies(s));
    if omitted > 0 {
        parts.push(format!("{omitted} did not apply"));
    }
    let failed = story
        .attempts
        .iter()
        .filter(|a| a.finished.is_some() && !a.went_well())
        .count();
    format!("{}; {}", parts.join(", "), plural(failed, "failed attempt"))
}

/// Returns `1 failed attempt`, `2 failed attempts`.
pub fn plural(n: usize, what: &str) -> String {
    if n == 1 {
        format!("1 {what}")
    } else {
        format!("{n} {what}s")
    }
}

fn row(story: &Story, step: &Step) -> [String; 8] {
    let attempts: Vec<&Attempt> = story.attempts_at(&step.id).collect();
    let touched = story
        .entries()
        .iter()
        .find(|e| starts_or_settles(&e.event, &step.id));
    let count = if step.is_automated() {
        attempts.len().to_string()
    } else {
        String::new()
    };
    [
        tame::cell(&step.number),
        tame::cell(&step.title),
        kind(step).to_owned(),
        result(story, step, &attempts),
        count,
        touched.map_or(String::new(), |e| time::clock(&e.t, story.start())),
        took(&attempts),
        by(story, step),
    ]
}

fn stranger(story: &Story, id: &StepId) -> [String; 8] {
    let attempts: Vec<&Attempt> = story.attempts_at(id).collect();
    let touched = story
        .entries()
        .iter()
        .find(|e| starts_or_settles(&e.event, id));
    [
        "?".to_owned(),
        format!("{} (**not in the runbook**)", tame::code_cell(id.as_str())),
        String::new(),
        "see the journal".to_owned(),
        attempts.len().to_string(),
        touched.map_or(String::new(), |e| time::clock(&e.t, story.start())),
        took(&attempts),
        String::new(),
    ]
}

fn kind(step: &Step) -> &'static str {
    match step.action {
        Action::Confirm(_) => "manual",
        Action::Decide(_) => "decision",
        Action::Sign(_) => "signature",
        Action::Check(_) => "check",
        Action::Run(_) => "command",
        Action::Sql(_) => "sql",
        Action::Http(_) => "http",
        Action::Watch(_) => "watch",
        Action::Use(_) => "ready check",
    }
}

fn result(story: &Story, step: &Step, attempts: &[&Attempt]) -> String {
    let Some(record) = story.run.record(&step.id) else {
        return match next::omitted(story.book, &story.run, &step.id) {
            Some(why) => format!("does not apply: {}", tame::cell(why)),
            None => "not reached".to_owned(),
        };
    };
    let failed = attempts
        .iter()
        .filter(|a| a.finished.is_some() && !a.went_well())
        .count();
    let before = match failed {
        0 => String::new(),
        1 => "**failed**, then ".to_owned(),
        n => format!("**failed {n} times**, then "),
    };
    let last = attempts.last().and_then(|a| a.outcome());
    match record.stand {
        Stand::Waiting => "not reached".to_owned(),
        Stand::Running => format!("{before}**running when the journal ends**"),
        Stand::InDoubt => format!("{before}**in doubt**: it may have run"),
        Stand::Failed => match last {
            Some(outcome) => format!("**failed**: {}", tame::cell(&outcome.summary)),
            None if matches!(step.action, Action::Sign(_)) => {
                format!("**{}**", tame::cell(&record.why))
            }
            None => "**failed**: found not done".to_owned(),
        },
        Stand::Accepted => "**failed**, accepted as it is".to_owned(),
        Stand::Skipped => format!("{before}**skipped**"),
        Stand::Done => match (&step.action, last) {
            (Action::Decide(_), _) => format!("decided: {}", tame::cell(&record.answer)),
            (Action::Confirm(_), _) => "confirmed".to_owned(),
            (Action::Sign(_), _) => format!("{before}signed by {}", tame::cell(&record.answer)),
            (_, Some(outcome)) if outcome.ended == Ended::Warned => {
                format!("{before}**warned**: {}", tame::cell(&outcome.summary))
            }
            (_, Some(outcome)) if is_well(&outcome.ended) => {
                format!("{before}{}", tame::cell(&outcome.summary))
            }
            (_, Some(_)) => format!("{before}found done: {}", tame::cell(&record.why)),
            (_, None) => format!("{before}found done: {}", tame::cell(&record.why)),
        },
    }
}

fn took(attempts: &[&Attempt]) -> String {
    let each = attempts
        .iter()
        .filter_map(|a| a.outcome())
        .map(|o| time::took(o.duration_ms));
    each.collect::<Vec<_>>().join(" + ")
}

fn by(story: &Story, step: &Step) -> String {
    let mut names: Vec<String> = Vec::new();
    for entry in story.entries() {
        let name = match &entry.event {
            Event::StepConfirmed(c) if c.step == step.id && !c.on_behalf_of.is_empty() => {
                format!(
                    "{} for {}",
                    tame::cell(&entry.by),
                    tame::cell(&c.on_behalf_of)
                )
            }
            event if starts_or_settles(event, &step.id) => tame::cell(&entry.by),
            _ => continue,
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

/// Whether an event is somebody's act upon this step.
fn starts_or_settles(event: &Event, id: &StepId) -> bool {
    acted_on(event) == Some(id)
}

fn acted_on(event: &Event) -> Option<&StepId> {
    match event {
        Event::StepStarted(started) => Some(&started.step),
        Event::StepConfirmed(confirmed) => Some(&confirmed.step),
        Event::StepDecided { step, .. }
        | Event::StepSkipped { step, .. }
        | Event::StepAccepted { step, .. }
        | Event::StepResolved { step, .. } => Some(step),
        Event::Checkpoint(point) => point.step.as_ref().map(|said| &said.step),
        Event::RunOpened(_)
        | Event::Operator(_)
        | Event::Target(_)
        | Event::RunbookReviewed(_)
        | Event::StepFinished(_)
        | Event::StepInterrupted { .. }
        | Event::StepVerified { .. }
        | Event::CancelAsked { .. }
        | Event::Note { .. }
        | Event::Held { .. }
        | Event::Released
        | Event::AlarmRaised(_)
        | Event::AlarmCleared { .. }
        | Event::BackendActed(_)
        | Event::BackendResult { .. }
        | Event::ManualSql { .. }
        | Event::ManualSqlResult { .. }
        | Event::TargetLost { .. }
        | Event::RollbackEntered { .. }
        | Event::RollbackFinished { .. }
        | Event::WitnessPosted { .. }
        | Event::JournalRecovered { .. }
        | Event::RetryStopped { .. }
        | Event::Suspended { .. }
        | Event::RunbookAmended(_)
        | Event::RunResumed { .. }
        | Event::RunLeft { .. }
        | Event::RunClosed(_)
        | Event::Unknown { .. } => None,
    }
}

fn values(page: &mut Page, story: &Story) {
    let rows: Vec<_> = story
        .attempts
        .iter()
        .filter_map(|a| a.outcome().map(|o| (a, o)))
        .flat_map(|(a, o)| o.values.iter().map(move |(name, value)| (a, name, value)))
        .map(|(a, name, value)| {
            [
                tame::code_cell(name),
                tame::code_cell(value),
                format!(
                    "{}, attempt {}",
                    story.number(&a.started.step),
                    a.started.attempt
                ),
            ]
        })
        .collect();
    if !rows.is_empty() {
        page.head(3, "Values read from outputs");
        page.table(["Name", "Value", "Step"], &rows);
    }
}
