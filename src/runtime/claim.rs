//! How a run is taken up again: first its lock, then, where its driver died, the reason, then the record.

use std::sync::Arc;

use crate::app::model::BookFile;
use crate::domain::journal::Entry;
use crate::domain::report::later;
use crate::domain::run::decide;
use crate::domain::run::event::{Event, Operator};
use crate::domain::run::later::{Duty, duties};
use crate::domain::run::state::RunState;
use crate::domain::runbook::model::Runbook;
use crate::engine::clock;
use crate::engine::rundir::{Driver, DriverLock, Life, RunDir, RunDirError};
use crate::engine::seal::signed_until;
use crate::engine::store::{self, Opened, Store};
use crate::runtime::edited::{Amendment, edited};
use crate::runtime::opening::{self, OpenError, OpenRun, Source};

/// A run whose lock is held and whose record is read; nothing is written yet.
#[derive(Debug)]
pub struct Claim {
    dir: RunDir,
    lock: DriverLock,
    source: Source,
    opened: Opened,
    run: RunState,
    of: Of,
    unsigned: usize,
}

/// What is claimed of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Its window.
    Window,
    /// Its later duties: the record of the window is closed and stays as it is.
    Later,
}

/// Takes the right to drive the run in `dir`.
///
/// # Errors
/// Somebody else drives it, its journal is broken or was never begun, or its runbook cannot be read.
pub fn claim(dir: RunDir) -> Result<Claim, OpenError> {
    let lock = dir.drive()?;
    if let Some(behind) = behind(&dir)? {
        return Ok(Claim {
            dir,
            lock,
            source: behind.source,
            opened: behind.opened,
            run: behind.run,
            of: Of::Later,
            unsigned: behind.unsigned,
        });
    }
    let opened = Store::open(&dir.journal())?;
    let run = RunState::fold(&opened.entries);
    if run.opened.run.is_empty() {
        return Err(OpenError::NeverBegun { run: dir.name() });
    }
    let source = match opening::pinned(&dir, &run) {
        Ok(source) => source,
        Err(refused) => {
            let _ = lock.decline();
            return Err(refused);
        }
    };
    if let Some(before) = &lock.before
        && before.life() == Life::Runs
        && before.pid != std::process::id()
        && !left(&opened.entries)
    {
        // The lock was free although its holder works: this file system does not keep locks.
        let (run, driver) = (dir.name(), Box::new(before.clone()));
        let _ = lock.decline();
        return Err(RunDirError::Driven { run, driver }.into());
    }
    Ok(Claim {
        dir,
        lock,
        source,
        opened,
        run,
        of: Of::Window,
        unsigned: 0,
    })
}

/// The records behind the end of a window, and how the run stands after them.
struct Behind {
    source: Source,
    opened: Opened,
    run: RunState,
    unsigned: usize,
}

/// Opens the records of later duties; `None`: the window is not closed and its log written, or nothing is left to do.
fn behind(dir: &RunDir) -> Result<Option<Behind>, OpenError> {
    let log = std::fs::read_to_string(dir.log()).unwrap_or_default();
    if log.is_empty() {
        return Ok(None);
    }
    let window = store::read(&dir.journal())?;
    let mut run = RunState::fold(&window.entries);
    if run.closed.is_none() {
        return Ok(None);
    }
    let source = opening::pinned(dir, &run)?;
    let until = signed_until(&log, &window);
    let before = store::read_behind(&dir.later(), &window)?;
    let told = |e: &&Entry| e.seq > until && later::is_act(&e.event);
    let unsigned = before.iter().filter(told).count();
    for entry in &before {
        run.apply(entry);
    }
    if !duties(&source.book, &run).iter().any(Duty::is_open) && unsigned == 0 {
        return Ok(None);
    }
    let seq = window.entries.len() as u64;
    let opened = Store::open_behind(&dir.later(), &window.head, seq)?;
    Ok(Some(Behind {
        source,
        opened,
        run,
        unsigned,
    }))
}

