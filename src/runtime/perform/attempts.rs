//! Attempts at steps: assigned with their secrets, launched, listened to, stopped, and asked about.

use std::path::PathBuf;

use regex::bytes::Regex;

use crate::app::message::Msg;
use crate::app::model::Model;
use crate::app::step;
use crate::domain::attempt::{Assignment, NEVER_LAUNCHED};
use crate::domain::run::assign::{self, AssignError, URL_ENV};
use crate::domain::run::state::CancelState;
use crate::domain::run::values::Values;
use crate::domain::runbook::model::{Action, Step, StepId};
use crate::domain::signal::AttemptNews;
use crate::engine::attempt::{self, Asked};
use crate::runtime::perform::{Concern, World, database_url};
use crate::runtime::steps::{self, Attempt, KeptSecret, Question, Secrets};

impl World {
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

    fn attempt(&self, step: &Step, name: String, number: u32) -> Option<Attempt> {
        let run_dir = self.run_dir.as_ref()?.path.clone();
        Some(Attempt {
            run_dir,
            name,
            step: step.id.clone(),
            number,
        })
    }

    pub(super) fn launch(&mut self, id: &StepId, number: u32, model: &Model) {
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

    pub(super) fn lend(&mut self, id: &StepId, number: u32, model: &Model) -> Option<Concern> {
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

    pub(super) fn stop(&mut self, id: &StepId, number: u32) {
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

    pub(super) fn probe(&mut self, id: &StepId, model: &Model) {
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
