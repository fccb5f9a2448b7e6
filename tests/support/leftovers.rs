//! What a test leaves running when it is through, or has failed: it is ended together with its place.
//!
//! A step outlives the screen that started it, and its supervisor the disk that its run lay on; that is the program's
//! promise, and no test's.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// Held beside a place: when it goes, whoever works below that place, or for a run that lies there, is ended.
pub struct Leftovers(PathBuf);

impl Leftovers {
    pub fn of(place: &Path) -> Self {
        Self(fs::canonicalize(place).unwrap())
    }
}

impl Drop for Leftovers {
    fn drop(&mut self) {
        // Who is ended may have started somebody a moment before.
        for _ in 0..50 {
            let left = at_work(&self.0);
            if left.is_empty() {
                return;
            }
            for pid in left {
                let _ = kill_process(pid, Signal::KILL);
            }
            sleep(Duration::from_millis(10));
        }
    }
}

fn at_work(place: &Path) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let found = processes.filter_map(|process| {
        let pid = process.file_name().to_str()?.parse().ok()?;
        let works_there =
            fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(place));
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let mut words = line.split(|byte| *byte == 0);
        // `__attempt RUN NAME`: the directory may be out of reach by now, its name is not.
        let works_for_it = words.nth(1).is_some_and(|word| word == b"__attempt")
            && words
                .next()
                .is_some_and(|run| Path::new(OsStr::from_bytes(run)).starts_with(place));
        (works_there || works_for_it).then(|| Pid::from_raw(pid))?
    });
    found.collect()
}
