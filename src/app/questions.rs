//! The questions: each dialog as it is opened, with what its answer means.

mod build;
mod failed;
mod later;
mod steps;
mod whole;

use crate::app::dialog::{Dialog, Field, Need, Part};
use crate::app::model::Model;
use crate::domain::runbook::model::Protection;
use tui_textarea::TextArea;

pub use failed::{after_doubt, after_failure, resolve};
pub use later::{day, sign_later};
pub use steps::{cancel, choose_item, confirm, for_person, sign_step, skip, start};
pub use whole::{
    ANY_ROLE, act, close, console, leave, note, release, rollback, rollback_menu, sign,
};

/// Who is acted on, as the server says it: what the operator must recognise before anything dangerous.
fn identity(model: &Model) -> String {
    let target = if model.run.opened.target.is_empty() {
        "no target".to_owned()
    } else {
        model.run.opened.target.to_uppercase()
    };
    match &model.run.target {
        Some(seen) => format!(
            "{target}: {}@{}, {} {}, as user {}",
            seen.database, seen.address, seen.version, seen.role, seen.user
        ),
        None => format!("{target}: the server has not said who it is"),
    }
}

fn is_protected(model: &Model) -> bool {
    model
        .book
        .target(&model.run.opened.target)
        .is_some_and(|t| t.protect == Protection::Protected)
}

/// Puts the texts of `from` into `to`, and asks for `name` to be typed besides.
pub fn carry_over(to: &mut Dialog, from: &Dialog, name: &str) {
    for (new, old) in to.fields.iter_mut().zip(&from.fields) {
        new.area = old.area.clone();
    }
    let (label, need) = (
        format!("Type `{name}` to allow it"),
        Need::Exactly(name.to_owned()),
    );
    to.fields.push(Field {
        label,
        need,
        area: TextArea::default(),
    });
    to.focus = Part::Field(to.fields.len() - 1);
}
