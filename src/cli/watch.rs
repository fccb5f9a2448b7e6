//! `holdpoint watch`: follows a run that somebody else drives; folds its journal as it grows and never writes.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::app::message::Msg;
use crate::app::model::{Model, Purpose, Tone};
use crate::app::monitor::Link;
use crate::cli::args::WatchArgs;
use crate::cli::failure::{Failure, USAGE};
use crate::cli::session;
use crate::domain::journal::Entry;
use crate::domain::run::event::Event;
use crate::domain::run::state::RunState;
use crate::engine::rundir::{self, RunDir};
use crate::engine::store::{self, Follower};
use crate::runtime::opening;
use crate::runtime::perform::World;

/// How often the journal is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// Follows a run.
///
/// # Errors
/// There is no such run, or its record is broken.
pub fn watch(args: &WatchArgs) -> Result<u8, Failure> {
    crate::cli::need_terminal("`holdpoint runs` tells how every run stands, one line each")?;
    let dir = match &args.run {
        Some(run) => rundir::find(run)?,
        None => driven()?,
    };
    let (follower, entries) = store::Follower::open(&dir.journal())?;
    let run = RunState::fold(&entries);
    let source = opening::pinned(&dir, &run)?;
    let machine = session::single_machine()?;
    let ended = machine.block_on(async {
        let (out, news) = unbounded_channel();
        let state = run.clone();
        let mut model = Model::new(Purpose::Watch, source.book.clone(), run);
        opening::prepare(&mut model, &dir);
        let mut world = World::new(source.book, out.clone());
        world.run_dir = Some(dir.clone());
        world.follow_outputs();
        // Who watches may not know how to reach the server: the run itself can be followed all the same.
        if let Err(failure) = session::connect(&mut model, &mut world, &out) {
            let unset = opening::unset_environment(&model.book, &model.run.opened.target);
            let why = if unset.is_empty() {
                failure.said
            } else {
                format!("{} not set in this terminal", unset.join(", "))
            };
            model.say(Tone::Quiet, format!("no monitors here: {why}"));
            model.monitor.link = Link::Unasked { why };
        }
        world.tasks.spawn(grow(dir, follower, state, out));
        Box::pin(session::look(model, world, news)).await
    });
    machine.shutdown_background();
    ended
}

/// The only run that somebody drives now.
///
/// # Errors
/// There is none, or there are several.
fn driven() -> Result<RunDir, Failure> {
    let all = rundir::list()?;
    let mut driven: Vec<RunDir> = all.into_iter().filter(|d| d.driver().is_some()).collect();
    let names: Vec<String> = driven.iter().map(RunDir::name).collect();
    match (driven.pop(), names.len()) {
        (Some(only), 1) => Ok(only),
        (Some(_), _) => Err(Failure::new(
            USAGE,
            format!("several runs are driven now: {}", names.join(", ")),
        )
        .hint("say which: holdpoint watch RUN")),
        (None, _) => Err(Failure::new(USAGE, "nobody drives a run now")
            .hint("`holdpoint runs` lists all of them; `holdpoint watch RUN` follows one")),
    }
}

/// Tells records as they come, and what is executed where that is amended.
async fn grow(dir: RunDir, mut follower: Follower, mut run: RunState, out: UnboundedSender<Msg>) {
    let mut behind = false;
    while !out.is_closed() {
        tokio::time::sleep(LOOK).await;
        if run.closed.is_some() && !behind && dir.later().exists() {
            follower = follower.behind(&dir.later());
            behind = true;
        }
        let Ok(new) = follower.more() else {
            continue; // torn, or out of reach: it is looked at again
        };
        if new.is_empty() {
            continue;
        }
        for entry in &new {
            run.apply(entry);
        }
        let amended = |entry: &Entry| matches!(entry.event, Event::RunbookAmended(_));
        if new.iter().any(amended)
            && let Ok(source) = opening::pinned(&dir, &run)
        {
            let _ = out.send(Msg::Amended(source.book));
        }
        let _ = out.send(Msg::Journaled(new));
    }
}
