//! Processes as `/proc` shows them: who descends from whom, and whether a number still means the same process.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, pidfd_open, pidfd_send_signal, waitpid,
};
use serde::{Deserialize, Serialize};

/// A process that cannot be mistaken for a later one of the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Id {
    /// Its process id.
    pub pid: u32,
    /// When it started, in clock ticks after boot.
    pub start: u64,
}

/// One process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Which one.
    pub id: Id,
    /// Its parent.
    pub parent: u32,
    /// Its process group.
    pub group: u32,
    /// Its name, at most 15 bytes of it.
    pub name: String,
    /// Whether it still runs.
    pub life: Life,
}

/// Whether a process still runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It does.
    Runs,
    /// It has ended and waits for its parent to take notice.
    Zombie,
}

impl Id {
    /// Returns this process.
    pub fn own() -> Option<Self> {
        look(std::process::id()).map(|own| own.id)
    }

    /// Whether that very process still runs.
    pub fn is_alive(&self) -> bool {
        look(self.pid).is_some_and(|now| now.id == *self && now.life == Life::Runs)
    }

    /// Sends `signal` to that very process, and to no other that took over its number.
    pub fn signal(self, signal: Signal) -> io::Result<()> {
        let gone = || io::Error::from(io::ErrorKind::NotFound);
        let pid = i32::try_from(self.pid)
            .ok()
            .and_then(Pid::from_raw)
            .ok_or_else(gone)?;
        let handle = pidfd_open(pid, PidfdFlags::empty())?;
        // Looked at only after the handle was taken: from here on the number cannot pass to another.
        if !self.is_alive() {
            return Err(gone());
        }
        Ok(pidfd_send_signal(handle, signal)?)
    }
}

/// Reads which process an attempt's `job` file names.
pub fn read_job(path: &Path) -> Option<Id> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Returns which boot of the machine this is; empty where it is not told.
pub fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map_or_else(|_| String::new(), |id| id.trim().to_owned())
}

/// Looks process `pid` up.
pub fn look(pid: u32) -> Option<Process> {
    // The name may hold anything, a newline or a half character too.
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    parse(pid, &String::from_utf8_lossy(&stat))
}

/// Returns the process of this user whose last arguments are `arguments`.
pub fn with_arguments(arguments: &[&[u8]]) -> Option<Id> {
    let wanted: Vec<u8> = arguments.iter().fold(Vec::new(), |mut all, argument| {
        all.push(0);
        all.extend_from_slice(argument);
        all
    });
    let own = rustix::process::getuid().as_raw();
    let mut pids = fs::read_dir("/proc")
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.find_map(|pid| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let ours = fs::metadata(format!("/proc/{pid}")).ok()?.uid() == own;
        let same = line
            .strip_suffix(&[0])
            .is_some_and(|l| l.ends_with(&wanted));
        (ours && same).then(|| look(pid)).flatten().map(|p| p.id)
    })
}

/// Returns everything that descends from this process, parents before children.
pub fn descendants() -> Vec<Process> {
    below(std::process::id())
}

/// Returns everything that descends from process `root`, parents before children.
pub fn below(root: u32) -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let mut others: Vec<Process> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(look)
        .collect();
    let mut family = vec![root];
    let mut found = Vec::new();
    let mut next = 0;
    while let Some(&parent) = family.get(next) {
        next += 1;
        let (children, rest): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|p| p.parent == parent);
        others = rest;
        family.extend(children.iter().map(|child| child.id.pid));
        found.extend(children);
    }
    found
}

/// Takes notice of ended orphans that this subreaper inherited, all but `job`, whose end is awaited elsewhere.
pub fn reap_orphans(family: &[Process], job: Option<u32>) {
    let own = std::process::id();
    for orphan in family {
        let ours = orphan.parent == own && Some(orphan.id.pid) != job;
        if ours && orphan.life == Life::Zombie {
            let pid = i32::try_from(orphan.id.pid).ok().and_then(Pid::from_raw);
            waitpid(pid, WaitOptions::NOHANG).ok();
        }
    }
}

/// Field numbers after proc(5): 1 pid, 2 (name), 3 state, 4 parent, 5 group, 22 start.
fn parse(pid: u32, line: &str) -> Option<Process> {
    let (head, tail) = line.rsplit_once(')')?;
    let name = head.split_once('(')?.1.to_owned();
    let mut fields = tail.split_ascii_whitespace();
    let now = match fields.next()? {
        "Z" | "X" => Life::Zombie,
        _ => Life::Runs,
    };
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let start = fields.nth(16)?.parse().ok()?;
    Some(Process {
        id: Id { pid, start },
        parent,
        group,
        name,
        life: now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_blanks_is_read_whole() {
        let line = "42 (a) b (c) S 7 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 2";
        let process = parse(42, line).unwrap();
        assert_eq!(process.name, "a) b (c");
        assert_eq!((process.parent, process.id.start), (7, 98765));
    }

    #[test]
    fn this_process_is_alive_and_one_of_another_start_is_not() {
        let own = Id::own().unwrap();
        assert!(own.is_alive());
        let other = Id {
            start: own.start + 1,
            ..own
        };
        assert!(!other.is_alive());
        assert!(other.signal(Signal::TERM).is_err());
    }
}
