//! What happened at the database: alarms, acts on sessions, statements by hand, a lost connection.

use crate::domain::journal::Entry;
use crate::domain::report::clocks;
use crate::domain::report::deviations::{because, between};
use crate::domain::report::story::Story;
use crate::domain::report::time;
use crate::domain::report::verdict::server;
use crate::domain::run::event::{
    ActOutcome, AlarmRaised, BackendAct, BackendActed, Event, SqlEnd, TargetSeen,
};
use crate::domain::runbook::model::Level;
use crate::domain::tame;

/// An alarm, with what it saw and for how long it held.
pub fn alarm(story: &Story, at: usize, entry: &Entry, raised: &AlarmRaised) -> String {
    let level = match raised.level {
        Level::Warning => "warning",
        Level::Critical => "critical",
    };
    let during: Vec<_> = raised.during.iter().map(|step| story.named(step)).collect();
    let during = if during.is_empty() {
        "while no step ran".to_owned()
    } else {
        format!("while {} ran", during.join(", "))
    };
    let blocker = match raised.blocker.as_str() {
        "" => String::new(),
        blocker => format!(" Blocking: {}.", tame::code_span(blocker)),
    };
    let lasted = story.entries()[at..].iter().find_map(|e| match &e.event {
        Event::AlarmCleared { rule, lasted_ms } if *rule == raised.rule => Some(*lasted_ms),
        _ => None,
    });
    let lasted = lasted.map_or("It still held at the last record.".to_owned(), |ms| {
        format!("It held for {}.", time::took(ms))
    });
    format!(
        "**Alarm ({level}):** {} at {} {during}: {}.{blocker} {lasted}",
        tame::code_span(&raised.rule),
        story.clock(entry),
        tame::code_span(&raised.seen)
    )
}

/// A session that was cancelled or terminated.
pub fn acted(story: &Story, at: usize, entry: &Entry, acted: &BackendActed) -> String {
    let call = match acted.act {
        BackendAct::Cancel => "pg_cancel_backend",
        BackendAct::Terminate => "pg_terminate_backend",
    };
    let lasted = acted.xact_ms.map_or(String::new(), |ms| {
        format!(", in a transaction for {}", time::took(ms))
    });
    format!(
        "**{} ran `{call}({})`** at {} on a session of user {} (application {}, began {}{lasted}), statement {}. {}{}",
        tame::cell(&entry.by),
        acted.pid,
        story.clock(entry),
        tame::code_span(&acted.user),
        tame::code_span(&acted.application),
        tame::code_span(&acted.backend_start),
        tame::code_span(&acted.query),
        came_of(&story.entries()[at..], acted),
        because(&acted.reason)
    )
}

fn came_of(later: &[Entry], acted: &BackendActed) -> String {
    let outcome = later.iter().find_map(|e| match &e.event {
        Event::BackendResult {
            pid,
            backend_start,
            outcome,
        } if *pid == acted.pid && *backend_start == acted.backend_start => Some(outcome),
        _ => None,
    });
    let what = match acted.act {
        BackendAct::Cancel => "The statement",
        BackendAct::Terminate => "The session",
    };
    match outcome {
        None => "What came of it is **not recorded**.".to_owned(),
        Some(ActOutcome::Gone { after_ms }) => {
            format!("{what} was gone after {}.", time::took(*after_ms))
        }
        Some(ActOutcome::StillThere { after_ms }) => {
            format!(
                "{what} was **still there** after {}.",
                time::took(*after_ms)
            )
        }
        Some(ActOutcome::AlreadyGone) => "The session had ended before.".to_owned(),
        Some(ActOutcome::Refused { why }) => {
            format!("It was **refused**: {}.", tame::cell(why))
        }
    }
}

/// A statement by hand.
pub fn by_hand(story: &Story, entry: &Entry, number: u32, reason: &str) -> String {
    let end = match ended(story, number) {
        Some(SqlEnd::Ok) => "It went well.",
        Some(SqlEnd::Error) => "It ended with an **error**.",
        None => "Its end is **not recorded**.",
    };
    format!(
        "**Manual SQL {number}** by {} at {}; see Manual SQL below. {end}{}",
        tame::cell(&entry.by),
        story.clock(entry),
        because(reason)
    )
}

fn ended(story: &Story, wanted: u32) -> Option<SqlEnd> {
    story.entries().iter().find_map(|e| match &e.event {
        Event::ManualSqlResult { number, ended, .. } if *number == wanted => Some(*ended),
        _ => None,
    })
}

/// The connection to the server was lost.
pub fn lost(story: &Story, at: usize, entry: &Entry, why: &str) -> String {
    let back = story.entries()[at..]
        .iter()
        .find(|e| matches!(e.event, Event::Target(_)));
    let back = back.map_or("It did not come back.".to_owned(), |e| {
        format!("It was back after {}.", between(entry, e))
    });
    format!(
        "**The connection to the database was lost** at {}: {}. {back}",
        story.clock(entry),
        tame::cell(why)
    )
}

/// A server that is not what it must be, is another than before, or whose clock differs.
pub fn target(story: &Story, at: usize, entry: &Entry, seen: &TargetSeen) -> Option<String> {
    let before = story.entries()[..at]
        .iter()
        .rev()
        .find_map(|e| match &e.event {
            Event::Target(before) => Some(before),
            _ => None,
        });
    let mut faults: Vec<String> = seen.differs.iter().map(tame::cell).collect();
    if before.is_some_and(|b| !same_server(b, seen)) {
        faults.push("it is another server than before".to_owned());
    }
    if clocks::is_off(seen.clock_offset_ms) {
        faults.push(format!(
            "its clock differs by {}",
            time::offset(seen.clock_offset_ms)
        ));
    }
    (!faults.is_empty()).then(|| {
        format!(
            "**The database server at {}:** {}. It is {}.",
            story.clock(entry),
            faults.join("; "),
            server(seen)
        )
    })
}

fn same_server(a: &TargetSeen, b: &TargetSeen) -> bool {
    a.system_identifier == b.system_identifier
        && a.database == b.database
        && a.address == b.address
        && a.role == b.role
        && a.version == b.version
}
