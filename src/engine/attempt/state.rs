//! How an attempt stands, as its directory tells it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::attempt::Outcome;
use crate::engine::attempt::files::{Files, Holder, Lock};
use crate::engine::attempt::process;

/// How an attempt stands.
#[expect(
    clippy::large_enum_variant,
    reason = "made a few times a second at most, and never kept in numbers"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptState {
    /// Nothing of it was ever done, and nobody is about to: it may be launched.
    NotStarted,
    /// Its supervisor is being started and has not begun to work.
    Starting,
    /// Its supervisor works.
    Running {
        /// The supervisor's process id.
        pid: u32,
        /// When it began, in milliseconds of Unix time.
        since_ms: u64,
    },
    /// It has ended.
    Ended(Outcome),
    /// Its supervisor began and is gone without a word: the step may have run, wholly or in part.
    Lost {
        /// What is known, as a sentence.
        why: String,
    },
}

/// Tells how attempt `name` stands.
///
/// The lock passes from the launcher to the supervisor without ever being free, and the supervisor names itself in it
/// before it works. A free lock that names nobody therefore proves that nothing was done.
pub fn state(run_dir: &Path, name: &str) -> AttemptState {
    let Some(files) = Files::new(run_dir, name) else {
        return AttemptState::NotStarted;
    };
    if let Some(ended) = ended_state(&files) {
        return ended;
    }
    match files.ask_lock() {
        Lock::Absent => AttemptState::NotStarted,
        Lock::Held(None) => AttemptState::Starting,
        Lock::Held(Some(holder)) => AttemptState::Running {
            pid: holder.pid,
            since_ms: holder.since_ms,
        },
        // It may have ended between the two looks.
        Lock::Free(holder) => ended_state(&files).unwrap_or_else(|| match holder {
            None => AttemptState::NotStarted,
            Some(holder) => AttemptState::Lost {
                why: lost(&files, &holder),
            },
        }),
        Lock::Unknown(err) => AttemptState::Lost {
            why: format!("{} cannot be asked: {err}", files.lock().display()),
        },
    }
}

/// Waits until attempt `name` neither starts nor runs, and tells how it stands then.
pub async fn ended(run_dir: PathBuf, name: String) -> AttemptState {
    loop {
        let now = state(&run_dir, &name);
        match now {
            // A directory that is out of reach (unmounted, moved) tells nothing: least of all that nothing was done.
            _ if !run_dir.is_dir() => tokio::time::sleep(Duration::from_millis(300)).await,
            AttemptState::Starting | AttemptState::Running { .. } => {
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
            AttemptState::NotStarted | AttemptState::Ended(_) | AttemptState::Lost { .. } => {
                return now;
            }
        }
    }
}

fn ended_state(files: &Files) -> Option<AttemptState> {
    match files.outcome() {
        Ok(None) => None,
        Ok(Some(outcome)) => Some(AttemptState::Ended(outcome)),
        Err(err) => Some(AttemptState::Lost {
            why: format!("{} cannot be read: {err}", files.exit().display()),
        }),
    }
}

fn lost(files: &Files, holder: &Holder) -> String {
    let pid = holder.pid;
    if holder.boot != process::boot_id() {
        return format!(
            "the machine was restarted while its supervisor (process {pid}) was at work"
        );
    }
    let still = process::read_job(&files.job())
        .filter(process::Id::is_alive)
        .map(|job| format!("; its process {} is still running", job.pid))
        .unwrap_or_default();
    format!("its supervisor (process {pid}) ended without a report{still}")
}
