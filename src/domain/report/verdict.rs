//! The table that tells the story in one page's head.

use crate::domain::report::clocks;
use crate::domain::report::later;
use crate::domain::report::page::Page;
use crate::domain::report::steps::tally;
use crate::domain::report::story::Story;
use crate::domain::report::time;
use crate::domain::run::event::{Event, Mode, Operator, TargetSeen};
use crate::domain::run::review::ReviewFinding;
use crate::domain::runbook::model::{Protection, StepId};
use crate::domain::tame;

/// Adds the verdict.
pub fn section(page: &mut Page, story: &Story, deviations: usize) {
    let mut rows: Vec<[String; 2]> = Vec::new();
    let mut row = |name: &str, text: String| rows.push([name.to_owned(), text]);
    row("Status", status(story));
    if let Some(remark) = story
        .run
        .closed
        .as_ref()
        .map(|c| &c.remark)
        .filter(|r| !r.is_empty())
    {
        row("Said at the end", tame::cell(remark));
    }
    let counted = if deviations == 0 {
        "none"
    } else {
        "listed below"
    };
    row("Deviations", format!("**{deviations}** ({counted})"));
    row("Target", target(story));
    if !story.opened.change.is_empty() {
        row("Change", tame::code_cell(&story.opened.change));
    }
    let offset = story.opened.utc_offset_min;
    row("Started", time::whole_of(story.start(), offset));
    // What is told to witnesses after the close is no part of the run.
    let closing = story
        .entries()
        .iter()
        .rev()
        .find(|e| matches!(e.event, Event::RunClosed(_)));
    let last = closing
        .or(story.entries().last())
        .map_or("", |e| e.t.as_str());
    match story.run.closed {
        Some(_) => row("Finished", time::whole_of(last, offset)),
        None => row("Last record", time::whole_of(last, offset)),
    }
    row("Duration", duration(story));
    row("Mode", mode(story.opened.mode).to_owned());
    row("Operator", operator(story, &story.run.operator));
    row("Runbook", runbook(story));
    if !story.opened.parameters.is_empty() {
        row("Parameters", parameters(story));
    }
    row("Steps", tally(story));
    if let Some(later) = later::summary(story) {
        row("Later duties", later);
    }
    row("Rollback", rollback(story));
    row("Required sign-offs", required(&story.book.roles));
    row("Run", run(story));
    page.table(["Verdict", ""], &rows);
}

fn status(story: &Story) -> String {
    let said = match &story.run.closed {
        Some(closed) => format!("**{}**", closed.status.word()),
        None => "**NOT CLOSED** (the journal ends before the run does)".to_owned(),
    };
    match story.opened.mode {
        Mode::Rehearsal => format!("{said} (rehearsal: nothing was touched)"),
        Mode::Autopilot | Mode::StepByStep | Mode::Unattended => said,
    }
}

fn target(story: &Story) -> String {
    let opened = story.opened;
    let name = if opened.target.is_empty() {
        "none named".to_owned()
    } else {
        tame::code_cell(&opened.target)
    };
    let care = match opened.protection {
        Some(Protection::Protected) => " (protected)",
        Some(Protection::Open) => " (not protected)",
        None => "",
    };
    match &story.run.target {
        Some(seen) => format!("{name}{care}: {}", server(seen)),
        None => format!("{name}{care}; no database server was seen"),
    }
}

/// Returns a server in words.
pub fn server(seen: &TargetSeen) -> String {
    let identifier = if seen.system_identifier.is_empty() {
        "system identifier not readable".to_owned()
    } else {
        format!(
            "system identifier {}",
            tame::code_cell(&seen.system_identifier)
        )
    };
    format!(
        "database {} on {} as {}, {}, {}, {identifier}",
        tame::code_cell(&seen.database),
        tame::code_cell(&seen.address),
        tame::code_cell(&seen.user),
        tame::cell(&seen.version),
        tame::cell(&seen.role),
    )
}

fn duration(story: &Story) -> String {
    let (spent, sittings) = clocks::spent(story);
    let spent = time::took(spent);
    let changing = changing(story);
    if sittings == 1 {
        return format!("{spent} (monotonic clock); {changing}");
    }
    let wall = match clocks::wall_ms(story).map(u64::try_from) {
        Some(Ok(ms)) => time::took(ms),
        Some(Err(_)) | None => "unknown".to_owned(),
    };
    format!(
        "{spent} at the screen in {sittings} sittings (monotonic clock); {wall} from first to last record (wall clock); {changing}"
    )
}

