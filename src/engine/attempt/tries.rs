//! One attempt: done once, or again and again until it holds.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::attempt::{Assignment, Ended, Work};
use crate::engine::attempt::ending::Ending;
use crate::engine::attempt::files::Files;
use crate::engine::attempt::orders::{Orders, Stop};
use crate::engine::attempt::output::Output;
use crate::engine::attempt::verdict::{Verdict, verdict};
use crate::engine::attempt::words::length;
use crate::engine::attempt::{http, ready, shell, sql};

const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What is to be said of the attempt.
#[derive(Debug)]
pub struct Judged {
    /// The verdict on its last try.
    pub verdict: Verdict,
    /// Why it was stopped, where it was.
    pub stopped: Option<Stop>,
    /// What its tries left behind, as sentences.
    pub left_behind: Vec<String>,
}

/// Does it until it holds, its time is up, or somebody asks to stop.
pub async fn attempt(
    assignment: &Assignment,
    files: &Files,
    output: &mut Output,
    orders: &mut Orders,
) -> Judged {
    let begun = Instant::now();
    let until = assignment.until_ms.map(Duration::from_millis);
    let end = until.and_then(|until| begun.checked_add(until));
    let mut orders = end.map_or_else(|| orders.clone(), |end| orders.until(end));
    let mut left_behind = Vec::new();
    let mut last = None;
    let mut wait = FIRST_WAIT;
    let mut count = 1_u32;
    loop {
        let mut ending = once(assignment, files, output, &mut orders).await;
        left_behind.append(&mut ending.left_behind);
        left_behind.dedup();
        let mut stopped = ending.stopped();
        if stopped.is_none() {
            let verdict = verdict(assignment, &ending, files);
            if verdict.is_good() || until.is_none() || verdict.ended == Ended::NotStarted {
                return judged(verdict, None, left_behind);
            }
            last = Some(verdict);
            stopped = tokio::select! {
                stop = orders.stopped() => Some(stop),
                () = tokio::time::sleep(wait) => None,
            };
            wait = (wait * 3 / 2).min(LONGEST_WAIT);
        }
        if let Some(stop) = stopped {
            let verdict = stopped_verdict(stop, begun.elapsed(), count, last);
            return judged(verdict, Some(stop), left_behind);
        }
        count += 1;
        output.say(&format!(
            "[holdpoint: try {count}, after {}]",
            length(begun.elapsed())
        ));
        output.forget();
    }
}

fn judged(verdict: Verdict, stopped: Option<Stop>, left_behind: Vec<String>) -> Judged {
    Judged {
        verdict,
        stopped,
        left_behind,
    }
}

fn stopped_verdict(stop: Stop, after: Duration, count: u32, last: Option<Verdict>) -> Verdict {
    let after = length(after);
    let (ended, summary) = match stop {
        Stop::TimedOut => (Ended::TimedOut, format!("stopped after {after} (timeout)")),
        Stop::Cancelled => (
            Ended::Cancelled,
            format!("stopped after {after} (asked to)"),
        ),
        Stop::Told => (
            Ended::Cancelled,
            format!(
                "stopped after {after} (its supervisor was told to end, as when the machine is shut down)"
            ),
        ),
        Stop::TriesOver => {
            let tries = if count == 1 { "try" } else { "tries" };
            let seen = last
                .as_ref()
                .map_or("no try came to its end", |last| &last.summary);
            let nothing = Ended::Failed {
                exit: None,
                signal: None,
            };
            let summary = format!("not as expected within {after} ({count} {tries}): {seen}");
            (
                last.as_ref().map_or(nothing, |last| last.ended.clone()),
                summary,
            )
        }
    };
    Verdict {
        checked: last.and_then(|last| last.checked),
        ..Verdict::plain(ended, summary)
    }
}

async fn once(
    assignment: &Assignment,
    files: &Files,
    output: &mut Output,
    orders: &mut Orders,
) -> Ending {
    match &assignment.work {
        Work::Shell(work) => shell::run(work, assignment, files, output, orders).await,
        Work::Sql(work) => sql::run(work, &assignment.app_name, output, orders).await,
        Work::Http(work) => http::run(work, &assignment.secrets, output, orders).await,
        Work::Ready(work) => ready::run(work, assignment, files, output, orders).await,
    }
}
