//! Questions about the run: notes, manual SQL, sessions, the way back, its end.

use crate::app::dialog::{Dialog, Intent, Need, Offer, Pick, SessionRef};
use crate::app::model::{Model, Purpose, Tone};
use crate::app::questions::build::offer;
use crate::app::questions::{identity, is_protected, sign_later};
use crate::domain::run::decide::{self, OVERRIDE, THERE};
use crate::domain::run::event::{BackendAct, HoldReason, Status};
use crate::domain::run::next;
use crate::domain::run::state::{CancelState, Route, Stand};
use crate::domain::run::verdict;
use crate::domain::runbook::model::Step;
use crate::domain::sample::words::{InTheWay, lasting};

/// The role of whoever signs where the runbook names none.
pub const ANY_ROLE: &str = "Operator";

/// Asks for a note.
pub fn note(shown: Option<&Step>) -> Dialog {
    let about = shown.map_or("the run".to_owned(), |s| {
        format!("{} {}", s.number, s.title)
    });
    Dialog::new("Note", Intent::Note(shown.map(|s| s.id.clone())))
        .says(
            Tone::Quiet,
            format!("About {about}. It goes into the record with the time and your name."),
        )
        .field("Text (ctrl-j: new line)", Need::Required)
        .entered("Enter writes it down")
}

/// Asks which way back.
pub fn rollback_menu(model: &Model) -> Dialog {
    let mut dialog = Dialog::new("Ways back", Intent::RollbackMenu).toned(Tone::Danger);
    if let Some(step) = decide::past_return(&model.book, &model.run) {
        dialog = dialog.says(
            Tone::Danger,
            format!("Step {} was the point of no return.", step.number),
        );
    }
    if model.book.rollback.is_empty() {
        dialog = dialog.says(Tone::Warning, "This runbook has no way back.");
    }
    dialog.choices = model
        .book
        .rollback
        .iter()
        .map(|p| {
            offer(
                p.title.clone(),
                p.when.join("; "),
                Pick::Rollback(p.name.clone()),
            )
        })
        .collect();
    let enter = if dialog.choices.is_empty() {
        ""
    } else {
        "Enter shows the marked way before it is entered"
    };
    dialog.entered(enter)
}

/// Asks before a way back is entered.
pub fn rollback(model: &Model, name: &str) -> Option<Dialog> {
    let (place, path) = model.book.path(name)?;
    let mut dialog = Dialog::new(
        format!("Go back: {}", path.title),
        Intent::Rollback(name.to_owned()),
    )
    .toned(Tone::Danger);
    for when in &path.when {
        dialog = dialog.says(Tone::Quiet, format!("When: {when}"));
    }
    for step in model.book.steps_in(place) {
        let line = match next::omitted(&model.book, &model.run, &step.id) {
            Some(why) => (
                Tone::Quiet,
                format!("  – {} {} ({why})", step.number, step.title),
            ),
            None => (Tone::Plain, format!("  ○ {} {}", step.number, step.title)),
        };
        dialog.sentences.push(line);
    }
    dialog = dialog.says(
        Tone::Plain,
        "Its steps run as any others: what can do harm asks first. Nothing has happened yet.",
    );
    dialog = dialog.field("Why?", Need::Required);
    if decide::past_return(&model.book, &model.run).is_some() {
        dialog = dialog.field(
            format!("Past the point of no return: type `{OVERRIDE}`"),
            Need::Exactly(OVERRIDE.into()),
        );
    }
    Some(dialog.entered("Enter enters this way back"))
}

/// Asks before a session is acted on.
pub fn act(model: &Model, session: &SessionRef, act: BackendAct) -> Dialog {
    let (title, enter) = match act {
        BackendAct::Cancel => (
            format!("Cancel the statement of session {}", session.pid),
            "Enter cancels its statement",
        ),
        BackendAct::Terminate => (
            format!("End session {}", session.pid),
            "Enter ends the session; what it had not committed is lost",
        ),
    };
    let mut dialog = Dialog::new(title, Intent::Act(session.clone(), act)).toned(Tone::Danger);
    let application = match session.application.as_str() {
        "" => String::new(),
        name => format!(", application {name}"),
    };
    dialog = dialog.says(Tone::Plain, format!("user {}{application}", session.user));
    if let Some(ms) = session.xact_ms {
        dialog = dialog.says(
            Tone::Plain,
            format!("its transaction has been open for {}", lasting(ms)),
        );
    }
    dialog = dialog.says(Tone::Plain, format!("  {}", session.query));
    if let Some(queue) = queue(model, session) {
        dialog = dialog.says(Tone::Warning, queue);
    }
    if session.application.starts_with("holdpoint.") {
        dialog = dialog.says(
            Tone::Danger,
            "This is the run's own session: to stop the step, use x instead.",
        );
    }
    if !model.run.opened.target.is_empty() {
        dialog = dialog.says(Tone::Quiet, identity(model));
    }
    if model.purpose == Purpose::Monitor {
        return dialog
            .says(Tone::Quiet, "There is no run here: nothing is recorded.")
            .entered(enter);
    }
    dialog = dialog.field("Why?", Need::Required);
    if is_protected(model) {
        let name = model.run.opened.target.clone();
        dialog = dialog.field(format!("Type `{name}` to allow it"), Need::Exactly(name));
    }
    dialog.entered(enter)
}