/// Whether the last driver left in order: by key, by signal, by hang-up, or because a person was needed.
fn left(entries: &[Entry]) -> bool {
    let parting = entries.iter().rev().find(|entry| {
        !matches!(
            entry.event,
            Event::WitnessPosted { .. } | Event::JournalRecovered { .. }
        )
    });
    parting.is_some_and(|entry| matches!(entry.event, Event::RunLeft { .. } | Event::RunClosed(_)))
}

impl Claim {
    /// Returns how the run stands, and its plan.
    pub fn stands(&self) -> (&RunState, &Runbook) {
        (&self.run, &self.source.book)
    }

    /// Returns what is claimed of the run.
    pub fn of(&self) -> Of {
        self.of
    }

    /// Returns what the run executes.
    pub fn executes(&self) -> &Source {
        &self.source
    }

    /// Returns what is known of a driver that went without a word, as a sentence; `None`: the last one left in order.
    pub fn abandoned(&self) -> Option<String> {
        let over = self.of == Of::Window && self.run.closed.is_some();
        let begun = !self.opened.entries.is_empty();
        if over || !begun || left(&self.opened.entries) {
            return None;
        }
        let driver = self.lock.before.clone().unwrap_or_default();
        Some(match driver.life() {
            _ if driver == Driver::default() => "whoever drove this run went without a word".into(),
            Life::Restarted => format!(
                "{} drove this run since {} until the machine was restarted",
                driver.user, driver.since
            ),
            Life::Elsewhere => format!(
                "{} drove this run on {} (pid {}) since {} and went without a word: be sure that it is dead",
                driver.user, driver.host, driver.pid, driver.since
            ),
            Life::Gone | Life::Runs => format!(
                "{} drove this run (pid {}) since {} and went without a word: killed, or crashed",
                driver.user, driver.pid, driver.since
            ),
        })
    }

    /// Leaves the run as it is.
    pub fn decline(self) {
        let _ = self.lock.decline(); // at worst the next one names us as the driver that is gone
    }

    /// Takes the run up: what it stands at is what its journal says.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn take_up(
        mut self,
        operator: &Operator,
        reason: String,
        amendment: Option<Amendment>,
    ) -> Result<OpenRun, OpenError> {
        self.lock.begin().map_err(|source| OpenError::Io {
            path: self.dir.path.join("driver.lock").display().to_string(),
            source,
        })?;
        if self.of == Of::Later || self.run.closed.is_none() {
            let mut events = self.first_records(operator, reason);
            if let Some(amendment) = amendment {
                opening::keep_amendment(&self.dir, &amendment)?;
                events.push(Event::RunbookAmended(amendment.event));
                self.source = amendment.source;
            }
            for entry in self.opened.store.append(&operator.identity, &events)? {
                self.run.apply(&entry);
            }
        }
        let book_file = match edited(&self.source, &self.run) {
            None => BookFile::Executed,
            Some(_) => BookFile::Edited,
        };
        Ok(OpenRun {
            dir: self.dir,
            lock: self.lock,
            store: self.opened.store,
            run: self.run,
            book_file,
            book: Arc::clone(&self.source.book),
            unsigned: self.unsigned,
        })
    }

    fn first_records(&self, operator: &Operator, reason: String) -> Vec<Event> {
        let recovered = |torn: &crate::engine::store::Torn| Event::JournalRecovered {
            bytes: torn.bytes,
            sha256: torn.sha256.clone(),
        };
        let mut events: Vec<Event> = self.opened.torn.iter().map(recovered).collect();
        events.push(Event::RunResumed {
            host: clock::host(),
            boot_id: clock::boot_id(),
            pid: std::process::id(),
            reason,
        });
        if self.run.operator != *operator {
            events.push(Event::Operator(operator.clone()));
        }
        events.extend(decide::half_decided(
            &self.source.book,
            &self.run,
            &self.opened.entries,
        ));
        events
    }
}
