//! Posting the journal's head to witnesses: beside the run, which it never holds up.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::app::message::{Msg, Posted};
use crate::app::model::Model;
use crate::domain::run::event::Event;
use crate::domain::runbook::model;
use crate::engine::seal::Desk;
use crate::engine::seal::checkpoint::{self, Covered};
use crate::engine::witness::{self, Agent, PATIENCE, Sink};
use crate::runtime::perform::World;

/// How long the disk may take to say where the journal stands.
const DISK: Duration = Duration::from_secs(5);

/// Returns whoever is told: the runbook's witness, and the operator's own.
fn sinks(model: &Model) -> Vec<Sink> {
    let of_book = model.book.witness.as_ref().map(|wanted| Sink {
        name: "runbook".to_owned(),
        words: ["sh", "-euc", &wanted.script]
            .map(ToOwned::to_owned)
            .to_vec(),
        dir: PathBuf::from(&model.runbook_dir),
        limit: wanted.timeout.unwrap_or(PATIENCE),
        agent: match wanted.agent {
            model::Agent::Hidden => Agent::Hidden,
            model::Agent::Shared => Agent::Shared,
        },
    });
    of_book
        .into_iter()
        .chain(witness::own(&Desk::this()))
        .collect()
}

/// Posts the head as it stands now, in the background; what came of it comes back as news.
pub fn post(world: &mut World, model: &Model) {
    let sinks = sinks(model);
    let (Some(keeper), Some(dir)) = (&world.bookkeeper, &world.run_dir) else {
        return;
    };
    if sinks.is_empty() {
        return;
    }
    let (keeper, dir) = (keeper.asker(), dir.path.clone());
    let (run, out) = (model.run.opened.run.clone(), world.out.clone());
    world.tasks.spawn_blocking(move || {
        let Some((seq, head)) = keeper.head(DISK) else {
            return;
        };
        for sink in &sinks {
            let posted = told(sink, &dir, &run, (seq, &head));
            let _ = out.send(Msg::Posted(posted));
        }
    });
}

/// Posts the head of the closed journal and writes down what came of it, before the log is told from it. Waits for it.
pub fn post_last(world: &World, model: &Model) {
    let (Some(keeper), Some(dir)) = (&world.bookkeeper, &world.run_dir) else {
        return;
    };
    let Some((seq, head)) = keeper.asker().head(DISK) else {
        return;
    };
    let run = &model.run.opened.run;
    let posted = sinks(model)
        .iter()
        .map(|sink| told(sink, &dir.path, run, (seq, &head)).event())
        .collect::<Vec<Event>>();
    if !posted.is_empty() {
        keeper.append(&model.run.operator.identity, posted);
        world.flush();
    }
}

fn told(sink: &Sink, dir: &Path, run: &str, (seq, head): (u64, &str)) -> Posted {
    let text = checkpoint::text(Covered { run, seq, head });
    Posted {
        sink: sink.name.clone(),
        seq,
        head: head.to_owned(),
        answer: witness::post(sink, dir, &text),
    }
}
