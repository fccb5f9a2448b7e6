//! What concerns the record as a whole.

use crate::domain::report::clocks;
use crate::domain::report::story::{Attempt, Output, Story, kept_as};
use crate::domain::report::time;
use crate::domain::run::event::Event;
use crate::domain::run::state::Stand;
use crate::domain::run::{next, verdict};
use crate::domain::tame;

/// Returns those deviations.
pub fn list(story: &Story) -> Vec<String> {
    let mut found = Vec::new();
    ending(story, &mut found);
    if story.opened.runbook_git.ends_with("-dirty") {
        found.push(format!(
            "**The runbook's file was not as committed:** it differs from git {}.",
            tame::code_span(&story.opened.runbook_git)
        ));
    }
    found.extend(
        story
            .opened
            .files
            .keys()
            .filter(|name| kept_as(name).is_none())
            .map(|name| {
                format!(
                    "**A file of the runbook is not covered by this log:** {}.",
                    tame::code_span(name)
                )
            }),
    );
    clock(story, &mut found);
    found.extend(story.attempts.iter().filter_map(|a| output(story, a)));
    found.extend(story.strangers().iter().map(|id| {
        format!(
            "**The journal names a step that the runbook does not have:** {}.",
            tame::code_span(id.as_str())
        )
    }));
    found
}

fn ending(story: &Story, found: &mut Vec<String>) {
    if story.journal.torn > 0 {
        found.push(format!(
            "**The journal's last {} bytes have no line end** (a crash during a write, or a cut file). They are not told here.",
            story.journal.torn
        ));
    }
    let Some(closed) = &story.run.closed else {
        found.push(
            "**The run was not closed:** this log tells what the journal holds so far.".to_owned(),
        );
        return;
    };
    if !matches!(story.journal.last_of_run(), Some(Event::RunClosed(_))) {
        found.push("**The journal goes on after the run was closed.**".to_owned());
    }
    let computed = verdict::status(story.book, &story.run);
    if computed != closed.status {
        found.push(format!(
            "**The status in the journal is {}; its own records give {}.**",
            closed.status.word(),
            computed.word()
        ));
    }
    let open = story.book.steps.iter().filter(|step| {
        next::route(story.book, &story.run).any(|s| s.id == step.id)
            && *story.run.stand(&step.id) == Stand::Waiting
            && next::omitted(story.book, &story.run, &step.id).is_none()
    });
    let open: Vec<_> = open.map(|s| tame::cell(&s.number)).collect();
    if !open.is_empty() {
        found.push(format!("**Steps never reached:** {}.", open.join(", ")));
    }
}

fn clock(story: &Story, found: &mut Vec<String>) {
    if let Some((end, over)) = clocks::overrun(story)
        && let Ok(over @ 1..) = u64::try_from(over)
    {
        found.push(format!(
            "**The window was overrun:** it ended at {}, the last record stands {} later.",
            time::whole(end, story.opened.utc_offset_min),
            time::took(over)
        ));
    }
    for jump in clocks::jumps(story.entries()) {
        let wall = time::offset(jump.wall_ms);
        let seq = jump.entry.seq;
        found.push(match jump.mono_ms {
            Some(mono) => format!(
                "**The wall clock moved** {wall} before record {seq} while {} passed on the monotonic clock.",
                time::offset(mono)
            ),
            None => format!("**The wall clock stood back** by {wall} when the run was taken up at record {seq}."),
        });
    }
    let at_end = story.run.closed.as_ref().and_then(|c| c.clock_offset_ms);
    if let Some(offset) = at_end.filter(|ms| clocks::is_off(*ms)) {
        found.push(format!(
            "**The clock at the end differs from the database server's** by {}.",
            time::offset(offset)
        ));
    }
}

fn output(story: &Story, attempt: &Attempt) -> Option<String> {
    let named = format!(
        "{}, attempt {}",
        story.named(&attempt.started.step),
        attempt.started.attempt
    );
    match &attempt.output {
        Output::None | Output::Whole(_) => None,
        Output::Unsealed(kept) => Some(format!(
            "**{named}: its end is not recorded;** the digest of `{}` was taken when this log was written.",
            kept.path
        )),
        Output::Differs(kept) => Some(format!(
            "**{named}: `{}` is not what the attempt stored:** its digest is not the one in the journal.",
            kept.path
        )),
        Output::Missing { path, .. } => Some(format!("**{named}: `{path}` is missing.**")),
        Output::Astray { path } => Some(format!(
            "**{named}: the journal names an output that is not in `output/` or has no digest:** {}.",
            tame::code_span(path)
        )),
    }
}
