//! What the run did to the database: peaks per attempt, statements by hand, the ways back.

use crate::domain::journal::Entry;
use crate::domain::report::page::Page;
use crate::domain::report::story::{Attempt, Story};
use crate::domain::report::time;
use crate::domain::run::event::{BackendAct, Event, Peaks};
use crate::domain::runbook::model::Step;
use crate::domain::tame;

/// Adds the effect on the database, the manual SQL, and the ways back where one was entered.
pub fn section(page: &mut Page, story: &Story) {
    page.head(2, "Effect on the database");
    effect(page, story);
    page.head(2, "Manual SQL");
    by_hand(page, story);
    if !story.run.rollbacks.is_empty() {
        page.head(2, "Rollback");
        rollback(page, story);
    }
}

/// The columns of the table of peaks.
const COLUMNS: [&str; 7] = [
    "Step",
    "Sessions blocked (peak)",
    "Longest lock wait",
    "Blocked by this run",
    "Longest transaction",
    "Connections (peak)",
    "Replica lag",
];

fn effect(page: &mut Page, story: &Story) {
    let peaks = |a: &Attempt| a.finished.map_or(Peaks::default(), |(_, f)| f.peaks);
    let all = story.attempts.iter().map(|a| (a, peaks(a)));
    let (seen, unseen): (Vec<_>, Vec<_>) = all.partition(|(_, peaks)| peaks.samples > 0);
    if seen.is_empty() {
        page.say("No attempt was watched: nothing is known.");
    } else {
        page.table(COLUMNS, &watched(story, seen));
    }
    if !unseen.is_empty() && unseen.len() < story.attempts.len() {
        let names: Vec<_> = unseen.iter().map(|(a, _)| named(story, a)).collect();
        page.say(format!(
            "No sample was taken while these ran, so nothing is known of them: {}.",
            names.join(", ")
        ));
    }
    page.say(format!(
        "Statements of other sessions cancelled: {}; sessions terminated: {}.",
        acts(story, BackendAct::Cancel),
        acts(story, BackendAct::Terminate)
    ));
}

/// A row for each attempt that is worth one, and one for the worst of all others.
fn watched(story: &Story, seen: Vec<(&Attempt, Peaks)>) -> Vec<[String; 7]> {
    let (felt, quiet): (Vec<_>, Vec<_>) = seen
        .into_iter()
        .partition(|(a, peaks)| is_felt(story, a, peaks));
    let mut rows: Vec<_> = felt
        .iter()
        .map(|(a, peaks)| row(named(story, a), peaks))
        .collect();
    if !quiet.is_empty() {
        let worst = quiet
            .iter()
            .fold(Peaks::default(), |worst, (_, peaks)| worse(worst, *peaks));
        let others = if felt.is_empty() { "" } else { "other " };
        rows.push(row(
            format!("all {others}attempts that were watched"),
            &worst,
        ));
    }
    rows
}

/// How many there were, and of each the session and what ran meanwhile.
fn acts(story: &Story, wanted: BackendAct) -> String {
    let each: Vec<String> = story
        .entries()
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::BackendActed(a) if a.act == wanted => {
                Some(format!("pid {} {}", a.pid, meanwhile(story, entry)))
            }
            _ => None,
        })
        .collect();
    match each.len() {
        0 => "0".to_owned(),
        n => format!("{n} ({})", each.join(", ")),
    }
}

fn meanwhile(story: &Story, entry: &Entry) -> String {
    let ran = |a: &&Attempt| {
        a.entry.seq < entry.seq && a.finished.is_none_or(|(end, _)| end.seq > entry.seq)
    };
    let names: Vec<_> = story
        .attempts
        .iter()
        .filter(ran)
        .map(|a| named(story, a))
        .collect();
    if names.is_empty() {
        "while no step ran".to_owned()
    } else {
        format!("during {}", names.join(", "))
    }
}

fn named(story: &Story, attempt: &Attempt) -> String {
    let number = story.number(&attempt.started.step);
    let attempts = story.attempts_at(&attempt.started.step).count();
    if attempts == 1 {
        return number;
    }
    format!("{number} attempt {}", attempt.started.attempt)
}

/// Attempts that could change the target have their own row, and those during which somebody waited.
fn is_felt(story: &Story, attempt: &Attempt, peaks: &Peaks) -> bool {
    let looks = story
        .book
        .step(&attempt.started.step)
        .is_some_and(Step::only_looks);
    !looks || peaks.blocked > 0 || peaks.blocked_by_us > 0
}

fn worse(a: Peaks, b: Peaks) -> Peaks {
    Peaks {
        samples: a.samples.saturating_add(b.samples),
        blocked: a.blocked.max(b.blocked),
        longest_wait_ms: a.longest_wait_ms.max(b.longest_wait_ms),
        blocked_by_us: a.blocked_by_us.max(b.blocked_by_us),
        longest_transaction_ms: a.longest_transaction_ms.max(b.longest_transaction_ms),
        connections: a.connections.max(b.connections),
        lag_bytes: a.lag_bytes.max(b.lag_bytes),
    }
}

fn row(name: String, peaks: &Peaks) -> [String; 7] {
    [
        name,
        peaks.blocked.to_string(),
        time::took(peaks.longest_wait_ms),
        peaks.blocked_by_us.to_string(),
        time::took(peaks.longest_transaction_ms),
        peaks.connections.to_string(),
        peaks
            .lag_bytes
            .map_or("not known".to_owned(), |bytes| format!("{bytes} bytes")),
    ]
}

fn by_hand(page: &mut Page, story: &Story) {
    let rows: Vec<_> = story
        .entries()
        .iter()
        .filter_map(|e| statement(story, e))
        .collect();
    if rows.is_empty() {
        page.say("None was sent through holdpoint.");
        return;
    }
    page.table(["#", "When", "By", "Statement", "Result", "Reason"], &rows);
}

fn statement(story: &Story, entry: &Entry) -> Option<[String; 6]> {
    let Event::ManualSql {
        number,
        sql,
        reason,
    } = &entry.event
    else {
        return None;
    };
    let result = story.entries().iter().find_map(|e| match &e.event {
        Event::ManualSqlResult {
            number: n,
            result,
            duration_ms,
            ..
        } if n == number => Some(format!(
            "{}, {}",
            tame::code_cell(result),
            time::took(*duration_ms)
        )),
        _ => None,
    });
    Some([
        number.to_string(),
        story.clock(entry),
        tame::cell(&entry.by),
        tame::code_cell(sql),
        result.unwrap_or_else(|| "**not recorded**".to_owned()),
        if reason.trim().is_empty() {
            "none given".to_owned()
        } else {
            tame::cell(reason)
        },
    ])
}

fn rollback(page: &mut Page, story: &Story) {
    let rows: Vec<_> = story
        .entries()
        .iter()
        .filter_map(|e| match &e.event {
            Event::RollbackEntered { path, reason } => Some([
                tame::code_cell(path),
                "entered".to_owned(),
                story.clock(e),
                tame::cell(&e.by),
                tame::cell(reason),
            ]),
            Event::RollbackFinished { path } => Some([
                tame::code_cell(path),
                "end reached".to_owned(),
                story.clock(e),
                tame::cell(&e.by),
                String::new(),
            ]),
            _ => None,
        })
        .collect();
    page.table(["Path", "What", "When", "By", "Reason"], &rows);
    if story.run.rollbacks.iter().any(|r| r.finished_ms.is_none()) {
        page.say("**A way back that was entered was not walked to its end.**");
    }
}