/// Says that whoever is acted on only waits, and that those who wait alike go on doing so: one row may stand for many.
fn queue(model: &Model, session: &SessionRef) -> Option<String> {
    let sample = model.monitor.picture().sample?;
    let waiter = sample.session(session.pid)?;
    let lock = waiter.lock.as_ref()?;
    let behind = match sample.in_the_way(waiter) {
        Some(InTheWay::Session(pid)) => format!(" behind {pid}"),
        Some(InTheWay::Prepared) => " behind a prepared transaction".to_owned(),
        None => String::new(),
    };
    let others = match lock.of.saturating_sub(1) {
        0 => String::new(),
        1 => "; 1 more that wants the same goes on waiting".to_owned(),
        n => format!("; {n} more that want the same go on waiting"),
    };
    Some(format!("It only waits{behind}{others}."))
}

/// Asks for a statement by hand.
pub fn console(model: &Model) -> Dialog {
    Dialog::new("SQL by hand", Intent::Console)
        .toned(Tone::Warning)
        .says(Tone::Quiet, identity(model))
        .says(
            Tone::Plain,
            "The statement, its rows and how long it took go into the record.",
        )
        .field("Statement (ctrl-j: new line)", Need::Required)
        .field("Why? (needed when it writes)", Need::Optional)
        .entered("Enter sends it")
}

/// Says why the run is on hold, and asks whether it goes on.
pub fn release(model: &Model, why: &HoldReason) -> Dialog {
    let mut dialog = Dialog::new("On hold", Intent::Release).toned(Tone::Warning);
    dialog = match why {
        HoldReason::Operator => dialog.says(
            Tone::Plain,
            "You asked for a pause: no further step starts.",
        ),
        HoldReason::Alarm { rule } => dialog.says(
            Tone::Danger,
            format!("The alarm `{rule}` holds the run: no further step starts."),
        ),
        HoldReason::Identity { differs } => differs.iter().fold(
            dialog
                .toned(Tone::Danger)
                .says(Tone::Danger, "This is not the server it must be:"),
            |d, line| d.says(Tone::Danger, format!("  {line}")),
        ),
    };
    let now = decide::elsewhere(&model.run);
    if now.is_empty() {
        return dialog.entered("Enter lets steps start again");
    }
    dialog
        .says(Tone::Danger, identity(model))
        .field(
            format!("Type `{THERE}` to let steps start on this very server"),
            Need::Exactly(THERE.into()),
        )
        .entered("Enter lets steps start again, on this server")
}

/// Says what goes on when the program is left.
pub fn leave(model: &Model) -> Dialog {
    if model.run.route == Route::Later && model.unsigned > 0 {
        return sign_later(model);
    }
    let mut dialog = Dialog::new("Leave", Intent::Leave);
    let running: Vec<&str> = model
        .run
        .running()
        .filter_map(|(id, _)| model.book.step(id))
        .map(|s| s.title.as_str())
        .collect();
    dialog = if running.is_empty() {
        dialog.says(
            Tone::Plain,
            "Nothing is running. Nothing more starts until somebody comes back.",
        )
    } else {
        dialog.says(
            Tone::Active,
            format!(
                "“{}” goes on running without the screen; its result is kept.",
                running.join("”, “")
            ),
        )
    };
    if !model.run.is_over() {
        dialog = dialog.says(
            Tone::Plain,
            format!("Come back with:  holdpoint resume {}", model.run.opened.run),
        );
    }
    dialog.entered("Enter leaves")
}

