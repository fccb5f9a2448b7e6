//! A run along its time: steps as bars, planned beside actual, what the database felt, alarms and decisions as marks.

use crate::domain::attempt::Ended;
use crate::domain::journal::Entry;
use crate::domain::report::story::{Attempt, Story};
use crate::domain::report::time;
use crate::domain::run::event::Event;
use crate::domain::runbook::model::{Place, Step};
use crate::domain::sample::timeline::Line;

mod draw;
mod felt;
mod marks;
mod plan;

pub use draw::draw;
pub use marks::{Mark, Sort};

/// A run along its time. All moments are milliseconds since 1970 by the wall clock of the record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timeline {
    /// The first moment that is drawn.
    pub from: i64,
    /// The last.
    pub to: i64,
    /// Steps, in the order of the runbook.
    pub rows: Vec<Row>,
    /// What happened at a moment, in order.
    pub marks: Vec<Mark>,
    /// Alarms, from when until when they held.
    pub alarms: Vec<Bar>,
    /// Sessions that waited for a lock.
    pub blocked: Vec<Level>,
    /// Connections.
    pub connections: Vec<Level>,
    /// The window's end.
    pub window_end: Option<i64>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number and title.
    pub label: String,
    /// When it was to run, where the runbook says so.
    pub planned: Option<(i64, i64)>,
    /// When it ran.
    pub bars: Vec<Bar>,
}

/// A stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// From when.
    pub from: i64,
    /// Until when.
    pub to: i64,
    /// What it looks like.
    pub look: Look,
    /// A word beside it.
    pub word: String,
    /// All of it, for who asks.
    pub told: String,
}

/// What a bar looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// It went well.
    Done,
    /// It warned.
    Warned,
    /// It did not go well, or was critical.
    Failed,
    /// Its end is not recorded.
    Open,
    /// A question stood on the screen.
    Person,
    /// It was left out.
    Skipped,
}

/// A number that was seen for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// From when.
    pub from: i64,
    /// Until when.
    pub to: i64,
    /// How many.
    pub value: u64,
}

impl Timeline {
    /// Returns the timeline; `None` where no record has a time that can be read.
    pub fn of(story: &Story, seen: &[Line]) -> Option<Self> {
        let times = || story.entries().iter().filter_map(at);
        let (from, to) = (times().min()?, times().max()?);
        let planned = plan::planned(story);
        let rows = story
            .book
            .steps
            .iter()
            .enumerate()
            .map(|(place, step)| row(story, step, planned.get(place).copied().flatten(), to))
            .filter(|(step, row)| is_worth(story, step, row))
            .map(|(_, row)| row)
            .collect();
        let mut timeline = Self {
            from,
            to,
            rows,
            marks: marks::list(story),
            alarms: marks::alarms(story, to),
            blocked: felt::blocked(story, seen),
            connections: felt::connections(story, seen),
            window_end: plan::window_end(story),
        };
        timeline.widen();
        Some(timeline)
    }

    /// Takes in what lies beside the records, unless that would leave them less than half the room: a plan may be for
    /// another day.
    fn widen(&mut self) {
        let length = self.to.saturating_sub(self.from).max(60_000) / 2;
        let (first, last) = (
            self.from.saturating_sub(length),
            self.to.saturating_add(length),
        );
        let planned = self.rows.iter().filter_map(|row| row.planned);
        let bars = self.rows.iter().flat_map(|row| row.bars.iter());
        let stretches: Vec<(i64, i64)> = planned
            .chain(bars.map(|bar| (bar.from, bar.to)))
            .chain(self.window_end.map(|end| (end, end)))
            .collect();
        for (from, to) in stretches {
            if (first..=last).contains(&from) && (first..=last).contains(&to) {
                self.from = self.from.min(from);
                self.to = self.to.max(to);
            }
        }
        let (from, to) = (self.from, self.to);
        for row in &mut self.rows {
            row.planned = row.planned.filter(|p| p.0 < to && p.1 > from);
        }
    }
}

