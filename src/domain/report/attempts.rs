//! The evidence of single attempts: those that failed, were repeated, can change the target, or are to be shown.

use crate::domain::attempt::{Ended, Outcome};
use crate::domain::report::page::Page;
use crate::domain::report::story::{Attempt, Kept, Output, Story};
use crate::domain::report::time;
use crate::domain::runbook::model::{Action, Agent, Evidence, Step};
use crate::domain::tame::{self, Quoted};

/// Lines of output that are quoted of a failure, and of anything else.
const OF_FAILURE: usize = 20;
const OF_OTHERS: usize = 6;

/// Adds a part for each attempt that is worth one.
pub fn section(page: &mut Page, story: &Story) {
    for attempt in story.attempts.iter().filter(|a| is_shown(story, a)) {
        part(page, story, attempt);
    }
}

fn is_shown(story: &Story, attempt: &Attempt) -> bool {
    let Some(step) = story.book.step(&attempt.started.step) else {
        return true;
    };
    let warned = attempt.outcome().is_some_and(|o| o.ended == Ended::Warned);
    !attempt.went_well()
        || warned
        || story.attempts_at(&step.id).count() > 1
        || !step.only_looks()
        || step.evidence == Evidence::Show
}

fn part(page: &mut Page, story: &Story, attempt: &Attempt) {
    let step = story.book.step(&attempt.started.step);
    let end = match attempt.outcome() {
        None => "its end is not recorded".to_owned(),
        Some(outcome) => ended(outcome),
    };
    let name = story.number(&attempt.started.step);
    page.head(
        3,
        format!("Step {name}, attempt {}: {end}", attempt.started.attempt),
    );
    let script = attempt.started.command.trim_end();
    page.say(told(story, attempt, step, script));
    if script.contains('\n') {
        let lines = script.lines().map(|l| Quoted::Text(l.as_bytes()));
        page.block(&tame::fenced(lines));
    }
    output(page, attempt);
}

/// What was run, when, for how long, and what allowed it.
fn told(story: &Story, attempt: &Attempt, step: Option<&Step>, script: &str) -> String {
    let command = match script {
        "" => String::new(),
        script if script.contains('\n') => " as quoted".to_owned(),
        line => format!(" {}", tame::code_span(line)),
    };
    let verb = step.map_or("Started", |s| verb(&s.action));
    let mut said = format!("{verb}{command}, {}", story.clock(attempt.entry));
    if let Some(outcome) = attempt.outcome() {
        said += &format!(", {}", time::took(outcome.duration_ms));
    }
    said.push('.');
    if !attempt.started.typed.is_empty() {
        said += &format!(
            " To allow it {} typed {}.",
            tame::cell(&attempt.entry.by),
            tame::code_span(&attempt.started.typed)
        );
    }
    if step.is_some_and(has_agent) {
        said += " It could use the operator's ssh-agent.";
    }
    if let Some(checked) = attempt.outcome().and_then(|o| o.checked.as_ref()) {
        said += &format!(
            " Expected {}, seen {}.",
            tame::code_span(&checked.expected),
            tame::code_span(&checked.actual)
        );
    }
    said
}

fn ended(outcome: &Outcome) -> String {
    let summary = tame::cell(&outcome.summary);
    match outcome.ended {
        Ended::Passed => format!("passed, {summary}"),
        Ended::Warned => format!("warned, {summary}"),
        Ended::Failed { .. } => format!("failed, {summary}"),
        Ended::TimedOut => format!("stopped because its time was up, {summary}"),
        Ended::Cancelled => format!("cancelled, {summary}"),
        Ended::NotStarted => format!("could not be started, {summary}"),
    }
}

fn verb(action: &Action) -> &'static str {
    match action {
        Action::Run(_) | Action::Check(_) => "Command",
        Action::Sql(_) => "Statements",
        Action::Http(_) => "Request",
        Action::Use(_) => "Ready check",
        Action::Watch(_) => "Watch",
        Action::Confirm(_) | Action::Decide(_) | Action::Sign(_) => "Started",
    }
}

fn has_agent(step: &Step) -> bool {
    match &step.action {
        Action::Run(shell) | Action::Check(shell) => shell.agent == Agent::Shared,
        Action::Sql(_)
        | Action::Http(_)
        | Action::Use(_)
        | Action::Watch(_)
        | Action::Confirm(_)
        | Action::Decide(_)
        | Action::Sign(_) => false,
    }
}

fn output(page: &mut Page, attempt: &Attempt) {
    let redactions = attempt.outcome().map_or(0, |o| o.output.redactions);
    match &attempt.output {
        Output::None => page.say("It stored no output."),
        Output::Missing { path, .. } => page.say(format!("Its output `{path}` is **missing**.")),
        Output::Astray { .. } => {
            page.say("Its output is **not in the folder of outputs**, and not read.");
        }
        Output::Differs(kept) => page.say(format!(
            "Its output `{}` is **not what the attempt stored**, and not quoted.",
            kept.path
        )),
        Output::Whole(kept) => quote(page, attempt, kept, redactions, ""),
        Output::Unsealed(kept) => {
            quote(
                page,
                attempt,
                kept,
                redactions,
                ", digest taken when this log was written",
            );
        }
    }
}

fn quote(page: &mut Page, attempt: &Attempt, kept: &Kept, redactions: u64, remark: &str) {
    let secrets = match redactions {
        0 => String::new(),
        1 => ", 1 secret blotted out".to_owned(),
        n => format!(", {n} secrets blotted out"),
    };
    let count = match kept.scan.lines {
        1 => "1 line".to_owned(),
        n => format!("{n} lines"),
    };
    let digest = kept.sha256.get(..16).unwrap_or_default();
    let size = kept.scan.bytes;
    let colon = if kept.scan.lines == 0 { '.' } else { ':' };
    page.say(format!(
        "Output {count}, {size} bytes{secrets}, SHA-256 `{digest}`...{remark}, whole text in `{}`{colon}",
        kept.path
    ));
    if kept.scan.lines > 0 {
        let shown = if attempt.went_well() {
            OF_OTHERS
        } else {
            OF_FAILURE
        };
        page.block(&tame::fenced(kept.scan.excerpt(shown)));
    }
}
