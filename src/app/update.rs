//! The one place where the model changes: a message in, effects out.

use crate::app::acts;
use crate::app::answers;
use crate::app::autopilot;
use crate::app::inspect;
use crate::app::keys::Scope;
use crate::app::message::{Effect, Leaving, Msg, Posted};
use crate::app::model::{Model, Now, Purpose, Recording, Stopping, Tone};
use crate::app::monitor;
use crate::app::news;
use crate::app::shown;
use crate::domain::journal::Entry;
use crate::domain::run::decide::{Command, decide};
use crate::domain::run::event::Event;
use crate::domain::sample::words::lasting;

/// Milliseconds for which a record may be on its way before the disk is said to hang.
const HANGS_MS: u64 = 2_000;

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
        Msg::Key { key, at_ms, came } if model.dialog.is_some() => {
            answers::key(model, key, at_ms, came)
        }
        Msg::Key { key, .. } => acts::key(model, key),
        Msg::Paste(text) if model.scope() == Scope::Filter => {
            monitor::acts::filter_paste(model, &text);
            Vec::new()
        }
        Msg::Paste(text) => answers::paste(model, &text),
        Msg::Resized => vec![Effect::Redraw],
        Msg::Laid(extents) => {
            shown::laid(model, extents);
            Vec::new()
        }
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
        Msg::DiskBack { set_aside } => disk_back(model, &set_aside),
        Msg::Attempt(news) => news::attempt(model, news),
        Msg::Monitor(news) => news::monitor(model, news),
        Msg::Acted {
            session,
            act,
            outcome,
        } => news::acted(model, &session, act, outcome),
        Msg::Statement(end) => news::statement(model, end),
        Msg::Posted(posted) => witnessed(model, posted),
        Msg::StepSigned { asked, signed } => answers::signed(model, &asked, signed),
        Msg::Digested { step, path, digest } => answers::digested(model, &step, &path, digest),
        Msg::Inspected { pid, found } => {
            inspect::inspected(model, pid, found);
            Vec::new()
        }
        Msg::Sealed(result) => news::sealed(model, result),
        Msg::MigrationsSeen(seen) => {
            monitor::migrations::seen(model, seen);
            Vec::new()
        }
        Msg::Amended(book) => {
            model.book = book;
            Vec::new()
        }
        Msg::Rehearsed(known) => {
            model.rehearsed = known;
            Vec::new()
        }
        Msg::Suspended { for_ms } => {
            model.stood_still(for_ms);
            model.say(
                Tone::Warning,
                format!("the machine was suspended for {}", lasting(for_ms)),
            );
            if model.run.opened.run.is_empty() || model.run.is_over() {
                return Vec::new();
            }
            append(model, vec![Event::Suspended { for_ms }])
        }
        Msg::Terminated { how } => terminated(model, how),
    }
}

/// A witness that could not be told is worth a word, and holds nothing up.
fn witnessed(model: &mut Model, posted: Posted) -> Vec<Effect> {
    if model.run.is_over() {
        return Vec::new();
    }
    if let Err(why) = &posted.answer {
        let sink = &posted.sink;
        model.say(
            Tone::Warning,
            format!("the {sink}'s witness was not told: {why}"),
        );
    }
    append(model, vec![posted.event()])
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
    // What stops harm is done at once, and recorded when it can be.
    let stops = matches!(command, Command::Cancel { .. });
    if let Recording::Refused { why } = &model.recording
        && !stops
    {
        return Err(format!(
            "the record cannot be written ({why}): nothing is done until it can"
        ));
    }
    if model.pending > 0 && !(stops && disk_fails(model)) {
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
    model.to_stop.extend(events.iter().filter_map(to_stop));
    if matches!(model.recording, Recording::Refused { .. }) {
        model.unsaved.push(events);
        return stop_unrecorded(model);
    }
    let mut effects = stop_unrecorded(model);
    if model.pending == 0 {
        model.saving_ms = model.now.mono_ms;
    }
    model.pending += 1;
    model.recording = Recording::Saving;
    effects.push(Effect::Append(events));
    effects
}

fn to_stop(event: &Event) -> Option<Stopping> {
    match event {
        Event::CancelAsked {
            step,
            attempt,
            reason,
        } => Some(Stopping {
            step: step.clone(),
            attempt: *attempt,
            reason: reason.clone(),
        }),
        _ => None,
    }
}

/// Whether the disk refuses records, or has had one for so long that nobody can wait for it.
fn disk_fails(model: &Model) -> bool {
    let waits = model.now.mono_ms.saturating_sub(model.saving_ms);
    matches!(model.recording, Recording::Refused { .. }) || (model.pending > 0 && waits > HANGS_MS)
}

/// Stops what is to be stopped where its record cannot be waited for; a healthy disk has it first.
fn stop_unrecorded(model: &mut Model) -> Vec<Effect> {
    if !disk_fails(model) {
        return Vec::new();
    }
    let stops = std::mem::take(&mut model.to_stop);
    if !stops.is_empty() {
        model.say(
            Tone::Warning,
            "it is told to stop; that is recorded as soon as the record can be written",
        );
    }
    model.told_to_stop.extend(stops.clone());
    let stop = |Stopping { step, attempt, .. }| Effect::Stop { step, attempt };
    stops.into_iter().map(stop).collect()
}

fn tick(model: &mut Model, now: Now) -> Vec<Effect> {
    let second = now.mono_ms / 2_000 != model.now.mono_ms / 2_000;
    model.now = now;
    if model.pending == 0 && model.recording == Recording::Saved {
        model.to_stop.clear();
        model.told_to_stop.clear();
    }
    let mut effects = stop_unrecorded(model);
    effects.extend(news::passing(model));
    effects.extend(monitor::migrations::look(model));
    if second && matches!(model.recording, Recording::Refused { .. }) {
        effects.push(Effect::ProbeDisk);
    }
    effects
}

/// Whether an event says what has happened in the world, so that it must be written once the disk takes it; what an
/// operator asked for is not: it has not happened, and is asked for anew. Only a wish to stop is done all the same.
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
            | Event::CancelAsked { .. }
            | Event::RetryStopped { .. }
            | Event::Suspended { .. }
            | Event::WitnessPosted { .. }
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
    let said = format!("the record cannot be written: {why}");
    model.recording = Recording::Refused { why };
    let mut effects = vec![Effect::Notify(said)];
    effects.extend(stop_unrecorded(model));
    effects
}

fn disk_back(model: &mut Model, set_aside: &[Entry]) -> Vec<Effect> {
    model.recording = Recording::Saved;
    for entry in set_aside {
        model.run.apply(entry);
    }
    if set_aside.is_empty() {
        model.say(Tone::Good, "the record can be written again");
    } else {
        model.say(
            Tone::Danger,
            "somebody else wrote into the journal: that was set aside and recorded, and the record goes on",
        );
    }
    let unsaved = std::mem::take(&mut model.unsaved);
    unsaved
        .into_iter()
        .flat_map(|events| append(model, events))
        .collect()
}

fn terminated(model: &mut Model, how: String) -> Vec<Effect> {
    let mut effects = Vec::new();
    if model.purpose == Purpose::Drive && !model.run.is_over() {
        effects.extend(append(model, vec![Event::RunLeft { how }]));
    }
    effects.push(Effect::Quit(leaving(model)));
    effects
}

/// Returns how the program is left as the run stands.
pub fn leaving(model: &Model) -> Leaving {
    if model.run.is_over() || model.purpose != Purpose::Drive {
        Leaving::Closed
    } else {
        Leaving::Open
    }
}
