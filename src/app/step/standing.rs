//! How a step stands, and what is told first of it.

use crate::app::model::{Model, Tone};
use crate::app::step::{clock, known};
use crate::domain::attempt::Ended;
use crate::domain::run::event::Answer;
use crate::domain::run::next;
use crate::domain::run::schedule;
use crate::domain::run::state::{CancelState, Stand, StepRecord};
use crate::domain::runbook::model::Step;

pub(super) fn stand(model: &Model, step: &Step, record: Option<&StepRecord>) -> (Tone, String) {
    let Some(record) = record else {
        return to_come(model, step);
    };
    let took = record
        .outcome
        .as_ref()
        .map(|o| format!(" {}", clock(o.duration_ms)))
        .unwrap_or_default();
    match record.stand {
        Stand::Waiting => to_come(model, step),
        Stand::Running => {
            let usual = schedule::takes_ms(&model.book, &model.run, step, &known(model))
                .map(|ms| format!(" / ~{}", clock(ms)))
                .unwrap_or_default();
            let word = match model.cancel_of(&step.id) {
                CancelState::NotAsked => "running",
                CancelState::Asked => "stopping",
            };
            let gone = model.running_ms(&step.id);
            let overdue = schedule::takes_ms(&model.book, &model.run, step, &known(model))
                .is_some_and(|ms| gone > 2 * ms.max(1_000));
            let tone = if overdue { Tone::Warning } else { Tone::Active };
            (tone, format!("{word} {}{usual}", clock(gone)))
        }
        Stand::InDoubt => (Tone::Danger, "may have run".into()),
        Stand::Done if warned(record) => (Tone::Warning, format!("done{took}, with a warning")),
        Stand::Done => (Tone::Good, format!("done{took}")),
        Stand::Failed => (
            Tone::Danger,
            format!("failed{took}, attempt {}", record.attempts),
        ),
        Stand::Accepted => (Tone::Warning, format!("failed{took}, accepted")),
        Stand::Skipped => (Tone::Warning, "skipped".into()),
    }
}

fn warned(record: &StepRecord) -> bool {
    record
        .outcome
        .as_ref()
        .is_some_and(|o| o.ended == Ended::Warned)
}

fn to_come(model: &Model, step: &Step) -> (Tone, String) {
    if let Some(why) = next::omitted(&model.book, &model.run, &step.id) {
        return (Tone::Quiet, format!("does not apply: {why}"));
    }
    if next::waits_for_person(&model.book, &model.run) == Some(&step.id) {
        return (Tone::Active, "waits for you".into());
    }
    (Tone::Quiet, "to come".into())
}

pub(super) fn first(
    model: &Model,
    step: &Step,
    record: Option<&StepRecord>,
) -> Vec<(Tone, String)> {
    let mut lines = Vec::new();
    if let Some(record) = record {
        match record.stand {
            Stand::Failed => lines.push((Tone::Danger, record.why.clone())),
            Stand::InDoubt => {
                lines.push((Tone::Danger, format!("It may have run: {}", record.why)));
            }
            Stand::Skipped | Stand::Accepted => lines.push((Tone::Warning, record.why.clone())),
            Stand::Waiting | Stand::Running | Stand::Done => {}
        }
        let left = record.outcome.iter().flat_map(|o| &o.left_behind);
        lines.extend(left.map(|l| (Tone::Warning, l.clone())));
        match &record.verified {
            Some((Answer::Holds, detail)) => {
                lines.push((Tone::Good, format!("verify holds: {detail}")));
            }
            Some((Answer::DoesNotHold, detail)) => {
                lines.push((Tone::Danger, format!("verify does not hold: {detail}")));
            }
            Some((Answer::Unknown, detail)) => lines.push((
                Tone::Warning,
                format!("verify could not be asked: {detail}"),
            )),
            None => {}
        }
        if !record.answer.is_empty() {
            lines.push((Tone::Good, format!("answered: {}", record.answer)));
        }
    }
    if let Some(at) = schedule::earliest_ms(&model.run, step).filter(|at| *at > model.now.wall_ms) {
        let left = u64::try_from(at - model.now.wall_ms).unwrap_or(0);
        lines.push((
            Tone::Warning,
            format!("not before its time: {} to go", clock(left)),
        ));
    }
    lines
}
