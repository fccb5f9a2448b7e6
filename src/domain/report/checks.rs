//! The steps that look, with what was expected and what was seen.

use crate::domain::attempt::{Ended, Outcome};
use crate::domain::report::page::Page;
use crate::domain::report::steps::shown;
use crate::domain::report::story::Story;
use crate::domain::run::event::{Answer, Event};
use crate::domain::run::next;
use crate::domain::run::state::Stand;
use crate::domain::runbook::model::Step;
use crate::domain::tame;

/// Adds the table of checks.
pub fn section(page: &mut Page, story: &Story) {
    page.head(2, "Checks");
    let mut rows: Vec<_> = shown(story)
        .filter(|step| step.is_automated() && (step.only_looks() || step.expect.is_some()))
        .map(|step| row(story, step))
        .collect();
    rows.extend(verifications(story));
    if rows.is_empty() {
        page.say("The runbook has none.");
        return;
    }
    page.table(["Check", "Step", "Result", "Expected", "Seen"], &rows);
}

fn row(story: &Story, step: &Step) -> [String; 5] {
    let outcome = story
        .attempts_at(&step.id)
        .filter_map(|a| a.outcome())
        .last();
    let checked = outcome.and_then(|o| o.checked.as_ref());
    [
        tame::cell(&step.title),
        tame::cell(&step.number),
        result(story, step, outcome),
        checked.map_or(String::new(), |c| tame::code_cell(&c.expected)),
        checked.map_or(String::new(), |c| tame::code_cell(&c.actual)),
    ]
}

fn result(story: &Story, step: &Step, outcome: Option<&Outcome>) -> String {
    let ended = outcome.map(|o| match &o.ended {
        Ended::Passed => "passed".to_owned(),
        Ended::Warned => format!("**warned**: {}", tame::cell(&o.summary)),
        Ended::Failed { .. } | Ended::TimedOut | Ended::Cancelled | Ended::NotStarted => {
            format!("**failed**: {}", tame::cell(&o.summary))
        }
    });
    let not_passed = ended
        .clone()
        .unwrap_or_else(|| "**never ended**".to_owned());
    match story.run.stand(&step.id) {
        Stand::Waiting => match next::omitted(story.book, &story.run, &step.id) {
            Some(why) => format!("does not apply: {}", tame::cell(why)),
            None => "**not done**".to_owned(),
        },
        Stand::Running => "**not ended**".to_owned(),
        Stand::InDoubt => "**in doubt**".to_owned(),
        Stand::Skipped => "**skipped**".to_owned(),
        Stand::Accepted => format!("{not_passed}; accepted as it is"),
        Stand::Done | Stand::Failed => not_passed,
    }
}

fn verifications(story: &Story) -> impl Iterator<Item = [String; 5]> {
    story
        .entries()
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::StepVerified {
                step,
                answer,
                detail,
            } => Some([
                format!("Verification at {}", story.clock(entry)),
                story.number(step),
                match answer {
                    Answer::Holds => "passed".to_owned(),
                    Answer::DoesNotHold => "**failed**".to_owned(),
                    Answer::Unknown => "**could not be asked**".to_owned(),
                },
                String::new(),
                tame::code_cell(detail),
            ]),
            _ => None,
        })
}
