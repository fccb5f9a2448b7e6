//! A run without a screen: it goes as far as it can by itself, tells every record, and answers for nobody.

use std::io::Write as _;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{MissedTickBehavior, interval};

use crate::app::autopilot;
use crate::app::message::{Effect, Leaving, Msg, Sealing};
use crate::app::model::{Identified, Model, Recording};
use crate::app::monitor::Link;
use crate::app::update::{try_command, update};
use crate::domain::journal::Entry;
use crate::domain::run::decide::Command;
use crate::domain::run::event::Event;
use crate::domain::run::next::{self, Next, Wait};
use crate::domain::run::state::Route;
use crate::domain::runbook::model::{Runbook, StepId};
use crate::domain::tame;
use crate::runtime::driver::{now, reraise};
use crate::runtime::perform::{Concern, World};
use crate::runtime::seal;
use crate::runtime::suspension::Suspension;

/// Milliseconds for which a server that does not answer any more is waited for.
const PATIENCE_MS: u64 = 60_000;

/// Drives until a person is needed, a step has failed, the end is reached, or the system says stop.
pub async fn drive(
    mut model: Model,
    mut world: World,
    mut news: UnboundedReceiver<Msg>,
) -> (Leaving, Model) {
    let signals = [
        SignalKind::terminate(),
        SignalKind::hangup(),
        SignalKind::interrupt(),
    ]
    .map(signal);
    let [Ok(mut terminate), Ok(mut hangup), Ok(mut interrupt)] = signals else {
        return (Leaving::Open, model);
    };
    let mut second = interval(Duration::from_millis(250));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut suspension = Suspension::watch();
    loop {
        let msg = tokio::select! {
            biased;
            _ = terminate.recv() => Msg::Terminated { how: "SIGTERM".into() },
            _ = hangup.recv() => Msg::Terminated { how: "SIGHUP".into() },
            _ = interrupt.recv() => Msg::Terminated { how: "SIGINT".into() },
            Some(msg) = news.recv() => msg,
            Some(ended) = world.tasks.join_next(), if !world.tasks.is_empty() => {
                reraise(ended);
                continue;
            }
            _ = second.tick() => Msg::Tick(now()),
        };
        if let Msg::Journaled(entries) = &msg {
            for entry in entries {
                tell(&line(&model.book, entry));
            }
        }
        let mut effects = suspension
            .look()
            .map_or_else(Vec::new, |slept| update(&mut model, slept));
        effects.extend(update(&mut model, Msg::Tick(now())));
        effects.extend(update(&mut model, msg));
        effects.extend(at_end(&mut model));
        if let Some(leaving) = perform(&mut world, &mut model, effects) {
            part(&world, &model, leaving);
            world.flush();
            return (leaving, model);
        }
    }
}

/// Writes down that a run without a screen was left because it cannot go on by itself.
fn part(world: &World, model: &Model, leaving: Leaving) {
    let told = model.pending > 0 || model.run.is_over();
    if told || matches!(model.recording, Recording::Refused { .. }) {
        return;
    }
    let how = match leaving {
        Leaving::Open => "it waits for a person",
        Leaving::Closed => "a step has failed",
    };
    if let Some(keeper) = &world.bookkeeper {
        let left = Event::RunLeft { how: how.into() };
        keeper.append(&model.run.operator.identity, vec![left]);
    }
}

fn perform(world: &mut World, model: &mut Model, effects: Vec<Effect>) -> Option<Leaving> {
    for effect in effects {
        match world.perform(effect, model) {
            None | Some(Concern::Redraw | Concern::Notify(_)) => {}
            Some(Concern::Lend { attempt, .. }) => {
                tell(&format!(
                    "{} needs a terminal, and there is none",
                    attempt.step
                ));
                return Some(Leaving::Open);
            }
            Some(Concern::SignStep(asked)) => {
                tell(&format!(
                    "{} asks {} to sign, and there is no screen",
                    asked.step, asked.role
                ));
                return Some(Leaving::Open);
            }
            Some(Concern::Seal(sealing)) => {
                world.flush();
                match seal::seal(world, model, sealing) {
                    Ok(lines) => {
                        for line in &lines {
                            tell(line);
                        }
                    }
                    Err(why) => tell(&why),
                }
                return Some(Leaving::Closed);
            }
            Some(Concern::Quit(leaving)) => return Some(leaving),
        }
    }
    None
}

