//! Later duties as the record tells them: what is open in the log, what was done in its addenda.
//!
//! The journal of the window is closed and signed. What is done afterwards is recorded in [`FILE`], whose first record
//! names the head of that journal as the one before it: one chain in two files, and nothing signed is touched. Each
//! addendum is told from its records alone, the same bytes every time.

mod events;

use crate::domain::digest::sha256_hex;
use crate::domain::journal::Entry;
use crate::domain::report::page::Page;
use crate::domain::report::story::{Story, is_digest, is_output};
use crate::domain::report::time;
use crate::domain::run::event::Event;
use crate::domain::run::later::{Duty, duties, first_due};
use crate::domain::run::state::{RunState, Stand};
use crate::domain::runbook::model::{Runbook, Step, StepId};
use crate::domain::tame;

/// The file in the run's directory that the records of later duties stand in.
pub const FILE: &str = "later.jsonl";

/// What an addendum begins with that is told from records.
const BEGINS: &str = "Later duties, told from records ";

/// The longest line of an addendum, in bytes: what is longer stands whole in the records.
const LONGEST: usize = 900;

/// The most bytes of lines that an addendum holds.
const MOST: usize = 56 * 1024;

/// The records that an addendum is told from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The first, counted over both files.
    pub from: u64,
    /// The last.
    pub to: u64,
    /// The digest of the last.
    pub head: String,
}

impl Told {
    /// Reads which records the text of an addendum says that it is told from; `None`: it is some other text.
    pub fn read(text: &str) -> Option<Self> {
        let rest = text.lines().next()?.strip_prefix(BEGINS)?;
        let (records, head) = rest.split_once(&format!(" of {FILE}, head "))?;
        let (from, to) = records.split_once(" to ")?;
        Some(Self {
            from: from.parse().ok()?,
            to: to.parse().ok()?,
            head: head.strip_suffix('.')?.to_owned(),
        })
    }
}

/// Adds what is due after the window.
pub fn section(page: &mut Page, story: &Story) {
    let all = duties(story.book, &story.run);
    if all.is_empty() || story.run.closed.is_none() {
        return;
    }
    page.head(2, "Later duties");
    page.say(format!(
        "This record does not wait for them. `holdpoint resume {}` takes them up; what is done is added below as signed addenda.",
        story.opened.run
    ));
    let offset = story.opened.utc_offset_min;
    let when = |ms: Option<i64>| ms.map_or_else(String::new, |ms| at(ms, offset));
    let rows: Vec<_> = all
        .iter()
        .map(|duty| {
            let steps = steps(story.book, &story.run, duty);
            let steps =
                steps.map(|s| format!("{} {}", tame::cell(&s.number), tame::cell(&s.title)));
            [
                tame::cell(&duty.title),
                when(duty.from_ms),
                when(Some(duty.due_ms)),
                steps.collect::<Vec<_>>().join("; "),
            ]
        })
        .collect();
    page.table(["Duty", "From", "Due by", "Steps"], &rows);
}

/// Returns how many later duties there are and when the first is due; `None`: there are none.
pub fn summary(story: &Story) -> Option<String> {
    let all = duties(story.book, &story.run);
    let first = first_due(&all)?;
    story.run.closed.as_ref()?;
    let due = at(first.due_ms, story.opened.utc_offset_min);
    let open = all.iter().filter(|d| d.is_open()).count();
    Some(format!("**{open}** (listed below), the first due by {due}"))
}

fn at(ms: i64, offset_min: i32) -> String {
    let t = chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default();
    time::whole(t, offset_min)
}

fn steps<'a>(book: &'a Runbook, run: &'a RunState, duty: &Duty) -> impl Iterator<Item = &'a Step> {
    let applies = |s: &&Step| crate::domain::run::next::omitted(book, run, &s.id).is_none();
    book.steps_in(duty.place).filter(applies)
}

/// Returns the step that an event settles, whichever way.
pub fn settles(event: &Event) -> Option<&StepId> {
    match event {
        Event::StepFinished(finished) => Some(&finished.step),
        Event::StepConfirmed(confirmed) => Some(&confirmed.step),
        Event::StepDecided { step, .. }
        | Event::StepSkipped { step, .. }
        | Event::StepAccepted { step, .. }
        | Event::StepResolved { step, .. } => Some(step),
        Event::Checkpoint(point) => point.step.as_ref().map(|s| &s.step),
        _ => None,
    }
}

