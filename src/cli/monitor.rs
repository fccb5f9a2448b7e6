//! `holdpoint monitor`: a server alone, with no runbook.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc::unbounded_channel;

use crate::app::model::{Model, Purpose};
use crate::app::monitor::Link;
use crate::cli::args::MonitorArgs;
use crate::cli::failure::{Failure, USAGE};
use crate::cli::session;
use crate::domain::migrations::Tool;
use crate::domain::run::state::RunState;
use crate::domain::runbook::model::{MonitorPlan, Runbook};
use crate::domain::units;
use crate::engine::database::Dsn;
use crate::runtime::driver;
use crate::runtime::perform::World;
use crate::runtime::server::Server;

/// Watches a server.
///
/// # Errors
/// The connection string cannot be read, or there is no terminal.
pub fn monitor(args: &MonitorArgs) -> Result<u8, Failure> {
    crate::cli::need_terminal("a monitor needs a screen")?;
    let every = units::duration(&args.every)
        .map_err(|e| Failure::new(USAGE, format!("--every: {}", e.why)).hint(e.hint))?;
    let dsn = Dsn::read(&args.url).map_err(|e| Failure::new(USAGE, e.said).hint(e.hint))?;
    let given = args.migrations.as_deref().map(given).transpose()?;
    let book = Arc::new(Runbook {
        title: format!("{dsn}"),
        monitor: MonitorPlan {
            every,
            ..MonitorPlan::default()
        },
        ..Runbook::default()
    });
    let url = args.url.clone();
    let machine = session::single_machine()?;
    let ended = machine.block_on(async {
        let (out, news) = unbounded_channel();
        let mut model = Model::new(Purpose::Monitor, Arc::clone(&book), RunState::default());
        model.now = driver::now();
        model.monitor.link = Link::Connecting;
        model.monitor.migrations.given = given;
        let mut world = World::new(book, out.clone());
        world.url = Some(url);
        world.server = Some(Server::start(
            dsn,
            &model.book.monitor,
            &mut world.tasks,
            out,
        ));
        Box::pin(session::look(model, world, news)).await
    });
    machine.shutdown_background();
    ended
}

/// Reads `prisma=prisma/migrations` as arguments of `migrations/status`.
fn given(text: &str) -> Result<BTreeMap<String, String>, Failure> {
    let known = Tool::WORDS.map(|(word, _)| word);
    let wrong = |said: String| {
        let hint = format!("TOOL=DIR; TOOL is one of {}", known.join(", "));
        Failure::new(USAGE, format!("--migrations {text}: {said}")).hint(hint)
    };
    let (tool, dir) = text
        .split_once('=')
        .ok_or_else(|| wrong("there is no `=`".into()))?;
    if Tool::named(tool).is_none() {
        return Err(wrong(format!("no tool is called `{tool}`")));
    }
    if !Path::new(dir).is_dir() {
        return Err(wrong(format!("{dir} is no directory")));
    }
    let pairs = [("tool", tool), ("dir", dir)];
    Ok(pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into())
}
