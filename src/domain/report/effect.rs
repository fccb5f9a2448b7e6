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

fn effect(page: &mut Page, story: &Story) {
    let ended = || {
        story
            .attempts
            .iter()
            .filter_map(|a| a.finished.map(|(_, f)| (a, f.peaks)))
    };
    let (seen, unseen): (Vec<_>, Vec<_>) = ended().partition(|(_, peaks)| peaks.samples > 0);
    let (felt, quiet): (Vec<_>, Vec<_>) = seen
        .into_iter()
        .partition(|(a, peaks)| is_felt(story, a, peaks));
    let mut rows: Vec<_> = felt
        .iter()
        .map(|(a, peaks)| {
            row(
                format!(
                    "{}, attempt {}",
                    story.number(&a.started.step),
                    a.started.attempt
                ),
                peaks,
            )
        })
        .collect();
    if !quiet.is_empty() {
        let worst = quiet
            .iter()
            .fold(Peaks::default(), |worst, (_, peaks)| worse(worst, *peaks));
        let name = if felt.is_empty() {
            "all attempts"
        } else {
            "all other attempts that were watched"
        };
        rows.push(row(name.to_owned(), &worst));
    }
    if rows.is_empty() {
        page.say("No attempt was watched: nothing is known.");
    } else {
        page.table(
            [
                "Step",
                "Sessions blocked (peak)",
                "Longest lock wait",
                "Blocked by this run",
                "Longest transaction",
                "Connections (peak)",
                "Replica lag",
            ],
            &rows,
        );
    }
    if !unseen.is_empty() && !rows.is_empty() {
        let names: Vec<_> = unseen
            .iter()
            .map(|(a, _)| {
                format!(
                    "{} attempt {}",
                    story.number(&a.started.step),
                    a.started.attempt
                )
            })
            .collect();
        page.say(format!(
            "Not watched, so nothing is known: {}.",
            names.join(", ")
        ));
    }
    let count = |wanted: BackendAct| {
        story
            .entries()
            .iter()
            .filter(|e| matches!(&e.event, Event::BackendActed(a) if a.act == wanted))
            .count()
    };
    page.say(format!(
        "Statements of other sessions cancelled: {}; sessions terminated: {}.",
        count(BackendAct::Cancel),
        count(BackendAct::Terminate)
    ));
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
