//! Questions after a failure or an outcome nobody knows.

use crate::app::dialog::{Dialog, Intent, Need, Offer, Pick};
use crate::app::model::{Model, Tone};
use crate::app::questions::build::offer;
use crate::domain::run::event::{Answer, Finding};
use crate::domain::run::state::StepRecord;
use crate::domain::runbook::model::{Action, OnFailure, Skipping, Step};

/// Asks what to do about a failed step.
pub fn after_failure(model: &Model, step: &Step) -> Dialog {
    let mut dialog = told_of_failure(model, step);
    dialog.choices = ways_on(model, step);
    dialog.entered("Enter does the marked thing")
}

/// Why it failed, what it left behind, and the last that it printed.
fn told_of_failure(model: &Model, step: &Step) -> Dialog {
    let record = model.run.record(&step.id);
    let why = record.map(|r| r.why.clone()).unwrap_or_default();
    let mut dialog = Dialog::new(
        format!("{} {} failed", step.number, step.title),
        Intent::AfterFailure(step.id.clone()),
    )
    .toned(Tone::Danger);
    dialog = dialog.says(Tone::Danger, why);
    if let Some(r) = record {
        for left in r.outcome.iter().flat_map(|o| &o.left_behind) {
            dialog = dialog.says(Tone::Warning, left.clone());
        }
        if r.attempts > 1 {
            dialog = dialog.says(Tone::Quiet, format!("This was attempt {}.", r.attempts));
        }
    }
    dialog = verified(dialog, record);
    // What another step printed is not shown as this one's.
    let own = record.is_some_and(|r| step.attempt_name(r.attempts) == model.output.name);
    let lines = &model.output.lines;
    let first = lines.len().saturating_sub(4);
    for line in lines.iter().skip(first).filter(|_| own) {
        dialog = dialog.says(Tone::Quiet, format!("  {line}"));
    }
    dialog
}

/// The likeliest first: nothing to do, the way back that the runbook offers, once more.
fn ways_on(model: &Model, step: &Step) -> Vec<Offer> {
    let offered = match &step.on_failure {
        OnFailure::Offer(path) => model.book.path(path).map(|(_, p)| p),
        OnFailure::Hold | OnFailure::Continue => None,
    };
    let mut choices = Vec::new();
    if model.run.record(&step.id).is_some_and(StepRecord::holds) {
        choices.push(offer(
            "It was done after all",
            "its verify question holds: the run goes on behind it",
            Pick::WasDone,
        ));
    }
    if let Some(path) = offered {
        choices.push(offer(
            format!("Roll back: {}", path.title),
            path.when.join("; "),
            Pick::Rollback(path.name.clone()),
        ));
    }
    let asks = matches!(step.action, Action::Sign(_));
    choices.push(if asks {
        offer("Ask again", "asks the role for its signature", Pick::Retry)
    } else {
        offer("Retry", "runs it again, as a new attempt", Pick::Retry)
    });
    if step.verify.is_some() {
        choices.push(offer(
            "Verify",
            "asks whether it took effect all the same",
            Pick::Verify,
        ));
    }
    if !asks {
        choices.push(offer("Look", "shows its output", Pick::Look));
    }
    choices.push(offer(
        "Note",
        "writes something into the record",
        Pick::Note,
    ));
    if !model.book.rollback.is_empty() {
        choices.push(roll_back());
    }
    let mut skip = offer(
        "Skip",
        "goes on without it; the reason goes into the record",
        Pick::Skip,
    );
    if step.skipping == Skipping::Forbidden {
        skip.refused = Some("it is critical: it may not be skipped".into());
    }
    choices.push(skip);
    choices.push(offer(
        "End the run",
        "closes the record as it stands",
        Pick::Close,
    ));
    choices.push(leave());
    choices
}

fn roll_back() -> Offer {
    offer("Roll back …", "shows every way back", Pick::RollbackMenu)
}

fn leave() -> Offer {
    offer(
        "Leave",
        "the run waits; `holdpoint resume` comes back here",
        Pick::Leave,
    )
}

/// Says what the step's `verify` question was answered.
fn verified(dialog: Dialog, record: Option<&StepRecord>) -> Dialog {
    let Some((answer, detail)) = record.and_then(|r| r.verified.as_ref()) else {
        return dialog;
    };
    let (tone, said) = match answer {
        Answer::Holds => (Tone::Good, "it took effect all the same"),
        Answer::DoesNotHold => (Tone::Warning, "it did not take effect"),
        Answer::Unknown => (Tone::Warning, "its verify question could not be asked"),
    };
    dialog.says(tone, format!("verify: {said}: {detail}"))
}

/// Asks what to do about a step that may have run.
pub fn after_doubt(model: &Model, step: &Step) -> Dialog {
    let why = model
        .run
        .record(&step.id)
        .map(|r| r.why.clone())
        .unwrap_or_default();
    let mut dialog = Dialog::new(
        format!("{} {} may have run", step.number, step.title),
        Intent::AfterDoubt(step.id.clone()),
    )
    .toned(Tone::Danger);
    dialog = dialog.says(Tone::Danger, why).says(
        Tone::Plain,
        "Nothing is run again by itself. Find out whether it took effect, then say so. x ends what may be left of it.",
    );
    dialog = verified(dialog, model.run.record(&step.id));
    let mut choices = Vec::new();
    if step.verify.is_some() {
        choices.push(offer(
            "Verify",
            "asks the step's own question",
            Pick::Verify,
        ));
    }
    choices.push(offer("Look", "shows its last output", Pick::Look));
    choices.push(offer(
        "It was done",
        "you found out that it took effect",
        Pick::WasDone,
    ));
    choices.push(offer(
        "It was not done",
        "you found out that it did not; it can then be run again",
        Pick::WasNotDone,
    ));
    if !model.book.rollback.is_empty() {
        choices.push(roll_back());
    }
    choices.push(leave());
    dialog.choices = choices;
    dialog.entered("Enter does the marked thing")
}

/// Asks how it was found out what a step in doubt was.
pub fn resolve(model: &Model, step: &Step, finding: Finding) -> Dialog {
    let said = match finding {
        Finding::Done => "it took effect",
        Finding::NotDone => "it did not take effect",
    };
    let mut dialog = Dialog::new(
        format!("{} {}: {said}", step.number, step.title),
        Intent::Resolve(step.id.clone(), finding),
    )
    .toned(Tone::Danger);
    dialog = verified(dialog, model.run.record(&step.id));
    dialog
        .field("How did you find out?", Need::Required)
        .entered(format!("Enter records that {said}"))
}
