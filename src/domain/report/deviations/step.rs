//! What single steps did that was not as planned.

use crate::domain::attempt::{Ended, Outcome};
use crate::domain::journal::Entry;
use crate::domain::report::deviations::because;
use crate::domain::report::story::{Attempt, Story, is_well};
use crate::domain::report::time;
use crate::domain::run::event::{
    Answer, Checkpoint, Confirmed, ENDED_WITH_PART, Event, Finding, Finished, SignedWord, Started,
    asked_by_alarm,
};
use crate::domain::run::state::Stand;
use crate::domain::runbook::model::StepId;
use crate::domain::tame;

/// A step that was run again although it had gone well, or in doubt, is a deviation of its own.
pub fn started(story: &Story, entry: &Entry, started: &Started) -> Option<String> {
    let before = story
        .attempts_at(&started.step)
        .take_while(|a| a.started.attempt != started.attempt)
        .last()?;
    let how = match before.outcome() {
        Some(outcome) if is_well(&outcome.ended) => "had gone well",
        Some(_) => return None,
        None => "has no recorded end",
    };
    Some(format!(
        "**{} was run again** (attempt {}) at {} although attempt {} {how}.{}",
        story.named(&started.step),
        started.attempt,
        story.clock(entry),
        before.started.attempt,
        because(&started.reason)
    ))
}

/// A failure or a warning, with what followed.
pub fn finished(story: &Story, entry: &Entry, finished: &Finished) -> Option<String> {
    let outcome = &finished.outcome;
    let named = story.named(&finished.step);
    let (attempt, at) = (finished.attempt, story.clock(entry));
    let summary = tame::cell(&outcome.summary);
    let left = left_behind(outcome);
    let cut = cut(outcome);
    let took = time::took(outcome.duration_ms);
    let how = match &outcome.ended {
        Ended::Passed if left.is_empty() && cut.is_empty() => return None,
        Ended::Passed => {
            return Some(format!(
                "**{named}, attempt {attempt}, passed** at {at}.{left}{cut}"
            ));
        }
        Ended::Warned => {
            return Some(format!("**{named} warned** at {at}: {summary}.{left}{cut}"));
        }
        Ended::Failed { .. } => "failed",
        Ended::TimedOut => "was stopped because its time was up",
        Ended::Cancelled => "was cancelled",
        Ended::NotStarted => "could not be started",
    };
    Some(format!(
        "**{named}, attempt {attempt}, {how}** at {at} after {took}: {summary}.{left}{cut} {}",
        followed(story, finished)
    ))
}

fn left_behind(outcome: &Outcome) -> String {
    if outcome.left_behind.is_empty() {
        return String::new();
    }
    let what: Vec<_> = outcome.left_behind.iter().map(tame::cell).collect();
    format!(" Left behind: {}.", what.join("; "))
}

fn cut(outcome: &Outcome) -> String {
    outcome.output.cut_from.map_or(String::new(), |came| {
        format!(
            " Of {came} bytes of output only {} were kept.",
            outcome.output.bytes
        )
    })
}

fn followed(story: &Story, finished: &Finished) -> String {
    let after: Vec<&Attempt> = story
        .attempts_at(&finished.step)
        .filter(|a| a.started.attempt > finished.attempt)
        .collect();
    if let Some(next) = after.first() {
        let number = next.started.attempt;
        let end = match next.outcome() {
            Some(outcome) if is_well(&outcome.ended) => "went well",
            Some(_) => "did not go well either",
            None => "has no recorded end",
        };
        let why = match next.started.reason.trim() {
            "" => String::new(),
            reason => format!(" Reason given for repeating: {}", tame::cell(reason)),
        };
        return format!("Attempt {number} {end}.{why}");
    }
    match story.run.stand(&finished.step) {
        Stand::Accepted => "It was accepted as it is.".to_owned(),
        Stand::Skipped => "The step was then skipped.".to_owned(),
        Stand::Failed | Stand::Waiting | Stand::Running | Stand::InDoubt | Stand::Done => {
            "It was not repeated.".to_owned()
        }
    }
}

