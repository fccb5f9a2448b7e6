//! One sitting: a model and a world, driven with or without a screen until it is left.

use std::path::Path;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::app::message::{Leaving, Msg};
use crate::app::model::{Model, Purpose, Tone};
use crate::app::monitor::Link;
use crate::app::questions::day;
use crate::app::step;
use crate::cli::failure::{BADLY, Failure, USAGE, WAITS};
use crate::domain::ready::Family;
use crate::domain::run::event::{Operator, Status};
use crate::domain::run::later::{Stage, duties, first_due};
use crate::domain::run::next;
use crate::domain::run::state::{Route, Stand};
use crate::domain::run::values::Values;
use crate::domain::runbook::model::MonitorPlan;
use crate::domain::runbook::sql::{Quoting, expand_sql};
use crate::engine::clock;
use crate::engine::database::Dsn;
use crate::engine::seal::{self, Bundle, Desk};
use crate::runtime::driver;
use crate::runtime::headless;
use crate::runtime::opening::{self, OpenError, OpenRun};
use crate::runtime::perform::{World, database_url};
use crate::runtime::rehearsed;
use crate::runtime::server::Server;
use crate::runtime::terminal::Screen;
use crate::runtime::witness;

/// Whether there is a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// A full screen.
    Screen,
    /// Lines on standard output.
    Lines,
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Dir(e) => e.into(),
            OpenError::Store(e) => e.into(),
            OpenError::Io { .. } => Self::world(&error),
            OpenError::NeverBegun { .. } | OpenError::Changed { .. } => {
                Self::new(USAGE, error.to_string())
            }
            OpenError::Invalid(text) => Self::new(
                crate::cli::failure::INVALID,
                format!("the runbook is not valid\n\n{text}"),
            ),
        }
    }
}

/// Returns the machine that everything goes on in.
///
/// # Errors
/// The system gives no threads.
pub fn machine() -> Result<Runtime, Failure> {
    let built = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    built.map_err(|e| Failure::world(&e))
}

/// Returns who drives: as git and the keys at hand say. A run without a key goes on; its log is signed later.
///
/// # Errors
/// The key that was asked for cannot be used.
pub fn operator(key: Option<&str>) -> Result<Operator, Failure> {
    let desk = Desk::this();
    let found = seal::find(&desk, key);
    if let (Err(e), Some(wanted)) = (&found, key) {
        return Err(Failure::new(USAGE, format!("--key {wanted}: {e}")));
    }
    let (key, key_source) = found
        .map(|key| (key.fingerprint(), key.source()))
        .unwrap_or_default();
    let (name, identity) = (desk.name(), desk.identity());
    Ok(Operator {
        name,
        identity,
        key,
        key_source,
    })
}

/// Returns the machine of who only looks on: one thread that asks, decodes and draws in turn. Two that wake each other for each
/// answer cost more than what they do.
///
/// # Errors
/// The system does not tell when an answer is there.
pub fn single_machine() -> Result<Runtime, Failure> {
    let built = Builder::new_current_thread().enable_all().build();
    built.map_err(|e| Failure::world(&e))
}

/// Drives `open` until it is left, with `notice` on its first screen; returns the exit code.
///
/// # Errors
/// The terminal or the connection string cannot be used.
pub fn drive(open: OpenRun, face: Face, notice: Option<String>) -> Result<u8, Failure> {
    let machine = machine()?;
    let ended = machine.block_on(async {
        let (out, news) = unbounded_channel();
        let (mut model, mut world, lock) = opening::world(open, out.clone());
        connect(&mut model, &mut world, &out)?;
        if let Some(text) = notice {
            model.say(Tone::Warning, text);
        }
        let (opened, told) = (model.run.opened.clone(), out.clone());
        world.tasks.spawn_blocking(move || {
            let _ = told.send(Msg::Rehearsed(rehearsed::elsewhere(&opened)));
        });
        world.follow_outputs();
        world.take_up(&model);
        if !model.run.is_over() {
            witness::post(&mut world, &model);
        }
        world.retry(&mut model);
        // The system gives it back when all of this process has ended: whatever is still being written is written first.
        std::mem::forget(lock);
        sit(model, world, news, face).await
    });
    machine.shutdown_background();
    let (leaving, model) = ended?;
    Ok(report(&model, leaving, face))
}

/// Shows what somebody else drives, or a server alone, until it is left.
///
/// # Errors
/// The terminal does not obey.
pub async fn look(model: Model, world: World, news: UnboundedReceiver<Msg>) -> Result<u8, Failure> {
    sit(model, world, news, Face::Screen).await.map(|_| 0)
}

