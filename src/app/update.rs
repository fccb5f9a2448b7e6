//! The one place where the model changes: a message in, effects out.

use crate::app::acts;
use crate::app::answers;
use crate::app::autopilot;
use crate::app::inspect;
use crate::app::keys::Scope;
use crate::app::message::{Effect, Leaving, Msg};
use crate::app::model::{Model, Now, Purpose, Recording, Tone};
use crate::app::monitor;
use crate::app::news;
use crate::app::shown;
use crate::domain::run::decide::{Command, decide};
use crate::domain::run::event::Event;

/// Takes `msg` in and returns what is to be done about it.
#[must_use]
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let mut effects = take(model, msg);
    effects.extend(autopilot::advance(model));
    effects.extend(shown::follow(model));
    effects
}

fn take(model: &mut Model, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Tick(now) => tick(model, now),
        Msg::Key { key, at_ms } if model.dialog.is_some() => answers::key(model, key, at_ms),
        Msg::Key { key, .. } => acts::key(model, key),
        Msg::Paste(text) if model.scope() == Scope::Filter => {
            monitor::acts::filter_paste(model, &text);
            Vec::new()
        }
        Msg::Paste(text) => answers::paste(model, &text),
        Msg::Resized => vec![Effect::Redraw],
        Msg::Drawn => {
            shown::drawn(model);
            Vec::new()
        }
        Msg::Journaled(entries) => news::journaled(model, &entries),
        Msg::NotJournaled { events, why } => not_journaled(model, events, why),
        Msg::Unrecordable { why } => {
            model.pending = model.pending.saturating_sub(1);
            if model.pending == 0 && model.recording == Recording::Saving {
                model.recording = Recording::Saved;
            }
            model.say(
                Tone::Danger,
                format!("{why}: it was not recorded, so it was not done"),
            );
            Vec::new()
        }
        Msg::DiskBack => disk_back(model),
        Msg::Attempt(news) => news::attempt(model, news),
        Msg::Monitor(news) => news::monitor(model, news),
        Msg::Acted { session, outcome } => news::acted(model, &session, outcome),
        Msg::Statement(end) => news::statement(model, end),
        Msg::StepSigned { asked, signed } => answers::signed(model, &asked, signed),
        Msg::Digested { step, path, digest } => answers::digested(model, &step, &path, digest),
        Msg::Inspected { pid, found } => {
            inspect::inspected(model, pid, found);
            Vec::new()
        }
        Msg::Sealed(result) => news::sealed(model, result),
        Msg::Rehearsed(known) => {
            model.rehearsed = known;
            Vec::new()
        }
        Msg::Terminated { how } => terminated(model, how),
    }
}

/// Asks for `command`; a refusal is told on the status line.
pub fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    match try_command(model, command) {
        Ok(effects) => effects,
        Err(refusal) => {
            model.say(Tone::Warning, refusal);
            Vec::new()
        }
    }
}

/// Asks for `command`.
///
/// # Errors
/// The refusal, in the operator's words.
pub fn try_command(model: &mut Model, command: Command) -> Result<Vec<Effect>, String> {
    if model.purpose != Purpose::Drive {
        return Err("this screen only watches: the run is driven elsewhere".into());
    }
    if let Recording::Refused { why } = &model.recording {
        return Err(format!(
            "the record cannot be written ({why}): nothing is done until it can"
        ));
    }
    if model.pending > 0 {
        return Err("the last entry is still being saved: press the key again".into());
    }
    let events = decide(&model.book, &model.run, command).map_err(|refusal| refusal.to_string())?;
    Ok(append(model, events))
}

/// Asks the journal to take `events`.
pub fn append(model: &mut Model, events: Vec<Event>) -> Vec<Effect> {
    if events.is_empty() || model.purpose != Purpose::Drive {
        return Vec::new();
    }
    if matches!(model.recording, Recording::Refused { .. }) {
        model.unsaved.push(events);
        return Vec::new();
    }
    model.pending += 1;
    model.recording = Recording::Saving;
    vec![Effect::Append(events)]
}

fn tick(model: &mut Model, now: Now) -> Vec<Effect> {
    let second = now.mono_ms / 2_000 != model.now.mono_ms / 2_000;
    model.now = now;
    let mut effects = news::passing(model);
    if second && matches!(model.recording, Recording::Refused { .. }) {
        effects.push(Effect::ProbeDisk);
    }
    effects
}

/// Whether an event says what has happened in the world, so that it must be written once the disk takes it; what an
/// operator asked for is not: it has not happened, and is asked for anew.
fn is_fact(event: &Event) -> bool {
    matches!(
        event,
        Event::StepFinished(_)
            | Event::StepInterrupted { .. }
            | Event::StepVerified { .. }
            | Event::AlarmRaised(_)
            | Event::AlarmCleared { .. }
            | Event::BackendResult { .. }
            | Event::ManualSqlResult { .. }
            | Event::Target(_)
            | Event::TargetLost { .. }
            | Event::Held { .. }
            | Event::RunLeft { .. }
    )
}

fn not_journaled(model: &mut Model, events: Vec<Event>, why: String) -> Vec<Effect> {
    model.pending = model.pending.saturating_sub(1);
    // What an alarm asks for goes with it: nobody will ask for it anew.
    let alarm = events.iter().any(|e| matches!(e, Event::AlarmRaised(_)));
    let facts: Vec<Event> = events.into_iter().filter(|e| alarm || is_fact(e)).collect();
    if facts.is_empty() {
        model.say(Tone::Danger, "that was not recorded, so it was not done");
    } else {
        model.unsaved.push(facts);
    }
    model.recording = Recording::Refused { why };
    vec![Effect::Ring]
}

fn disk_back(model: &mut Model) -> Vec<Effect> {
    model.recording = Recording::Saved;
    model.say(Tone::Good, "the record can be written again");
    let unsaved = std::mem::take(&mut model.unsaved);
    unsaved
        .into_iter()
        .flat_map(|events| append(model, events))
        .collect()
}

fn terminated(model: &mut Model, how: String) -> Vec<Effect> {
    let mut effects = Vec::new();
    if model.purpose == Purpose::Drive && model.run.closed.is_none() {
        effects.extend(append(model, vec![Event::RunLeft { how }]));
    }
    effects.push(Effect::Quit(leaving(model)));
    effects
}

/// Returns how the program is left as the run stands.
pub fn leaving(model: &Model) -> Leaving {
    if model.run.closed.is_some() || model.purpose != Purpose::Drive {
        Leaving::Closed
    } else {
        Leaving::Open
    }
}
