//! What goes wrong: kills, and torn tails.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use holdpoint::engine::clock::process_start;
use holdpoint::engine::rundir::RunDir;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;

use crate::chance::Chance;
use crate::place::Place;

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// When the driving process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// As soon as so many records more than at its start are in the journal.
    Records(usize),
    /// After so many microseconds.
    Micros(u64),
    /// Not at all.
    Never,
}

/// Who dies with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Nobody: its step goes on.
    Driver,
    /// The running step's supervisor, and its child.
    All,
    /// The supervisor: its child goes on as an orphan.
    Supervisor,
}

impl Who {
    pub fn by(chance: &mut Chance) -> Self {
        match chance.below(20) {
            0..10 => Self::Driver,
            10..17 => Self::All,
            _ => Self::Supervisor,
        }
    }
}

/// What became of a driving process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was killed.
    Killed,
    /// It ended by itself.
    Exit(i32),
}

/// Returns the number of whole lines.
pub fn lines(journal: &Path) -> usize {
    fs::read(journal).map_or(0, |bytes| bytes.split(|b| *b == b'\n').count() - 1)
}

/// Waits for the end of `child`, or brings it about.
pub fn await_or_kill(mut child: Child, place: &Place, when: When, who: Who) -> End {
    let begun = Instant::now();
    let before = place.run().map_or(0, |run| lines(&run.journal()));
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return End::Exit(status.code().unwrap_or(-1));
        }
        let due = match when {
            When::Records(n) => place
                .run()
                .is_some_and(|run| lines(&run.journal()) >= before + n),
            When::Micros(n) => begun.elapsed() >= Duration::from_micros(n),
            When::Never => false,
        };
        if due {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "it hangs:\n{}", place.said());
        sleep(Duration::from_micros(200));
    }
    kill(child.id());
    if who != Who::Driver
        && let Some(run) = place.run()
    {
        kill_supervisors(&run, who);
    }
    let status = child.wait().unwrap();
    // It may have been quicker than its killer.
    status.code().map_or(End::Killed, End::Exit)
}

fn pid(number: u64) -> Option<Pid> {
    Pid::from_raw(i32::try_from(number).ok()?)
}

fn kill(number: u32) {
    kill_process(pid(number.into()).unwrap(), Signal::KILL).ok();
}

/// Kills whoever works for the run, and their children too unless they are to be orphans.
pub fn kill_supervisors(run: &RunDir, who: Who) {
    for attempt in attempts(run) {
        if attempt.join("exit.json").exists() {
            continue;
        }
        if let Some(supervisor) = alive(&attempt.join("lock")) {
            kill_process(supervisor, Signal::KILL).ok();
        }
        if who == Who::All
            && let Some(child) = alive(&attempt.join("job"))
        {
            kill_process_group(child, Signal::KILL).ok();
        }
    }
}

/// Whether anything still works for the run: supervisors, or orphans.
pub fn anybody_works(run: &RunDir) -> bool {
    attempts(run)
        .iter()
        .any(|dir| alive(&dir.join("lock")).is_some() || alive(&dir.join("job")).is_some())
}

fn attempts(run: &RunDir) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(run.path.join("attempts"))
        .into_iter()
        .flatten();
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect()
}

/// Returns the process that a file names, where that very process is alive.
fn alive(file: &Path) -> Option<Pid> {
    let said: Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    let (number, start) = (said["pid"].as_u64()?, said["start"].as_u64()?);
    let now = process_start(u32::try_from(number).ok()?)?;
    (now == start).then(|| pid(number))?
}

/// Tears the journal's tail: cuts its last record anywhere, or leaves the beginning of one more. Whether it did.
pub fn tear(run: &RunDir, chance: &mut Chance) -> bool {
    let path = run.journal();
    let bytes = fs::read(&path).unwrap();
    let ends: Vec<usize> = (1..=bytes.len())
        .filter(|n| bytes[n - 1] == b'\n')
        .collect();
    let [.., last, whole] = ends[..] else {
        return false;
    };
    let closed = String::from_utf8_lossy(&bytes).contains("\"type\":\"run.closed\"");
    if closed || whole < bytes.len() {
        return false; // nothing is written behind the last record; and one tail is enough
    }
    let part = usize::try_from(chance.below((whole - last - 1) as u64) + 1).unwrap();
    if chance.happens(50) {
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len((last + part) as u64).unwrap();
    } else {
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(&bytes[last..last + part]).unwrap();
    }
    true
}
