//! `holdpoint monitor`: a server alone, with no runbook.

use std::sync::Arc;

use tokio::sync::mpsc::unbounded_channel;

use crate::app::model::{Model, Purpose};
use crate::app::monitor::Link;
use crate::cli::args::MonitorArgs;
use crate::cli::failure::{Failure, USAGE};
use crate::cli::session;
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
    let book = Arc::new(Runbook {
        title: format!("{dsn}"),
        monitor: MonitorPlan {
            every,
            ..MonitorPlan::default()
        },
        ..Runbook::default()
    });
    let machine = session::machine()?;
    let ended = machine.block_on(async {
        let (out, news) = unbounded_channel();
        let mut model = Model::new(Purpose::Monitor, Arc::clone(&book), RunState::default());
        model.now = driver::now();
        model.monitor.link = Link::Connecting;
        let mut world = World::new(book, out.clone());
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
