//! The disk: full, out of reach, slow, read-only after an error. On small real file systems, so only for root.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use holdpoint::domain::run::event::Event;
use rustix::process::{Pid, Signal, kill_process};

use crate::faults::anybody_works;
use crate::pty::Pty;
use crate::stage::{Kind, Stage, until};

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
    let Some(disk) = Stage::mount(&Kind::Tmpfs) else {
        return;
    };
    let screen = disk.run();
    fill(&disk.path("disk/ballast"));
    disk.go();
    screen.wait_for("NOT RECORDED");
    screen.wait_for("the record cannot be written");
    screen.press("p");
    some_ticks();
    screen.wait_for("less than 256 KiB are free");
    assert_eq!(disk.effects("second"), 0, "{}", screen.screen());
    fs::remove_file(disk.path("disk/ballast")).unwrap();
    screen.wait_for("Enter opens the confirmation");
    screen.wait_gone("NOT RECORDED");
    disk.assert_done_once();
}

#[test]
fn a_run_directory_that_is_gone_is_said_and_the_run_goes_on_once_it_is_back() {
    let Some(disk) = Stage::mount(&Kind::Tmpfs) else {
        return;
    };
    let screen = disk.run();
    let (data, away) = (disk.path("disk/data"), disk.path("disk/away"));
    fs::rename(&data, &away).unwrap();
    screen.press("p");
    screen.wait_for("NOT RECORDED");
    disk.go();
    some_ticks();
    assert_eq!(disk.effects("second"), 0, "{}", screen.screen());
    fs::rename(&away, &data).unwrap();
    screen.wait_gone("NOT RECORDED");
    // That the operator held the run was kept and is recorded now.
    until("the hold to be recorded", || {
        disk.count(|e| matches!(e, Event::Held { .. })) == 1
    });
    assert_eq!(disk.effects("second"), 0);
    screen.wait_for("on hold");
    screen.release();
    screen.wait_for("Enter opens the confirmation");
    disk.assert_done_once();
}

#[test]
fn a_disk_that_hangs_holds_up_the_record_and_never_the_screen() {
    let Some(disk) = Stage::mount(&Kind::Ext4) else {
        return;
    };
    let screen = disk.run();
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
    assert!(answered < Duration::from_secs(10), "{answered:?}");
    println!("a key was answered after {answered:?} while the disk hung");
    until("the hold to be recorded", || {
        disk.count(|e| matches!(e, Event::Held { .. })) == 1
    });
    screen.release();
    screen.wait_for("Enter opens the confirmation");
    disk.assert_done_once();
}

#[test]
fn a_disk_that_turns_read_only_stops_the_run_and_after_its_repair_nothing_is_run_again() {
    let Some(disk) = Stage::mount(&Kind::Ext4) else {
        return;
    };
    let mut screen = disk.run();
    disk.break_it();
    screen.press("p");
    screen.wait_for("NOT RECORDED");
    let pid = Pid::from_raw(i32::try_from(screen.pid()).unwrap()).unwrap();
    kill_process(pid, Signal::HUP).unwrap();
    assert_eq!(screen.exit_without_terminal(), 5, "{}", screen.screen());
    disk.go();
    let run = disk.rundir();
    until("the step to end without a report", || {
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

/// A step that runs beside the others and never ends by itself, and one that waits for `go`.
const BESIDE: &str = "
runbook: 1
title: Disk
phases:
  - phase: One
    steps:
      - {step: Beside, id: beside, run: 'echo x >> WORK/first; while :; do sleep 0.05; done', background: until end of run}
      - {step: Gate, id: gate, run: 'echo x >> WORK/gate; while ! test -e WORK/go; do sleep 0.05; done'}
      - {step: Second, id: second, run: 'echo x >> WORK/second'}
      - {step: Look at it, confirm: It looks well.}
";

/// Stops the step that is shown, with a reason.
fn stop(screen: &mut Pty) {
    screen.press("x");
    screen.wait_for("Enter stops it");
    screen.press("it harms");
    screen.answer("Enter stops it");
}

#[test]
fn a_step_is_stopped_on_a_full_disk_and_that_is_recorded_once_there_is_room() {
    let Some(disk) = Stage::mount(&Kind::Tmpfs) else {
        return;
    };
    let text = BESIDE.replace("WORK", &disk.path("work").display().to_string());
    fs::write(disk.path("run.yaml"), text).unwrap();
    let mut screen = disk.run();
    until("the gate to be reached", || disk.effects("gate") == 1);
    fill(&disk.path("disk/ballast"));
    disk.go();
    screen.wait_for("NOT RECORDED");
    screen.press("\x1b[H"); // the first row
    screen.wait_for("Beside");
    assert!(anybody_works(&disk.rundir()));
    stop(&mut screen);
    until("the step to be gone", || !anybody_works(&disk.rundir()));
    screen.wait_for("NOT RECORDED");
    assert_eq!(disk.count(|e| matches!(e, Event::CancelAsked { .. })), 0);
    fs::remove_file(disk.path("disk/ballast")).unwrap();
    screen.wait_gone("NOT RECORDED");
    until("the rest to be done", || disk.effects("second") == 1);
    let journal = holdpoint::engine::store::read(&disk.rundir().journal()).unwrap();
    let told = journal.entries.iter().filter_map(|e| match &e.event {
        Event::CancelAsked { step, reason, .. } => Some(format!("{step} asked: {reason}")),
        Event::StepFinished(end) if end.step.as_str() == "beside" => {
            Some(format!("{} ended: {}", end.step, end.outcome.summary))
        }
        _ => None,
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        ["beside asked: it harms", "beside ended: stopped: it harms"]
    );
}

#[test]
fn a_step_is_stopped_although_its_directory_is_gone() {
    let Some(disk) = Stage::mount(&Kind::Tmpfs) else {
        return;
    };
    let mut screen = disk.run();
    let run = disk.rundir();
    let (data, away) = (disk.path("disk/data"), disk.path("disk/away"));
    fs::rename(&data, &away).unwrap();
    stop(&mut screen);
    let moved = holdpoint::engine::rundir::RunDir {
        path: away.join("runs").join(run.name()),
    };
    until("the step to be gone", || !anybody_works(&moved));
    fs::rename(&away, &data).unwrap();
    screen.wait_for("may have run"); // it could not leave its report where it belongs
    assert_eq!(disk.count(|e| matches!(e, Event::CancelAsked { .. })), 1);
    assert_eq!((disk.effects("first"), disk.effects("second")), (1, 0));
}

#[test]
fn what_somebody_else_writes_into_the_journal_is_kept_set_aside_and_told() {
    let stage = Stage::new();
    let screen = stage.run();
    let path = stage.rundir().journal();
    let mut journal = fs::OpenOptions::new().append(true).open(&path).unwrap();
    let foreign = "{\"prev\":\"0000\",\"seq\":99,\"type\":\"step.confirmed\"}\n";
    journal.write_all(foreign.as_bytes()).unwrap();
    screen.press("p");
    screen.wait_for("NOT RECORDED");
    screen.wait_gone("NOT RECORDED");
    let kept = fs::read_to_string(path.with_file_name("journal.jsonl.torn-1")).unwrap();
    assert_eq!(kept, foreign);
    let digest = holdpoint::domain::digest::sha256_hex(foreign.as_bytes());
    until("the hold to be recorded behind it", || {
        stage.count(|e| matches!(e, Event::Held { .. })) == 1
    });
    let told =
        stage.count(|e| matches!(e, Event::JournalRecovered { sha256, .. } if *sha256 == digest));
    assert_eq!(told, 1);
}
