//! Sandboxes whose owner died without clearing up.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// How the directory of a sandbox begins; its owner's pid, the owner's start time and a number follow.
const PREFIX: &str = "holdpoint-pg-";

/// Returns a directory for this process's `number`th sandbox below `parent`.
pub(super) fn directory(parent: &Path, number: u32) -> PathBuf {
    let pid = std::process::id();
    parent.join(format!("{PREFIX}{pid}-{}-{number}", started(pid)))
}

/// Stops and removes every sandbox below `parent` whose owner is gone.
pub(super) fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some((pid, start)) = name.to_str().and_then(owner) else {
            continue;
        };
        if !is_alive(pid, start) && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove(&entry.path());
        }
    }
}

/// Ends the server of the sandbox at `dir`, if one runs, and removes the directory.
pub(super) fn remove(dir: &Path) {
    if let Some(pid) = server_pid(dir) {
        // QUIT is an immediate shutdown: nothing in here is worth a checkpoint.
        let _ = kill_process(pid, Signal::QUIT);
        for _ in 0..200 {
            if test_kill_process(pid).is_err() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    let _ = fs::remove_dir_all(dir);
}

/// Returns the pid of the server that runs on `dir`: never that of another process which inherited the number.
fn server_pid(dir: &Path) -> Option<Pid> {
    let data = dir.join("data");
    let file = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let pid: i32 = file.lines().next()?.trim().parse().ok()?;
    let command = command_line(pid)?;
    if !command.contains(data.to_str()?) {
        return None;
    }
    Pid::from_raw(pid)
}

fn command_line(pid: i32) -> Option<String> {
    if let Ok(bytes) = fs::read(format!("/proc/{pid}/cmdline")) {
        return Some(String::from_utf8_lossy(&bytes).into_owned());
    }
    let output = std::process::Command::new("ps")
        .args(["-o", "command=", "-p", &pid.to_string()])
        .output()
        .ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Reads the owner's pid and start time from a directory's name.
fn owner(name: &str) -> Option<(u32, u64)> {
    let mut parts = name.strip_prefix(PREFIX)?.split('-');
    let pid = parts.next()?.parse().ok()?;
    let start = parts.next()?.parse().ok()?;
    Some((pid, start))
}

fn is_alive(pid: u32, start: u64) -> bool {
    let known = i32::try_from(pid).ok().and_then(Pid::from_raw);
    match known {
        // EPERM means that it lives and is somebody else's.
        Some(known) => {
            !matches!(test_kill_process(known), Err(rustix::io::Errno::SRCH))
                && started(pid) == start
        }
        None => false,
    }
}

/// Returns when `pid` started, in clock ticks after the boot (proc(5), field 22); 0 where that is not told.
fn started(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The second field is a name in parentheses that may hold anything.
    stat.rsplit_once(')')
        .and_then(|(_, rest)| rest.split_whitespace().nth(19))
        .and_then(|ticks| ticks.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sandbox_of_a_dead_owner_goes_and_that_of_a_living_one_stays() {
        let parent = tempfile::tempdir().unwrap();
        let mine = directory(parent.path(), 1);
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let dead = parent.path().join(format!("{PREFIX}{}-1-1", child.id()));
        child.wait().unwrap();
        let strange = parent.path().join("holdpoint-pg-notes");
        for dir in [&mine, &dead, &strange] {
            fs::create_dir(dir).unwrap();
        }
        sweep(parent.path());
        assert!(mine.is_dir() && strange.is_dir() && !dead.exists());
    }

    #[test]
    fn a_number_that_another_process_inherited_is_not_the_owner() {
        let me = std::process::id();
        assert!(is_alive(me, started(me)));
        assert!(started(me) == 0 || !is_alive(me, started(me) + 1));
    }

    #[test]
    fn a_pid_file_that_names_another_process_harms_nobody() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("data")).unwrap();
        let me = std::process::id();
        fs::write(dir.path().join("data/postmaster.pid"), format!("{me}\n")).unwrap();
        assert_eq!(server_pid(dir.path()), None);
    }
}
