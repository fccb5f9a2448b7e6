//! The disk: full, out of reach, slow, read-only after an error. On small real file systems, so only for root.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use holdpoint::domain::run::event::Event;
use holdpoint::engine::rundir::RunDir;
use holdpoint::engine::store;
use portable_pty::CommandBuilder;
use rustix::process::{Pid, Signal, kill_process};

use crate::faults::{PATIENCE, anybody_works};
use crate::screen::Screen;

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
enum Kind {
    /// One mebibyte of memory.
    Tmpfs,
    /// Some of ext4 in a file, which turns read-only at an error.
    Ext4,
}

/// A work directory, and beside it a small file system with the data.
struct Disk {
    dir: tempfile::TempDir,
}

impl Disk {
    /// Mounts one; `None`, said aloud: this user or machine may not mount.
    fn mount(kind: &Kind) -> Option<Self> {
        let disk = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        for sub in ["home", "work", "disk"] {
            fs::create_dir(disk.path(sub)).unwrap();
        }
        let text = RUNBOOK.replace("WORK", &disk.path("work").display().to_string());
        fs::write(disk.path("run.yaml"), text).unwrap();
        let image = disk.path("image");
        let mounted = match kind {
            Kind::Tmpfs => disk.does("mount -t tmpfs -o size=1m tmpfs disk"),
            Kind::Ext4 => {
                fs::File::create(&image).unwrap().set_len(16 << 20).unwrap();
                disk.does("mkfs.ext4 -q -F image")
                    && disk.does("mount -o loop,errors=remount-ro image disk")
            }
        };
        if !rustix::process::getuid().is_root() || !mounted {
            eprintln!("SKIPPED: this test mounts a small file system, and may not here");
            return None;
        }
        Some(disk)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs a command line in the directory; whether it succeeded.
    fn does(&self, line: &str) -> bool {
        let mut words = line.split(' ');
        let mut command = Command::new(words.next().unwrap());
        let output = command.args(words).current_dir(self.dir.path()).output();
        output.is_ok_and(|output| output.status.success())
    }

    fn start(&self, args: &[&str]) -> Screen {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_holdpoint"));
        command.args(args);
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env("HOME", self.path("home"));
        command.env("HOLDPOINT_DATA", self.path("disk/data"));
        command.cwd(self.dir.path());
        Screen::start(command)
    }

    /// Starts the run and waits until its first step works.
    fn run(&self) -> Screen {
        let screen = self.start(&["run", "run.yaml"]);
        self.until("the first step to work", || self.effects("first") == 1);
        screen.wait_for("recording");
        screen
    }

    fn rundir(&self) -> RunDir {
        let mut runs = fs::read_dir(self.path("disk/data/runs")).unwrap();
        RunDir {
            path: runs.next().unwrap().unwrap().path(),
        }
    }

    fn effects(&self, step: &str) -> usize {
        let text = fs::read_to_string(self.path("work").join(step)).unwrap_or_default();
        text.lines().count()
    }

    /// Lets the first step end.
    fn go(&self) {
        fs::write(self.path("work/go"), "").unwrap();
    }

    fn until(&self, what: &str, done: impl Fn() -> bool) {
        let begun = Instant::now();
        while !done() {
            assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
            sleep(Duration::from_millis(10));
        }
    }

    fn count(&self, which: impl Fn(&Event) -> bool) -> usize {
        let journal = store::read(&self.rundir().journal()).unwrap();
        journal.entries.iter().filter(|e| which(&e.event)).count()
    }

    /// Both steps were started once, have ended once, and did once what they do.
    fn assert_done_once(&self) {
        assert_eq!(self.count(|e| matches!(e, Event::StepStarted(_))), 2);
        assert_eq!(self.count(|e| matches!(e, Event::StepFinished(_))), 2);
        assert_eq!((self.effects("first"), self.effects("second")), (1, 1));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.does("fsfreeze -u disk");
        self.does("umount -l disk");
    }
}

fn fill(path: &Path) {
    let mut file = fs::File::create(path).unwrap();
    while file.write_all(&[0; 1024]).is_ok() {}
}

/// A wait that ends when nothing happened: the program had the time to do wrong, several ticks of it.
fn some_ticks() {
    sleep(Duration::from_millis(1_500));
}

#[test]
fn a_full_disk_starts_no_step_and_the_run_goes_on_once_there_is_room() {
    let Some(disk) = Disk::mount(&Kind::Tmpfs) else {
        return;
    };
    let mut screen = disk.run();
    fill(&disk.path("disk/ballast"));
    disk.go();
    screen.wait_for("NOT RECORDED");
    screen.wait_for("the record cannot be written");
    screen.press("p");
    some_ticks();
    screen.wait_for("less than 256 KiB are free");
    assert_eq!(disk.effects("second"), 0, "{}", screen.text());
    fs::remove_file(disk.path("disk/ballast")).unwrap();
    screen.wait_for("Enter opens the confirmation");
    screen.wait_gone("NOT RECORDED");
    disk.assert_done_once();
}

#[test]
fn a_run_directory_that_is_gone_is_said_and_the_run_goes_on_once_it_is_back() {
    let Some(disk) = Disk::mount(&Kind::Tmpfs) else {
        return;
    };
    let mut screen = disk.run();
    let (data, away) = (disk.path("disk/data"), disk.path("disk/away"));
    fs::rename(&data, &away).unwrap();
    screen.press("p");
    screen.wait_for("NOT RECORDED");
    disk.go();
    some_ticks();
    assert_eq!(disk.effects("second"), 0, "{}", screen.text());
    fs::rename(&away, &data).unwrap();
    screen.wait_gone("NOT RECORDED");
    // That the operator held the run was kept and is recorded now.
    disk.until("the hold to be recorded", || {
        disk.count(|e| matches!(e, Event::Held { .. })) == 1
    });
    assert_eq!(disk.effects("second"), 0);
    screen.wait_for("on hold");
    screen.press("p");
    screen.wait_for("Enter opens the confirmation");
    disk.assert_done_once();
}

#[test]
fn a_disk_that_hangs_holds_up_the_record_and_never_the_screen() {
    let Some(disk) = Disk::mount(&Kind::Ext4) else {
        return;
    };
    let mut screen = disk.run();
    assert!(disk.does("fsfreeze -f disk"));
    screen.press("p");
    screen.wait_for("saving");
    let asked = Instant::now();
    screen.press("?");
    screen.wait_for("Keys");
    let answered = asked.elapsed();
    screen.press("\x1b");
    screen.wait_for("saving");
    disk.go();
    some_ticks();
    assert_eq!(disk.effects("second"), 0);
    assert!(disk.does("fsfreeze -u disk"));
    screen.wait_for("recording");
    assert!(answered < Duration::from_secs(2), "{answered:?}");
    println!("a key was answered after {answered:?} while the disk hung");
    disk.until("the hold to be recorded", || {
        disk.count(|e| matches!(e, Event::Held { .. })) == 1
    });
    screen.press("p");
    screen.wait_for("Enter opens the confirmation");
    disk.assert_done_once();
}

#[test]
fn a_disk_that_turns_read_only_stops_the_run_and_after_its_repair_nothing_is_run_again() {
    let Some(disk) = Disk::mount(&Kind::Ext4) else {
        return;
    };
    let mut screen = disk.run();
    disk.break_it();
    screen.press("p");
    screen.wait_for("NOT RECORDED");
    let pid = Pid::from_raw(i32::try_from(screen.pid()).unwrap()).unwrap();
    kill_process(pid, Signal::HUP).unwrap();
    assert_eq!(screen.ends(), 5, "{}", screen.text());
    disk.go();
    let run = disk.rundir();
    disk.until("the step to end without a report", || {
        crate::faults::kill_supervisors(&run, crate::faults::Who::All);
        !anybody_works(&run)
    });
    assert!(disk.does("umount disk"));
    disk.does("e2fsck -fy image"); // says 1 where it repaired something
    assert!(disk.does("mount -o loop image disk"));
    let screen = disk.start(&["resume", "--reason", "the disk was repaired"]);
    screen.wait_for("may have run");
    some_ticks();
    assert_eq!((disk.effects("first"), disk.effects("second")), (1, 0));
    assert_eq!(
        disk.count(|e| matches!(e, Event::StepInterrupted { .. })),
        1
    );
}

impl Disk {
    /// Makes the kernel find an error in the file system, as a dying disk does.
    fn break_it(&self) {
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
