//! The wall clock is set while steps run: by a library that is loaded before the system's and adds what a file says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use holdpoint::domain::run::event::{Event, NoteKind};
use holdpoint::domain::run::state::RunState;
use holdpoint::engine::store::{self, Store};

use crate::stage::{Stage, wait};

/// Moves `CLOCK_REALTIME` alone, as `settimeofday` does; and takes from `CLOCK_MONOTONIC` the time that was slept.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *to) {
  long got = syscall(SYS_clock_gettime, id, to);
  const char *name = id == CLOCK_REALTIME ? getenv("MOVED_CLOCK") : 0;
  FILE *file = name ? fopen(name, "r") : 0;
  long seconds = 0;
  if (file) {
    if (fscanf(file, "%ld", &seconds) == 1) to->tv_sec += seconds;
    fclose(file);
  }
  name = id == CLOCK_MONOTONIC ? getenv("SLEPT_CLOCK") : 0;
  file = name ? fopen(name, "r") : 0;
  if (file) {
    if (fscanf(file, "%ld", &seconds) == 1) to->tv_sec -= seconds;
    fclose(file);
  }
  return (int)got;
}
"#;

/// Builds the library; `None`: there is no C compiler, and without one no Rust linker either.
fn shim(dir: &Path) -> Option<PathBuf> {
    let (source, library) = (dir.join("clock.c"), dir.join("clock.so"));
    fs::write(&source, SHIM).unwrap();
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(&source);
    cc.status().ok()?.success().then_some(library)
}

const RUNBOOK: &str = r"
runbook: 1
title: Clocks
phases:
  - phase: Work
    steps:
      - step: Long work
        id: work
        timeout: 10m
        run: touch begun; while ! test -e go; do sleep 0.05; done
      - {step: Watch, id: watch, watch: {for: 4s}}
      - {step: Look at it, confirm: It looks well.}
";

fn moved(by_seconds: i64) {
    let stage = Stage::with(RUNBOOK);
    let library = shim(&stage.path("")).expect("a C compiler");
    let (clock, next) = (stage.path("moved"), stage.path("next"));
    let set = |seconds: i64| {
        // Whole or not at all: a reader never sees half a number.
        fs::write(&next, seconds.to_string()).unwrap();
        fs::rename(&next, &clock).unwrap();
    };
    set(0);
    let stage = stage.env("LD_PRELOAD", &library).env("MOVED_CLOCK", &clock);
    let mut screen = stage.run();
    let asked = Instant::now();
    wait("the work to begin", || stage.path("begun").exists());
    thread::sleep(Duration::from_millis(500));
    set(by_seconds);
    thread::sleep(Duration::from_millis(1_500));
    let shown = screen.screen();
    stage.touch("go");
    let work = stage.wait_events("step.finished", 1)[0].clone();
    let longest = asked.elapsed().as_millis();
    let took = work["outcome"]["duration_ms"].as_u64().unwrap();
    assert!(
        (2_000..=u64::try_from(longest).unwrap()).contains(&took),
        "{took} of {longest}"
    );
    assert!(
        shown.contains("running 0:"),
        "the elapsed time jumped:\n{shown}"
    );
    stage.wait_events("step.started", 2);
    let watched = Instant::now();
    thread::sleep(Duration::from_secs(1));
    set(-by_seconds);
    let watch = stage.wait_events("step.finished", 2)[1].clone();
    let waited = watched.elapsed().as_millis();
    let took = watch["outcome"]["duration_ms"].as_u64().unwrap();
    println!(
        "moved by {by_seconds} s: the watch of 4 s took {took} ms, {waited} ms as seen from here"
    );
    assert_eq!(watch["outcome"]["ended"], "passed");
    // The clock was moved by hours: a minute is what a busy machine may take.
    assert!((4_000..60_000).contains(&took), "{took}");
    assert!((3_000..60_000).contains(&waited), "{waited}");
    screen.wait_for("Enter opens the confirmation");
    screen.leave();
    check_record(&stage, by_seconds);
}

fn check_record(stage: &Stage, by_seconds: i64) {
    let journal = stage.journal();
    let mono = journal
        .iter()
        .map(|entry| entry["mono_ms"].as_u64().unwrap());
    let mono: Vec<u64> = mono.collect();
    assert!(
        mono.is_sorted() && mono[mono.len() - 1] < 600_000,
        "{mono:?}"
    );
    let log = stage.log();
    let said: Vec<&str> = log.lines().filter(|line| line.contains("clock")).collect();
    println!("{said:#?}");
    let jumps = said
        .iter()
        .filter(|line| line.contains("wall clock"))
        .count();
    assert!(jumps >= 2, "moved by {by_seconds} s: {said:#?}");
    stage.assert_verifies();
}

