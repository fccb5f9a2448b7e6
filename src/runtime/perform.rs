//! Performs effects: the one place where what the model asks for meets the engines.

mod attempts;
mod looks;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::message::{AskedSignature, Effect, Leaving, Msg, Sealing};
use crate::app::model::Model;
use crate::app::news;
use crate::app::step;
use crate::domain::attempt::Assignment;
use crate::domain::run::values::Values;
use crate::domain::runbook::model::Runbook;
use crate::domain::runbook::variables;
use crate::domain::sample::timeline::Line;
use crate::engine::rundir::RunDir;
use crate::runtime::bookkeeper::Bookkeeper;
use crate::runtime::samples::SampleKeeper;
use crate::runtime::server::Server;
use crate::runtime::steps::{self, Attempt};
use crate::runtime::witness;

pub use looks::digest_of;

/// Everything that effects need.
#[derive(Debug)]
pub struct World {
    /// The plan.
    pub book: Arc<Runbook>,
    /// The run's directory; `None`: there is no run.
    pub run_dir: Option<RunDir>,
    /// Who keeps the journal; `None`: nobody appends from here.
    pub bookkeeper: Option<Bookkeeper>,
    /// The target's server; `None`: there is none.
    pub server: Option<Server>,
    /// Who keeps what the monitor saw; `None`: nobody does.
    pub samples: Option<SampleKeeper>,
    /// All that goes on.
    pub tasks: JoinSet<()>,
    /// Where news go.
    pub out: UnboundedSender<Msg>,
    /// The server's address, where no runbook says it.
    pub url: Option<String>,
    followed: Option<watch::Sender<String>>,
}

/// What the loop itself must do: it concerns the terminal, or ends it.
#[derive(Debug)]
pub enum Concern {
    /// Draw everything anew.
    Redraw,
    /// Call whoever looks elsewhere, and say this.
    Notify(String),
    /// Give the terminal to this attempt.
    Lend {
        /// The attempt.
        attempt: Attempt,
        /// What it does.
        assignment: Box<Assignment>,
        /// Its secret environment.
        env: Vec<(String, String)>,
    },
    /// Let a role sign in a step.
    SignStep(Box<AskedSignature>),
    /// Write the log.
    Seal(Sealing),
    /// Leave.
    Quit(Leaving),
}

impl World {
    /// Returns a world in which nothing goes on yet.
    pub fn new(book: Arc<Runbook>, out: UnboundedSender<Msg>) -> Self {
        Self {
            book,
            run_dir: None,
            bookkeeper: None,
            server: None,
            samples: None,
            tasks: JoinSet::new(),
            out,
            url: None,
            followed: None,
        }
    }

    /// Starts following outputs.
    pub fn follow_outputs(&mut self) {
        let Some(dir) = &self.run_dir else { return };
        let (followed, wanted) = watch::channel(String::new());
        self.followed = Some(followed);
        self.tasks
            .spawn(steps::follow(dir.path.clone(), wanted, self.out.clone()));
    }

    /// Lets the retries of a failed step go on: whoever counted them is gone.
    pub fn retry(&self, model: &mut Model) {
        let Some(dir) = &self.run_dir else { return };
        let dir = dir.path.clone();
        news::retry_anew(model, |outcome| {
            steps::end_of(&dir.join(&outcome.output.path))
        });
    }

    /// Performs `effect`; returns what only the loop can do.
    pub fn perform(&mut self, effect: Effect, model: &Model) -> Option<Concern> {
        match effect {
            Effect::Append(events) => {
                if let Some(keeper) = &self.bookkeeper {
                    keeper.append(&model.run.operator.identity, events);
                }
            }
            Effect::Launch { step, attempt } => self.launch(&step, attempt, model),
            Effect::LaunchInTerminal { step, attempt } => return self.lend(&step, attempt, model),
            Effect::Stop { step, attempt } => self.stop(&step, attempt),
            Effect::Follow { name } => {
                if let Some(followed) = &self.followed {
                    followed.send_replace(name);
                }
            }
            Effect::Probe { step } => self.probe(&step, model),
            Effect::Act { session, act } => {
                if let Some(server) = &self.server {
                    server.act(session, act);
                }
            }
            Effect::Send { number, sql } => {
                if let Some(server) = &self.server {
                    server.send(number, sql, &mut self.tasks);
                }
            }
            Effect::Inspect(session) => {
                if let Some(server) = &self.server {
                    server.inspect(session);
                }
            }
            Effect::LookMigrations(with) => self.look_migrations(with, model),
            Effect::Digest { step, path } => self.digest(step, path, model),
            Effect::Wish(wishes) => {
                if let Some(server) = &self.server {
                    server.wish(wishes);
                }
            }
            Effect::Keep(lines) => self.keep(lines),
            Effect::ProbeDisk => {
                if let Some(keeper) = &self.bookkeeper {
                    keeper.probe();
                }
            }
            Effect::PostHead => witness::post(self, model),
            Effect::SignStep(asked) => return Some(Concern::SignStep(asked)),
            Effect::Seal(sealing) => return Some(Concern::Seal(sealing)),
            Effect::Notify(text) => return Some(Concern::Notify(text)),
            Effect::Redraw => return Some(Concern::Redraw),
            Effect::Quit(leaving) => {
                // What is not a whole point yet would be missing after the run is taken up again.
                self.keep(model.monitor.recorder.clone().close());
                return Some(Concern::Quit(leaving));
            }
        }
        None
    }

    /// Waits until what was asked of the journal is on disk.
    pub fn flush(&self) {
        if let Some(keeper) = &self.bookkeeper {
            keeper.flush(Duration::from_secs(5));
        }
    }

    fn keep(&self, lines: Vec<Line>) {
        if let Some(keeper) = &self.samples {
            keeper.keep(lines);
        }
    }
}

/// Returns the connection string of the target's database, or of the one called `named`; `None`: it has none.
///
/// # Errors
/// A variable in it has no value.
pub fn database_url(model: &Model, named: Option<&str>) -> Result<Option<String>, String> {
    let Some(target) = model.book.target(&model.run.opened.target) else {
        return Ok(None);
    };
    let template =
        match named {
            None => target.database.as_ref(),
            Some(name) => Some(target.databases.get(name).ok_or_else(|| {
                format!("target {} has no database called `{name}`", target.name)
            })?),
        };
    let Some(template) = template else {
        return Ok(None);
    };
    let around = step::surroundings(model);
    let values = Values::new(&model.book, &model.run, &around);
    // Here alone a secret may be put into a text: it goes to the server and into no file.
    let lookup = |name: &str| values.get(name).or_else(|| std::env::var(name).ok());
    variables::expand(template, &lookup)
        .map(Some)
        .map_err(|e| e.to_string())
}
