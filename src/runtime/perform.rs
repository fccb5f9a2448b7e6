//! Performs effects: the one place where what the model asks for meets the engines.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use regex::bytes::Regex;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::message::{AskedSignature, Effect, Leaving, Msg, Sealing};
use crate::app::model::Model;
use crate::app::monitor::migrations::CHECK;
use crate::app::news;
use crate::app::step;
use crate::domain::attempt::{Assignment, NEVER_LAUNCHED};
use crate::domain::digest::Sha256;
use crate::domain::ready::{self, Arguments};
use crate::domain::run::assign::{self, AssignError, URL_ENV};
use crate::domain::run::state::CancelState;
use crate::domain::run::values::Values;
use crate::domain::runbook::model::{Action, Runbook, Step, StepId};
use crate::domain::runbook::variables;
use crate::domain::sample::timeline::Line;
use crate::domain::signal::AttemptNews;
use crate::engine::attempt::{self, Asked};
use crate::engine::database::Looker;
use crate::engine::questions;
use crate::engine::rundir::RunDir;
use crate::runtime::bookkeeper::Bookkeeper;
use crate::runtime::opening;
use crate::runtime::samples::SampleKeeper;
use crate::runtime::server::Server;
use crate::runtime::steps::{self, Attempt, KeptSecret, Question, Secrets};
use crate::runtime::witness;

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

