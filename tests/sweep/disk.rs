//! The disk: full, out of reach, slow, read-only after an error. On small real file systems, so only for root.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use holdpoint::domain::run::event::Event;
use rustix::process::{Pid, Signal, kill_process};

use crate::faults::anybody_works;
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
    let Some(disk) = Stage::mount(&Kind::Tmpfs) else {
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
    until("the hold to be recorded", || {
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
    let Some(disk) = Stage::mount(&Kind::Ext4) else {
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
    until("the hold to be recorded", || {
        disk.count(|e| matches!(e, Event::Held { .. })) == 1
    });
    screen.press("p");
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
    assert_eq!(screen.ends(), 5, "{}", screen.text());
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
