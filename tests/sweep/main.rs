//! Kills the program again and again, at every record and at any moment, and counts what its steps did.
//!
//! `HOLDPOINT_SWEEP=1000 cargo test --release --test sweep -- --nocapture` kills at least so often; without it a short
//! version runs. `HOLDPOINT_SWEEP_SEED` repeats one.
#![allow(missing_docs, reason = "these are stories, not an interface")]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the seed, the figures, and what was skipped are to be seen"
)]

#[cfg(test)]
mod chance;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod drivers;
#[cfg(test)]
mod faults;
#[cfg(test)]
#[path = "../support/leftovers.rs"]
mod leftovers;
#[cfg(test)]
mod person;
#[cfg(test)]
mod place;
#[cfg(test)]
#[path = "../support/pty.rs"]
#[expect(dead_code, reason = "other stories use the rest of it")]
mod pty;
#[cfg(test)]
mod screen;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod story;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use story::{Tally, story};

/// Kills of the short version.
const SHORT: u32 = 60;
/// Stories that go on side by side: most of their time is waiting.
const BESIDE: usize = 4;

#[test]
fn nothing_is_lost_and_nothing_done_twice_wherever_the_program_is_killed() {
    let wanted = std::env::var("HOLDPOINT_SWEEP")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(SHORT);
    let seed = std::env::var("HOLDPOINT_SWEEP_SEED")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or_else(chance::fresh_seed);
    println!("seed: HOLDPOINT_SWEEP_SEED={seed} HOLDPOINT_SWEEP={wanted}");
    let server = place::server();
    let (next, begun) = (AtomicU32::new(0), Instant::now());
    let sum = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..BESIDE {
            scope.spawn(|| {
                while sum.lock().unwrap().kills < wanted {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let tally = story(server, seed, number);
                    sum.lock().unwrap().add(&tally);
                }
            });
        }
    });
    let sum = sum.into_inner().unwrap();
    println!("{} s, {sum}", begun.elapsed().as_secs());
    assert!(sum.kills >= wanted);
}
