//! `holdpoint watch`: follows a run that somebody else drives; folds its journal as it grows and never writes.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::app::message::Msg;
use crate::app::model::{Model, Purpose, Tone};
use crate::cli::args::WatchArgs;
use crate::cli::failure::Failure;
use crate::cli::session;
use crate::domain::run::state::RunState;
use crate::engine::rundir::{self, RunDir};
use crate::engine::store;
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
    let dir = rundir::find(&args.run)?;
    let source = opening::pinned(&dir)?;
    let journal = store::read(&dir.journal())?;
    let machine = session::machine()?;
    let ended = machine.block_on(async {
        let (out, news) = unbounded_channel();
        let run = RunState::fold(&journal.entries);
        let seen = journal.entries.len();
        let mut model = Model::new(Purpose::Watch, source.book.clone(), run);
        opening::prepare(&mut model, &dir);
        let mut world = World::new(source.book, out.clone());
        world.run_dir = Some(dir.clone());
        world.follow_outputs();
        // Who watches may not know how to reach the server: the run itself can be followed all the same.
        if let Err(failure) = session::connect(&mut model, &mut world, &out) {
            model.say(Tone::Quiet, format!("no monitors here: {}", failure.said));
        }
        world.tasks.spawn(grow(dir, seen, out));
        session::look(model, world, news).await
    });
    machine.shutdown_background();
    ended
}

/// Tells records as they come.
async fn grow(dir: RunDir, mut seen: usize, out: UnboundedSender<Msg>) {
    while !out.is_closed() {
        tokio::time::sleep(LOOK).await;
        let Ok(journal) = store::read(&dir.journal()) else {
            continue;
        };
        if journal.entries.len() > seen {
            let new = journal.entries[seen..].to_vec();
            seen = journal.entries.len();
            let _ = out.send(Msg::Journaled(new));
        }
    }
}
