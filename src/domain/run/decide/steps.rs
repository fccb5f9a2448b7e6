//! Commands to one step.

use crate::domain::run::decide::command::{ConfirmStep, Refusal, StartStep, refuse};
use crate::domain::run::decide::{at_hand, named, not_held};
use crate::domain::run::event::{Checkpoint, Event, Finding, SignedWord, Started};
use crate::domain::run::next::{self, Next, Wait};
use crate::domain::run::schedule;
use crate::domain::run::state::{RunState, Stand, StepRecord};
use crate::domain::runbook::model::{
    Action, Danger, Evidence, Protection, Runbook, Skipping, Step, StepId,
};

/// Whether `id` is one of the first steps of a `choose: one` group that waits for a choice.
pub(super) fn begins_choice(book: &Runbook, run: &RunState, id: &StepId) -> bool {
    matches!(next::next(book, run, i64::MAX), Next::Wait(Wait::ChooseItem(heads)) if heads.contains(id))
}

fn not_before(run: &RunState, step: &Step, now_ms: i64) -> Result<(), Refusal> {
    match schedule::earliest_ms(run, step) {
        Some(at) if at > now_ms => {
            let left = (at - now_ms + 59_999) / 60_000;
            refuse(format!(
                "step {} does not start before its time: {left} min to go",
                step.number
            ))
        }
        _ => Ok(()),
    }
}

pub(super) fn start_step(
    book: &Runbook,
    run: &RunState,
    start: StartStep,
) -> Result<Vec<Event>, Refusal> {
    let step = at_hand(book, run, &start.step)?;
    not_held(run)?;
    if !step.is_automated() {
        return refuse(format!(
            "step {} is done by hand: do it, then confirm it",
            step.number
        ));
    }
    not_before(run, step, start.now_ms)?;
    match run.stand(&step.id) {
        Stand::InDoubt => {
            return refuse(format!(
                "step {} may have run: first say what you found (Enter)",
                step.number
            ));
        }
        Stand::Waiting
        | Stand::Running
        | Stand::Done
        | Stand::Failed
        | Stand::Accepted
        | Stand::Skipped => {}
    }
    if let Some(expected) = gate(book, run, step)
        && start.typed.trim() != expected
    {
        return refuse(format!(
            "type `{expected}` to run step {} there",
            step.number
        ));
    }
    let attempt = run.record(&step.id).map_or(0, |r| r.attempts) + 1;
    Ok(vec![Event::StepStarted(Started {
        step: start.step,
        attempt,
        command: start.command,
        app_name: start.app_name,
        typed: start.typed,
        reason: start.reason,
    })])
}

/// Returns what must be typed before `step` may start: the target's name, for what can do harm on a protected one.
pub fn gate(book: &Runbook, run: &RunState, step: &Step) -> Option<String> {
    let target = book.target(&run.opened.target)?;
    (step.danger == Danger::High && target.protect == Protection::Protected)
        .then(|| target.name.clone())
}

pub(super) fn confirm_step(
    book: &Runbook,
    run: &RunState,
    confirm: ConfirmStep,
) -> Result<Vec<Event>, Refusal> {
    let Some(said) = confirm.said else {
        return refuse("nothing was said");
    };
    let step = at_hand(book, run, &said.step)?;
    not_held(run)?;
    let Action::Confirm(asked) = &step.action else {
        return refuse(format!(
            "step {} is automated: it confirms itself by its result",
            step.number
        ));
    };
    not_before(run, step, confirm.now_ms)?;
    if confirm.ticked < asked.items.len() {
        return refuse(format!(
            "{} of {} boxes are ticked: tick each with space",
            confirm.ticked,
            asked.items.len()
        ));
    }
    match step.evidence {
        Evidence::Text | Evidence::Link | Evidence::File if said.answer.trim().is_empty() => {
            refuse(format!(
                "step {} asks for {}",
                step.number,
                evidence_word(step.evidence)
            ))
        }
        Evidence::File if said.file_sha256.is_empty() => {
            refuse("the file could not be read: give a path that exists")
        }
        Evidence::None | Evidence::Text | Evidence::Link | Evidence::File | Evidence::Show => {
            Ok(vec![Event::StepConfirmed(said)])
        }
    }
}