/// Returns the milliseconds since 1970 at which a record was written.
fn at(entry: &Entry) -> Option<i64> {
    time::read(&entry.t).map(|t| t.timestamp_millis())
}

/// Steps of a way back are drawn where it was entered.
fn is_worth(story: &Story, step: &Step, row: &Row) -> bool {
    match step.place {
        Place::Phase(_) => !story.book.is_later(step.place) || story.run.record(&step.id).is_some(),
        Place::Path(_) => !row.bars.is_empty() || story.run.record(&step.id).is_some(),
    }
}

fn row<'b>(
    story: &Story<'b>,
    step: &'b Step,
    planned: Option<(i64, i64)>,
    end: i64,
) -> (&'b Step, Row) {
    let mut bars: Vec<Bar> = story
        .attempts_at(&step.id)
        .filter_map(|attempt| ran(attempt, end))
        .collect();
    bars.extend(story.entries().iter().filter_map(|e| settled(step, e)));
    let row = Row {
        label: format!("{} {}", step.number, step.title),
        planned,
        bars,
    };
    (step, row)
}

fn ran(attempt: &Attempt, end: i64) -> Option<Bar> {
    let from = at(attempt.entry)?;
    let to = match attempt.finished {
        Some((entry, _)) => at(entry)?,
        None => end,
    };
    let (look, word) = match attempt.outcome().map(|o| &o.ended) {
        Some(Ended::Passed) => (Look::Done, ""),
        Some(Ended::Warned) => (Look::Warned, "warned"),
        Some(Ended::Failed { .. }) => (Look::Failed, "failed"),
        Some(Ended::TimedOut) => (Look::Failed, "time was up"),
        Some(Ended::Cancelled) => (Look::Failed, "cancelled"),
        Some(Ended::NotStarted) => (Look::Failed, "not started"),
        None => (Look::Open, "end not recorded"),
    };
    let took = attempt.outcome().map(|o| time::took(o.duration_ms));
    let summary = attempt.outcome().map_or("", |o| o.summary.as_str());
    let number = attempt.started.attempt;
    let told = format!(
        "attempt {number}, {}, {summary}",
        took.clone()
            .unwrap_or_else(|| "its end is not recorded".to_owned())
    );
    let word = match (word, took) {
        ("", took) => took.unwrap_or_default(),
        (word, _) => word.to_owned(),
    };
    Some(Bar {
        from,
        to: to.max(from),
        look,
        word,
        told,
    })
}

/// What a person did about a step, with the time for which the question was shown.
fn settled(step: &Step, entry: &Entry) -> Option<Bar> {
    let to = at(entry)?;
    let shown = |seen_ms: u64| to.saturating_sub(i64::try_from(seen_ms).unwrap_or(i64::MAX));
    let by = &entry.by;
    let (from, look, word, told) = match &entry.event {
        Event::StepConfirmed(c) if c.step == step.id => {
            let who = if c.on_behalf_of.is_empty() {
                by.clone()
            } else {
                format!("{by} for {}", c.on_behalf_of)
            };
            let told = format!("confirmed by {who}, shown for {}", time::took(c.seen_ms));
            (shown(c.seen_ms), Look::Person, "confirmed", told)
        }
        Event::StepDecided {
            step: id,
            choice,
            seen_ms,
            ..
        } if *id == step.id => {
            let told = format!("{by} decided: {choice}, shown for {}", time::took(*seen_ms));
            (shown(*seen_ms), Look::Person, "decided", told)
        }
        Event::StepSkipped { step: id, reason } if *id == step.id => (
            to,
            Look::Skipped,
            "skipped",
            format!("skipped by {by}: {reason}"),
        ),
        _ => return None,
    };
    Some(Bar {
        from: from.max(to.saturating_sub(LONGEST_SHOWN)),
        to,
        look,
        word: word.to_owned(),
        told,
    })
}

/// A question that stood longer is drawn from so many milliseconds before its answer: two days.
const LONGEST_SHOWN: i64 = 2 * 86_400_000;