/// Whether an event is somebody's act, or what came of one: it is not to stay unsigned.
pub fn is_act(event: &Event) -> bool {
    settles(event).is_some()
        || matches!(
            event,
            Event::Note { .. } | Event::ManualSql { .. } | Event::BackendActed(_)
        )
}

/// The records of a run: those of its window, and those of its later duties.
#[derive(Debug, Clone, Copy)]
pub struct Records<'a> {
    /// The plan.
    pub book: &'a Runbook,
    /// The window's.
    pub window: &'a [Entry],
    /// The later ones, up to the last that is told.
    pub later: &'a [Entry],
}

/// Returns the text of the addendum that tells the records from number `from` on; `head` is the digest of the last one.
pub fn text(records: Records, from: u64, head: &str) -> String {
    let Records {
        book,
        window,
        later,
    } = records;
    let run = RunState::fold(window.iter().chain(later));
    let mut lines = Lines::default();
    let to = later.last().map_or(from, |e| e.seq);
    lines.add(&format!("{BEGINS}{from} to {to} of {FILE}, head {head}."));
    lines.add("");
    let new = || later.iter().filter(|e| e.seq >= from);
    for entry in new() {
        events::tell(&mut lines, book, entry);
    }
    lines.add("");
    for duty in duties(book, &run) {
        lines.add(&stands(book, &run, &duty));
    }
    let files: Vec<_> = new().filter_map(|e| evidence(&e.event)).collect();
    if !files.is_empty() {
        lines.add("");
        lines.text.extend(
            files
                .iter()
                .map(|(sha256, path)| format!("{sha256}  {path}")),
        );
    }
    lines.text.join("\n")
}

/// Returns the files that an addendum names, each with its digest.
pub fn files(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let named = text.lines().filter_map(|line| line.split_once("  "));
    named.filter(|(sha256, path)| is_digest(sha256) && is_output(path))
}

fn evidence(event: &Event) -> Option<(&str, &str)> {
    let Event::StepFinished(finished) = event else {
        return None;
    };
    let output = &finished.outcome.output;
    (is_digest(&output.sha256) && is_output(&output.path)).then_some((&output.sha256, &output.path))
}

fn stands(book: &Runbook, run: &RunState, duty: &Duty) -> String {
    let due = clock(duty.due_ms);
    let Duty {
        title, done, all, ..
    } = duty;
    if duty.is_open() {
        return format!("“{title}”, due by {due}: {done} of {all} steps settled");
    }
    let records: Vec<_> = steps(book, run, duty)
        .filter_map(|s| run.record(&s.id))
        .collect();
    let last = records.iter().filter_map(|r| r.ended_ms).max();
    let last = last.unwrap_or_default();
    let unlike = |stand: &Stand| matches!(stand, Stand::Skipped | Stand::Accepted);
    let left_out = records.iter().filter(|r| unlike(&r.stand)).count();
    let late = match u64::try_from(last - duty.due_ms) {
        Ok(late @ 1..) => format!(", LATE by {}", time::took(late)),
        Ok(0) | Err(_) => String::new(),
    };
    let left_out = if left_out == 0 {
        String::new()
    } else {
        format!(", {left_out} of {all} steps skipped or accepted as failed")
    };
    format!(
        "“{title}”, due by {due}: settled at {}{late}{left_out}",
        clock(last)
    )
}

fn clock(ms: i64) -> String {
    let t = chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default();
    t.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The lines of an addendum as they grow.
#[derive(Debug, Default)]
struct Lines {
    text: Vec<String>,
    bytes: usize,
}

impl Lines {
    /// Adds one line, tamed and not too long; once there are too many, one says so.
    fn add(&mut self, text: &str) {
        let mut line = tame::line(text).trim_end().to_owned();
        if line.len() > LONGEST {
            let cut = (0..=LONGEST).rev().find(|at| line.is_char_boundary(*at));
            let sha256 = sha256_hex(line.as_bytes());
            line.truncate(cut.unwrap_or(0));
            line = format!("{} … (SHA-256 of the whole line {sha256})", line.trim_end());
        }
        if self.bytes > MOST {
            return;
        }
        self.bytes += line.len() + 1;
        if self.bytes > MOST {
            line = format!("There is more than an addendum holds: see the records in {FILE}.");
        }
        self.text.push(line);
    }
}

#[cfg(test)]
mod tests;
