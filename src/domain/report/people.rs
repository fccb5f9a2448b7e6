//! What people said: confirmations, decisions and signatures, with how long the question was on screen.

use crate::domain::journal::Entry;
use crate::domain::report::page::Page;
use crate::domain::report::story::Story;
use crate::domain::report::time;
use crate::domain::run::event::{Confirmed, Event, StepSigned};
use crate::domain::tame;

/// Adds the table of confirmations, decisions and signatures in steps, where there are any.
pub fn section(page: &mut Page, story: &Story) {
    let rows: Vec<_> = story
        .entries()
        .iter()
        .filter_map(|e| row(story, e))
        .collect();
    page.head(3, "Manual confirmations");
    if rows.is_empty() {
        page.say("None.");
        return;
    }
    page.table(
        ["Step", "At", "By", "Shown for", "Answer typed, or decision"],
        &rows,
    );
}

fn row(story: &Story, entry: &Entry) -> Option<[String; 5]> {
    let (step, seen_ms, by, answer) = match &entry.event {
        Event::StepConfirmed(c) => (&c.step, c.seen_ms, by(entry, c), answer(c)),
        Event::StepDecided {
            step,
            choice,
            go_to,
            reason,
            seen_ms,
        } => (
            step,
            *seen_ms,
            tame::cell(&entry.by),
            decision(choice, go_to.as_deref(), reason),
        ),
        Event::Checkpoint(point) => {
            let said = point.step.as_ref()?;
            let by = format!(
                "{}, {}, as {}",
                tame::cell(&said.name),
                tame::code_cell(&point.identity),
                tame::cell(&said.role)
            );
            (&said.step, said.seen_ms, by, signed(entry, said))
        }
        _ => return None,
    };
    let at = time::clock(&entry.t, story.start());
    Some([story.number(step), at, by, time::took(seen_ms), answer])
}

fn by(entry: &Entry, confirmed: &Confirmed) -> String {
    let by = tame::cell(&entry.by);
    match confirmed.on_behalf_of.as_str() {
        "" => by,
        other => format!("{by} for {}", tame::cell(other)),
    }
}

fn answer(confirmed: &Confirmed) -> String {
    let mut said = match confirmed.answer.as_str() {
        "" => "confirmed, nothing typed".to_owned(),
        text => tame::code_cell(text),
    };
    if !confirmed.file_sha256.is_empty() {
        said += &format!(
            ", file with SHA-256 {}",
            tame::code_cell(&confirmed.file_sha256)
        );
    }
    said
}

fn signed(entry: &Entry, said: &StepSigned) -> String {
    let mut text = format!(
        "**{}**, signed in record {} with key {}",
        said.word.word(),
        entry.seq,
        tame::code_cell(&said.key)
    );
    if !said.remark.trim().is_empty() {
        text += &format!(", remark: {}", tame::cell(&said.remark));
    }
    text
}

fn decision(choice: &str, go_to: Option<&str>, reason: &str) -> String {
    let mut said = format!("decided: {}", tame::cell(choice));
    if let Some(go_to) = go_to {
        said += &format!(", leads to {}", tame::code_cell(go_to));
    }
    if !reason.trim().is_empty() {
        said += &format!(", reason: {}", tame::cell(reason));
    }
    said
}