/// Says what still runs: a run is not ended over it, whatever verdict it would get.
fn still_running(model: &Model) -> Option<Dialog> {
    let mut running = model
        .run
        .running()
        .filter_map(|(id, _)| model.book.step(id))
        .peekable();
    let first = running.peek()?.id.clone();
    let mut dialog = Dialog::new("Something still runs", Intent::StillRunning).toned(Tone::Warning);
    for step in running {
        let asked = model.cancel_of(&step.id) == CancelState::Asked;
        let word = if asked { ", and was asked to stop" } else { "" };
        let ms = model.running_ms(&step.id);
        let text = format!(
            "  {} {} runs for {}{word}",
            step.number,
            step.title,
            lasting(ms)
        );
        dialog = dialog.says(Tone::Active, text);
    }
    dialog = dialog.says(
        Tone::Plain,
        "The run can be ended once nothing runs any more.",
    );
    dialog.choices = vec![
        offer("Wait", "shuts this; C asks again", Pick::Wait),
        offer(
            "Stop it",
            "asks for a reason; then end the run again, with C",
            Pick::Stop(first),
        ),
    ];
    Some(dialog.entered("Enter does the marked thing"))
}

/// Asks before the run is ended.
pub fn close(model: &Model) -> Dialog {
    if model.run.route == Route::Later {
        return sign_later(model);
    }
    if let Some(dialog) = still_running(model) {
        return dialog;
    }
    let status = verdict::status(&model.book, &model.run);
    let tone = match status {
        Status::Success => Tone::Good,
        Status::RolledBack | Status::Aborted => Tone::Warning,
        Status::Partial => Tone::Danger,
    };
    let mut dialog = Dialog::new("End the run", Intent::Close)
        .toned(tone)
        .says(tone, format!("Verdict: {}", status.word()));
    let open: Vec<&Step> = next::route(&model.book, &model.run)
        .filter(|s| {
            !next::settled(&model.run, &s.id)
                && next::omitted(&model.book, &model.run, &s.id).is_none()
        })
        .collect();
    for step in open.iter().take(6) {
        let word = match model.run.stand(&step.id) {
            Stand::Failed => "failed",
            Stand::InDoubt => "may have run",
            Stand::Running => "running",
            Stand::Waiting | Stand::Done | Stand::Accepted | Stand::Skipped => "not done",
        };
        dialog = dialog.says(
            Tone::Warning,
            format!("  {} {}: {word}", step.number, step.title),
        );
    }
    if open.len() > 6 {
        dialog = dialog.says(Tone::Warning, format!("  and {} more", open.len() - 6));
    }
    dialog = dialog.says(
        Tone::Plain,
        "The record is closed for good; then the log is written and can be signed.",
    );
    let whole = matches!(status, Status::Success | Status::RolledBack);
    let (label, need) = if whole {
        ("Remark (optional)", Need::Optional)
    } else {
        ("Why is it ended so?", Need::Required)
    };
    dialog.field(label, need).entered("Enter closes the record")
}

/// The roles in which the log can be signed.
fn roles(model: &Model) -> impl Iterator<Item = &str> {
    let free = model.book.roles.is_empty().then_some(ANY_ROLE);
    model.book.roles.iter().map(String::as_str).chain(free)
}

/// Asks whether the log is signed now.
pub fn sign(model: &Model) -> Dialog {
    if model.run.route == Route::Later {
        return sign_later(model);
    }
    let mut dialog = Dialog::new("The log", Intent::Sign).toned(Tone::Good);
    let who = &model.run.operator;
    let status = model.run.closed.as_ref().map_or("", |c| c.status.word());
    dialog = dialog.says(Tone::Good, format!("The run is closed: {status}."));
    dialog.choices = if who.key.is_empty() {
        dialog = dialog.says(Tone::Warning, "There is no SSH key to sign with. Make one with `holdpoint keygen`, then `holdpoint sign`.");
        vec![offer(
            "Write it unsigned",
            "`holdpoint sign` adds signatures later",
            Pick::SignLater,
        )]
    } else {
        dialog = dialog.says(
            Tone::Plain,
            format!("{} <{}> signs with {}", who.name, who.identity, who.key),
        );
        let mut offers: Vec<Offer> = roles(model)
            .map(|role| {
                let hint = "runs ssh-keygen; it may ask for a passphrase or a touch";
                offer(format!("Sign as {role}"), hint, Pick::Sign(role.to_owned()))
            })
            .collect();
        offers.push(offer(
            "Write it unsigned",
            "`holdpoint sign` adds signatures later",
            Pick::SignLater,
        ));
        offers
    };
    dialog.entered("Enter writes log.md")
}
