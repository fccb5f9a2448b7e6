//! How a run is opened or taken up again: its directory, its journal, the first records.

mod facts;
mod kept;
mod source;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::model::{BookFile, Model, Purpose};
use crate::app::monitor::{Baseline, Link};
use crate::domain::digest::sha256_hex;
use crate::domain::journal::FORMAT;
use crate::domain::redact::Redactor;
use crate::domain::run::event::{Event, Mode, Opened, Operator};
use crate::domain::run::review::ReviewFinding;
use crate::domain::run::state::{Route, RunState};
use crate::domain::runbook::check;
use crate::domain::runbook::model::{Demand, Runbook, StepId};
use crate::domain::sample::timeline::{Line, Timeline, Why};
use crate::engine::attempt::of_environment;
use crate::engine::clock;
use crate::engine::rundir::{self, DriverLock, RunDir};
use crate::engine::samples;
use crate::engine::seal::Desk;
use crate::engine::seal::review::{self, Executed, Looked};
use crate::engine::store::{Store, StoreError};
use crate::runtime::bookkeeper::Bookkeeper;
use crate::runtime::driver;
use crate::runtime::opening::facts::{Facts, found, previous};
use crate::runtime::opening::kept::{keep_beside, keep_file};
use crate::runtime::perform::World;
use crate::runtime::samples::SampleKeeper;

pub use kept::keep_amendment;
pub use source::{Source, digests, imported, pinned, read};

/// What a new run is opened with.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The target's name; empty: none.
    pub target: String,
    /// What kind of run.
    pub mode: Mode,
    /// The parameters' values.
    pub parameters: BTreeMap<String, String>,
    /// Seconds since 1970 of the planned start.
    pub planned_start: Option<i64>,
    /// The change it belongs to.
    pub change: String,
    /// Who drives.
    pub operator: Operator,
    /// What became of the reviewer's signature.
    pub looked: Looked,
}

/// A run that is open: its directory, its lock, its journal, and how it stands.
#[derive(Debug)]
pub struct OpenRun {
    /// Its directory.
    pub dir: RunDir,
    /// The right to append.
    pub lock: DriverLock,
    /// The journal.
    pub store: Store,
    /// How it stands.
    pub run: RunState,
    /// The plan.
    pub book: Arc<Runbook>,
    /// Whether the file that it was read from is still the same.
    pub book_file: BookFile,
    /// Acts among its later duties that no addendum tells yet.
    pub unsigned: usize,
}

/// Makes a new run's directory and writes its first records.
///
/// # Errors
/// The disk refuses.
pub fn open(source: &Source, opening: Opening) -> Result<OpenRun, OpenError> {
    let now = clock::wall_ms();
    let id = rundir::new_id(&source.book.title, now);
    let facts = Facts::gather(&source.path);
    let prev_run = previous();
    let dir = RunDir::create(&id, &source.bytes)?;
    for (name, bytes) in &source.files {
        keep_file(&dir, name, bytes)?;
    }
    for (name, bytes) in &opening.looked.files {
        keep_beside(&dir, name, bytes)?;
    }
    let lock = dir.drive()?;
    lock.begin().map_err(|source| OpenError::Io {
        path: dir.path.join("driver.lock").display().to_string(),
        source,
    })?;
    let mut store = Store::open(&dir.journal())?.store;
    let opened = Opened {
        format: FORMAT.to_owned(),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        tool_sha256: found(facts.tool_sha256),
        run: id,
        change: opening.change,
        title: source.book.title.clone(),
        runbook_sha256: sha256_hex(&source.bytes),
        runbook_path: source.path.display().to_string(),
        runbook_git: found(facts.runbook_git),
        protection: source.book.target(&opening.target).map(|t| t.protect),
        target: opening.target,
        mode: opening.mode,
        parameters: opening.parameters,
        planned_start: opening.planned_start,
        prev_run,
        host: clock::host(),
        os_user: clock::os_user(),
        utc_offset_min: clock::utc_offset_min(),
        boot_id: clock::boot_id(),
        pid: std::process::id(),
        files: digests(source),
    };
    let identity = opening.operator.identity.clone();
    let mut first = vec![
        Event::RunOpened(Box::new(opened)),
        Event::Operator(opening.operator),
    ];
    let review = opening.looked.review;
    if review.demand == Demand::Demanded || review.finding != ReviewFinding::Absent {
        first.push(Event::RunbookReviewed(Box::new(review)));
    }
    let run = RunState::fold(&store.append(&identity, &first)?);
    Ok(OpenRun {
        dir,
        lock,
        store,
        run,
        book: Arc::clone(&source.book),
        book_file: BookFile::Executed,
        unsigned: 0,
    })
}

/// Why a run cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its directory cannot be used.
    #[error(transparent)]
    Dir(#[from] rundir::RunDirError),
    /// Its journal cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// It has no first record: whoever made it died before anything could be done.
    #[error("{run} was never begun: nothing was done in it; start it anew with `holdpoint run`")]
    NeverBegun {
        /// The run.
        run: String,
    },
    /// Its runbook, or a file that it names, is not the one that is recorded.
    #[error(
        "{run}: its {file} is not the one that the run was opened with: put the recorded bytes back, or start a new run"
    )]
    Changed {
        /// The run.
        run: String,
        /// Which file.
        file: String,
    },
    /// Its runbook is not valid.
    #[error("the runbook is not valid\n\n{0}")]
    Invalid(String),
}

