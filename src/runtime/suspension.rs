//! Notices that the machine stood still: a closed lid, a paused virtual machine.

use std::time::Instant;

use crate::app::message::Msg;
use crate::engine::clock;

/// Differences below this many milliseconds are not worth a word.
const TOLERATED_MS: u64 = 1_000;

/// Compares two clocks: one goes on through a suspend, the other stands still with the processes.
#[derive(Debug)]
pub struct Suspension {
    through: u64,
    awake: Instant,
}

impl Suspension {
    /// Begins to compare.
    pub fn watch() -> Self {
        Self {
            through: clock::mono_ms(),
            awake: Instant::now(),
        }
    }

    /// Tells for how long the machine stood still since the last look; it is to be known before the time is.
    pub fn look(&mut self) -> Option<Msg> {
        let now = Self::watch();
        let passed = now.through.saturating_sub(self.through);
        let ran = u64::try_from((now.awake - self.awake).as_millis()).unwrap_or(u64::MAX);
        *self = now;
        let for_ms = passed.saturating_sub(ran);
        (for_ms > TOLERATED_MS).then_some(Msg::Suspended { for_ms })
    }
}
