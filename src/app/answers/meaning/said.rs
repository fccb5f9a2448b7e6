//! What is said of a step: it is done, it is signed, this file shows it.

use crate::app::answers::edit::field;
use crate::app::dialog::{Dialog, Offer, Pick, Tick};
use crate::app::message::{AskedSignature, Effect};
use crate::app::model::{Model, Tone};
use crate::app::questions;
use crate::app::shown;
use crate::app::update;
use crate::domain::run::decide::{self, Command, ConfirmStep};
use crate::domain::run::event::{Checkpoint, Confirmed, SignedWord};
use crate::domain::runbook::model::{Evidence, StepId};

pub(super) fn confirm(
    model: &mut Model,
    dialog: &Dialog,
    id: &StepId,
) -> Result<Vec<Effect>, String> {
    let step = model.book.step(id).cloned().ok_or("the step is gone")?;
    let asks = matches!(
        step.evidence,
        Evidence::Text | Evidence::Link | Evidence::File
    );
    let said = Confirmed {
        step: id.clone(),
        answer: if asks {
            field(dialog, 0)
        } else {
            String::new()
        },
        file_sha256: String::new(),
        seen_ms: shown::seen_ms(model, id),
        on_behalf_of: if step.role.is_some() {
            field(dialog, usize::from(asks))
        } else {
            String::new()
        },
    };
    let ticked = dialog
        .boxes
        .iter()
        .filter(|b| b.tick == Tick::Ticked)
        .count();
    if ticked < dialog.boxes.len() {
        let all = dialog.boxes.len();
        return Err(format!(
            "{ticked} of {all} boxes are ticked: tick each with space"
        ));
    }
    if step.evidence == Evidence::File {
        let path = said.answer.clone();
        model.undigested = Some(said);
        model.say(Tone::Active, format!("reading {path} …"));
        return Ok(vec![Effect::Digest {
            step: id.clone(),
            path,
        }]);
    }
    let now_ms = model.now.wall_ms;
    update::try_command(
        model,
        Command::Confirm(ConfirmStep {
            said: Some(said),
            ticked,
            now_ms,
        }),
    )
}

pub(super) fn sign_step(
    model: &mut Model,
    dialog: &Dialog,
    id: &StepId,
) -> Result<Vec<Effect>, String> {
    let now_ms = model.now.wall_ms;
    let step = decide::may_sign(&model.book, &model.run, id, now_ms).map_err(|e| e.to_string())?;
    let Some(Pick::Word(word)) = dialog.choices.get(dialog.cursor).map(|o| o.pick.clone()) else {
        return Err("mark one of the choices".into());
    };
    let [remark, identity, name, key] = [0, 1, 2, 3].map(|at| field(dialog, at));
    if word == SignedWord::Rejected && remark.is_empty() {
        return Err("say why it is rejected: it goes into the record".into());
    }
    if key.is_empty() && !identity.is_empty() {
        return Err(format!("say which key is {identity}'s"));
    }
    if key.is_empty() && model.run.operator.key.is_empty() {
        return Err(
            "there is no SSH key: say which one signs, or make one with `holdpoint keygen`".into(),
        );
    }
    Ok(vec![Effect::SignStep(Box::new(AskedSignature {
        step: id.clone(),
        role: step.role.clone().unwrap_or_default(),
        word,
        remark,
        identity,
        name,
        key,
        seen_ms: shown::seen_ms(model, id),
    }))])
}

/// Takes in a role's signature; without one it is asked for once more, with everything as it was typed.
pub fn signed(
    model: &mut Model,
    asked: &AskedSignature,
    signed: Result<Box<Checkpoint>, String>,
) -> Vec<Effect> {
    let why = match signed {
        Ok(point) => return update::command(model, Command::Sign(point)),
        Err(why) => format!("not signed: {why}"),
    };
    let step = model.book.step(&asked.step).cloned();
    let Some(step) = step.filter(|_| model.dialog.is_none()) else {
        model.say(Tone::Danger, why);
        return Vec::new();
    };
    let mut dialog = questions::sign_step(model, &step);
    let texts = [&asked.remark, &asked.identity, &asked.name, &asked.key];
    for (field, text) in dialog.fields.iter_mut().zip(texts) {
        field.area.insert_str(text);
    }
    let marked = |o: &Offer| o.pick == Pick::Word(asked.word);
    dialog.cursor = dialog.choices.iter().position(marked).unwrap_or(0);
    dialog.problem = Some(why);
    model.dialog = Some(dialog);
    Vec::new()
}

/// Takes in the digest of a file given as evidence.
pub fn digested(
    model: &mut Model,
    step: &StepId,
    path: &str,
    digest: Result<String, String>,
) -> Vec<Effect> {
    // The digest of a file that was given before and is no longer meant says nothing about this one.
    let meant = |s: &mut Confirmed| s.step == *step && s.answer == path;
    let Some(mut said) = model.undigested.take_if(meant) else {
        return Vec::new();
    };
    match digest {
        Err(why) => {
            ask_again(
                model,
                &said,
                format!("{path}: {why}; the step is not confirmed"),
            );
            Vec::new()
        }
        Ok(sha256) => {
            said.file_sha256 = sha256;
            let (ticked, now_ms) = (usize::MAX, model.now.wall_ms);
            update::command(
                model,
                Command::Confirm(ConfirmStep {
                    said: Some(said),
                    ticked,
                    now_ms,
                }),
            )
        }
    }
}

/// Asks once more for what was said, with everything as it was and with what is wrong with it.
fn ask_again(model: &mut Model, said: &Confirmed, problem: String) {
    let step = model.book.step(&said.step).cloned();
    let Some(step) = step.filter(|_| model.dialog.is_none()) else {
        model.say(Tone::Danger, problem);
        return;
    };
    let mut dialog = questions::confirm(model, &step);
    let texts = [&said.answer, &said.on_behalf_of];
    for (field, text) in dialog.fields.iter_mut().zip(texts) {
        field.area.insert_str(text);
    }
    dialog.boxes.iter_mut().for_each(|b| b.tick = Tick::Ticked); // else it had not been answered
    dialog.problem = Some(problem);
    model.dialog = Some(dialog);
}