/// Looks whether the runbook, and every file that it names, is as somebody reviewed it who may.
pub fn reviewed(desk: &Desk, source: &Source, target: &str, trust: Option<PathBuf>) -> Looked {
    let dir = source.path.parent().unwrap_or(Path::new("."));
    let list = review::list_for(desk, dir, trust);
    let named: Vec<(PathBuf, String, &[u8])> = source
        .files
        .iter()
        .map(|(name, bytes)| (dir.join(name), format!("files/{name}"), bytes.as_slice()))
        .collect();
    let mut files = vec![Executed {
        path: &source.path,
        kept_as: "runbook.yaml",
        bytes: &source.bytes,
    }];
    files.extend(named.iter().map(|(path, kept_as, bytes)| Executed {
        path,
        kept_as,
        bytes,
    }));
    let now = chrono::DateTime::from_timestamp_millis(clock::wall_ms()).unwrap_or_default();
    let mut looked = review::look(desk, list.as_deref(), &files, now);
    looked.review.demand = source
        .book
        .target(target)
        .map(|t| t.reviewed)
        .unwrap_or_default();
    looked
}

/// Returns the model and the world of `open`, for a process that drives it.
pub fn world(
    open: OpenRun,
    out: tokio::sync::mpsc::UnboundedSender<crate::app::message::Msg>,
) -> (Model, World, DriverLock) {
    let OpenRun {
        dir,
        lock,
        store,
        run,
        book,
        book_file,
        unsigned,
    } = open;
    let (is_over, is_later) = (run.is_over(), run.route == Route::Later);
    let mut model = Model::new(Purpose::Drive, Arc::clone(&book), run);
    prepare(&mut model, &dir);
    model.book_file = book_file;
    model.unsigned = unsigned;
    let mut world = World::new(Arc::clone(&book), out.clone());
    if !is_over {
        world.bookkeeper = Some(Bookkeeper::start(store, redactor(&model), out));
    }
    // The picture of a run is that of its window.
    if !is_over && !is_later {
        world.samples = Some(SampleKeeper::start(dir.samples()));
        remember(&mut model, &world, &dir);
    }
    world.run_dir = Some(dir);
    (model, world, lock)
}

/// Returns what blots out the secrets that the runbook and the environment name.
pub fn redactor(model: &Model) -> Redactor {
    let named = model.book.secrets.iter().chain(&model.secret_names);
    Redactor::new(of_environment(&named.cloned().collect::<Vec<_>>(), &[]))
}

/// Takes up what the monitor saw before the screen was away: the worst of a step that still runs must not be forgotten.
fn remember(model: &mut Model, world: &World, dir: &RunDir) {
    let before = samples::read(&dir.samples()).unwrap_or_default();
    let Some(last) = before.lines.last() else {
        return;
    };
    let foreground = |id: &StepId| model.book.step(id).is_some_and(|s| s.background.is_none());
    let running = model.run.running().find(|(id, _)| foreground(id));
    if let Some((step, attempt)) = running {
        model.monitor.peaks = before.peaks(step, attempt);
    }
    take_up_baseline(model, &before);
    if let (Some(keeper), Line::Point(point)) = (&world.samples, last) {
        let at_ms = point.at_ms + point.length_ms;
        keeper.keep(model.monitor.recorder.gap(at_ms, Why::Away));
    }
}

/// What is usual is what was seen before anything was changed, whoever saw it.
fn take_up_baseline(model: &mut Model, before: &Timeline) {
    let changes = |id: &StepId| model.book.step(id).is_some_and(|s| !s.only_looks());
    let started = model.run.steps.iter().filter(|(id, _)| changes(id));
    let Some(first_ms) = started.filter_map(|(_, r)| r.started_ms).min() else {
        return;
    };
    if let Some(tps) = before.usual_tps(first_ms, changes) {
        model.monitor.history.take_up_baseline("tps", tps);
        model.monitor.baseline = Baseline::Kept;
    }
}

/// Fills in what a model knows of its surroundings.
pub fn prepare(model: &mut Model, dir: &RunDir) {
    model.now = driver::now();
    model.begin_running();
    model.take_up_alarms();
    model.run_dir.clone_from(&dir.path);
    let runbook = Path::new(&model.run.opened.runbook_path);
    model.runbook_dir = runbook
        .parent()
        .map(|p| p.display().to_string())
        .unwrap_or_default();
    surround(model);
    model.monitor.link = Link::None;
}

/// Takes in the environment variables that the runbook names. A connection string with a password is a secret even
/// where the runbook does not say so.
pub fn surround(model: &mut Model) {
    for name in check::environment_names_of(&model.book, &model.run.opened.target) {
        let Ok(value) = std::env::var(&name) else {
            continue;
        };
        if model.book.secrets.contains(&name) || holds_password(&value) {
            model.secret_names.push(name);
        } else {
            model.environment.insert(name, value);
        }
    }
}

fn holds_password(value: &str) -> bool {
    let in_url = value
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('@'))
        .is_some_and(|(login, _)| login.contains(':'));
    in_url || value.contains("password=")
}

/// Returns the environment variables that `book` names for `target` and that are not set.
pub fn unset_environment(book: &Runbook, target: &str) -> Vec<String> {
    let names = check::environment_names_of(book, target);
    names
        .into_iter()
        .filter(|name| std::env::var_os(name).is_none())
        .collect()
}
