//! A step that prints a million lines: how soon a key is answered meanwhile, and how long the flood takes.

use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use chrono::DateTime;
use serde_json::Value;

use crate::stage::{QUIET, Stage};
use crate::support::Done;
use crate::support::figures::{ms, ratio, table};
use crate::support::place::PROGRAM;
use crate::times::{Times, budget};

const KEYS: usize = 60;
const FLOODS: usize = 7;
const FRAME: Duration = Duration::from_millis(33);
/// Stands on the screen only while the help does.
const HELP: &str = "leave the step at hand out, with a reason";
/// One million lines, 29 MB.
const MILLION: &str =
    r#"awk 'BEGIN { for (i = 1; i <= 1000000; i++) print "row", i, "copied to orders" }'"#;

/// Measures and returns the tables; beside this program the one that `HOLDPOINT_BENCH_BEFORE` names, in turns.
pub fn measure() -> Done<String> {
    let mut programs = vec![PathBuf::from(PROGRAM)];
    programs.extend(std::env::var_os("HOLDPOINT_BENCH_BEFORE").map(PathBuf::from));
    let (calm, flooded) = (answers_in_calm()?, answers_in_floods(&programs)?);
    let ways = floods()?;
    Ok(answers(&calm, &flooded) + "\n" + &ends(&ways))
}

/// Opens the help and closes it; returns how long the opening took.
fn ask(stage: &Stage) -> Done<Duration> {
    sleep(FRAME * 2); // as a person would: not within the frame that answered the last key
    let pressed = stage.terminal.press("?")?;
    let came = stage.terminal.wait_for(HELP)?;
    stage.terminal.press("\x1b")?;
    let closed = |screen: &vt100::Screen| !screen.contents().contains(HELP);
    stage.terminal.wait("the help to close", closed)?;
    Ok(came.saturating_duration_since(pressed))
}

fn answers_in_calm() -> Done<Times> {
    let stage = Stage::start(QUIET, None)?;
    stage.terminal.wait_for("calm")?;
    let mut times = Times::default();
    while times.len() < KEYS {
        times.add(ask(&stage)?);
    }
    stage.end()?;
    Ok(times)
}

/// Only what was asked and answered while the step ran counts.
fn answers_in_floods(programs: &[PathBuf]) -> Done<Vec<Times>> {
    let mut all = vec![Times::default(); programs.len()];
    while all.iter().any(|times| times.len() < KEYS) {
        for (program, times) in programs.iter().zip(&mut all) {
            let stage = Stage::start_with(program, MILLION, None)?;
            stage.terminal.wait_for("copied to orders")?;
            loop {
                let took = ask(&stage)?;
                if stage.record("step.finished")?.is_some() {
                    break;
                }
                times.add(took);
            }
            stage.end()?;
        }
    }
    Ok(all)
}

fn answers(calm: &Times, flooded: &[Times]) -> String {
    let row = |name: &str, times: &Times| {
        let mut row = vec![name.to_owned(), times.len().to_string()];
        row.extend([0, 50, 90, 100].map(|part| ms(times.percentile(part))));
        row.push(ratio(times.median(), calm.median()));
        row
    };
    let mut first = row("in calm", calm);
    first.push(String::new());
    let mut rows = vec![first];
    let allowed = calm.percentile(50) + FRAME;
    for (name, times) in ["in the flood", "in the flood, before"].iter().zip(flooded) {
        let mut row = row(name, times);
        row.push(budget(times.percentile(90), allowed).to_owned());
        rows.push(row);
    }
    let heads = [
        "`?` → the help, ms",
        "keys",
        "best",
        "median",
        "90 %",
        "worst",
        "medians",
        "90 % < calm + 33",
    ];
    let table = table(&heads, &rows);
    format!("A key while a step prints a million lines\n\n{table}")
}

/// A way to print a million lines, and how long it took.
struct Way {
    name: &'static str,
    times: Times,
}

fn floods() -> Done<[Way; 3]> {
    let way = |name| Way {
        name,
        times: Times::default(),
    };
    let mut ways = [
        way("`cmd > file`"),
        way("`cmd \\| cat > file`"),
        way("a step of `holdpoint run`, journalled"),
    ];
    let dir = tempfile::tempdir()?;
    for _ in 0..FLOODS {
        for (way, end) in ways.iter_mut().zip(["> out", "| cat > out"]) {
            let began = Instant::now();
            let script = format!("{MILLION} {end}");
            let shell = Command::new("sh")
                .args(["-c", &script])
                .current_dir(&dir)
                .status()?;
            way.times.add(began.elapsed());
            if !shell.success() {
                return Err(format!("`{script}`: {shell}").into());
            }
        }
        ways[2].times.add(through_a_step()?);
    }
    Ok(ways)
}

/// From the record of its start to the record of its end: output written, digested and on disk.
fn through_a_step() -> Done<Duration> {
    let stage = Stage::start(MILLION, None)?;
    stage.terminal.wait_for("Enter opens the confirmation")?;
    let (started, finished) = (
        stage.record("step.started")?,
        stage.record("step.finished")?,
    );
    let took = moment(finished.as_ref())? - moment(started.as_ref())?;
    stage.end()?;
    Ok(took.to_std()?)
}

fn moment(record: Option<&Value>) -> Done<DateTime<chrono::FixedOffset>> {
    let time = record.and_then(|r| r["t"].as_str());
    Ok(DateTime::parse_from_rfc3339(
        time.ok_or("the step has no record")?,
    )?)
}

fn ends(ways: &[Way]) -> String {
    let row = |way: &Way| {
        vec![
            way.name.to_owned(),
            ms(way.times.percentile(0)),
            ms(way.times.median()),
            ratio(way.times.median(), ways[0].times.median()),
            ratio(way.times.median(), ways[1].times.median()),
        ]
    };
    let rows: Vec<_> = ways.iter().map(row).collect();
    let heads = [
        "a million lines",
        "best ms",
        "median ms",
        "to the file",
        "to the pipe",
    ];
    format!(
        "The flood from its start to its end, {FLOODS} rounds in turn\n\n{}",
        table(&heads, &rows)
    )
}
