//! Questions about a step that is at hand or runs.

use crate::app::autopilot;
use crate::app::dialog::{Dialog, Intent, Need, Offer, Pick, Tick, TickBox};
use crate::app::model::{Identified, Model, Tone};
use crate::app::questions::build::offer;
use crate::app::questions::{identity, is_protected};
use crate::app::step;
use crate::domain::run::assign;
use crate::domain::run::decide::{self};
use crate::domain::run::event::SignedWord;
use crate::domain::run::values::Values;
use crate::domain::runbook::model::{Action, Evidence, Step, StepId, WayBack};
use crate::domain::sample::words::lasting;

/// Asks a person to say that a manual step is done.
pub fn confirm(model: &Model, step: &Step) -> Dialog {
    let around = step::surroundings(model);
    let values = Values::new(&model.book, &model.run, &around);
    let mut dialog = Dialog::new(
        format!("{} {}", step.number, step.title),
        Intent::Confirm(step.id.clone()),
    );
    if let Action::Confirm(asked) = &step.action {
        for line in assign::as_known(&values, &asked.text).lines() {
            dialog = dialog.says(Tone::Plain, line);
        }
        dialog.boxes = asked
            .items
            .iter()
            .map(|text| TickBox {
                text: assign::as_known(&values, text),
                tick: Tick::Open,
            })
            .collect();
    }
    if let Some(role) = &step.role {
        dialog = dialog.says(Tone::Quiet, format!("{role} answers for this."));
    }
    dialog = match step.evidence {
        Evidence::None | Evidence::Show => dialog,
        Evidence::Text => dialog.field("What you saw", Need::Required),
        Evidence::Link => dialog.field("Link", Need::Required),
        Evidence::File => dialog.field(
            "Path of the file; its digest goes into the record",
            Need::Required,
        ),
    };
    let who = if step.role.is_some() {
        "On behalf of (empty: it is your own word)"
    } else {
        ""
    };
    if !who.is_empty() {
        dialog = dialog.field(who, Need::Optional);
    }
    dialog.entered("Enter records: I did this, and it is as it says above")
}

/// Asks before an automated step is started by a key.
pub fn start(model: &Model, step: &Step) -> Dialog {
    let around = step::surroundings(model);
    let values = Values::new(&model.book, &model.run, &around);
    let again = model.run.record(&step.id).is_some_and(|r| r.attempts > 0);
    let title = if again {
        format!("Run {} again: {}", step.number, step.title)
    } else {
        format!("Run {}: {}", step.number, step.title)
    };
    let gate = decide::gate(&model.book, &model.run, step);
    let is_unseen = model.identified == Identified::Lost && !autopilot::may_start(model, &step.id);
    let tone = if gate.is_some() || is_unseen {
        Tone::Danger
    } else {
        Tone::Active
    };
    let mut dialog = Dialog::new(title, Intent::Start(step.id.clone())).toned(tone);
    for line in assign::command_line(&values, step).lines().take(12) {
        dialog = dialog.says(Tone::Plain, format!("  {line}"));
    }
    if !model.run.opened.target.is_empty() {
        let tone = if gate.is_some() {
            Tone::Danger
        } else {
            Tone::Quiet
        };
        dialog = dialog.says(tone, identity(model));
    }
    dialog = warned(dialog, model, step);
    if is_unseen {
        dialog = dialog.says(
            Tone::Danger,
            "The server does not answer: whoever answers next may be another, and has not been checked.",
        );
    }
    if let Some(expected) = gate {
        dialog = dialog.field(
            format!("Type `{expected}` to allow it"),
            Need::Exactly(expected),
        );
    } else if is_unseen {
        let unseen = autopilot::UNSEEN;
        dialog = dialog.field(
            format!("Type `{unseen}` to run it all the same"),
            Need::Exactly(unseen.into()),
        );
    }
    if again {
        dialog = if step.only_looks() {
            dialog.field("Why again? (optional)", Need::Optional)
        } else {
            dialog.field("Why again?", Need::Required)
        };
    }
    let target = &model.run.opened.target;
    let place = if target.is_empty() {
        "this machine"
    } else {
        target
    };
    dialog.entered(format!("Enter runs it on {place}"))
}

/// Says what cannot be taken back, and who is blocked.
fn warned(mut dialog: Dialog, model: &Model, step: &Step) -> Dialog {
    if step.way_back == WayBack::Closed {
        dialog = dialog.says(
            Tone::Danger,
            "This is the point of no return: from here on going back needs an override.",
        );
    }
    match blocking_now(model) {
        Some(said) => dialog.says(Tone::Warning, said),
        None => dialog,
    }
}

/// What blocks or is old on the server right now, in one sentence.
fn blocking_now(model: &Model) -> Option<String> {
    let sample = model.monitor.sample.as_ref()?;
    model.blocking_line().or_else(|| {
        let longest = sample.counts.longest_xact_ms.filter(|ms| *ms > 60_000)?;
        Some(format!(
            "A transaction has been open for {}: DDL may have to wait for it.",
            lasting(longest)
        ))
    })
}

/// Asks what a person is asked for at a step that is not automated.
pub fn for_person(model: &Model, step: &Step) -> Dialog {
    match step.action {
        Action::Decide(_) => decision(model, step),
        Action::Sign(_) => sign_step(model, step),
        Action::Confirm(_)
        | Action::Run(_)
        | Action::Check(_)
        | Action::Sql(_)
        | Action::Http(_)
        | Action::Use(_)
        | Action::Watch(_) => confirm(model, step),
    }
}