/// Nobody saw how an attempt ended.
pub fn interrupted(story: &Story, entry: &Entry, step: &StepId, attempt: u32, why: &str) -> String {
    format!(
        "**{}, attempt {attempt}, may have run:** found at {} that nobody knows how it ended. {}.",
        story.named(step),
        story.clock(entry),
        tame::cell(why)
    )
}

/// What a person found out about it.
pub fn resolved(
    story: &Story,
    entry: &Entry,
    (step, attempt): (&StepId, u32),
    finding: Finding,
    how: &str,
) -> String {
    let found = match finding {
        Finding::Done => "had run to its end",
        Finding::NotDone => "had not taken effect",
    };
    format!(
        "**{}, attempt {attempt}:** {} found at {} that it {found}. How: {}",
        story.named(step),
        tame::cell(&entry.by),
        story.clock(entry),
        tame::cell(how)
    )
}

/// A `verify` question whose answer is not that it holds.
pub fn verified(
    story: &Story,
    entry: &Entry,
    step: &StepId,
    answer: Answer,
    detail: &str,
) -> Option<String> {
    let said = match answer {
        Answer::Holds => return None,
        Answer::DoesNotHold => "does not hold",
        Answer::Unknown => "could not be asked",
    };
    Some(format!(
        "**{}: its verification {said}** at {}: {}",
        story.named(step),
        story.clock(entry),
        tame::cell(detail)
    ))
}

/// A confirmation in another's name.
pub fn confirmed(story: &Story, entry: &Entry, confirmed: &Confirmed) -> Option<String> {
    (!confirmed.on_behalf_of.is_empty()).then(|| {
        format!(
            "**{} was confirmed for {}** by {} at {}: a hearsay, unless {} signs below.",
            story.named(&confirmed.step),
            tame::cell(&confirmed.on_behalf_of),
            tame::cell(&entry.by),
            story.clock(entry),
            tame::cell(&confirmed.on_behalf_of)
        )
    })
}

/// A role said no in the window.
pub fn rejected(story: &Story, entry: &Entry, point: &Checkpoint) -> Option<String> {
    let said = point
        .step
        .as_ref()
        .filter(|s| s.word == SignedWord::Rejected)?;
    Some(format!(
        "**{} was rejected** by {} ({}) as {} at {}.{}",
        story.named(&said.step),
        tame::cell(&said.name),
        tame::code_span(&point.identity),
        tame::cell(&said.role),
        story.clock(entry),
        because(&said.remark)
    ))
}

/// A step that was skipped, or whose failure was accepted.
pub fn left(story: &Story, entry: &Entry, step: &StepId, how: &str, reason: &str) -> String {
    format!(
        "**{} {how}** at {}.{}",
        story.named(step),
        story.clock(entry),
        because(reason)
    )
}

/// Somebody asked a running step to stop; `None`: it ran beside the others, and its time had come.
pub fn cancelled(
    story: &Story,
    entry: &Entry,
    step: &StepId,
    attempt: u32,
    reason: &str,
) -> Option<String> {
    let beside = story
        .book
        .step(step)
        .is_some_and(|s| s.background.is_some());
    let planned = beside && reason == ENDED_WITH_PART;
    let by_alarm = story
        .entries()
        .iter()
        .any(|e| matches!(&e.event, Event::AlarmRaised(a) if asked_by_alarm(&a.rule) == reason));
    let who = if by_alarm {
        "an alarm".to_owned()
    } else {
        tame::cell(&entry.by)
    };
    (!planned).then(|| {
        format!(
            "**{}, attempt {attempt}: {who} asked it to stop** at {}.{}",
            story.named(step),
            story.clock(entry),
            because(reason)
        )
    })
}
