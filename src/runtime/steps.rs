//! Attempts as the program sees them: launched, followed, asked to stop, waited for.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use regex::bytes::Regex;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use crate::app::message::Msg;
use crate::domain::attempt::{Assignment, Ended, Outcome};
use crate::domain::run::assign;
use crate::domain::run::event::Answer;
use crate::domain::runbook::model::{Step, StepId};
use crate::domain::signal::AttemptNews;
use crate::domain::tame;
use crate::engine::attempt::{self, AttemptState, Tail};

/// How often new output is looked for: once a frame.
const LOOK: Duration = Duration::from_millis(33);
/// Bytes at the end of the output that are looked at when an attempt has ended.
const TAIL: u64 = 64 * 1024;
/// Why an attempt was not begun although its supervisor was started.
pub const SUPERVISOR_REFUSED: &str =
    "its supervisor could not begin (is the disk full?): nothing was run";
/// The shortest time between two alarms of one background step.
const QUIET: Duration = Duration::from_secs(10);

/// One attempt, wherever it is named.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The run's directory.
    pub run_dir: PathBuf,
    /// Its name: `06.1`.
    pub name: String,
    /// The step.
    pub step: StepId,
    /// The attempt.
    pub number: u32,
}

/// What reaches a supervisor by its environment alone: the connection string, and captured secrets.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// What is known.
    pub env: Vec<(String, String)>,
    /// What lies in files.
    pub kept: Vec<KeptSecret>,
}

/// A captured secret.
#[derive(Debug, Clone)]
pub struct KeptSecret {
    /// Its name.
    pub name: String,
    /// The step that captured it.
    pub step: StepId,
    /// Where it lies.
    pub path: PathBuf,
}

impl Secrets {
    /// Reads what lies in files: on a disk that hangs this hangs.
    ///
    /// # Errors
    /// One is not there any more, as a sentence.
    pub fn read(self) -> Result<Vec<(String, String)>, String> {
        let mut env = self.env;
        for KeptSecret { name, step, path } in self.kept {
            let value = std::fs::read_to_string(path).map_err(|_| {
                format!("the secret value `{name}` that step {step} captured is not in the run's directory any more")
            })?;
            env.push((name, value));
        }
        Ok(env)
    }
}

/// Launches `attempt` and tells how it ends.
pub async fn launch(
    attempt: Attempt,
    assignment: Assignment,
    secrets: Secrets,
    out: UnboundedSender<Msg>,
) {
    let (dir, name) = (attempt.run_dir.clone(), attempt.name.clone());
    let launched = tokio::task::spawn_blocking(move || {
        let env = secrets.read()?;
        attempt::launch(&dir, &name, &assignment, &env).map_err(|e| e.to_string())
    })
    .await;
    let refused = match launched {
        Ok(Ok(())) => return wait(attempt, SUPERVISOR_REFUSED, out).await,
        Ok(Err(why)) => why,
        Err(e) => e.to_string(),
    };
    // A launch that failed half-way is told as it stands in the directory, and not as it looks from here.
    match attempt::state(&attempt.run_dir, &attempt.name) {
        AttemptState::NotStarted => {
            let Attempt { step, number, .. } = attempt;
            let _ = out.send(Msg::Attempt(AttemptNews::NeverBegan {
                step,
                attempt: number,
                why: refused,
            }));
        }
        AttemptState::Starting
        | AttemptState::Running { .. }
        | AttemptState::Ended(_)
        | AttemptState::Lost { .. } => {
            wait(attempt, SUPERVISOR_REFUSED, out).await;
        }
    }
}

/// Waits for the end of `attempt`, and tells it; `unbegun` is why, where nothing of it was done.
pub async fn wait(attempt: Attempt, unbegun: &str, out: UnboundedSender<Msg>) {
    let state = attempt::ended(attempt.run_dir.clone(), attempt.name.clone()).await;
    let _ = out.send(Msg::Attempt(news(&attempt, state, unbegun)));
}

/// Returns what there is to tell of `attempt`, which stands at `state`; `unbegun` is why, where nothing of it was done.
pub fn news(attempt: &Attempt, state: AttemptState, unbegun: &str) -> AttemptNews {
    let (step, number) = (attempt.step.clone(), attempt.number);
    match state {
        AttemptState::Ended(outcome) => {
            let tail = end_of(&attempt.run_dir.join(&outcome.output.path));
            AttemptNews::Ended {
                step,
                attempt: number,
                outcome: Box::new(outcome),
                tail,
            }
        }
        AttemptState::NotStarted => AttemptNews::NeverBegan {
            step,
            attempt: number,
            why: unbegun.to_owned(),
        },
        AttemptState::Starting | AttemptState::Running { .. } => AttemptNews::Lost {
            step,
            attempt: number,
            why: "nobody knows how it stands".into(),
        },
        AttemptState::Lost { why } => AttemptNews::Lost {
            step,
            attempt: number,
            why,
        },
    }
}

