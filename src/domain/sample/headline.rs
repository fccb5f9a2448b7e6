//! The one sentence about locks for the screen's header.

use crate::domain::runbook::model::StepId;
use crate::domain::sample::blocking::{By, Forest, Node, tree, waited};
use crate::domain::sample::history::History;
use crate::domain::sample::model::Sample;

/// Connections left below which they are mentioned, as a part of the limit.
const FEW_LEFT: u32 = 10;

/// Returns the one sentence for the header, while anybody waits for a lock:
/// `Apply waits 41 s for pid 4711 cron, idle in transaction for 14 min; 37 sessions wait behind us`.
///
/// `title` gives a step's title.
pub fn one_line(
    sample: &Sample,
    history: &History,
    title: impl Fn(&StepId) -> String,
) -> Option<String> {
    let forest = tree(sample);
    let behind = forest.behind_ours(sample);
    let mut parts = Vec::new();
    if let Some((blocker, waiter)) = forest.waits_for_itself(sample) {
        parts.push(own_knot(sample, blocker, waiter, &title)?);
        if behind > 1 {
            parts.push(format!("{} behind us", waiting(behind - 1)));
        }
    } else if let Some(way) = forest.way_to_ours(sample) {
        parts.push(our_wait(sample, &way, &title)?);
        if behind > 0 {
            parts.push(format!("{} behind us", waiting(behind)));
        }
    } else if behind > 0 {
        let step = forest
            .rows()
            .into_iter()
            .find_map(|(_, n)| n.session(sample)?.step());
        let step = step.map_or_else(|| "us".to_owned(), &title);
        parts.push(format!("{} for {step}", waiting(behind)));
    } else {
        parts.push(strangers(sample, &forest)?);
    }
    if let Some(growth) = history.growth("blocked", 10_000).filter(|n| *n >= 3.0) {
        parts.push(format!("{growth:.0} more in 10 s"));
    }
    let left = sample
        .counts
        .limit
        .saturating_sub(sample.counts.connections);
    if sample.counts.limit > 0 && left <= sample.counts.limit / FEW_LEFT {
        parts.push(format!("{left} connections left"));
    }
    Some(parts.join("; "))
}

/// A tool that waits for its own second session waits for ever.
fn own_knot(
    sample: &Sample,
    blocker: &Node,
    waiter: &Node,
    title: &impl Fn(&StepId) -> String,
) -> Option<String> {
    let (blocker, waiter) = (blocker.session(sample)?, waiter.session(sample)?);
    Some(format!(
        "{} (pid {}) waits {} for its own session pid {}, which idles in a transaction: only ending one of them helps",
        waiter.step().map(title).unwrap_or_default(),
        waiter.pid,
        waited(waiter),
        blocker.pid,
    ))
}

fn our_wait(sample: &Sample, way: &[&Node], title: &impl Fn(&StepId) -> String) -> Option<String> {
    let (us, before) = way.split_last()?;
    let session = us.session(sample)?;
    let above = before.last()?.words(sample);
    let root = match before {
        [_] => String::new(),
        [first, ..] => format!(" (behind {})", first.words(sample)),
        [] => return None,
    };
    let step = session.step().map(title).unwrap_or_default();
    Some(format!(
        "{step} waits {} for {above}{root}",
        waited(session)
    ))
}

fn strangers(sample: &Sample, forest: &Forest) -> Option<String> {
    let first = forest.roots.first()?;
    let longest = sample
        .sessions
        .iter()
        .filter_map(|s| s.lock.as_ref()?.wait_ms)
        .max();
    let longest = crate::domain::sample::words::lasting(longest.unwrap_or_default());
    let first = match deadlock(sample, first) {
        Some(deadlock) => deadlock,
        None => format!("first stands {}", first.words(sample)),
    };
    Some(format!(
        "{} for a lock, the longest {longest}; {first}",
        waiting(forest.waiting),
    ))
}

/// Those who wait for each other; nobody needs to act on them.
fn deadlock(sample: &Sample, first: &Node) -> Option<String> {
    fn members(node: &Node, sample: &Sample, pids: &mut Vec<String>) {
        if node.waits.as_ref().is_some_and(|w| w.by == By::Circle) {
            pids.extend(node.session(sample).map(|s| s.pid.to_string()));
            let deeper = node.children.iter();
            deeper.for_each(|child| members(child, sample, pids));
        }
    }
    let mut pids = Vec::new();
    members(first, sample, &mut pids);
    let (last, others) = pids.split_last().filter(|(_, others)| !others.is_empty())?;
    Some(format!(
        "pids {} and {last} wait for each other: the server cancels one of them by itself",
        others.join(", ")
    ))
}

fn waiting(n: u32) -> String {
    match n {
        1 => "1 session waits".to_owned(),
        n => format!("{n} sessions wait"),
    }
}
