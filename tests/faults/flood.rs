//! Output that nobody should print, followed on a screen: memory stays bounded, and the record says what was cut.

use std::fs;
use std::time::Instant;

use holdpoint::domain::digest::sha256_hex;
use serde_json::Value;

use crate::memory::{Peaks, Watcher};
use crate::stage::{Stage, is_long, wait};

const SUPERVISOR_KB: u64 = 20 * 1024;
const SCREEN_KB: u64 = 60 * 1024;

/// What is printed, by the step's id: a script, and how many bytes come at least.
fn floods() -> Vec<(&'static str, String, u64)> {
    let (flood, line) = if is_long() { (5_000, 1_000) } else { (300, 64) };
    let mib = |n: u64| n * 1024 * 1024;
    let line_of_text = "yes 'all work and no play makes a dull log, 0123456789' || true";
    vec![
        (
            "flood",
            format!("({line_of_text}) | head -c {}", mib(flood)),
            mib(flood),
        ),
        (
            "line",
            format!("head -c {} /dev/zero | tr '\\0' 'x'; echo", mib(line)),
            mib(line),
        ),
        (
            "bare",
            "head -c 3000000 /dev/zero | tr '\\0' 'y'".into(),
            3_000_000,
        ),
        (
            "utf8",
            "for n in $(seq 20000); do printf '\\xff\\xfe broken \\xc3(\\n'; done".into(),
            200_000,
        ),
        (
            "nul",
            "head -c 2000000 /dev/zero; echo; echo after".into(),
            2_000_000,
        ),
        (
            "random",
            "head -c 3000000 /dev/urandom; echo".into(),
            3_000_000,
        ),
        ("control", CONTROL.into(), 10_000),
        (
            "progress",
            "for n in $(seq 30000); do printf '\\r%d of 30000' $n; done; echo".into(),
            300_000,
        ),
        ("orphan", ORPHAN.into(), 20),
    ]
}

/// Another title, another screen, a query for an answer, a bell, a clipboard, an erased line, a colour left on.
const CONTROL: &str = r"
for n in $(seq 500); do
  printf '\033]0;owned\007\033[?1049h\033[2J\033[6n\007\033]52;c;b3duZWQ=\007\033[31mred\033[1;1Hcorner\033[2K\033[999B\n'
done
";

/// A grandchild that outlives the command, holds its pipe, and prints on.
const ORPHAN: &str = r#"
(while kill -0 $$ 2> /dev/null; do sleep 0.02; done
for n in $(seq 30); do echo "after the exit $n"; sleep 0.01; done) &
echo "before the exit"
"#;

fn runbook() -> String {
    let mut text = "runbook: 1\ntitle: Flood\nphases:\n  - phase: Work\n    steps:\n".to_owned();
    for (n, (id, script, _)) in (1..).zip(floods()) {
        text += &format!(
            "      - step: Print {id}\n        id: {id}\n        timeout: 60m\n        run: |\n"
        );
        // Each waits until its supervisor was looked at: some are through before anybody looks.
        let looked =
            format!("touch printed-{n:02}.1; until test -e seen-{n:02}.1; do sleep 0.02; done");
        for line in script.lines().chain([looked.as_str()]) {
            text += &format!("          {line}\n");
        }
    }
    text + "      - {step: Look at it, confirm: It looks well.}\n"
}

#[test]
fn no_output_costs_memory_and_every_cut_is_on_record() {
    let stage = Stage::with(&runbook());
    let begun = Instant::now();
    let mut screen = stage.run();
    let watcher = Watcher::start(screen.pid(), &stage);
    let count = floods().len();
    wait_patiently(&stage, count);
    screen.wait_for("Enter opens the confirmation");
    let peaks = watcher.end();
    println!("{} s, {peaks:?}", begun.elapsed().as_secs());
    assert_bounded(&peaks, count);
    for ((id, _, least), end) in floods().iter().zip(stage.events("step.finished")) {
        check(&stage, id, *least, &end);
    }
    assert_tame(&screen.ever());
    screen.leave();
    let log = stage.log();
    assert!(
        !log.chars().any(|c| c.is_control() && c != '\n'),
        "the log holds control characters"
    );
    println!("the log has {} bytes", log.len());
    stage.assert_verifies();
}

/// A flood of gigabytes takes its time, however patient a test is elsewhere.
fn wait_patiently(stage: &Stage, count: usize) {
    let minutes = if is_long() { 60 } else { 1 };
    for _ in 0..minutes - 1 {
        if stage.run_dir_is_there() && stage.events("step.finished").len() >= count {
            return;
        }
        std::thread::sleep(std::time::Duration::from_mins(1));
    }
    wait("the run's directory", || stage.run_dir_is_there());
    stage.wait_events("step.finished", count);
}

fn assert_bounded(peaks: &Peaks, count: usize) {
    assert_eq!(
        peaks.supervisors_kb.len(),
        count,
        "not every supervisor was seen: {peaks:?}"
    );
    assert!(
        peaks.screen_kb > 0 && peaks.screen_kb < SCREEN_KB,
        "{peaks:?}"
    );
    let most = peaks.supervisors_kb.values().max().copied().unwrap();
    assert!(most > 0 && most < SUPERVISOR_KB, "{peaks:?}");
}

fn check(stage: &Stage, id: &str, least: u64, end: &Value) {
    assert_eq!(end["step"], id);
    let (outcome, output) = (&end["outcome"], &end["outcome"]["output"]);
    assert_eq!(outcome["ended"], "passed", "{end}");
    let path = stage.run_dir().join(output["path"].as_str().unwrap());
    let bytes = fs::read(&path).unwrap();
    assert_eq!(output["sha256"], sha256_hex(&bytes), "{id}");
    assert_eq!(output["bytes"], bytes.len() as u64, "{id}");
    let came = output["cut_from"].as_u64().unwrap_or(bytes.len() as u64);
    assert!(came >= least, "{id}: {came} of {least} came");
    let cut = output["cut_from"].is_u64();
    assert_eq!(
        cut,
        came > 65 << 20 || (cut && id == "line"),
        "{id}: {output}"
    );
    if cut {
        let said = String::from_utf8_lossy(&bytes);
        assert!(said.contains("bytes were cut out here"), "{id}");
        assert!(
            bytes.len() as u64 <= (64 << 20) + 4096,
            "{id}: {}",
            bytes.len()
        );
    }
    println!(
        "{id}: {came} bytes came, {} kept, {} ms",
        bytes.len(),
        outcome["duration_ms"]
    );
}

/// What a program printed has moved nothing on the screen: its frame stands, and no raw escape is left in it.
fn assert_tame(ever: &str) {
    assert!(ever.contains("Checklist"), "{ever}");
    assert!(!ever.chars().any(|c| c.is_control() && c != '\n'));
}
