//! A place for one short story: a runbook, the program's data, and what its steps have done.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use holdpoint::domain::run::event::Event;
use holdpoint::engine::rundir::RunDir;
use holdpoint::engine::store;
use portable_pty::CommandBuilder;

use crate::faults::PATIENCE;
use crate::leftovers::Leftovers;
use crate::pty::Pty;

const RUNBOOK: &str = "
runbook: 1
title: Disk
phases:
  - phase: One
    steps:
      - {step: First, id: first, run: 'echo x >> WORK/first; while ! test -e WORK/go; do sleep 0.05; done'}
      - {step: Second, id: second, run: 'echo x >> WORK/second'}
      - {step: Look at it, confirm: It looks well.}
";

/// What is mounted.
pub enum Kind {
    /// One mebibyte of memory.
    Tmpfs,
    /// Some of ext4 in a file, which turns read-only at an error.
    Ext4,
}

/// A work directory, and beside it a small file system with the data.
pub struct Stage {
    // In front of the directory, for it goes first.
    _leftovers: Leftovers,
    dir: tempfile::TempDir,
}

impl Stage {
    /// A place on the disk that is there.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let stage = Self {
            _leftovers: Leftovers::of(dir.path()),
            dir,
        };
        for sub in ["home", "work", "disk"] {
            fs::create_dir(stage.path(sub)).unwrap();
        }
        let text = RUNBOOK.replace("WORK", &stage.path("work").display().to_string());
        fs::write(stage.path("run.yaml"), text).unwrap();
        stage
    }

    /// A place whose data lie on a small disk; `None`, said aloud: this user or machine may not mount.
    pub fn mount(kind: &Kind) -> Option<Self> {
        let stage = Self::new();
        let mounted = match kind {
            Kind::Tmpfs => stage.does("mount -t tmpfs -o size=1m tmpfs disk"),
            Kind::Ext4 => {
                let image = fs::File::create(stage.path("image")).unwrap();
                image.set_len(16 << 20).unwrap();
                stage.does("mkfs.ext4 -q -F image")
                    && stage.does("mount -o loop,errors=remount-ro image disk")
            }
        };
        if !rustix::process::getuid().is_root() || !mounted {
            eprintln!("SKIPPED: this test mounts a small file system, and may not here");
            return None;
        }
        Some(stage)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs a command line in the directory; whether it succeeded.
    pub fn does(&self, line: &str) -> bool {
        let mut words = line.split(' ');
        let mut command = Command::new(words.next().unwrap());
        let output = command.args(words).current_dir(self.dir.path()).output();
        output.is_ok_and(|output| output.status.success())
    }

    pub fn start(&self, args: &[&str]) -> Pty {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_holdpoint"));
        command.args(args);
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env("HOME", self.path("home"));
        command.env("HOLDPOINT_DATA", self.path("disk/data"));
        command.cwd(self.dir.path());
        Pty::start(command, (140, 40), PATIENCE)
    }

    /// Runs the program without a terminal to its end; returns its exit code and what it said on standard error.
    pub fn said(&self, args: &[&str]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_holdpoint"));
        command.args(args).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.path("home"));
        command.env("HOLDPOINT_DATA", self.path("disk/data"));
        command.current_dir(self.dir.path()).stdin(Stdio::null());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap_or(-1), said)
    }

    /// Starts the run and waits until its first step works.
    pub fn run(&self) -> Pty {
        let screen = self.start(&["run", "run.yaml"]);
        until("the first step to work", || self.effects("first") == 1);
        screen.wait_for("recording");
        screen
    }

    pub fn rundir(&self) -> RunDir {
        let mut runs = fs::read_dir(self.path("disk/data/runs")).unwrap();
        RunDir {
            path: runs.next().unwrap().unwrap().path(),
        }
    }

    pub fn effects(&self, step: &str) -> usize {
        let text = fs::read_to_string(self.path("work").join(step)).unwrap_or_default();
        text.lines().count()
    }

    /// Lets the first step end.
    pub fn go(&self) {
        fs::write(self.path("work/go"), "").unwrap();
    }

    pub fn count(&self, which: impl Fn(&Event) -> bool) -> usize {
        let journal = store::read(&self.rundir().journal()).unwrap();
        journal.entries.iter().filter(|e| which(&e.event)).count()
    }

    /// Both steps were started once, have ended once, and did once what they do.
    pub fn assert_done_once(&self) {
        assert_eq!(self.count(|e| matches!(e, Event::StepStarted(_))), 2);
        assert_eq!(self.count(|e| matches!(e, Event::StepFinished(_))), 2);
        assert_eq!((self.effects("first"), self.effects("second")), (1, 1));
    }

    /// Makes the kernel find an error in the file system, as a dying disk does.
    pub fn break_it(&self) {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
        let at = self.path("disk").display().to_string();
        let device = mounts
            .lines()
            .find_map(|line| {
                let mut words = line.split(' ');
                let (device, dir) = (words.next()?, words.next()?);
                (dir == at).then(|| device.trim_start_matches("/dev/").to_owned())
            })
            .unwrap();
        fs::write(format!("/sys/fs/ext4/{device}/trigger_fs_error"), "1").unwrap();
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.does("fsfreeze -u disk");
        self.does("umount -l disk");
    }
}

/// Waits until `done`.
pub fn until(what: &str, done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        sleep(Duration::from_millis(10));
    }
}
