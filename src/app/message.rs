//! What can reach the model, and what may be asked of the world. Both are data, so a test can read them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crossterm::event::KeyEvent;

use crate::app::dialog::SessionRef;
use crate::app::model::Now;
use crate::app::shown::Extents;
use crate::domain::journal::Entry;
use crate::domain::ready;
use crate::domain::run::event::{ActOutcome, BackendAct, Checkpoint, Event, SignedWord};
use crate::domain::runbook::model::{Runbook, StepId};
use crate::domain::sample::detail::SessionDetail;
use crate::domain::sample::news::{MonitorNews, Wishes};
use crate::domain::sample::timeline::Line;
use crate::domain::signal::{AttemptNews, StatementEnd};

/// Whether a key was pressed with nothing before or behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// Nothing else was waiting to be read.
    Alone,
    /// Another key was waiting with it: pasted, held down, or typed ahead while the line stood still.
    InARush,
}

/// Everything that can reach the model.
#[derive(Debug, Clone)]
pub enum Msg {
    /// Time goes on.
    Tick(Now),
    /// A key was pressed at this moment of the forward clock.
    Key {
        /// The key.
        key: KeyEvent,
        /// Milliseconds.
        at_ms: u64,
        /// Alone, or in a rush.
        came: Came,
    },
    /// Text was pasted.
    Paste(String),
    /// The terminal has another size.
    Resized,
    /// The model as it stands is on the screen.
    Drawn,
    /// Whoever drives executes this from now on.
    Amended(Arc<Runbook>),
    /// What is on the screen can be moved so far.
    Laid(Extents),
    /// The journal has these records on disk.
    Journaled(Vec<Entry>),
    /// The disk refused these events; nothing was written.
    NotJournaled {
        /// What was to be written.
        events: Vec<Event>,
        /// Why not.
        why: String,
    },
    /// What was to be recorded is too long for a record: nothing was written, and the disk is well.
    Unrecordable {
        /// What is wrong with it.
        why: String,
    },
    /// The disk takes records again.
    DiskBack {
        /// The records of what somebody else had written into the journal, and what is set aside now.
        set_aside: Vec<Entry>,
    },
    /// News of an attempt.
    Attempt(AttemptNews),
    /// News of the monitored server.
    Monitor(MonitorNews),
    /// What came of an act on a session.
    Acted {
        /// The session.
        session: SessionRef,
        /// What was done to it.
        act: BackendAct,
        /// What came of it.
        outcome: ActOutcome,
    },
    /// A statement by hand ended.
    Statement(StatementEnd),
    /// A file given as evidence was read, or not.
    Digested {
        /// The step.
        step: StepId,
        /// Its path.
        path: String,
        /// Its SHA-256, or why it could not be read.
        digest: Result<String, String>,
    },
    /// A closer look at one session, or why there is none.
    Inspected {
        /// The session.
        pid: i32,
        /// What was found; `None`: it has ended.
        found: Result<Option<SessionDetail>, String>,
    },
    /// The journal's head was told to a witness, or not.
    Posted(Posted),
    /// A role signed in a step, or not.
    StepSigned {
        /// What was asked.
        asked: Box<AskedSignature>,
        /// The signature, or why there is none.
        signed: Result<Box<Checkpoint>, String>,
    },
    /// The log was written and signed, or not.
    Sealed(Result<Vec<String>, String>),
    /// The migration tool's history was held against its files, or why it could not be.
    MigrationsSeen(Result<ready::Table, String>),
    /// How long steps took elsewhere: the target's name and milliseconds.
    Rehearsed(BTreeMap<StepId, (String, u64)>),
    /// The machine stood still for so many milliseconds.
    Suspended {
        /// Milliseconds.
        for_ms: u64,
    },
    /// The operating system or the terminal asks us to leave.
    Terminated {
        /// How: `SIGTERM`, `the terminal is gone`.
        how: String,
    },
}

/// What the runtime is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Write these events to the journal, then send them back as [`Msg::Journaled`].
    Append(Vec<Event>),
    /// Start the attempt whose start is on disk.
    Launch {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
    },
    /// Give the attempt whose start is on disk the whole terminal.
    LaunchInTerminal {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
    },
    /// Stop the attempt.
    Stop {
        /// The step.
        step: StepId,
        /// The attempt.
        attempt: u32,
    },
    /// Follow the output of this attempt (`06.1`); any other is no longer followed.
    Follow {
        /// The attempt's name.
        name: String,
    },
    /// Ask the step's `verify` question.
    Probe {
        /// The step.
        step: StepId,
    },
    /// Act on a session; the intent is on disk.
    Act {
        /// The session.
        session: SessionRef,
        /// What.
        act: BackendAct,
    },
    /// Send a statement by hand; the intent is on disk.
    Send {
        /// Its number.
        number: u32,
        /// The statement.
        sql: String,
    },
    /// Fetch all of a session.
    Inspect(SessionRef),
    /// Hold the migration tool's history against its files, with these arguments of `migrations/status`.
    LookMigrations(BTreeMap<String, String>),
    /// Take the digest of a file given as evidence.
    Digest {
        /// The step.
        step: StepId,
        /// Its path.
        path: String,
    },
    /// Tell the monitor what is wanted.
    Wish(Wishes),
    /// Keep this of what the monitor saw, in the run's directory.
    Keep(Vec<Line>),
    /// Look whether the disk takes records again.
    ProbeDisk,
    /// Tell the witnesses the journal's head.
    PostHead,
    /// Let a role sign in a step: its key may ask for the terminal.
    SignStep(Box<AskedSignature>),
    /// Write the log, and sign it where that is asked for.
    Seal(Sealing),
    /// Call whoever looks elsewhere, and say this.
    Notify(String),
    /// Draw everything anew.
    Redraw,
    /// Leave.
    Quit(Leaving),
}

/// What came of telling a witness the journal's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// Who was told.
    pub sink: String,
    /// The record.
    pub seq: u64,
    /// Its digest.
    pub head: String,
    /// What came back, or why it was not told.
    pub answer: Result<String, String>,
}

impl Posted {
    /// Returns it as a record.
    pub fn event(self) -> Event {
        let (receipt, error) = match self.answer {
            Ok(receipt) => (receipt, String::new()),
            Err(error) => (String::new(), error),
        };
        Event::WitnessPosted {
            seq: self.seq,
            head: self.head,
            receipt,
            sink: self.sink,
            error,
        }
    }
}

/// What a role is to sign in a step, and who signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedSignature {
    /// The step.
    pub step: StepId,
    /// The role.
    pub role: String,
    /// What was decided.
    pub word: SignedWord,
    /// What was remarked.
    pub remark: String,
    /// Who signs, as in the list of signers; empty: the operator.
    pub identity: String,
    /// Their printed name; empty: their identity, or the operator's name.
    pub name: String,
    /// Their key, a file or a fingerprint; empty: the operator's.
    pub key: String,
    /// Milliseconds that the question was on screen.
    pub seen_ms: u64,
}

/// Whether the log is signed when it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sealing {
    /// It is signed by the operator, in this role.
    SignedAs(String),
    /// It is left for later.
    Unsigned,
    /// What was done of the later duties is signed by the operator, below what is signed already.
    Addendum,
}

/// How the program is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// The run goes on later.
    Open,
    /// The run is closed.
    Closed,
}