/// Whether a role may sign in `step` now: asked before the key is, and again when the signature is there.
///
/// # Errors
/// The refusal, in the operator's words.
pub fn may_sign<'a>(
    book: &'a Runbook,
    run: &RunState,
    id: &StepId,
    now_ms: i64,
) -> Result<&'a Step, Refusal> {
    let step = at_hand(book, run, id)?;
    not_held(run)?;
    if !matches!(step.action, Action::Sign(_)) {
        return refuse(format!("step {} asks for no signature", step.number));
    }
    not_before(run, step, now_ms)?;
    Ok(step)
}

pub(super) fn sign_step(
    book: &Runbook,
    run: &RunState,
    point: Checkpoint,
) -> Result<Vec<Event>, Refusal> {
    let Some(signed) = &point.step else {
        return refuse("nothing was signed");
    };
    // What holds the run since the key was asked for takes no signature back.
    let step = at_hand(book, run, &signed.step)?;
    match &step.action {
        Action::Sign(signing) if signing.role == signed.role => {}
        _ => return refuse(format!("step {} is another role's", step.number)),
    }
    if signed.word == SignedWord::Rejected && signed.remark.trim().is_empty() {
        return refuse("say why it is rejected: it goes into the record");
    }
    Ok(vec![Event::Checkpoint(point)])
}

/// Returns what kind of evidence a step asks for, in words.
pub fn evidence_word(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Text => "a sentence on what you saw",
        Evidence::Link => "a link",
        Evidence::File => "the path of a file",
        Evidence::None | Evidence::Show => "nothing",
    }
}

pub(super) fn skip(
    book: &Runbook,
    run: &RunState,
    id: &StepId,
    reason: &str,
) -> Result<Vec<Event>, Refusal> {
    let step = at_hand(book, run, id)?;
    if step.skipping == Skipping::Forbidden {
        return refuse(format!(
            "step {} is critical: it may not be skipped; do it, or go back",
            step.number
        ));
    }
    if *run.stand(id) == Stand::InDoubt {
        return refuse(format!(
            "step {} may have run: first say what you found (Enter)",
            step.number
        ));
    }
    if reason.trim().is_empty() {
        return refuse("say why it is left out: the reason goes into the record");
    }
    Ok(vec![Event::StepSkipped {
        step: id.clone(),
        reason: reason.to_owned(),
    }])
}

pub(super) fn accept(book: &Runbook, run: &RunState, step: StepId) -> Result<Vec<Event>, Refusal> {
    at_hand(book, run, &step)?;
    Ok(vec![Event::StepAccepted {
        step,
        reason: "its runbook says `on_failure: continue`".into(),
    }])
}

pub(super) fn cancel(
    book: &Runbook,
    run: &RunState,
    step: StepId,
    reason: String,
) -> Result<Vec<Event>, Refusal> {
    match run.record(&step) {
        // What may have run may still run, without its supervisor.
        Some(record) if matches!(record.stand, Stand::Running | Stand::InDoubt) => {
            Ok(vec![Event::CancelAsked {
                step,
                attempt: record.attempts,
                reason,
            }])
        }
        _ => refuse(format!(
            "step {} is not running: there is nothing to cancel",
            named(book, &step)?.number
        )),
    }
}

pub(super) fn resolve(
    book: &Runbook,
    run: &RunState,
    step: StepId,
    finding: Finding,
    how: String,
) -> Result<Vec<Event>, Refusal> {
    let number = &named(book, &step)?.number;
    // A failed step took effect after all where its own question says so; that it did not is known already.
    let open = |r: &&StepRecord| match r.stand {
        Stand::InDoubt => true,
        Stand::Failed => finding == Finding::Done && r.holds(),
        Stand::Waiting | Stand::Running | Stand::Done | Stand::Accepted | Stand::Skipped => false,
    };
    let Some(record) = run.record(&step).filter(open) else {
        return refuse(format!("step {number} is not in doubt"));
    };
    if how.trim().is_empty() {
        return refuse("say how you found out: it goes into the record");
    }
    Ok(vec![Event::StepResolved {
        step,
        attempt: record.attempts,
        finding,
        how,
    }])
}
