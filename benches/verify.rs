//! Verifying a record with 1 GiB of evidence, beside `sha256sum` over the same files, one after the other in each round.
//!
//! `cargo bench --bench verify`

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use holdpoint::domain::attempt::{Ended, Outcome, OutputDigest};
use holdpoint::domain::digest::sha256_hex;
use holdpoint::domain::journal::{Entry, FORMAT, GENESIS};
use holdpoint::domain::run::event::{Closed, Event, Finished, Opened, Peaks, Started, Status};
use holdpoint::domain::runbook::model::StepId;
use holdpoint::engine::seal::Bundle;

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// Outputs, and the bytes of each: what a step may keep.
const OUTPUTS: usize = 16;
const BYTES: usize = 64 << 20;
const ROUNDS: usize = 5;

fn main() -> Done {
    let place = tempfile::tempdir()?;
    let dir = place.path().join("20261120T090000Z-much-7f3a2c");
    make(&dir)?;
    let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        theirs = theirs.min(timed(Command::new("sha256sum").args(outputs(&dir)))?);
        let mut verify = Command::new(env!("CARGO_BIN_EXE_holdpoint"));
        verify.arg("verify").arg(&dir).env("HOME", place.path());
        ours = ours.min(timed(&mut verify)?);
    }
    let report = Command::new(env!("CARGO_BIN_EXE_holdpoint"))
        .arg("verify")
        .arg(&dir)
        .env("HOME", place.path())
        .output()?;
    let said = String::from_utf8_lossy(&report.stdout).into_owned();
    if !said.contains("18 of 18 files match") || !said.contains("line by line") {
        return Err(said.into());
    }
    say(&format!(
        "| | best of {ROUNDS}, s | to sha256sum |\n| --- | --- | --- |\n| sha256sum, 1 GiB | {:.2} | 1.00× |\n\
         | holdpoint verify | {:.2} | {:.2}× |",
        theirs.as_secs_f64(),
        ours.as_secs_f64(),
        ours.as_secs_f64() / theirs.as_secs_f64()
    ));
    Ok(())
}

fn timed(command: &mut Command) -> Done<Duration> {
    let start = Instant::now();
    command.stdout(Stdio::null()).status()?;
    Ok(start.elapsed())
}

fn outputs(dir: &Path) -> impl Iterator<Item = std::path::PathBuf> {
    (1..=OUTPUTS).map(move |at| dir.join(format!("output/{at:02}.1.txt")))
}

/// A closed run whose every step kept as much output as it may.
fn make(dir: &Path) -> Done {
    fs::create_dir_all(dir.join("output"))?;
    let steps: String = (1..=OUTPUTS)
        .map(|at| format!("      - {{step: Much {at}, id: s{at}, run: much}}\n"))
        .collect();
    let book = format!("runbook: 1\ntitle: Much\nphases:\n  - phase: All\n    steps:\n{steps}");
    fs::write(dir.join("runbook.yaml"), &book)?;
    let mut events = vec![Event::RunOpened(Box::new(Opened {
        format: FORMAT.into(),
        run: "20261120T090000Z-much-7f3a2c".into(),
        runbook_sha256: sha256_hex(book.as_bytes()),
        ..Opened::default()
    }))];
    for at in 1..=OUTPUTS {
        events.extend(attempt(dir, at)?);
    }
    events.push(Event::RunClosed(Closed {
        status: Status::Success,
        remark: String::new(),
        clock_offset_ms: None,
    }));
    let (mut head, mut journal) = (GENESIS.to_owned(), String::new());
    for (seq, event) in (1..).zip(events) {
        let entry = Entry {
            seq,
            t: "2026-11-20T09:00:00.000Z".into(),
            mono_ms: 0,
            by: "dana@example.com".into(),
            event,
        };
        let line = entry.encode(&head)?;
        head = sha256_hex(line.as_bytes());
        journal += &line;
    }
    fs::write(dir.join("journal.jsonl"), journal)?;
    Bundle::at(dir).write_log()?;
    Ok(())
}

fn attempt(dir: &Path, at: usize) -> Done<[Event; 2]> {
    let line = format!("row {at}: a line of output as a migration prints many of them\n");
    let output: Vec<u8> = line.bytes().cycle().take(BYTES).collect();
    let path = format!("output/{at:02}.1.txt");
    fs::write(dir.join(&path), &output)?;
    let step = StepId::new(format!("s{at}"));
    let started = Started {
        step: step.clone(),
        attempt: 1,
        command: "much".into(),
        app_name: String::new(),
        typed: String::new(),
        reason: String::new(),
    };
    let outcome = Outcome {
        ended: Ended::Passed,
        summary: "exit 0".into(),
        duration_ms: 1,
        output: OutputDigest {
            sha256: sha256_hex(&output),
            path,
            ..OutputDigest::default()
        },
        values: std::collections::BTreeMap::new(),
        secret_values: Vec::new(),
        checked: None,
        left_behind: Vec::new(),
        kept: None,
    };
    let finished = Finished {
        step,
        attempt: 1,
        outcome,
        peaks: Peaks::default(),
    };
    Ok([Event::StepStarted(started), Event::StepFinished(finished)])
}

#[expect(
    clippy::print_stdout,
    reason = "its figures are what a benchmark is for"
)]
fn say(text: &str) {
    println!("{text}");
}