#[test]
fn a_clock_that_is_set_forward_and_back_again_moves_no_step() {
    moved(3 * 3_600);
}

#[test]
fn a_clock_that_is_set_back_and_forward_again_moves_no_step() {
    moved(-26 * 3_600);
}

#[test]
fn the_journal_takes_records_in_their_order_whatever_the_wall_clock_says() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.jsonl");
    let note = |text: &str| Event::Note {
        kind: NoteKind::Remark,
        step: None,
        text: text.to_owned(),
    };
    let mut store = Store::open(&path).unwrap().store;
    let first = store.append("dana@example.com", &[note("one")]).unwrap();
    thread::sleep(Duration::from_millis(30));
    let then = store.append("dana@example.com", &[note("two")]).unwrap();
    assert!(
        then[0].mono_ms >= first[0].mono_ms + 30,
        "{first:?} {then:?}"
    );
    drop(store);
    // What another machine with another clock wrote is read as it stands: order is the chain's.
    let journal = store::read(&path).unwrap();
    let mut back = journal.entries.clone();
    back[1].t = "2001-01-01T00:00:00.000Z".to_owned();
    let line = back[0].encode(holdpoint::domain::journal::GENESIS).unwrap();
    let head = holdpoint::domain::digest::sha256_hex(line.as_bytes());
    fs::write(&path, line + &back[1].encode(&head).unwrap()).unwrap();
    let read = store::read(&path).unwrap();
    assert_eq!(read.entries, back);
    assert_eq!(RunState::fold(&read.entries).notes.len(), 2);
}

/// Every process of the run but this test.
fn processes(stage: &Stage) -> Vec<rustix::process::Pid> {
    let here = stage.path("").canonicalize().unwrap();
    let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let entry = entry.unwrap();
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        let at = fs::read_link(entry.path().join("cwd")).ok()?;
        (at == here).then(|| rustix::process::Pid::from_raw(pid))?
    });
    pids.collect()
}

#[test]
fn a_suspend_is_told_and_is_no_time_in_which_anybody_watched() {
    const SLEPT: u64 = 6;
    let book = "
runbook: 1
title: Suspended
phases:
  - phase: Work
    steps:
      - {step: Watch, id: watch, watch: {for: 5s}}
      - {step: Look at it, confirm: It looks well.}
";
    let stage = Stage::with(book);
    let library = shim(&stage.path("")).expect("a C compiler");
    let (clock, next) = (stage.path("slept"), stage.path("next"));
    let set = |seconds: u64| {
        fs::write(&next, seconds.to_string()).unwrap();
        fs::rename(&next, &clock).unwrap();
    };
    set(0);
    let stage = stage.env("LD_PRELOAD", &library).env("SLEPT_CLOCK", &clock);
    let mut screen = stage.run();
    stage.wait_events("step.started", 1);
    thread::sleep(Duration::from_millis(1_500));
    // As in a suspend: everything stands still, and so does the one clock; the others go on.
    let all = processes(&stage);
    assert!(!all.is_empty());
    let signal = |signal| {
        for pid in &all {
            rustix::process::kill_process(*pid, signal).unwrap();
        }
    };
    signal(rustix::process::Signal::STOP);
    thread::sleep(Duration::from_secs(SLEPT));
    set(SLEPT);
    signal(rustix::process::Signal::CONT);
    let told = stage.wait_events("machine.suspended", 1)[0]["for_ms"].as_u64();
    println!("suspended for {SLEPT} s, told as {told:?} ms");
    assert!((SLEPT * 1_000 - 1_500..SLEPT * 1_000 + 500).contains(&told.unwrap()));
    let watch = stage.wait_events("step.finished", 1)[0].clone();
    assert_eq!(watch["outcome"]["ended"], "passed");
    let ended = stage
        .journal()
        .into_iter()
        .find(|e| e["type"] == "step.finished")
        .unwrap();
    let began = stage
        .journal()
        .into_iter()
        .find(|e| e["type"] == "step.started")
        .unwrap();
    let spent = ended["mono_ms"].as_u64().unwrap() - began["mono_ms"].as_u64().unwrap();
    assert!(
        spent >= 5_000 + SLEPT * 1_000 - 1_000,
        "watched for its time beside the suspend: {spent}"
    );
    screen.wait_for("Enter opens the confirmation");
    screen.leave();
    let log = stage.log();
    assert!(log.contains("**The machine was suspended**"), "{log}");
    assert!(!log.contains("wall clock moved"), "{log}");
    stage.assert_verifies();
}