/// How long one look at the migrations may take.
const LONGEST_LOOK: Duration = Duration::from_secs(10);

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

    /// Takes up the steps that the journal has as running.
    pub fn take_up(&mut self, model: &Model) {
        let running: Vec<(StepId, u32)> = model
            .run
            .running()
            .map(|(id, attempt)| (id.clone(), attempt))
            .collect();
        for (id, number) in running {
            let Some(step) = self.book.step(&id).cloned() else {
                continue;
            };
            let Some(attempt) = self.attempt(&step, step.attempt_name(number), number) else {
                continue;
            };
            if let Action::Watch(_) = step.action {
                let why = "nobody watched while the screen was away".to_owned();
                let _ = self.out.send(Msg::Attempt(AttemptNews::NeverBegan {
                    step: id,
                    attempt: number,
                    why,
                }));
                continue;
            }
            self.listen(&step, &attempt);
            let out = self.out.clone();
            self.tasks
                .spawn(async move { steps::wait(attempt, NEVER_LAUNCHED, out).await });
            // Whoever wrote down that it is to stop may have died before its supervisor was told.
            let record = model.run.record(&id);
            if record.is_some_and(|r| r.cancel == CancelState::Asked) {
                self.stop(&id, number);
            }
        }
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

    /// Holds the migration tool's history against its files, on a connection of its own.
    fn look_migrations(&mut self, with: BTreeMap<String, String>, model: &Model) {
        let url = self
            .url
            .clone()
            .map_or_else(|| database_url(model, None), |url| Ok(Some(url)));
        let dir = PathBuf::from(&model.runbook_dir);
        let (out, redactor) = (self.out.clone(), opening::redactor(model));
        self.tasks.spawn(async move {
            let seen = match url {
                Ok(Some(url)) => migrations(&url, &with, &dir).await,
                Ok(None) => Err("this run has no database".to_owned()),
                Err(why) => Err(why),
            };
            let seen = seen.map_err(|why| redactor.redact_text(&why));
            let _ = out.send(Msg::MigrationsSeen(seen));
        });
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

    fn attempt(&self, step: &Step, name: String, number: u32) -> Option<Attempt> {
        let run_dir = self.run_dir.as_ref()?.path.clone();
        Some(Attempt {
            run_dir,
            name,
            step: step.id.clone(),
            number,
        })
    }

    fn launch(&mut self, id: &StepId, number: u32, model: &Model) {
        let Some(step) = self.book.step(id).cloned() else {
            return;
        };
        let Some(attempt) = self.attempt(&step, step.attempt_name(number), number) else {
            return;
        };
        match self.assigned(&step, number, model) {
            Ok((assignment, secrets)) => {
                self.listen(&step, &attempt);
                self.tasks.spawn(steps::launch(
                    attempt,
                    assignment,
                    secrets,
                    self.out.clone(),
                ));
            }
            Err(why) => self.never_began(id, number, why),
        }
    }

    fn lend(&mut self, id: &StepId, number: u32, model: &Model) -> Option<Concern> {
        let step = self.book.step(id).cloned()?;
        let attempt = self.attempt(&step, step.attempt_name(number), number)?;
        let assigned = self.assigned(&step, number, model);
        match assigned.and_then(|(a, secrets)| Ok((a, secrets.read()?))) {
            Ok((assignment, env)) => Some(Concern::Lend {
                attempt,
                assignment: Box::new(assignment),
                env,
            }),
            Err(why) => {
                self.never_began(id, number, why);
                None
            }
        }
    }

    fn never_began(&self, step: &StepId, attempt: u32, why: String) {
        let news = AttemptNews::NeverBegan {
            step: step.clone(),
            attempt,
            why,
        };
        let _ = self.out.send(Msg::Attempt(news));
    }

    fn listen(&mut self, step: &Step, attempt: &Attempt) {
        let pattern = step.background.as_ref().and_then(|b| b.alarm_on.as_ref());
        if let Some(Ok(pattern)) = pattern.map(|p| Regex::new(p)) {
            self.tasks
                .spawn(steps::listen(attempt.clone(), pattern, self.out.clone()));
        }
    }

    fn assigned(
        &self,
        step: &Step,
        number: u32,
        model: &Model,
    ) -> Result<(Assignment, Secrets), String> {
        let around = step::surroundings(model);
        let values = Values::new(&self.book, &model.run, &around);
        let assignment = assign::assign(
            &values,
            &secret_names(model),
            &model.run.opened.run,
            step,
            number,
        );
        let assignment = assignment.map_err(|e: AssignError| e.to_string())?;
        Ok((assignment, self.secret_env(step, model)?))
    }

    /// What reaches a supervisor by its environment alone: the connection string, and captured secrets.
    fn secret_env(&self, step: &Step, model: &Model) -> Result<Secrets, String> {
        let mut env = Vec::new();
        let named = match &step.action {
            Action::Sql(sql) => sql.on.as_deref(),
            Action::Use(used) => used.on.as_deref(),
            Action::Confirm(_)
            | Action::Run(_)
            | Action::Check(_)
            | Action::Http(_)
            | Action::Watch(_)
            | Action::Decide(_)
            | Action::Sign(_) => None,
        };
        if let Some(url) = database_url(model, named)? {
            env.push((URL_ENV.to_owned(), url));
        }
        let kept = model.run.secret_values.iter().map(|(name, (id, number))| {
            let path = self.secret_file(id, *number, name).ok_or_else(|| {
                format!("the step {id} that captured the secret value `{name}` is not in the runbook any more")
            })?;
            Ok(KeptSecret {
                name: name.clone(),
                step: id.clone(),
                path,
            })
        });
        let kept = kept.collect::<Result<Vec<_>, String>>()?;
        Ok(Secrets { env, kept })
    }

    fn secret_file(&self, id: &StepId, number: u32, name: &str) -> Option<PathBuf> {
        let dir = &self.run_dir.as_ref()?.path;
        let attempt = self.book.step(id)?.attempt_name(number);
        Some(dir.join("attempts").join(attempt).join("secret").join(name))
    }

    fn stop(&mut self, id: &StepId, number: u32) {
        let Some(step) = self.book.step(id).cloned() else {
            return;
        };
        let Some(attempt) = self.attempt(&step, step.attempt_name(number), number) else {
            return;
        };
        let (out, step) = (self.out.clone(), id.clone());
        // An attempt that has ended meanwhile is told by whoever waits for it.
        self.tasks.spawn_blocking(move || {
            if let Ok(Asked::Orphans(why)) = attempt::cancel(&attempt.run_dir, &attempt.name) {
                let attempt = number;
                let _ = out.send(Msg::Attempt(AttemptNews::Swept { step, attempt, why }));
            }
        });
    }

    fn probe(&mut self, id: &StepId, model: &Model) {
        let Some(step) = self.book.step(id).cloned() else {
            return;
        };
        let Some(probe) = step.verify.clone() else {
            return;
        };
        let Some(dir) = self.run_dir.as_ref().map(|d| d.path.clone()) else {
            return;
        };
        let around = step::surroundings(model);
        let values = Values::new(&self.book, &model.run, &around);
        let assigned = assign::assign_probe(
            &values,
            &secret_names(model),
            &model.run.opened.run,
            &step,
            &probe,
            1,
        );
        match assigned
            .map_err(|e| e.to_string())
            .and_then(|a| Ok((a, self.secret_env(&step, model)?)))
        {
            Ok((assignment, secrets)) => {
                let question = Question {
                    run_dir: dir,
                    run: model.run.opened.run.clone(),
                    step,
                    assignment,
                };
                self.tasks
                    .spawn(steps::probe(question, secrets, self.out.clone()));
            }
            Err(detail) => {
                let answer = crate::domain::run::event::Answer::Unknown;
                let _ = self.out.send(Msg::Attempt(AttemptNews::Verified {
                    step: id.clone(),
                    answer,
                    detail,
                }));
            }
        }
    }

    fn digest(&mut self, step: StepId, path: String, model: &Model) {
        let given = PathBuf::from(&path);
        let full = if given.is_absolute() {
            given
        } else {
            PathBuf::from(&model.runbook_dir).join(given)
        };
        let out = self.out.clone();
        self.tasks.spawn_blocking(move || {
            let digest = digest_of(&full).map_err(|e| e.to_string());
            let _ = out.send(Msg::Digested { step, path, digest });
        });
    }
}

/// Returns the digest of the file at `path`, which is read piece by piece.
///
/// # Errors
/// It cannot be read.
pub fn digest_of(path: &std::path::Path) -> std::io::Result<String> {
    let (mut file, mut sum, mut piece) =
        (File::open(path)?, Sha256::default(), vec![0; 256 * 1024]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(sum.hex()),
            n => sum.update(&piece[..n]),
        }
    }
}

/// Returns the names of all environment variables whose values are blotted out.
fn secret_names(model: &Model) -> Vec<String> {
    let captured = model.run.secret_values.keys().cloned();
    let named = model
        .book
        .secrets
        .iter()
        .chain(&model.secret_names)
        .cloned();
    let mut names: Vec<String> = named.chain(captured).chain([URL_ENV.to_owned()]).collect();
    names.sort();
    names.dedup();
    names
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

async fn migrations(
    url: &str,
    with: &BTreeMap<String, String>,
    dir: &std::path::Path,
) -> Result<ready::Table, String> {
    let check = ready::find(CHECK).ok_or_else(|| format!("there is no ready check {CHECK}"))?;
    let arguments = Arguments::new(check, with).map_err(|faults| {
        let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
        said.join("; ")
    })?;
    let looked = async {
        let mut looker = Looker::open(url, "holdpoint monitor migrations")
            .await
            .map_err(|e| e.said)?;
        let asked = questions::ask(&mut looker, check, &arguments, dir, LONGEST_LOOK).await;
        asked.map_err(|e| e.lines("").join("; "))
    };
    tokio::time::timeout(2 * LONGEST_LOOK, looked)
        .await
        .unwrap_or_else(|_| Err("no answer".to_owned()))
}
