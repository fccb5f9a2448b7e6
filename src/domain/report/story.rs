//! What the sections of the log are told from: the runbook, the journal, and what follows from both.

use std::collections::BTreeMap;

use crate::domain::attempt::{Ended, Outcome};
use crate::domain::digest::sha256_hex;
use crate::domain::journal::{Entry, Journal};
use crate::domain::report::scan::Scan;
use crate::domain::report::time;
use crate::domain::run::event::{Event, Finished, Opened, Started};
use crate::domain::run::review::{REVIEWED, Review};
use crate::domain::run::state::RunState;
use crate::domain::runbook::model::{Runbook, Step, StepId};
use crate::domain::tame;

/// Reads a file of the run directory to its end, by its relative path.
pub type Files<'a> = &'a dyn Fn(&str) -> Option<Scan>;

/// A run as the log tells it.
pub struct Story<'a> {
    /// The plan.
    pub book: &'a Runbook,
    /// What happened.
    pub journal: &'a Journal,
    /// The digest of the journal's bytes.
    pub journal_sha256: String,
    /// How the run began.
    pub opened: &'a Opened,
    /// The fold over the journal.
    pub run: RunState,
    /// Every attempt at an automated step, in the order of their starts.
    pub attempts: Vec<Attempt<'a>>,
}

/// One attempt.
pub struct Attempt<'a> {
    /// The record of its start.
    pub entry: &'a Entry,
    /// What was started.
    pub started: &'a Started,
    /// The record of its end, where there is one.
    pub finished: Option<(&'a Entry, &'a Finished)>,
    /// The stored output, where there is one.
    pub output: Output,
}

/// The stored output of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// The attempt stored none.
    None,
    /// It is there, and has the digest that the journal names.
    Whole(Kept),
    /// It is there, and the journal names no digest (the attempt's end is not recorded).
    Unsealed(Kept),
    /// It is there, and has another digest than the journal names.
    Differs(Kept),
    /// The journal names it, and it is not there.
    Missing {
        /// Its path.
        path: String,
        /// The digest that the journal names.
        sha256: String,
    },
    /// The journal names a path outside `output/`, which is never read.
    Astray {
        /// The path.
        path: String,
    },
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its path.
    pub path: String,
    /// Its digest as the journal has it; as read where the journal has none.
    pub sha256: String,
    /// What was read.
    pub scan: Scan,
}

impl<'a> Story<'a> {
    /// Returns the story; `None` where the journal does not begin with an opened run.
    pub fn tell(
        book: &'a Runbook,
        journal: &'a Journal,
        bytes: &[u8],
        files: Files,
    ) -> Option<Self> {
        let opened = match &journal.entries.first()?.event {
            Event::RunOpened(opened) => opened.as_ref(),
            _ => return None,
        };
        Some(Self {
            book,
            journal,
            journal_sha256: sha256_hex(bytes),
            opened,
            run: RunState::fold(&journal.entries),
            attempts: attempts(book, &journal.entries, files),
        })
    }

    /// Returns the journal's records.
    pub fn entries(&self) -> &'a [Entry] {
        &self.journal.entries
    }

    /// Returns what is recorded of the runbook's review.
    pub fn review(&self) -> Option<&'a Review> {
        self.entries().iter().find_map(|e| match &e.event {
            Event::RunbookReviewed(review) => Some(review.as_ref()),
            _ => None,
        })
    }

    /// Returns the time of the first record, as it stands.
    pub fn start(&self) -> &'a str {
        self.entries().first().map_or("", |e| e.t.as_str())
    }

    /// Returns the time of an entry as a clock shows it.
    pub fn clock(&self, entry: &Entry) -> String {
        format!("{}Z", time::clock(&entry.t, self.start()))
    }

    /// Returns the attempts at `step`.
    pub fn attempts_at<'s>(&'s self, step: &'s StepId) -> impl Iterator<Item = &'s Attempt<'a>> {
        self.attempts
            .iter()
            .filter(move |a| a.started.step == *step)
    }

    /// Returns `Step 3.2 “Upgrade the schema”`; a step that the runbook does not have is named by its id.
    pub fn named(&self, step: &StepId) -> String {
        match self.book.step(step) {
            Some(step) => format!(
                "Step {} “{}”",
                tame::cell(&step.number),
                tame::cell(&step.title)
            ),
            None => format!(
                "Step {} (not in the runbook)",
                tame::code_cell(step.as_str())
            ),
        }
    }

    /// Returns the number of a step, or its id where the runbook does not have it.
    pub fn number(&self, step: &StepId) -> String {
        self.book
            .step(step)
            .map_or_else(|| tame::code_cell(step.as_str()), |s| tame::cell(&s.number))
    }

    /// Returns the steps that the journal names and the runbook does not have.
    pub fn strangers(&self) -> Vec<&StepId> {
        let known = |id: &&StepId| self.book.step(id).is_none();
        self.run.steps.keys().filter(known).collect()
    }

    /// Returns every file of the bundle that the log names, with its digest, in the order of the log.
    pub fn digests(&self) -> Vec<(String, String)> {
        let mut outputs = BTreeMap::new();
        for attempt in &self.attempts {
            match &attempt.output {
                Output::Whole(kept) | Output::Unsealed(kept) | Output::Differs(kept) => {
                    outputs.insert(kept.path.clone(), kept.sha256.clone());
                }
                Output::Missing { path, sha256 } => {
                    outputs.insert(path.clone(), sha256.clone());
                }
                Output::None | Output::Astray { .. } => {}
            }
        }
        let own = [
            ("journal.jsonl", &self.journal_sha256),
            ("runbook.yaml", &self.opened.runbook_sha256),
        ];
        let files = self
            .opened
            .files
            .iter()
            .filter_map(|(name, sha256)| Some((kept_as(name)?, sha256.clone())));
        let amended = self.run.amendments.iter().flat_map(|amended| {
            let dir = &amended.dir;
            let book = (format!("{dir}/runbook.yaml"), amended.sha256.clone());
            let files = amended.files.iter().filter_map(move |(name, sha256)| {
                Some((format!("{dir}/{}", kept_as(name)?), sha256.clone()))
            });
            std::iter::once(book).chain(files)
        });
        let amended = amended.filter(|(path, _)| is_amendment(path));
        own.into_iter()
            .map(|(path, sha256)| (path.to_owned(), sha256.clone()))
            .chain(self.reviewed())
            .chain(files)
            .chain(amended)
            .chain(outputs)
            .filter(|(_, sha256)| is_digest(sha256))
            .collect()
    }
}

