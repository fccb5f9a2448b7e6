//! What the machine says that the server runs on, where the monitor runs on it too.

use serde::{Deserialize, Serialize};

/// The machine as a whole.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Machine {
    /// Processes that work or wait for a disk: on average over 1, 5 and 15 minutes.
    pub load: [f64; 3],
    /// Processors that this program may use.
    pub processors: u32,
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes of it that can be had without swapping.
    pub available: u64,
    /// Whether it tells this program what its server's processes read and write.
    pub tells_disks: bool,
}

/// What a session's process takes of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Taken {
    /// Parts of one processor; `None` until it was looked at twice.
    pub cpu: Option<f64>,
    /// Bytes of memory of its own, without what it shares: the server's buffers are in every process.
    pub memory: Option<u64>,
    /// What goes to and from disks; `None` until it was looked at twice, or where this program may not know.
    pub disk: Option<Disk>,
}

/// What goes to and from disks, past the system's cache.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Disk {
    /// Bytes read a second.
    pub read: f64,
    /// Bytes written a second.
    pub written: f64,
}
