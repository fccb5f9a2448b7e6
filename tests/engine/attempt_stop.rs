//! Attempts that are stopped, orphaned, or leave something behind.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use holdpoint::domain::attempt::{Ended, ShellWork, TerminalUse, Work};
use holdpoint::domain::runbook::model::StopSignal;
use holdpoint::engine::attempt::{
    AttemptError, AttemptState, cancel, launch_interactive_with, launch_with, state,
};

use crate::workshop::{PROGRAM, Workshop, assignment, eventually, runs, script, shell};

/// A grace that no busy machine makes too short, for those that end when they are asked to.
const PATIENT_MS: u64 = 30_000;

/// Reads a number that a script wrote.
fn number(path: &Path) -> u32 {
    eventually(|| fs::read_to_string(path).ok()?.trim().parse().ok())
}

fn kill(pid: u32) {
    kill_process(
        Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(),
        Signal::KILL,
    )
    .unwrap();
}

#[test]
fn a_timeout_ends_a_child_that_ignores_the_polite_signal() {
    let shop = Workshop::new();
    let mut work = script("trap '' TERM INT; echo $$ ; while true; do sleep 0.05; done");
    // Long enough for a shell to come to its trap on a busy machine.
    work.timeout_ms = Some(3_000);
    let outcome = shop.run(&work);
    assert_eq!(outcome.ended, Ended::TimedOut);
    let said = outcome.summary.strip_prefix("stopped after ");
    let said = said.and_then(|said| said.strip_suffix(" s (timeout)"));
    let after: f64 = said.and_then(|s| s.parse().ok()).expect("its time is told");
    assert!(after >= 3.5, "the grace was cut short: {}", outcome.summary);
    assert!(outcome.left_behind.is_empty());
    let pid: u32 = shop.output("01.1").trim().parse().unwrap();
    assert!(!runs(pid));
}

#[test]
fn a_cancel_is_polite_first_and_asking_twice_is_asking_once() {
    let shop = Workshop::new();
    let mut work = script("trap 'echo tidied; exit 0' TERM; echo ready; while :; do :; done");
    work.grace_ms = PATIENT_MS;
    shop.launch("01.1", &work).unwrap();
    eventually(|| {
        fs::read_to_string(shop.output_path("01.1"))
            .ok()
            .filter(|o| o == "ready\n")
    });
    cancel(shop.path(), "01.1").unwrap();
    cancel(shop.path(), "01.1").ok();
    let outcome = shop.outcome("01.1");
    assert_eq!(outcome.ended, Ended::Cancelled);
    assert!(outcome.summary.ends_with("(asked to)"));
    assert_eq!(shop.output("01.1"), "ready\ntidied\n");
    assert!(matches!(
        cancel(shop.path(), "01.1"),
        Err(AttemptError::NotRunning(_))
    ));
}

#[test]
fn a_step_that_wants_an_interrupt_gets_it_first() {
    let shop = Workshop::new();
    let mut work = shell(
        "trap 'echo interrupted' INT; trap 'echo terminated; exit 1' TERM; echo ready; while :; do :; done",
    );
    work.stop = StopSignal::Int;
    let mut work = assignment(Work::Shell(work));
    work.grace_ms = 4_000; // half of it passes: the interrupt alone does not end it
    shop.launch("01.1", &work).unwrap();
    eventually(|| {
        fs::read_to_string(shop.output_path("01.1"))
            .ok()
            .filter(|o| o == "ready\n")
    });
    cancel(shop.path(), "01.1").unwrap();
    assert_eq!(shop.outcome("01.1").ended, Ended::Cancelled);
    assert_eq!(shop.output("01.1"), "ready\ninterrupted\nterminated\n");
}

#[test]
fn a_cancel_reaches_those_that_left_the_group() {
    let shop = Workshop::new();
    let (far, near) = (shop.path().join("far"), shop.path().join("near"));
    let text = format!(
        "setsid bash -c 'trap \"\" TERM; echo $$ > {0}; while true; do sleep 0.05; done' & \
         (setsid setsid sleep 1000 & echo $! > {1}); wait",
        far.display(),
        near.display()
    );
    shop.launch("01.1", &script(&text)).unwrap();
    let (far, near) = (number(&far), number(&near));
    cancel(shop.path(), "01.1").unwrap();
    let outcome = shop.outcome("01.1");
    assert_eq!(
        (outcome.ended, outcome.left_behind),
        (Ended::Cancelled, Vec::<String>::new())
    );
    assert!(!runs(far) && !runs(near));
}

#[test]
fn a_daemon_that_a_step_leaves_is_told_and_lives() {
    let shop = Workshop::new();
    let file = shop.path().join("pid");
    // It is told by its name, which it has only once it is the program that it becomes.
    let text = format!(
        "setsid sleep 1000 > /dev/null 2>&1 & echo $! > {}; \
         until [ \"$(cat /proc/$!/comm)\" = sleep ]; do sleep 0.02; done; echo started",
        file.display()
    );
    let outcome = shop.run(&script(&text));
    assert_eq!(outcome.ended, Ended::Passed);
    let pid = number(&file);
    assert_eq!(
        outcome.left_behind,
        [format!("process {pid} (sleep) still runs")]
    );
    assert!(runs(pid));
    kill(pid);
}

