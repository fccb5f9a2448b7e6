//! Who drives a run: what its lock file says, and whether that process still works.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};

use serde::{Deserialize, Serialize};

use crate::engine::clock;

/// Who drives a run, as its lock file says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Driver {
    /// The process.
    pub pid: u32,
    /// The machine.
    pub host: String,
    /// That machine's boot.
    pub boot_id: String,
    /// The account.
    pub user: String,
    /// When that process started, in clock ticks after boot; 0: not known.
    pub start: u64,
    /// Since when.
    pub since: String,
    /// Whether it drives, or is still to say why it takes over.
    #[serde(skip_serializing_if = "Stage::drives")]
    pub stage: Stage,
    /// Whom it takes over from, while it is still to say why; nobody, where that one left in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Box<Driver>>,
}

/// How far somebody is who has the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It drives.
    #[default]
    Drives,
    /// It has the lock and nothing else yet.
    TakesOver,
}

impl Stage {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    fn drives(&self) -> bool {
        *self == Self::Drives
    }
}

/// What can be told of a driver's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It runs.
    Runs,
    /// It is gone.
    Gone,
    /// The machine was restarted since.
    Restarted,
    /// It is another machine's.
    Elsewhere,
}

impl Driver {
    /// Tells whether this very process still runs.
    pub fn life(&self) -> Life {
        if self.host != clock::host() {
            return Life::Elsewhere;
        }
        if self.boot_id != clock::boot_id() {
            return Life::Restarted;
        }
        match clock::process_start(self.pid) {
            Some(start) if start == self.start => Life::Runs,
            Some(_) | None => Life::Gone,
        }
    }

    /// Returns this process.
    pub fn this() -> Self {
        Self {
            pid: std::process::id(),
            host: clock::host(),
            boot_id: clock::boot_id(),
            user: clock::os_user(),
            start: clock::process_start(std::process::id()).unwrap_or(0),
            since: clock::rfc3339(clock::wall_ms()),
            ..Self::default()
        }
    }

    /// Returns this process, which is still to say why it takes over from `before`.
    pub(super) fn taking_over(before: Option<&Self>) -> Self {
        Self {
            stage: Stage::TakesOver,
            from: before.cloned().map(Box::new),
            ..Self::this()
        }
    }

    /// Returns who drove last: whoever went before saying why it takes over never drove.
    pub(super) fn drove(self) -> Option<Self> {
        match self.stage {
            Stage::Drives => Some(self),
            Stage::TakesOver => self.from.and_then(|from| from.drove()),
        }
    }
}

/// The right to append to a run's journal; given back when dropped.
#[derive(Debug)]
pub struct DriverLock {
    pub(super) file: File,
    /// Who drove before and left the lock without giving it back in order; `None`: nobody.
    pub before: Option<Driver>,
}

impl DriverLock {
    /// Drives from now on: whoever drove before is no longer named.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn begin(&self) -> io::Result<()> {
        write_driver(&self.file, &Driver::this())
    }

    /// Gives the right back unused: the file names whoever drove before.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn decline(self) -> io::Result<()> {
        match &self.before {
            Some(before) => write_driver(&self.file, before),
            None => self.file.set_len(0),
        }
    }
}

/// Writes who drives.
///
/// # Errors
/// The disk refuses.
pub(super) fn write_driver(mut file: &File, driver: &Driver) -> io::Result<()> {
    let text = serde_json::to_string(driver)?;
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Reads who drives; `None`: nobody is named.
pub(super) fn read_driver(mut file: &File) -> Option<Driver> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}
