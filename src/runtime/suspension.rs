//! Notices that the machine stood still: a closed lid, a paused virtual machine.

use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::sleep;

use crate::app::message::Msg;
use crate::engine::clock;

/// How often the clocks are compared.
const LOOK: Duration = Duration::from_millis(500);
/// Differences below this many milliseconds are not worth a word.
const TOLERATED_MS: u64 = 1_000;

/// Tells how long the machine stood still, each time it did. One clock goes on through a suspend and the other stands
/// still with the processes: what they differ by is how long it lasted.
pub async fn watch(out: UnboundedSender<Msg>) {
    let (mut through, mut awake) = (clock::mono_ms(), Instant::now());
    while !out.is_closed() {
        sleep(LOOK).await;
        let (now_through, now_awake) = (clock::mono_ms(), Instant::now());
        let passed = now_through.saturating_sub(through);
        let ran = u64::try_from((now_awake - awake).as_millis()).unwrap_or(u64::MAX);
        (through, awake) = (now_through, now_awake);
        let for_ms = passed.saturating_sub(ran);
        if for_ms > TOLERATED_MS {
            let _ = out.send(Msg::Suspended { for_ms });
        }
    }
}
