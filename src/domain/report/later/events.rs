//! One record of a later duty as a line of its addendum.

use crate::domain::journal::Entry;
use crate::domain::report::later::Lines;
use crate::domain::report::time;
use crate::domain::run::event::{
    ActOutcome, Answer, BackendAct, Checkpoint, Confirmed, Event, Finding, HoldReason, NoteKind,
    SqlEnd, TargetSeen,
};
use crate::domain::runbook::model::{Runbook, StepId};

/// What is said of a record that a later duty cannot have led to.
const STRANGE: &str = "A RECORD THAT DOES NOT BELONG BEHIND THE END OF A WINDOW";

/// Adds what a record tells.
pub(super) fn tell(lines: &mut Lines, book: &Runbook, entry: &Entry) {
    let said = said(book, entry);
    let t = entry.t.get(..19).unwrap_or(&entry.t);
    let mut said = said.lines();
    lines.add(&format!("{t}Z {}", said.next().unwrap_or_default()));
    for more in said {
        lines.add(&format!("    {more}"));
    }
}

fn said(book: &Runbook, entry: &Entry) -> String {
    let by = &entry.by;
    let step = |id: &StepId| step(book, id);
    match &entry.event {
        Event::StepStarted(_)
        | Event::StepFinished(_)
        | Event::StepInterrupted { .. }
        | Event::StepResolved { .. }
        | Event::StepVerified { .. }
        | Event::StepConfirmed(_)
        | Event::StepDecided { .. }
        | Event::StepSkipped { .. }
        | Event::StepAccepted { .. }
        | Event::CancelAsked { .. }
        | Event::RetryStopped { .. } => of_step(book, by, &entry.event),
        Event::Target(_)
        | Event::TargetLost { .. }
        | Event::AlarmRaised(_)
        | Event::AlarmCleared { .. }
        | Event::BackendActed(_)
        | Event::BackendResult { .. }
        | Event::ManualSql { .. }
        | Event::ManualSqlResult { .. } => of_server(by, &entry.event),
        Event::RunResumed { host, reason, .. } => {
            format!("taken up by {by} on {host}{}", because(reason))
        }
        Event::Operator(who) => {
            format!("{} <{}> drives, {}", who.name, who.identity, key(&who.key))
        }
        Event::Note {
            kind,
            text,
            step: about,
        } => {
            let what = match kind {
                NoteKind::Remark => "note",
                NoteKind::Deviation => "DEVIATION",
            };
            let about = about
                .as_ref()
                .map_or_else(String::new, |id| format!(" on {}", step(id)));
            format!("{what}{about} by {by}:\n{text}")
        }
        Event::Held { why } => match why {
            HoldReason::Operator => format!("held by {by}"),
            HoldReason::Alarm { rule } => format!("held by the alarm {rule}"),
            HoldReason::Identity { differs } => {
                format!("held: not the server it must be: {}", differs.join("; "))
            }
        },
        Event::Released => format!("let go on by {by}"),
        Event::Checkpoint(point) => signed(book, point),
        Event::WitnessPosted {
            seq, error, sink, ..
        } => match error.as_str() {
            "" => format!("the head of record {seq} was told to the {sink}'s witness"),
            why => format!("the head of record {seq} was not told to the {sink}'s witness: {why}"),
        },
        Event::JournalRecovered { bytes, sha256 } => {
            format!("{bytes} bytes behind the last record were set aside, SHA-256 {sha256}")
        }
        Event::Suspended { for_ms } => {
            format!("the machine stood still for {}", time::took(*for_ms))
        }
        Event::RunLeft { how } => format!("left by {by}: {how}"),
        Event::RunOpened(_)
        | Event::RunbookReviewed(_)
        | Event::RunbookAmended(_)
        | Event::RollbackEntered { .. }
        | Event::RollbackFinished { .. }
        | Event::RunClosed(_)
        | Event::Unknown { .. } => STRANGE.to_owned(),
    }
}