#[test]
fn a_grandchild_that_holds_the_pipe_does_not_hold_the_step() {
    let shop = Workshop::new();
    let file = shop.path().join("pid");
    let text = format!(
        "(echo $BASHPID > {}; while kill -0 $$; do sleep 0.02; done 2> /dev/null; echo late; exec sleep 1000) & \
         echo early; exit 5",
        file.display()
    );
    let begun = Instant::now();
    let outcome = shop.run(&script(&text));
    assert!(begun.elapsed() < Duration::from_mins(1));
    assert_eq!(outcome.summary, "exit 5");
    assert_eq!(shop.output("01.1"), "early\nlate\n");
    let pid = number(&file);
    assert_eq!(outcome.left_behind.len(), 2, "{:?}", outcome.left_behind);
    assert!(outcome.left_behind[0].starts_with("its output was still held open"));
    assert_eq!(
        outcome.left_behind[1],
        format!("process {pid} (sleep) still runs")
    );
    kill(pid);
}

#[test]
fn a_step_outlives_its_launcher() {
    let shop = Workshop::new();
    let gate = shop.path().join("gate");
    let text = format!(
        "echo one; until [ -e {} ]; do sleep 0.02; done; echo two; exit 7",
        gate.display()
    );
    let action = shop.path().join("work.json");
    fs::write(&action, serde_json::to_vec(&script(&text)).unwrap()).unwrap();
    // This very test, as another process, launches it and then waits to be killed.
    let mut launcher = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "attempt_stop::the_launcher_that_is_killed",
            "--ignored",
        ])
        .env("HOLDPOINT_TEST_LAUNCH", shop.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let supervisor = Pid::from_raw(i32::try_from(shop.supervisor("01.1")).unwrap());
    launcher.kill().unwrap();
    launcher.wait().unwrap();
    assert!(matches!(
        state(shop.path(), "01.1"),
        AttemptState::Running { .. }
    ));
    // A connection that breaks off sends this, and it means nothing.
    kill_process(supervisor.unwrap(), Signal::HUP).unwrap();
    fs::write(gate, "").unwrap();
    let outcome = shop.outcome("01.1");
    assert_eq!(outcome.summary, "exit 7");
    assert_eq!(shop.output("01.1"), "one\ntwo\n");
}

#[test]
#[ignore = "is the other process of a_step_outlives_its_launcher"]
fn the_launcher_that_is_killed() {
    let Some(dir) = std::env::var_os("HOLDPOINT_TEST_LAUNCH") else {
        return;
    };
    let dir = Path::new(&dir);
    let work = serde_json::from_slice(&fs::read(dir.join("work.json")).unwrap()).unwrap();
    launch_with(Path::new(PROGRAM), dir, "01.1", &work, &[]).unwrap();
    std::thread::sleep(Duration::from_mins(1));
}

#[test]
fn a_killed_supervisor_means_lost_and_its_child_is_named() {
    let shop = Workshop::new();
    shop.launch("01.1", &script("echo $$; sleep 1000")).unwrap();
    let supervisor = shop.supervisor("01.1");
    let child: u32 = eventually(|| {
        fs::read_to_string(shop.output_path("01.1"))
            .ok()?
            .trim()
            .parse()
            .ok()
    });
    eventually(|| shop.path().join("attempts/01.1/job").exists().then_some(()));
    kill(supervisor);
    let AttemptState::Lost { why } = shop.over("01.1") else {
        panic!("it is not lost");
    };
    assert_eq!(
        why,
        format!(
            "its supervisor (process {supervisor}) ended without a report; its process {child} is still running"
        )
    );
    assert!(matches!(
        shop.launch("01.1", &script("true")),
        Err(AttemptError::StartedBefore(_))
    ));
    kill(child);
    let gone = format!("its supervisor (process {supervisor}) ended without a report");
    eventually(|| {
        (state(shop.path(), "01.1") == AttemptState::Lost { why: gone.clone() }).then_some(())
    });
}

/// A supervisor that was killed between the birth of its command and the note of it left one behind that nobody could find.
#[test]
fn a_command_begins_only_once_it_is_written_down_which_process_it_is() {
    let shop = Workshop::new();
    let mut work = shell("grep -qx '{\"pid\":'$$',\"start\":[0-9]*}' job");
    work.dir = shop.path().join("attempts/01.1").display().to_string();
    shop.launch("01.1", &assignment(Work::Shell(work.clone())))
        .unwrap();
    assert_eq!(shop.outcome("01.1").ended, Ended::Passed);
    let shop = Workshop::new();
    work.dir = shop.path().join("attempts/01.1").display().to_string();
    work.terminal = TerminalUse::Inherited;
    at_a_terminal(&shop, work, "");
    assert_eq!(shop.outcome("01.1").ended, Ended::Passed);
}

