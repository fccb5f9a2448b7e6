//! How a driver begins and parts: what it pins is on the disk before the first record, and nobody drives beside it
//! until its process is gone. Seen through a library that is loaded before the system's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::stage::{Stage, wait};

/// Writes down what is flushed to the disk, and holds `holdpoint run` back at the very end of its process.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
static void told(int fd) {
  char link[64], name[4096], *to = getenv("FLUSHED");
  if (!to) return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  long n = readlink(link, name, sizeof name - 1);
  if (n < 0) return;
  name[n++] = '\n';
  int log = open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log >= 0) { if (write(log, name, n) < 0) {} close(log); }
}
int fsync(int fd) { told(fd); return (int)syscall(SYS_fsync, fd); }
int fdatasync(int fd) { told(fd); return (int)syscall(SYS_fdatasync, fd); }
__attribute__((destructor)) static void late(void) {
  char line[4096], go[4096], *held = getenv("HELD_BACK");
  int in = held ? open("/proc/self/cmdline", O_RDONLY) : -1;
  if (in < 0) return;
  long n = read(in, line, sizeof line);
  close(in);
  if (n < 0 || !memmem(line, n, "\0run\0", 5)) return;
  snprintf(go, sizeof go, "%s.go", held);
  close(open(held, O_WRONLY | O_CREAT, 0600));
  for (int i = 0; i < 3000 && access(go, F_OK) != 0; i++) usleep(10000);
}
"#;

fn shim(dir: &Path) -> PathBuf {
    let (source, library) = (dir.join("parting.c"), dir.join("parting.so"));
    fs::write(&source, SHIM).unwrap();
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(&source);
    assert!(cc.status().unwrap().success(), "no C compiler");
    library
}

const RUNBOOK: &str = r"
runbook: 1
title: Parting
targets: {there: {database: 'postgres://nobody@127.0.0.1:1/nothing'}}
phases:
  - phase: Work
    steps:
      - {step: Look at it, confirm: It looks well.}
      - {step: Change it, sql: {file: changes/one.sql}}
";

fn stage() -> Stage {
    let stage = Stage::with(RUNBOOK);
    fs::create_dir(stage.path("changes")).unwrap();
    fs::write(stage.path("changes/one.sql"), "select 1;\n").unwrap();
    let library = shim(&stage.path(""));
    stage.env("LD_PRELOAD", library)
}

#[test]
fn what_a_run_pins_is_on_the_disk_before_its_first_record() {
    let stage = stage();
    let flushed = stage.path("flushed");
    let stage = stage.env("FLUSHED", flushed.clone());
    let ended = stage.plain(&["run", "run.yaml", "--auto"]);
    assert_eq!(ended.status.code(), Some(5), "{ended:?}");
    let told = fs::read_to_string(&flushed).unwrap();
    let run = stage.run_dir();
    let within = |line: &str| Path::new(line).strip_prefix(&run).ok().map(Path::to_owned);
    let order: Vec<PathBuf> = told.lines().filter_map(within).collect();
    let first = |name: &str| order.iter().position(|p| p == Path::new(name));
    let record = first("journal.jsonl").expect("the journal is flushed");
    for name in [
        "runbook.yaml",
        "files/changes/one.sql",
        "files/changes",
        "files",
        "",
    ] {
        assert!(
            first(name).is_some_and(|at| at < record),
            "`{name}` was not flushed before the first record:\n{told}"
        );
    }
    let runs = run.parent().unwrap().display().to_string();
    assert!(told.lines().any(|line| line == runs), "{told}");
}

#[test]
fn nobody_drives_beside_a_process_that_is_still_ending() {
    let stage = stage();
    let held = stage.path("held");
    let stage = stage.env("HELD_BACK", held.clone());
    std::thread::scope(|scope| {
        let first = scope.spawn(|| stage.plain(&["run", "run.yaml", "--auto"]));
        wait("the first one's end", || held.exists());
        // It has said its last word; the system has not put it away yet.
        let second = stage.plain(&["resume", "--auto"]);
        let said = String::from_utf8_lossy(&second.stderr).into_owned();
        stage.touch("held.go");
        assert_ne!(second.status.code(), Some(5), "{said}");
        assert!(said.contains("drives this run, pid"), "{said}");
        assert_eq!(first.join().unwrap().status.code(), Some(5));
    });
    assert_eq!(stage.plain(&["resume", "--auto"]).status.code(), Some(5));
}
