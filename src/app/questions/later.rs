//! Questions about later duties: whether what was done is signed.

use crate::app::dialog::{Dialog, Intent, Pick};
use crate::app::model::{Model, Tone};
use crate::app::questions::build::offer;
use crate::domain::run::later::{Stage, duties};

/// Asks whether what was done of the later duties is signed.
pub fn sign_later(model: &Model) -> Dialog {
    let dialog = standing(
        model,
        Dialog::new("Later duties", Intent::Sign).toned(Tone::Good),
    );
    if model.unsigned == 0 {
        return dialog.says(Tone::Quiet, "Nothing was done that is not signed already.");
    }
    let who = &model.run.operator;
    let mut dialog = if who.key.is_empty() {
        let later = format!("`holdpoint sign {} --later`", model.run.opened.run);
        let text = format!(
            "There is no SSH key to sign with: {later} signs what was done, once there is one."
        );
        dialog.says(Tone::Warning, text)
    } else {
        let text = format!("{} <{}> signs with {}", who.name, who.identity, who.key);
        dialog.says(Tone::Plain, text)
    };
    if !who.key.is_empty() {
        let hint = "an addendum below the signed log, which stays as it is; ssh-keygen may ask for a passphrase";
        dialog
            .choices
            .push(offer("Sign what was done", hint, Pick::SignAddendum));
    }
    let hint = "what was done is recorded, and can be signed later";
    dialog.choices.push(offer("Leave", hint, Pick::LeaveNow));
    dialog.entered("Enter does what is marked")
}

/// Says how the later duties stand.
fn standing(model: &Model, dialog: Dialog) -> Dialog {
    let all = duties(&model.book, &model.run);
    all.iter().fold(dialog, |dialog, duty| {
        let (tone, word) = match duty.stage(model.now.wall_ms) {
            Stage::Done => (Tone::Good, "settled".to_owned()),
            Stage::NotYet => (Tone::Quiet, format!("from {}", day(duty.from_ms))),
            Stage::Open => (Tone::Plain, format!("due by {}", day(Some(duty.due_ms)))),
            Stage::Overdue => (
                Tone::Danger,
                format!("OVERDUE since {}", day(Some(duty.due_ms))),
            ),
        };
        let text = format!(
            "  {}: {} of {} steps, {word}",
            duty.title, duty.done, duty.all
        );
        dialog.says(tone, text)
    })
}

/// Returns a moment as people write it down: `2026-11-28 02:00Z`.
pub fn day(ms: Option<i64>) -> String {
    let t = ms
        .and_then(chrono::DateTime::from_timestamp_millis)
        .unwrap_or_default();
    t.format("%Y-%m-%d %H:%MZ").to_string()
}
