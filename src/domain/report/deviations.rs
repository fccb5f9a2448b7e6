//! What was not as planned: computed from the records, never written by hand.

use crate::domain::journal::Entry;
use crate::domain::report::page::Page;
use crate::domain::report::story::Story;
use crate::domain::report::time;
use crate::domain::run::event::{Event, NoteKind};
use crate::domain::runbook::model::StepId;
use crate::domain::tame;

mod database;
mod run;
mod step;
mod whole;

/// Returns every deviation as a line of markdown: first what concerns the whole record, then in the order of events.
pub fn list(story: &Story) -> Vec<String> {
    let mut found = whole::list(story);
    for (at, entry) in story.entries().iter().enumerate() {
        found.extend(one(story, at, entry));
    }
    found
}

/// Adds the deviations, and below them the operator's remarks, which are not counted.
pub fn section(page: &mut Page, story: &Story, found: &[String]) {
    page.head(2, "Deviations");
    if found.is_empty() {
        page.say("None: no record of the journal says that anything was not as planned.");
    }
    for (at, text) in found.iter().enumerate() {
        page.line(format!("{}. {text}", at + 1));
    }
    let remarks: Vec<String> = story
        .entries()
        .iter()
        .filter_map(|e| remark(story, e))
        .collect();
    if !remarks.is_empty() {
        page.head(3, "Remarks");
        for text in &remarks {
            page.line(format!("- {text}"));
        }
    }
    page.gap();
}

fn remark(story: &Story, entry: &Entry) -> Option<String> {
    match &entry.event {
        Event::Note {
            kind: NoteKind::Remark,
            text,
            step,
        } => Some(note(story, entry, text, step.as_ref())),
        _ => None,
    }
}

fn note(story: &Story, entry: &Entry, text: &str, step: Option<&StepId>) -> String {
    let at = step.map_or(String::new(), |step| format!(", at {}", story.named(step)));
    format!(
        "**Note by {}, {}{at}:** {}",
        tame::cell(&entry.by),
        story.clock(entry),
        tame::cell(text)
    )
}

/// What one record says of the plan. `at` is its place, counted from zero.
fn one(story: &Story, at: usize, entry: &Entry) -> Option<String> {
    match &entry.event {
        Event::StepStarted(started) => step::started(story, entry, started),
        Event::StepFinished(finished) => step::finished(story, entry, finished),
        Event::StepInterrupted { step, attempt, why } => {
            Some(step::interrupted(story, entry, step, *attempt, why))
        }
        Event::StepResolved {
            step,
            attempt,
            finding,
            how,
        } => Some(step::resolved(
            story,
            entry,
            (step, *attempt),
            *finding,
            how,
        )),
        Event::StepVerified {
            step,
            answer,
            detail,
        } => step::verified(story, entry, step, *answer, detail),
        Event::StepConfirmed(confirmed) => step::confirmed(story, entry, confirmed),
        Event::StepSkipped { step, reason } => {
            Some(step::left(story, entry, step, "skipped", reason))
        }
        Event::StepAccepted { step, reason } => Some(step::left(
            story,
            entry,
            step,
            "failed and was accepted as it is",
            reason,
        )),
        Event::CancelAsked {
            step,
            attempt,
            reason,
        } => step::cancelled(story, entry, step, *attempt, reason),
        Event::Note {
            kind: NoteKind::Deviation,
            text,
            step,
        } => Some(note(story, entry, text, step.as_ref())),
        Event::Checkpoint(point) => step::rejected(story, entry, point),
        Event::Held { why } => Some(run::held(story, at, entry, why)),
        Event::AlarmRaised(raised) => Some(database::alarm(story, at, entry, raised)),
        Event::BackendActed(acted) => Some(database::acted(story, at, entry, acted)),
        Event::ManualSql { number, reason, .. } => {
            Some(database::by_hand(story, entry, *number, reason))
        }
        Event::TargetLost { why } => Some(database::lost(story, at, entry, why)),
        Event::Target(seen) => database::target(story, at, entry, seen),
        Event::Operator(operator) => run::operator(story, at, entry, operator),
        Event::RunbookReviewed(review) => run::review(story, entry, review),
        Event::RollbackEntered { path, reason } => {
            Some(run::rollback(story, at, entry, path, reason))
        }
        Event::JournalRecovered { bytes, sha256 } => {
            Some(run::recovered(story, entry, *bytes, sha256))
        }
        Event::Suspended { for_ms } => Some(run::suspended(story, entry, *for_ms)),
        Event::RunbookAmended(amended) => Some(run::amended(story, entry, amended)),
        Event::RetryStopped { step, attempt } => Some(format!(
            "**The automatic retry of {} was stopped** by {} at {}, after attempt {attempt}.",
            story.named(step),
            tame::cell(&entry.by),
            story.clock(entry)
        )),
        Event::RunResumed { host, reason, .. } => Some(run::resumed(story, entry, host, reason)),
        Event::WitnessPosted {
            seq, sink, error, ..
        } => (!error.is_empty()).then(|| run::unwitnessed(story, entry, *seq, sink, error)),
        Event::RunLeft { how } => Some(run::left(story, entry, how)),
        Event::Unknown { kind, .. } => Some(format!(
            "**Record {} is of a type that this version does not know:** {}; it is in the journal.",
            entry.seq,
            tame::code_span(kind)
        )),
        Event::RunOpened(_)
        | Event::StepDecided { .. }
        | Event::Note {
            kind: NoteKind::Remark,
            ..
        }
        | Event::Released
        | Event::AlarmCleared { .. }
        | Event::BackendResult { .. }
        | Event::ManualSqlResult { .. }
        | Event::RollbackFinished { .. }
        | Event::RunClosed(_) => None,
    }
}

/// Returns ` Reason given: …`, or that none was.
fn because(reason: &str) -> String {
    if reason.trim().is_empty() {
        " No reason was given.".to_owned()
    } else {
        format!(" Reason given: {}", tame::cell(reason))
    }
}

/// Returns the time from one record to a later one, by the wall clock.
fn between(from: &Entry, to: &Entry) -> String {
    let (Some(start), Some(end)) = (time::read(&from.t), time::read(&to.t)) else {
        return "an unknown time".to_owned();
    };
    u64::try_from((end - start).num_milliseconds()).map_or("an unknown time".to_owned(), time::took)
}
