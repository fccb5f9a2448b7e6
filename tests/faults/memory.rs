//! How much memory a process uses of its own, pages of files aside: sampled while it works.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::stage::Stage;

/// The most that the program's screen and its supervisors have used, in kilobytes.
#[derive(Debug, Default, Clone)]
pub struct Peaks {
    pub screen_kb: u64,
    /// By the attempt's name.
    pub supervisors_kb: BTreeMap<String, u64>,
    /// Every command line of a process below the screen or a supervisor.
    pub commands: Vec<String>,
}

/// Looks at processes until it is asked what it saw.
pub struct Watcher {
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<Peaks>>,
    thread: JoinHandle<()>,
}

impl Watcher {
    /// Watches the screen `pid` and the supervisors of the only run of `stage`. A step of attempt `NN.A` that has made
    /// the file `printed-NN.A` finds `seen-NN.A` once its supervisor was looked at after that.
    pub fn start(pid: u32, stage: &Stage) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::new(Mutex::new(Peaks::default()));
        let (stopped, peaks) = (Arc::clone(&stop), Arc::clone(&seen));
        let (place, work) = (stage.data().display().to_string(), stage.path(""));
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                look(pid, &place, &work, &mut peaks.lock().unwrap());
                thread::sleep(Duration::from_millis(20));
            }
        });
        Self { stop, seen, thread }
    }

    pub fn end(self) -> Peaks {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        self.seen.lock().unwrap().clone()
    }
}

fn look(screen: u32, place: &str, work: &Path, peaks: &mut Peaks) {
    peaks.screen_kb = peaks.screen_kb.max(own_kb(screen).unwrap_or(0));
    for (pid, parent, words) in processes() {
        let line = words.join(" ");
        let supervisor = is_supervisor(&words, place);
        if supervisor {
            let name = words.get(3).cloned().unwrap_or_default();
            let printed = work.join(format!("printed-{name}")).exists();
            let most = peaks.supervisors_kb.entry(name.clone()).or_default();
            *most = (*most).max(own_kb(pid).unwrap_or(0));
            if printed {
                fs::write(work.join(format!("seen-{name}")), "").unwrap();
            }
        }
        let above = || is_supervisor(&self::words(parent).unwrap_or_default(), place);
        let below = parent == screen || pid == screen || above();
        if (supervisor || below) && !peaks.commands.contains(&line) {
            peaks.commands.push(line);
        }
    }
}

fn is_supervisor(words: &[String], place: &str) -> bool {
    let is = |at: usize, holds: &dyn Fn(&String) -> bool| words.get(at).is_some_and(holds);
    is(1, &|word| word == "__attempt") && is(2, &|dir| dir.starts_with(place))
}

fn processes() -> Vec<(u32, u32, Vec<String>)> {
    let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let parent = field(pid, "PPid:")?;
        Some((pid, u32::try_from(parent).ok()?, words(pid)?))
    });
    pids.collect()
}

fn words(pid: u32) -> Option<Vec<String>> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words = line.split(|b| *b == 0);
    Some(
        words
            .map(|w| String::from_utf8_lossy(w).into_owned())
            .collect(),
    )
}

/// What a process uses and no file backs.
pub fn own_kb(pid: u32) -> Option<u64> {
    Some(field(pid, "RssAnon:")? + field(pid, "RssShmem:")?)
}

fn field(pid: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