#[test]
fn a_command_whose_supervisor_dies_before_that_never_begins() {
    for by in ["0", "2"] {
        let shop = Workshop::new();
        let made = shop.path().join("made");
        let gate = |word: &[u8]| {
            let (hears, mut says) = std::io::pipe().unwrap();
            let mut gate = Command::new(PROGRAM);
            let script = "touch made; cat; echo told >&2";
            gate.args(["__begin", by, "/bin/sh", "-c", script, "-"]);
            gate.current_dir(shop.path()).stdout(Stdio::piped());
            match by {
                "0" => gate.stdin(hears).stderr(Stdio::null()),
                _ => gate.stdin(Stdio::piped()).stderr(hears),
            };
            let mut child = gate.spawn().unwrap();
            drop(gate); // with it our copy of the end that hears
            says.write_all(word).unwrap();
            drop(says); // its end of the pipe goes with the supervisor
            if let Some(mut keys) = child.stdin.take() {
                keys.write_all(b"typed\n").ok();
            }
            let ended = child.wait_with_output().unwrap();
            (
                ended.status.code(),
                String::from_utf8(ended.stdout).unwrap(),
            )
        };
        assert_eq!(gate(b""), (Some(126), String::new()), "{by}");
        assert!(!made.exists());
        // What is captured reads nothing; what has the terminal reads what was typed, and its errors are the terminal's.
        let said = ["", "typed\ntold\n"][usize::from(by == "2")];
        assert_eq!(gate(b"\n"), (Some(0), said.to_owned()), "{by}");
        assert!(made.exists());
    }
}

#[test]
fn a_wish_to_stop_that_comes_before_the_start_is_heard() {
    let shop = Workshop::new();
    shop.launch("01.1", &script("sleep 1000")).unwrap();
    cancel(shop.path(), "01.1").unwrap();
    assert_eq!(shop.outcome("01.1").ended, Ended::Cancelled);
}

#[test]
fn waiting_between_two_tries_can_be_cancelled() {
    let shop = Workshop::new();
    let mut work = script("echo no; false");
    work.until_ms = Some(600_000);
    work.url_env = Some("HOLDPOINT_NO_DATABASE_HERE".into());
    shop.launch("01.1", &work).unwrap();
    eventually(|| {
        fs::read_to_string(shop.output_path("01.1"))
            .ok()
            .filter(|o| !o.is_empty())
    });
    cancel(shop.path(), "01.1").unwrap();
    let outcome = shop.outcome("01.1");
    assert_eq!(
        (outcome.ended, outcome.left_behind),
        (Ended::Cancelled, Vec::<String>::new())
    );
}

#[test]
fn an_interactive_step_has_the_terminal_and_still_reports() {
    let shop = Workshop::new();
    let text = "test -t 0 && test -t 1 && test -t 2; read -r -p 'name? ' name; echo \"hello $name\"; exit 4";
    let mut work = shell(text);
    work.terminal = TerminalUse::Inherited;
    let seen = at_a_terminal(&shop, work, "ada\r");
    assert!(seen.contains("hello ada"), "{seen}");
    assert_eq!(shop.outcome("01.1").summary, "exit 4");
    assert_eq!(shop.output("01.1"), "");
}

/// Runs `work` as attempt `01.1` to its end in a terminal, where `keys` are pressed once it asks; returns what stood there.
fn at_a_terminal(shop: &Workshop, work: ShellWork, keys: &str) -> String {
    let work = assignment(Work::Shell(work));
    fs::write(
        shop.path().join("work.json"),
        serde_json::to_vec(&work).unwrap(),
    )
    .unwrap();
    let pty = native_pty_system().openpty(PtySize::default()).unwrap();
    let mut other = CommandBuilder::new(std::env::current_exe().unwrap());
    other.args([
        "--exact",
        "attempt_stop::the_launcher_with_a_terminal",
        "--ignored",
        "--nocapture",
    ]);
    other.env("HOLDPOINT_TEST_LAUNCH", shop.path());
    let mut child = pty.slave.spawn_command(other).unwrap();
    drop(pty.slave);
    let mut screen = pty.master.try_clone_reader().unwrap();
    let mut keyboard = pty.master.take_writer().unwrap();
    let (mut seen, mut buffer) = (String::new(), [0; 4096]);
    let mut typed = false;
    while let Ok(read @ 1..) = screen.read(&mut buffer) {
        seen += &String::from_utf8_lossy(&buffer[..read]);
        if !typed && seen.contains("name? ") {
            typed = true;
            keyboard.write_all(keys.as_bytes()).unwrap();
        }
    }
    child.wait().unwrap();
    seen
}

#[test]
#[ignore = "is the other process of an_interactive_step_has_the_terminal_and_still_reports"]
fn the_launcher_with_a_terminal() {
    let Some(dir) = std::env::var_os("HOLDPOINT_TEST_LAUNCH") else {
        return;
    };
    let dir = Path::new(&dir);
    let work = serde_json::from_slice(&fs::read(dir.join("work.json")).unwrap()).unwrap();
    let state = launch_interactive_with(Path::new(PROGRAM), dir, "01.1", &work, &[]).unwrap();
    assert!(matches!(state, AttemptState::Ended(_)));
}
