//! The time from the start of a program to its first whole frame.

use std::process::Command;
use std::time::Duration;

use holdpoint::engine::sandbox::{Listen, Options, Sandbox, any_server};
use portable_pty::CommandBuilder;

use crate::support::Done;
use crate::support::figures::{ms, ratio, table};
use crate::support::place::{PROGRAM, Place};
use crate::support::terminal::{Terminal, whole_frame};
use crate::times::{Times, budget};

const ROUNDS: usize = 20;
const BUDGET: Duration = Duration::from_millis(50);

const BOOK: &str = "
runbook: 1
title: A small one
targets:
  alone: {}
  served: {database: '${DATABASE_URL}', must_be: {role: primary}}
phases:
  - phase: Work
    steps:
      - {step: Look around, confirm: It is calm.}
      - {step: Say it, run: echo done}
      - {step: Look again, confirm: It is still calm.}
";

/// A program and what is timed of it.
struct Case {
    name: &'static str,
    place: usize,
    words: Vec<&'static str>,
    until: fn(&vt100::Screen) -> bool,
    times: Times,
}

/// Measures and returns the table.
pub fn measure() -> Done<String> {
    let options = Options {
        listen: Listen::Loopback,
        ..Options::default()
    };
    let server = Sandbox::start(&any_server()?, options)?;
    let url = server.url(
        &server
            .create_database("small")
            .map(|_| "small".to_owned())?,
    );
    let places = [plain()?, with_key_in_git()?];
    let mut cases = cases();
    for _ in 0..ROUNDS {
        for case in &mut cases {
            let mut command = places[case.place].command(&case.words);
            command.env("DATABASE_URL", &url);
            case.times.add(once(command, case.until)?);
        }
    }
    Ok(shown(&cases))
}

fn once(command: CommandBuilder, until: fn(&vt100::Screen) -> bool) -> Done<Duration> {
    let terminal = Terminal::start(command)?;
    let drawn = terminal.wait("its first frame", until)?;
    Ok(drawn - terminal.started) // dropped, it is killed: nothing is asked of others than to begin
}

fn shown(cases: &[Case]) -> String {
    let floor = cases[0].times.median();
    let row = |case: &Case| {
        let median = case.times.median();
        vec![
            case.name.to_owned(),
            ms(case.times.percentile(0)),
            ms(median),
            ms(case.times.percentile(90)),
            ratio(median, floor),
            if case.words[0] == PROGRAM && case.words[1] != "--version" {
                budget(median, BUDGET).to_owned()
            } else {
                String::new()
            },
        ]
    };
    let heads = [
        "first frame",
        "best ms",
        "median ms",
        "90 % ms",
        "to the floor",
        "< 50 ms",
    ];
    let rows: Vec<_> = cases.iter().map(row).collect();
    format!(
        "First frame after the start, {ROUNDS} rounds in turn, 120 × 40\n\n{}",
        table(&heads, &rows)
    )
}

fn something(screen: &vt100::Screen) -> bool {
    !screen.contents().trim().is_empty()
}

fn cases() -> Vec<Case> {
    let case = |name, place, words: &[&'static str], until| Case {
        name,
        place,
        words: words.to_vec(),
        until,
        times: Times::default(),
    };
    let whole = whole_frame as fn(&vt100::Screen) -> bool;
    let alone = [PROGRAM, "run", "run.yaml", "--target", "alone"];
    let served = [PROGRAM, "run", "run.yaml", "--target", "served"];
    let mut cases = vec![
        case(
            "`holdpoint --version`, the floor",
            0,
            &[PROGRAM, "--version"],
            something as fn(&vt100::Screen) -> bool,
        ),
        case("`holdpoint run`, no database", 0, &alone, whole),
        case("`holdpoint run`, PostgreSQL", 0, &served, whole),
        case(
            "`holdpoint run`, PostgreSQL, runbook in git, opening signed",
            1,
            &served,
            whole,
        ),
        case("`holdpoint monitor`", 0, &[PROGRAM, "monitor"], whole),
    ];
    for (name, words) in [
        ("`less long.txt`", ["less", "long.txt"].as_slice()),
        ("`top`", &["top"]),
        ("`vim -u NONE long.txt`", &["vim", "-u", "NONE", "long.txt"]),
    ] {
        if installed(words[0]) {
            cases.push(case(name, 0, words, whole));
        }
    }
    cases
}

fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

fn plain() -> Done<Place> {
    let place = Place::new()?;
    std::fs::write(place.path("work/run.yaml"), BOOK)?;
    std::fs::write(place.path("work/long.txt"), "a line\n".repeat(1_000))?;
    Ok(place)
}

/// A person's usual surroundings: a key without a passphrase, git's settings, the runbook in a repository.
fn with_key_in_git() -> Done<Place> {
    let place = plain()?;
    std::fs::create_dir(place.path("home/.ssh"))?;
    run(
        &place,
        &[
            "ssh-keygen",
            "-q",
            "-t",
            "ed25519",
            "-N",
            "",
            "-C",
            "dana",
            "-f",
            "../home/.ssh/id_ed25519",
        ],
    )?;
    for words in [
        ["git", "config", "--global", "user.name", "Dana"].as_slice(),
        &[
            "git",
            "config",
            "--global",
            "user.email",
            "dana@example.org",
        ],
        &["git", "init", "-q"],
        &["git", "add", "run.yaml"],
        &["git", "commit", "-q", "-m", "The runbook"],
    ] {
        run(&place, words)?;
    }
    Ok(place)
}

/// Runs a program to its end.
fn run(place: &Place, words: &[&str]) -> Done {
    let (program, arguments) = words.split_first().ok_or("no program is named")?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(place.path("work"));
    command.env_clear().envs(place.environment());
    let output = command.output().map_err(|e| format!("{program}: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(format!("{}: {}; {said}", words.join(" "), output.status).into())
}
