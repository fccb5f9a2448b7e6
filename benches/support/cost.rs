//! What processes cost: processor time to the nanosecond, and memory.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use crate::support::Done;

/// The processor time of some processes, each of their threads, the ended ones too.
///
/// `/proc/PID/stat` counts in steps of 10 ms, which is more than some monitors take in half a minute; `schedstat` beside
/// it counts the same time in nanoseconds.
#[derive(Debug, Default)]
pub struct Cost {
    threads: BTreeMap<(u32, u32), Spent>,
}

#[derive(Debug, Default)]
struct Spent {
    first: u64,
    last: u64,
}

impl Cost {
    /// Looks at the process `pid`: its threads' time is counted from the first look on, new threads' from their start.
    pub fn look(&mut self, pid: u32) {
        let known = self.threads.keys().any(|(process, _)| *process == pid);
        let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else {
            return;
        };
        for task in tasks.flatten() {
            let Ok(thread) = task.file_name().to_string_lossy().parse() else {
                continue;
            };
            if known {
                self.threads.entry((pid, thread)).or_default();
            }
            self.look_at_thread(pid, thread);
        }
    }

    /// Looks at one thread of the process `pid`: its time is counted from the first look on.
    pub fn look_at_thread(&mut self, pid: u32, thread: u32) {
        let spent = fs::read_to_string(format!("/proc/{pid}/task/{thread}/schedstat"));
        let spent = spent.ok().and_then(|s| s.split(' ').next()?.parse().ok());
        let Some(now) = spent else {
            return; // it has ended meanwhile
        };
        let first = Spent {
            first: now,
            last: now,
        };
        self.threads.entry((pid, thread)).or_insert(first).last = now;
    }

    /// Returns the time spent between the first look and the last.
    pub fn spent(&self) -> Duration {
        let all = self.threads.values().map(|spent| spent.last - spent.first);
        Duration::from_nanos(all.sum())
    }
}

/// Returns how many kilobytes of memory the process `pid` has at the moment.
pub fn memory_kb(pid: u32) -> Done<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    let number = line.and_then(|l| l.split_whitespace().next());
    Ok(number.ok_or("the system does not say VmRSS")?.parse()?)
}