async fn sit(
    model: Model,
    world: World,
    news: UnboundedReceiver<Msg>,
    face: Face,
) -> Result<(Leaving, Model), Failure> {
    match face {
        Face::Screen => {
            let screen = Screen::take()
                .map_err(|e| Failure::new(USAGE, format!("the terminal cannot be used: {e}")))?;
            driver::drive(model, world, news, screen)
                .await
                .map_err(|e| Failure::world(&e))
        }
        Face::Lines => Ok(headless::drive(model, world, news).await),
    }
}

/// Starts watching the target's server, where the run has one.
///
/// # Errors
/// The connection string cannot be read.
pub fn connect(
    model: &mut Model,
    world: &mut World,
    out: &UnboundedSender<Msg>,
) -> Result<(), Failure> {
    let url = database_url(model, None).map_err(|e| Failure::new(USAGE, e))?;
    let Some(url) = url else { return Ok(()) };
    let dsn = Dsn::read(&url).map_err(|e| Failure::new(USAGE, e.said).hint(e.hint))?;
    model.monitor.link = Link::Connecting;
    let plan = monitored(model, dsn.family());
    world.server = Some(Server::start(dsn, &plan, &mut world.tasks, out.clone()));
    Ok(())
}

/// Returns what is watched, with what is known at the beginning put into the runbook's own questions. A question that
/// names what is known only later is asked as it stands: the server's refusal stands beside it.
fn monitored(model: &Model, family: Family) -> MonitorPlan {
    let around = step::surroundings(model);
    let values = Values::new(&model.book, &model.run, &around);
    let mut plan = model.book.monitor.clone();
    for value in &mut plan.values {
        let known = |name: &str| values.get(name);
        if let Ok(sql) = expand_sql(&value.sql, Quoting::of(family), &known) {
            value.sql = sql;
        }
    }
    plan
}

/// Says how the later duties stand. Whoever looked in has done what they wanted; without a screen a person may be needed.
fn later(model: &Model, face: Face) -> u8 {
    let all = duties(&model.book, &model.run);
    let now = clock::wall_ms();
    let open = all.iter().filter(|d| d.is_open()).count();
    let run = &model.run.opened.run;
    match first_due(&all) {
        None => crate::cli::tell(&format!(
            "{run}: all {} later duties are settled",
            all.len()
        )),
        Some(first) => crate::cli::tell(&format!(
            "{run}: {open} of {} later duties open, the first, “{}”, {} {}",
            all.len(),
            first.title,
            if first.stage(now) == Stage::Overdue {
                "OVERDUE since"
            } else {
                "due by"
            },
            day(Some(first.due_ms))
        )),
    }
    let bad = |id| matches!(model.run.stand(id), Stand::Failed | Stand::InDoubt);
    if model
        .book
        .steps
        .iter()
        .any(|s| model.book.is_later(s.place) && bad(&s.id))
    {
        return BADLY;
    }
    let waits = next::waits_for_person(&model.book, &model.run).is_some();
    if face == Face::Lines && waits {
        WAITS
    } else {
        0
    }
}

/// Says where the log is. Who leaves without signing has it all the same, unsigned.
fn written(run_dir: &Path) -> String {
    let bundle = Bundle::at(run_dir);
    let unsigned = !bundle.log.exists();
    match bundle.write_log() {
        Err(e) => format!("the log could not be written: {e}; `holdpoint log` tries again"),
        Ok(_) if unsigned => format!("log, not signed yet: {}", bundle.log.display()),
        Ok(_) => format!("log: {}", bundle.log.display()),
    }
}

/// Says how it ended, and how to come back.
fn report(model: &Model, leaving: Leaving, face: Face) -> u8 {
    let run = &model.run.opened.run;
    if model.run.route == Route::Later {
        return later(model, face);
    }
    match (&model.run.closed, leaving) {
        (Some(closed), _) => {
            if face == Face::Screen {
                crate::cli::tell(&format!("{run}: {}", closed.status.word()));
                crate::cli::tell(&written(&model.run_dir));
            }
            if closed.status == Status::Success {
                0
            } else {
                BADLY
            }
        }
        (None, Leaving::Open) if model.purpose == Purpose::Drive => {
            if face == Face::Screen {
                let running: Vec<String> =
                    model.run.running().map(|(id, _)| id.to_string()).collect();
                if !running.is_empty() {
                    crate::cli::tell(&format!("still running: {}", running.join(", ")));
                }
                crate::cli::tell(&format!("come back with: holdpoint resume {run}"));
            }
            WAITS
        }
        (None, Leaving::Open | Leaving::Closed) => {
            if face == Face::Lines {
                BADLY
            } else {
                0
            }
        }
    }
}