/// Asks for a role's signature, and whose key it is.
pub fn sign_step(model: &Model, step: &Step) -> Dialog {
    let around = step::surroundings(model);
    let values = Values::new(&model.book, &model.run, &around);
    let mut dialog = Dialog::new(
        format!("{} {}", step.number, step.title),
        Intent::SignStep(step.id.clone()),
    )
    .toned(Tone::Active);
    for line in step.note.iter().flat_map(|note| note.lines()) {
        dialog = dialog.says(Tone::Plain, assign::as_known(&values, line));
    }
    let role = step.role.as_deref().unwrap_or_default();
    dialog = dialog.says(
        Tone::Plain,
        format!("{role} signs the record so far, and whether the run may go on."),
    );
    let who = &model.run.operator;
    let own = if who.key.is_empty() {
        "you have no key".to_owned()
    } else {
        format!("you are {}", who.identity)
    };
    dialog.choices = vec![
        offer(
            "Approve",
            "the run goes on",
            Pick::Word(SignedWord::Approved),
        ),
        offer(
            "Reject",
            "the run stays here until it is asked again, or goes back",
            Pick::Word(SignedWord::Rejected),
        ),
    ];
    dialog
        .field("Remark (needed to reject)", Need::Optional)
        .field(
            format!("Who signs, as in the list of signers (empty: {own})"),
            Need::Optional,
        )
        .field("Their printed name (empty: as above)", Need::Optional)
        .field(
            "Their key: a file, or a fingerprint in the agent (empty: yours)",
            Need::Optional,
        )
        .entered("Enter runs ssh-keygen; it may ask for a passphrase or a touch")
}

/// Asks which way to go.
pub fn decision(model: &Model, step: &Step) -> Dialog {
    let mut dialog = Dialog::new(
        format!("{} {}", step.number, step.title),
        Intent::Decide(step.id.clone()),
    )
    .toned(Tone::Active);
    if let Some(note) = &step.note {
        for line in note.lines() {
            dialog = dialog.says(Tone::Plain, line);
        }
    }
    if let Action::Decide(choices) = &step.action {
        dialog.choices = choices
            .iter()
            .enumerate()
            .map(|(i, c)| Offer {
                label: c.title.clone(),
                hint: choice_hint(model, c.when.as_deref(), c.go_to.as_deref()),
                refused: past_return(model, c.go_to.as_deref()),
                pick: Pick::Way(i),
            })
            .collect();
    }
    dialog
        .field("Reason (goes into the record)", Need::Optional)
        .entered("Enter takes the marked way")
}

/// A way back that is past the point of no return asks for an override, which a decision does not.
pub(super) fn past_return(model: &Model, go_to: Option<&str>) -> Option<String> {
    model.book.path(go_to?)?;
    let step = decide::past_return(&model.book, &model.run)?;
    let number = &step.number;
    Some(format!(
        "step {number} was the point of no return: go back with R"
    ))
}

fn choice_hint(model: &Model, when: Option<&str>, go_to: Option<&str>) -> String {
    let leads = match go_to {
        Some(name) => match model.book.path(name) {
            Some((_, path)) => format!("leads to the way back “{}”", path.title),
            None => model
                .book
                .step(&StepId::new(name))
                .map_or(String::new(), |s| format!("goes on at step {}", s.number)),
        },
        None => "goes on".into(),
    };
    match when {
        Some(when) => format!("{when}; {leads}"),
        None => leads,
    }
}

/// Asks which item of a `choose: one` group is done.
pub fn choose_item(model: &Model, heads: &[StepId]) -> Dialog {
    let mut dialog = Dialog::new("One of these", Intent::ChooseItem).toned(Tone::Active);
    let steps = heads.iter().filter_map(|id| model.book.step(id));
    dialog.choices = steps
        .map(|s| {
            offer(
                format!("{} {}", s.number, s.title),
                s.note.clone().unwrap_or_default(),
                Pick::Begin(s.id.clone()),
            )
        })
        .collect();
    dialog
        .says(
            Tone::Plain,
            "Only one of these is done; the others are left out.",
        )
        .entered("Enter goes to the marked one")
}

/// Asks why a step is left out.
pub fn skip(step: &Step) -> Dialog {
    Dialog::new(
        format!("Skip {} {}", step.number, step.title),
        Intent::Skip(step.id.clone()),
    )
    .toned(Tone::Warning)
    .says(Tone::Plain, "It is left out, and the record says so.")
    .field("Why?", Need::Required)
    .entered("Enter leaves it out")
}

/// Asks why a running step is stopped.
pub fn cancel(model: &Model, step: &Step) -> Dialog {
    let mut dialog = Dialog::new(
        format!("Cancel {} {}", step.number, step.title),
        Intent::Cancel(step.id.clone()),
    )
    .toned(Tone::Danger);
    dialog = dialog.says(Tone::Plain, "Its processes are asked to stop, then killed after 10 s; its sessions on the server are cancelled, then ended, and it is looked whether they are gone.");
    if is_protected(model) {
        dialog = dialog.says(Tone::Danger, identity(model));
    }
    dialog
        .field("Why?", Need::Required)
        .entered("Enter stops it")
}
