//! A run of one step, on the screen.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::Done;
use crate::support::place::{PROGRAM, Place};
use crate::support::terminal::Terminal;

/// A step that waits until it is ended.
pub const QUIET: &str = "echo calm; echo $$ > pid; exec sleep 1000";

/// A run of one step, on the screen.
pub struct Stage {
    place: Place,
    /// Its terminal.
    pub terminal: Terminal,
}

impl Stage {
    /// Starts a run whose one step is `script`, with the database at `url`.
    pub fn start(script: &str, url: Option<&str>) -> Done<Self> {
        Self::start_with(Path::new(PROGRAM), script, url)
    }

    /// Does it with another build of the program.
    pub fn start_with(program: &Path, script: &str, url: Option<&str>) -> Done<Self> {
        let place = Place::new()?;
        let target = match url {
            Some(_) => "targets: {shop: {database: '${DATABASE_URL}'}}",
            None => "",
        };
        let book = format!(
            "
runbook: 1
title: One long step
{target}
phases:
  - phase: Work
    steps:
      - step: Print
        run: |
          {script}
        timeout: 1h
      - {{step: Look, confirm: It is over.}}
"
        );
        fs::write(place.path("work/run.yaml"), book)?;
        let mut command = place.command(&[
            program.as_os_str(),
            OsStr::new("run"),
            OsStr::new("run.yaml"),
        ]);
        if let Some(url) = url {
            command.env("DATABASE_URL", url);
        }
        let terminal = Terminal::start(command)?;
        Ok(Self { place, terminal })
    }

    fn run_dir(&self) -> Done<PathBuf> {
        let run = fs::read_dir(self.place.path("data/runs"))?.next();
        Ok(run.ok_or("there is no run")??.path())
    }

    /// Returns the first record of this `kind`; `None`: there is none yet.
    pub fn record(&self, kind: &str) -> Done<Option<Value>> {
        let journal = fs::read_to_string(self.run_dir()?.join("journal.jsonl"))?;
        let whole = journal.rfind('\n').map_or("", |end| &journal[..end]);
        for line in whole.lines() {
            let record: Value = serde_json::from_str(line)?;
            if record["type"] == kind {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// Ends the screen, then the step if it is a quiet one.
    pub fn end(self) -> Done {
        let run = self.run_dir()?;
        let pid = fs::read_to_string(self.place.path("work/pid"));
        self.terminal.end()?;
        let Ok(pid) = pid else { return Ok(()) };
        let pid = Pid::from_raw(pid.trim().parse()?).ok_or("the step wrote no pid")?;
        kill_process(pid, Signal::TERM)?;
        let deadline = Instant::now() + Duration::from_secs(30);
        while !run.join("attempts/01.1/exit.json").exists() {
            if Instant::now() > deadline {
                return Err("the step does not end".into());
            }
            sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}