/// Returns the end of an output file as text; empty where there is none.
pub fn end_of(path: &Path) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read()
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

/// Follows the output of whichever attempt is wanted, until nobody wants any.
pub async fn follow(
    run_dir: PathBuf,
    mut wanted: watch::Receiver<String>,
    out: UnboundedSender<Msg>,
) {
    loop {
        let name = wanted.borrow_and_update().clone();
        let mut tail = Tail::open(&run_dir, &name);
        loop {
            tokio::select! {
                changed = wanted.changed() => match changed {
                    Ok(()) => break,
                    Err(_) => return,
                },
                () = tokio::time::sleep(LOOK), if !name.is_empty() => {
                    // Once: a flood has always more, and would be read for ever.
                    if let Some(chunk) = tail.poll() {
                        let news = AttemptNews::Output { name: name.clone(), bytes: chunk.bytes, skipped: chunk.skipped };
                        if out.send(Msg::Attempt(news)).is_err() {
                            return;
                        }
                    }
                }
            }
        }
    }
}

/// Looks for lines of a background step that match its `alarm_on`, until it has ended.
pub async fn listen(attempt: Attempt, pattern: Regex, out: UnboundedSender<Msg>) {
    let mut tail = Tail::open(&attempt.run_dir, &attempt.name);
    let mut line = Vec::new();
    let mut told = None::<tokio::time::Instant>;
    loop {
        let over = matches!(
            attempt::state(&attempt.run_dir, &attempt.name),
            AttemptState::Ended(_) | AttemptState::Lost { .. }
        );
        while let Some(chunk) = tail.poll() {
            for byte in chunk.bytes {
                if byte != b'\n' && line.len() < 64 * 1024 {
                    line.push(byte);
                    continue;
                }
                let quiet = told.is_none_or(|t| t.elapsed() > QUIET);
                if quiet && pattern.is_match(&line) {
                    told = Some(tokio::time::Instant::now());
                    let news = AttemptNews::Matched {
                        step: attempt.step.clone(),
                        line: tame::terminal_line(&line),
                    };
                    let _ = out.send(Msg::Attempt(news));
                }
                line.clear();
            }
        }
        if over || out.is_closed() {
            return;
        }
        tokio::time::sleep(LOOK * 3).await;
    }
}

/// A `verify` question that is to be asked.
#[derive(Debug)]
pub struct Question {
    /// The run's directory.
    pub run_dir: PathBuf,
    /// The run's id.
    pub run: String,
    /// The step.
    pub step: Step,
    /// What is asked, as if it were for the first time.
    pub assignment: Assignment,
}

impl Question {
    /// Asks under the first name that is unused; returns the name.
    fn ask(mut self, secrets: Secrets) -> Result<String, String> {
        let name_of = |n: u32| format!("{:02}.verify.{n}", self.step.ordinal);
        let unused = (1..10_000).find(|n| {
            let state = attempt::state(&self.run_dir, &name_of(*n));
            matches!(state, AttemptState::NotStarted)
        });
        let number = unused.unwrap_or(1);
        let name = name_of(number);
        self.assignment.attempt = number;
        self.assignment.app_name = assign::app_name(&self.run, &self.step, number);
        let env = secrets.read()?;
        attempt::launch(&self.run_dir, &name, &self.assignment, &env).map_err(|e| e.to_string())?;
        Ok(name)
    }
}

/// Asks the `verify` question and tells the answer.
pub async fn probe(question: Question, secrets: Secrets, out: UnboundedSender<Msg>) {
    let (dir, step) = (question.run_dir.clone(), question.step.id.clone());
    let launched = tokio::task::spawn_blocking(move || question.ask(secrets)).await;
    let state = match launched {
        Ok(Ok(name)) => attempt::ended(dir, name).await,
        Ok(Err(why)) => AttemptState::Lost { why },
        Err(e) => AttemptState::Lost { why: e.to_string() },
    };
    let (answer, detail) = match state {
        AttemptState::Ended(outcome) => answered(&outcome),
        AttemptState::Lost { why } => (Answer::Unknown, why),
        AttemptState::NotStarted | AttemptState::Starting | AttemptState::Running { .. } => {
            (Answer::Unknown, "it could not be asked".into())
        }
    };
    let _ = out.send(Msg::Attempt(AttemptNews::Verified {
        step,
        answer,
        detail,
    }));
}

fn answered(outcome: &Outcome) -> (Answer, String) {
    let seen = match &outcome.checked {
        Some(checked) => format!("expected {}, saw {}", checked.expected, checked.actual),
        None => outcome.summary.clone(),
    };
    match outcome.ended {
        Ended::Passed | Ended::Warned => (Answer::Holds, seen),
        Ended::Failed { .. } if outcome.checked.is_some() => (Answer::DoesNotHold, seen),
        Ended::Failed { .. } | Ended::TimedOut | Ended::Cancelled | Ended::NotStarted => {
            (Answer::Unknown, outcome.summary.clone())
        }
    }
}