/// What is to be done where the run cannot go on by itself.
fn at_end(model: &mut Model) -> Vec<Effect> {
    if model.run.is_over() {
        model.dialog = None;
        // A signature is a person's word: without a screen there is nobody to give it.
        return vec![Effect::Seal(Sealing::Unsigned)];
    }
    if model.pending > 0 || model.retry.is_some() {
        return Vec::new();
    }
    if let Recording::Refused { why } = &model.recording {
        tell(&format!("the record cannot be written: {why}"));
        return vec![Effect::Quit(Leaving::Open)];
    }
    let book = std::sync::Arc::clone(&model.book);
    let step = |id: &StepId| {
        book.step(id)
            .map_or(id.to_string(), |s| format!("{} {}", s.number, s.title))
    };
    let next = next::next(&book, &model.run, model.now.wall_ms);
    if model.run.route == Route::Later
        && let Some(effects) = later_end(model, &next, &step)
    {
        return effects;
    }
    match next {
        Next::Finished => {
            let clock_offset_ms = model.run.target.as_ref().map(|t| t.clock_offset_ms);
            let closed = try_command(
                model,
                Command::Close {
                    remark: "every step is settled; it was ended without a screen".into(),
                    clock_offset_ms,
                },
            );
            closed.unwrap_or_default() // background steps are still being stopped: asked again at the next tick
        }
        Next::Wait(Wait::Person(id)) => stop(
            &format!("{}: a person must do this", step(&id)),
            Leaving::Open,
        ),
        Next::Wait(Wait::Key(id, _)) => stop(
            &format!("{}: it starts only when a person says so", step(&id)),
            Leaving::Open,
        ),
        Next::Wait(Wait::ChooseItem(_)) => {
            stop("a person must choose which of these is done", Leaving::Open)
        }
        Next::Wait(Wait::Doubt(id)) => stop(
            &format!("{}: it may have run; a person must find out", step(&id)),
            Leaving::Open,
        ),
        Next::Wait(Wait::Held(_)) => stop(
            "the run is on hold: a person must let it go on",
            Leaving::Open,
        ),
        Next::Wait(Wait::Failure(id)) => stop(
            &format!("{} failed; a person must say what now", step(&id)),
            Leaving::Closed,
        ),
        Next::Start(id) => unstartable(model, &id, &step(&id)),
        Next::Wait(Wait::Running(_) | Wait::Clock(..) | Wait::Closed)
        | Next::Accept(_)
        | Next::PathEnded(_) => Vec::new(),
    }
}

/// Where the later duties cannot go on by themselves, what was done of them is signed; `None`: they go on.
fn later_end(model: &Model, next: &Next, step: &impl Fn(&StepId) -> String) -> Option<Vec<Effect>> {
    match next {
        Next::Wait(Wait::Running(_)) | Next::Start(_) | Next::Accept(_) => return None,
        Next::Finished | Next::PathEnded(_) | Next::Wait(Wait::Closed) => {
            tell("nothing more is to be done now");
        }
        Next::Wait(Wait::Person(id) | Wait::Key(id, _)) => {
            tell(&format!("{}: it waits for a person", step(id)));
        }
        Next::Wait(Wait::Failure(id)) => {
            tell(&format!("{} failed; a person must say what now", step(id)));
        }
        Next::Wait(Wait::Doubt(id)) => tell(&format!(
            "{}: it may have run; a person must find out",
            step(id)
        )),
        Next::Wait(Wait::Clock(id, _)) => tell(&format!("{}: its time has not come", step(id))),
        Next::Wait(Wait::ChooseItem(_)) => tell("a person must choose which of these is done"),
        Next::Wait(Wait::Held(_)) => tell("it is on hold: a person must let it go on"),
    }
    Some(vec![match model.unsigned {
        0 => Effect::Quit(Leaving::Open),
        _ => Effect::Seal(Sealing::Addendum),
    }])
}