impl Story<'_> {
    /// Returns the reviewer's signatures, and the reviewed bytes where they are others than the executed ones.
    fn reviewed(&self) -> impl Iterator<Item = (String, String)> {
        let kept = self.review().map(|r| r.kept.clone()).unwrap_or_default();
        kept.into_iter().filter(|(path, _)| {
            let of_file = path
                .strip_suffix(".sig")
                .and_then(|p| p.strip_prefix("files/"));
            path == "runbook.yaml.sig"
                || path == REVIEWED
                || of_file
                    .and_then(kept_as)
                    .is_some_and(|p| format!("{p}.sig") == *path)
        })
    }
}

impl Attempt<'_> {
    /// Returns how it ended, where that is known.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.finished.map(|(_, f)| &f.outcome)
    }

    /// Whether it ended as it should.
    pub fn went_well(&self) -> bool {
        self.outcome().is_some_and(|o| is_well(&o.ended))
    }
}

/// Whether an end is one as expected.
pub fn is_well(ended: &Ended) -> bool {
    match ended {
        Ended::Passed | Ended::Warned => true,
        Ended::Failed { .. } | Ended::TimedOut | Ended::Cancelled | Ended::NotStarted => false,
    }
}

fn attempts<'a>(book: &Runbook, entries: &'a [Entry], files: Files) -> Vec<Attempt<'a>> {
    let mut attempts: Vec<Attempt<'a>> = Vec::new();
    for entry in entries {
        if let Event::StepStarted(started) = &entry.event {
            attempts.push(Attempt {
                entry,
                started,
                finished: None,
                output: Output::None,
            });
        } else if let Event::StepFinished(finished) = &entry.event {
            let of = attempts
                .iter_mut()
                .rev()
                .find(|a| a.started.step == finished.step && a.started.attempt == finished.attempt);
            if let Some(attempt) = of {
                attempt.finished = Some((entry, finished));
            }
        }
    }
    for attempt in &mut attempts {
        attempt.output = output(book.step(&attempt.started.step), attempt, files);
    }
    attempts
}

fn output(step: Option<&Step>, attempt: &Attempt, files: Files) -> Output {
    let Some(outcome) = attempt.outcome() else {
        return unsealed(step, attempt, files);
    };
    let (path, sha256) = (&outcome.output.path, &outcome.output.sha256);
    if path.is_empty() {
        return Output::None;
    }
    if !is_output(path) || !is_digest(sha256) {
        return Output::Astray { path: path.clone() };
    }
    let (path, sha256) = (path.clone(), sha256.clone());
    match files(&path) {
        None => Output::Missing { path, sha256 },
        Some(scan) => {
            let same = scan.sha256 == sha256;
            let kept = Kept { path, sha256, scan };
            if same {
                Output::Whole(kept)
            } else {
                Output::Differs(kept)
            }
        }
    }
}

/// After a crash an attempt may have left output of which no record has the digest.
fn unsealed(step: Option<&Step>, attempt: &Attempt, files: Files) -> Output {
    let Some(step) = step else {
        return Output::None;
    };
    let path = format!("output/{}.txt", step.attempt_name(attempt.started.attempt));
    files(&path).map_or(Output::None, |scan| {
        let sha256 = scan.sha256.clone();
        Output::Unsealed(Kept { path, sha256, scan })
    })
}

/// Whether a path names a file directly in `output/`, spelled so that it can stand in a list of digests.
pub fn is_output(path: &str) -> bool {
    path.strip_prefix("output/").is_some_and(|name| {
        !name.is_empty()
            && !name.starts_with('.')
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    })
}

/// Returns where the run keeps a file that its runbook names: `files/…`; `None` where the name leads elsewhere, or could
/// not stand in a list of digests.
pub fn kept_as(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.split('/').filter(|part| *part != ".").collect();
    let plain = parts
        .iter()
        .all(|part| !part.is_empty() && *part != ".." && !part.ends_with(' '));
    let path = format!("files/{}", parts.join("/"));
    (plain && !path.contains('\\') && tame::line(&path) == path).then_some(path)
}

/// Whether a path is one that this program keeps an amendment at: `amendment-1/…`.
fn is_amendment(path: &str) -> bool {
    let number = path
        .strip_prefix("amendment-")
        .and_then(|rest| rest.split_once('/'))
        .map(|(number, _)| number);
    number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a text is a digest as this program writes it.
pub fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
