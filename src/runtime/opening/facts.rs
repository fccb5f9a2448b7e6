//! What is written down of the surroundings when a run begins.

use std::path::Path;
use std::process::Command;
use std::thread::{self, JoinHandle};

use crate::domain::journal::Journal;
use crate::engine::rundir::{self, RunDir};
use crate::engine::store::{self};
use crate::runtime::perform::{self};

/// The run before this one in the same ledger, and its head: a run that is taken away leaves a gap.
pub(super) fn previous() -> Option<(String, String)> {
    let begun = |dir: RunDir| {
        let journal: Journal = store::read(&dir.journal()).ok()?;
        (!journal.entries.is_empty()).then(|| (dir.name(), journal.head))
    };
    rundir::list().ok()?.into_iter().find_map(begun)
}

/// What takes its time to find out, and is needed only once the directory is on disk.
pub(super) struct Facts {
    pub(super) tool_sha256: JoinHandle<String>,
    pub(super) runbook_git: JoinHandle<String>,
}

impl Facts {
    pub(super) fn gather(runbook: &Path) -> Self {
        let runbook = runbook.to_owned();
        Self {
            tool_sha256: thread::spawn(own_digest),
            runbook_git: thread::spawn(move || git_state(&runbook)),
        }
    }
}

/// A panic over there is one here: a record never has a gap where a fact belongs.
pub(super) fn found(fact: JoinHandle<String>) -> String {
    fact.join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn own_digest() -> String {
    let own = Path::new("/proc/self/exe");
    let path = if own.exists() {
        own.to_owned()
    } else {
        std::env::current_exe().unwrap_or_default()
    };
    perform::digest_of(&path).unwrap_or_default()
}

/// The commit that last touched the runbook, with `-dirty` where the file differs from it; empty outside of git.
fn git_state(path: &Path) -> String {
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
        return String::new();
    };
    let ask = |args: &[&str]| {
        let out = Command::new("git")
            .arg("-C")
            .arg(dir)
            .args(args)
            .arg("--")
            .arg(name)
            .output()
            .ok()?;
        out.status
            .success()
            .then(|| String::from_utf8_lossy(&out.stdout).trim().to_owned())
    };
    match ask(&["log", "-1", "--format=%h"]) {
        Some(commit) if !commit.is_empty() => {
            let changed = ask(&["status", "--porcelain"]).is_none_or(|s| !s.is_empty());
            if changed {
                format!("{commit}-dirty")
            } else {
                commit
            }
        }
        _ => String::new(),
    }
}