/// A step whose turn it is and that was not started: something is missing that nobody here can give.
fn unstartable(model: &Model, id: &StepId, step: &str) -> Vec<Effect> {
    let step_may_start = autopilot::may_start(model, id);
    if step_may_start {
        let why = model.notice.as_ref().map(|n| n.text.as_str());
        return why.map_or_else(Vec::new, |why| stop(why, Leaving::Open));
    }
    // A server that was there may come back: a restart is part of many a runbook.
    let waits = model.identified == Identified::Lost
        && model
            .lost_ms
            .is_some_and(|since| model.now.mono_ms.saturating_sub(since) < PATIENCE_MS);
    match &model.monitor.link {
        Link::Lost { .. } if waits => Vec::new(),
        Link::Lost { why } => stop(
            &format!("{step}: the server does not say who it is: {why}"),
            Leaving::Open,
        ),
        Link::None | Link::Unasked { .. } | Link::Connecting | Link::Live => Vec::new(),
    }
}

fn stop(why: &str, leaving: Leaving) -> Vec<Effect> {
    tell(why);
    vec![Effect::Quit(leaving)]
}

fn line(book: &Runbook, entry: &Entry) -> String {
    let step = |id: &StepId| {
        book.step(id)
            .map_or(id.to_string(), |s| format!("{} {}", s.number, s.title))
    };
    let what = match &entry.event {
        Event::RunOpened(opened) => format!("run {} opened", opened.run),
        Event::Target(seen) => format!(
            "target: {} {} as {}, {}",
            seen.database, seen.address, seen.user, seen.version
        ),
        Event::StepStarted(started) => format!(
            "{}: started, attempt {}",
            step(&started.step),
            started.attempt
        ),
        Event::StepFinished(finished) => {
            format!("{}: {}", step(&finished.step), finished.outcome.summary)
        }
        Event::AlarmRaised(raised) => format!("alarm: {} ({})", raised.seen, raised.rule),
        Event::TargetLost { why } => format!("the server does not answer: {why}"),
        Event::RunClosed(closed) => format!("closed: {}", closed.status.word()),
        other => serde_json::to_value(other)
            .ok()
            .and_then(|v| {
                v.get("type")
                    .and_then(|t| t.as_str().map(ToOwned::to_owned))
            })
            .unwrap_or_default(),
    };
    format!(
        "{}  {}",
        entry.t.get(11..19).unwrap_or_default(),
        tame::line(what)
    )
}

/// Prints a line; whoever closed standard output does not want it.
fn tell(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;

    use tokio::sync::mpsc::unbounded_channel;

    use super::*;
    use crate::app::model::Purpose;
    use crate::domain::run::state::RunState;

    #[test]
    fn a_panic_in_a_task_is_a_panic_of_the_program_without_a_screen_too() {
        let machine = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let driven = || {
            machine.block_on(async {
                let (out, news) = unbounded_channel();
                let book = Arc::new(Runbook::default());
                let mut world = World::new(Arc::clone(&book), out);
                world.tasks.spawn(async { panic!("the pen broke") });
                let mut model = Model::new(Purpose::Drive, book, RunState::default());
                // Something is still being written: it does not go away by itself.
                model.pending = 1;
                let wait = std::time::Duration::from_secs(20);
                tokio::time::timeout(wait, drive(model, world, news)).await
            })
        };
        let cause = catch_unwind(AssertUnwindSafe(driven)).expect_err("nobody heard of it");
        assert_eq!(cause.downcast_ref::<&str>(), Some(&"the pen broke"));
    }
}
