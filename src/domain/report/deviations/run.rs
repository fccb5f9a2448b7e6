//! What happened to the run itself: holds, handovers, ways back, crashes.

use crate::domain::journal::Entry;
use crate::domain::report::deviations::{because, between};
use crate::domain::report::story::Story;
use crate::domain::report::verdict::who;
use crate::domain::run::event::{Amended, Event, HoldReason, Operator};
use crate::domain::run::review::{Review, ReviewFinding};
use crate::domain::runbook::model::Demand;
use crate::domain::sample::words::lasting;
use crate::domain::tame;

/// No further step started for a while.
pub fn held(story: &Story, at: usize, entry: &Entry, why: &HoldReason) -> String {
    let why = match why {
        HoldReason::Operator => format!("by {}", tame::cell(&entry.by)),
        HoldReason::Alarm { rule } => format!("by the alarm {}", tame::code_span(rule)),
        HoldReason::Identity { differs } => format!(
            "because the server is not what it must be ({})",
            differs
                .iter()
                .map(tame::cell)
                .collect::<Vec<_>>()
                .join("; ")
        ),
    };
    let released = story.entries()[at..]
        .iter()
        .find(|e| matches!(e.event, Event::Released));
    let released = released.map_or("It was not released.".to_owned(), |e| {
        format!(
            "{} released it after {}.",
            tame::cell(&e.by),
            between(entry, e)
        )
    });
    format!(
        "**The run was held** {why} at {}. {released}",
        story.clock(entry)
    )
}

/// Another operator than before took over.
pub fn operator(story: &Story, at: usize, entry: &Entry, operator: &Operator) -> Option<String> {
    let before = story.entries()[..at]
        .iter()
        .rev()
        .find_map(|e| match &e.event {
            Event::Operator(before) => Some(before),
            _ => None,
        })?;
    (before.identity != operator.identity || before.name != operator.name).then(|| {
        format!(
            "**Handover** at {}: from {} to {}.",
            story.clock(entry),
            who(before),
            who(operator)
        )
    })
}

/// Nobody who may had reviewed what was executed, or the reviewer executed it.
pub fn review(story: &Story, entry: &Entry, review: &Review) -> Option<String> {
    let at = story.clock(entry);
    match (review.finding, review.demand) {
        (ReviewFinding::Valid, _) => {
            let operators = story.entries().iter().filter_map(|e| match &e.event {
                Event::Operator(operator) => Some(operator),
                _ => None,
            });
            let mut same = operators.filter(|o| {
                o.identity == review.reviewer || (!o.key.is_empty() && o.key == review.key)
            });
            same.next().map(|operator| {
                format!(
                    "**The reviewer executed the runbook:** {} reviewed it and drove the run.",
                    who(operator)
                )
            })
        }
        (ReviewFinding::Absent, Demand::Welcome) => None,
        (ReviewFinding::Absent, Demand::Demanded)
        | (ReviewFinding::Differs | ReviewFinding::Untrusted, _) => {
            let demanded = match review.demand {
                Demand::Demanded => " The target demands a reviewed runbook.",
                Demand::Welcome => "",
            };
            let why = match review.reason.as_str() {
                "" => String::new(),
                _ => because(&review.reason),
            };
            Some(format!(
                "**Not as reviewed**, {at}: {}.{demanded}{why}",
                tame::cell(review.said())
            ))
        }
    }
}

/// A way back was entered.
pub fn rollback(story: &Story, at: usize, entry: &Entry, path: &str, reason: &str) -> String {
    let finished = story.entries()[at..].iter().find(
        |e| matches!(&e.event, Event::RollbackFinished { path: finished } if finished == path),
    );
    let end = finished.map_or("It was **not walked to its end**.".to_owned(), |e| {
        format!("Its end was reached at {}.", story.clock(e))
    });
    format!(
        "**The way back {} was entered** at {} by {}. {end}{}",
        tame::code_span(path),
        story.clock(entry),
        tame::cell(&entry.by),
        because(reason)
    )
}

/// The machine stood still.
pub fn suspended(story: &Story, entry: &Entry, for_ms: u64) -> String {
    format!(
        "**The machine was suspended** for {} before {}: steps that ran stood still meanwhile, and nobody watched.",
        lasting(for_ms),
        story.clock(entry)
    )
}

/// Steps that were not started yet were changed.
pub fn amended(story: &Story, entry: &Entry, amended: &Amended) -> String {
    let changes: Vec<String> = amended.changes.iter().map(tame::cell).collect();
    format!(
        "**The runbook was amended** at {} by {}: {}. From here on it is {}, SHA-256 {}; before, SHA-256 {}.{}",
        story.clock(entry),
        tame::cell(&entry.by),
        changes.join("; "),
        tame::code_span(format!("{}/runbook.yaml", amended.dir)),
        tame::code_span(&amended.sha256),
        tame::code_span(&amended.before),
        because(&amended.reason)
    )
}

/// Bytes that are no record were set aside.
pub fn recovered(story: &Story, entry: &Entry, bytes: u64, sha256: &str) -> String {
    format!(
        "**The journal was recovered** at {}: {bytes} bytes that are no record of it, torn off by a crash or written by somebody else, were set aside, SHA-256 {}.",
        story.clock(entry),
        tame::code_span(sha256)
    )
}

/// A witness was not told.
pub fn unwitnessed(story: &Story, entry: &Entry, seq: u64, sink: &str, error: &str) -> String {
    format!(
        "**The witness of the {} was not told the head of record {seq}** at {}: {}",
        tame::cell(sink),
        story.clock(entry),
        tame::code_span(error)
    )
}

/// Another process took the run up.
pub fn resumed(story: &Story, entry: &Entry, host: &str, reason: &str) -> String {
    let why = match reason.trim() {
        "" => String::new(),
        reason => format!(" Reason given: {}", tame::cell(reason)),
    };
    format!(
        "**The run was resumed** at {} by {} on {}.{why}",
        story.clock(entry),
        tame::cell(&entry.by),
        tame::code_span(host)
    )
}

/// The driver left while the run was open.
pub fn left(story: &Story, entry: &Entry, how: &str) -> String {
    format!(
        "**The driver left** at {}: {}.",
        story.clock(entry),
        tame::cell(how)
    )
}