/// For how long commands worked that can change the target.
fn changing(story: &Story) -> String {
    let beside = |step: &StepId| {
        story
            .book
            .step(step)
            .is_some_and(|s| s.background.is_some())
    };
    let can = |step: &StepId| story.book.step(step).is_none_or(|s| !s.only_looks());
    let lasted = story
        .attempts
        .iter()
        .filter(|a| can(&a.started.step) && !beside(&a.started.step))
        .filter_map(|a| a.outcome())
        .map(|o| o.duration_ms);
    let sum = lasted.fold(0_u64, u64::saturating_add);
    // What runs beside the steps, as a log that is followed, lasts as long as they do and says nothing of the change.
    let besides = story.attempts.iter().any(|a| beside(&a.started.step));
    let besides = if besides {
        ", without those in the background"
    } else {
        ""
    };
    format!(
        "steps that can change the target {}{besides}",
        time::took(sum)
    )
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Autopilot => "autopilot: automated steps start by themselves",
        Mode::StepByStep => "step by step: every step waits for a key",
        Mode::Rehearsal => "rehearsal: nothing is touched",
        Mode::Unattended => "unattended: without a screen",
    }
}

fn operator(story: &Story, operator: &Operator) -> String {
    let account = format!(
        "OS user {} on {}",
        tame::code_cell(&story.opened.os_user),
        tame::code_cell(&story.opened.host)
    );
    let who = if operator.identity.is_empty() && operator.name.is_empty() {
        "not named".to_owned()
    } else {
        self::who(operator)
    };
    let key = match operator.key.as_str() {
        "" => "no key".to_owned(),
        key => format!("key {}", tame::code_cell(key)),
    };
    format!("{who}, {account}, {key}")
}

/// Returns `Dana Kovač, dana@example.com`.
pub fn who(operator: &Operator) -> String {
    format!(
        "{}, {}",
        tame::cell(&operator.name),
        tame::code_cell(&operator.identity)
    )
}

fn runbook(story: &Story) -> String {
    let opened = story.opened;
    let git = match opened.runbook_git.as_str() {
        "" => "not from a git commit".to_owned(),
        git => format!("git {}", tame::code_cell(git)),
    };
    let reviewed = match story.review() {
        None => "not reviewed".to_owned(),
        Some(review) if review.finding == ReviewFinding::Valid => format!(
            "same bytes as reviewed by {} (signature valid when the run was opened)",
            tame::code_cell(&review.reviewer)
        ),
        Some(review) => format!("**{}**", tame::cell(review.said())),
    };
    let amended = match story.run.amendments.len() {
        0 => String::new(),
        1 => ", **amended once**".to_owned(),
        n => format!(", **amended {n} times**"),
    };
    format!(
        "`runbook.yaml`, read from {}, {git}, {reviewed}{amended}",
        tame::code_cell(&opened.runbook_path)
    )
}

fn parameters(story: &Story) -> String {
    let said = story.opened.parameters.iter();
    said.map(|(name, value)| format!("{} = {}", tame::code_cell(name), tame::code_cell(value)))
        .collect::<Vec<_>>()
        .join(", ")
}

fn rollback(story: &Story) -> String {
    let entered = story.run.rollbacks.iter().map(|r| {
        let end = if r.finished_ms.is_some() {
            "walked to its end"
        } else {
            "**not walked to its end**"
        };
        format!("{} entered, {end}", tame::code_cell(&r.path))
    });
    let entered: Vec<_> = entered.collect();
    if entered.is_empty() {
        "not entered".to_owned()
    } else {
        entered.join("; ")
    }
}

fn required(roles: &[String]) -> String {
    if roles.is_empty() {
        return "none named by the runbook".to_owned();
    }
    roles.iter().map(tame::cell).collect::<Vec<_>>().join(", ")
}

fn run(story: &Story) -> String {
    let id = tame::code_cell(&story.opened.run);
    let by = format!("holdpoint {}", tame::cell(&story.opened.tool));
    match &story.opened.prev_run {
        Some((run, head)) => format!(
            "{id}, recorded by {by}, previous run in this ledger {} with head {}",
            tame::code_cell(run),
            tame::code_cell(head)
        ),
        None => format!("{id}, recorded by {by}"),
    }
}