fn of_step(book: &Runbook, by: &str, event: &Event) -> String {
    let step = |id: &StepId| step(book, id);
    match event {
        Event::StepStarted(s) => {
            let again = if s.attempt > 1 {
                format!(", attempt {}", s.attempt)
            } else {
                String::new()
            };
            format!(
                "{}: started by {by}{again}{}\n{}",
                step(&s.step),
                because(&s.reason),
                s.command
            )
        }
        Event::StepFinished(f) => format!(
            "{}: {} after {}",
            step(&f.step),
            f.outcome.summary,
            time::took(f.outcome.duration_ms)
        ),
        Event::StepInterrupted { step: id, why, .. } => {
            format!("{}: it may have run: {why}", step(id))
        }
        Event::StepResolved {
            step: id,
            finding,
            how,
            ..
        } => {
            let found = match finding {
                Finding::Done => "found done",
                Finding::NotDone => "found not done",
            };
            format!("{}: {found} by {by}: {how}", step(id))
        }
        Event::StepVerified {
            step: id,
            answer,
            detail,
        } => {
            let answer = match answer {
                Answer::Holds => "its verify question holds",
                Answer::DoesNotHold => "its verify question does not hold",
                Answer::Unknown => "its verify question could not be asked",
            };
            format!("{}: {answer}: {detail}", step(id))
        }
        Event::StepConfirmed(c) => confirmed(&step(&c.step), by, c),
        Event::StepDecided {
            step: id,
            choice,
            reason,
            ..
        } => {
            format!("{}: decided by {by}: {choice}{}", step(id), because(reason))
        }
        Event::StepSkipped { step: id, reason } => {
            format!("{}: SKIPPED by {by}: {reason}", step(id))
        }
        Event::StepAccepted { step: id, reason } => {
            format!("{}: accepted as failed by {by}: {reason}", step(id))
        }
        Event::CancelAsked {
            step: id, reason, ..
        } => {
            format!("{}: asked to stop by {by}: {reason}", step(id))
        }
        Event::RetryStopped { step: id, .. } => format!("{}: no further retry by itself", step(id)),
        _ => STRANGE.to_owned(),
    }
}

fn of_server(by: &str, event: &Event) -> String {
    match event {
        Event::Target(seen) => target(seen),
        Event::TargetLost { why } => format!("the server does not answer: {why}"),
        Event::AlarmRaised(alarm) => {
            format!("alarm {}: {} {}", alarm.rule, alarm.seen, alarm.blocker)
        }
        Event::AlarmCleared { rule, lasted_ms } => {
            format!("alarm {rule} ended after {}", time::took(*lasted_ms))
        }
        Event::BackendActed(act) => {
            let what = match act.act {
                BackendAct::Cancel => "statement cancelled",
                BackendAct::Terminate => "session ended",
            };
            let (pid, since) = (act.pid, &act.backend_start);
            format!(
                "{what} by {by}: pid {pid}, started {since}, {} {}: {}\n{}",
                act.user, act.application, act.reason, act.query
            )
        }
        Event::BackendResult { pid, outcome, .. } => format!("pid {pid}: {}", acted(outcome)),
        Event::ManualSql {
            number,
            sql,
            reason,
        } => {
            format!(
                "statement {number} by hand, by {by}{}\n{sql}",
                because(reason)
            )
        }
        Event::ManualSqlResult {
            number,
            result,
            ended,
            duration_ms,
        } => {
            let how = match ended {
                SqlEnd::Ok => "ended",
                SqlEnd::Error => "FAILED",
            };
            format!(
                "statement {number} by hand {how} after {}: {result}",
                time::took(*duration_ms)
            )
        }
        _ => STRANGE.to_owned(),
    }
}

fn step(book: &Runbook, id: &StepId) -> String {
    match book.step(id) {
        Some(step) => format!("{} “{}”", step.number, step.title),
        None => format!("{id} (not in the runbook)"),
    }
}

fn because(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(": {reason}")
    }
}

fn key(fingerprint: &str) -> String {
    if fingerprint.is_empty() {
        "no key".to_owned()
    } else {
        format!("key {fingerprint}")
    }
}

fn target(seen: &TargetSeen) -> String {
    let TargetSeen {
        database,
        address,
        user,
        version,
        role,
        ..
    } = seen;
    let mut said = format!("server: database {database} on {address} as {user}, {version}, {role}");
    if !seen.differs.is_empty() {
        said.push_str(&format!(
            "\nNOT THE SERVER IT MUST BE: {}",
            seen.differs.join("; ")
        ));
    }
    said
}

fn confirmed(step: &str, by: &str, c: &Confirmed) -> String {
    let whom = match c.on_behalf_of.as_str() {
        "" => String::new(),
        whom => format!(" for {whom}"),
    };
    let mut said = format!(
        "{step}: confirmed by {by}{whom}, on screen for {}",
        time::took(c.seen_ms)
    );
    if !c.answer.is_empty() {
        said.push_str(&format!("\n{}", c.answer));
    }
    if !c.file_sha256.is_empty() {
        said.push_str(&format!("\nSHA-256 of that file {}", c.file_sha256));
    }
    said
}

fn signed(book: &Runbook, point: &Checkpoint) -> String {
    let Some(said) = &point.step else {
        return format!("the records so far signed by {}", point.identity);
    };
    format!(
        "{}: {} by {} <{}> as {}{}",
        step(book, &said.step),
        said.word.word(),
        said.name,
        point.identity,
        said.role,
        because(&said.remark)
    )
}

fn acted(outcome: &ActOutcome) -> String {
    match outcome {
        ActOutcome::Gone { after_ms } => format!("gone after {}", time::took(*after_ms)),
        ActOutcome::StillThere { after_ms } => {
            format!("still there after {}", time::took(*after_ms))
        }
        ActOutcome::AlreadyGone => "it had ended before".to_owned(),
        ActOutcome::Refused { why } => format!("refused: {why}"),
    }
}
