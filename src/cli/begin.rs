//! `holdpoint` without a command: the runbooks at hand, and the runs that can be taken up again.

use std::fs;
use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};

use crate::app::start::{Open, Opening, StartKey, StartScreen};
use crate::cli::args::{DemoArgs, RunArgs, WatchArgs};
use crate::cli::demo;
use crate::cli::failure::{Failure, USAGE};
use crate::cli::import;
use crate::cli::resume::{self, Edits, Wishes};
use crate::cli::run;
use crate::cli::runs;
use crate::cli::session::Face;
use crate::cli::watch;
use crate::domain::import::{self as domain, Options};
use crate::domain::tame;
use crate::engine::rundir;
use crate::runtime::opening;
use crate::runtime::terminal::Screen;
use crate::ui;
use crate::ui::theme::Theme;

/// Where runbooks are looked for.
const PLACES: &[&str] = &[".", "runbooks", ".holdpoint"];
/// Bytes of a file that is looked at whether it is a runbook.
const LOOKED_AT: u64 = 10 * 1024 * 1024;

/// Shows what can be opened, and opens it.
///
/// # Errors
/// There is no terminal, or what was opened cannot be.
pub fn begin() -> Result<u8, Failure> {
    crate::cli::need_terminal("`holdpoint --help` lists the commands")?;
    let mut start = StartScreen {
        openings: openings()?,
        ..StartScreen::default()
    };
    match choose(&mut start)? {
        None => Ok(0),
        Some(Open::Run(run)) => {
            let wishes = Wishes {
                key: None,
                reason: None,
                edits: Edits::Show,
                face: Face::Screen,
            };
            resume::take_up(rundir::find(&run)?, &wishes)
        }
        Some(Open::Follow(run)) => watch::watch(&WatchArgs { run: Some(run) }),
        Some(Open::Demo) => demo::demo(&DemoArgs { yes: false }),
        Some(Open::Runbook(file)) => run::run(&plain(file)),
        Some(Open::Checklist(file)) => checklist(&file),
    }
}

/// A run of `file` with nothing said besides.
fn plain(file: PathBuf) -> RunArgs {
    RunArgs {
        file,
        target: None,
        set: Vec::new(),
        start: None,
        change: String::new(),
        step: false,
        rehearse: false,
        auto: false,
        unreviewed: None,
        key: None,
    }
}

/// Imports a checklist in memory, shows what became of it, and saves or runs it as the operator says.
fn checklist(file: &Path) -> Result<u8, Failure> {
    let (bytes, name) = import::read(file)?;
    let imported = domain::import(&bytes, &name, Options::default())
        .map_err(|refused| import::refusal(&name, refused))?;
    let beside = file.with_extension("yaml");
    let mut err = std::io::stderr();
    let _ = err.write_all(import::summary(&imported, &name).as_bytes());
    loop {
        let _ = write!(
            err,
            "\nr run it now, s save it as {}, a the whole account, q leave (a letter, then Enter): ",
            beside.display()
        );
        let mut answer = String::new();
        let read = std::io::stdin().lock().read_line(&mut answer);
        if !matches!(read, Ok(n) if n > 0) {
            return Ok(0);
        }
        match answer.trim() {
            "r" => {
                let source = opening::imported(file, imported.yaml.clone().into_bytes())?;
                match run::run_source(&source, &plain(file.to_owned())) {
                    // Nothing has begun: what was imported can still be saved.
                    Err(failure) if failure.code == USAGE => {
                        let _ = err.write_all(failure.text().as_bytes());
                    }
                    ended => return ended,
                }
            }
            "s" => match import::write(&beside, &imported.yaml, false) {
                Ok(()) => {
                    let _ = writeln!(
                        err,
                        "written; `holdpoint run {}` starts it",
                        beside.display()
                    );
                    return Ok(0);
                }
                Err(failure) => {
                    let _ = err.write_all(failure.text().as_bytes());
                }
            },
            "a" => {
                let report = imported.account.report(&name, &imported.digest);
                let _ = err.write_all(report.as_bytes());
            }
            "q" => return Ok(0),
            other => {
                let _ = writeln!(err, "`{}` is none of r, s, a, q", tame::line(other));
            }
        }
    }
}

/// Every markdown file at hand with a box or a numbered step in it.
fn checklists() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = PLACES
        .iter()
        .filter_map(|place| fs::read_dir(place).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|e| e == "md" || e == "markdown")
        })
        .filter(|path| fs::metadata(path).is_ok_and(|m| m.is_file() && m.len() <= LOOKED_AT))
        .filter(|path| {
            fs::read_to_string(path)
                .is_ok_and(|text| text.contains("[ ]") || text.contains("\n1. "))
        })
        .collect();
    found.sort();
    found
}

fn openings() -> Result<Vec<Opening>, Failure> {
    let mut all = Vec::new();
    for summary in rundir::list()?.iter().map(runs::summary).filter(|s| s.open) {
        let target = if summary.target.is_empty() {
            String::new()
        } else {
            format!(" → {}", summary.target)
        };
        all.push(Opening {
            title: format!("{}{target}", summary.title),
            detail: format!("{}: {}", summary.run, summary.stand),
            open: if summary.driven {
                Open::Follow(summary.run)
            } else {
                Open::Run(summary.run)
            },
        });
    }
    // What one can go on with comes first.
    all.sort_by_key(|opening| matches!(opening.open, Open::Follow(_)));
    for path in runbooks() {
        let (title, detail) = match opening::read(&path) {
            Ok(source) => (source.book.title.clone(), path.display().to_string()),
            Err(_) => (
                path.display().to_string(),
                "not valid: `holdpoint check` says why".into(),
            ),
        };
        all.push(Opening {
            title,
            detail,
            open: Open::Runbook(path),
        });
    }
    for path in checklists() {
        all.push(Opening {
            title: path
                .file_name()
                .map_or_else(String::new, |n| n.to_string_lossy().into_owned()),
            detail: path.display().to_string(),
            open: Open::Checklist(path),
        });
    }
    all.push(Opening {
        title: "A demonstration".into(),
        detail: "a real migration on a throw-away database, about five minutes".into(),
        open: Open::Demo,
    });
    Ok(all)
}

/// Every YAML file at hand that calls itself a runbook.
fn runbooks() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = PLACES
        .iter()
        .flat_map(|place| yaml_in(Path::new(place)))
        .collect();
    found.sort();
    found
}

fn yaml_in(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Vec::new();
    };
    let is_runbook = |path: &PathBuf| {
        let yaml = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
        let small = fs::metadata(path).is_ok_and(|m| m.is_file() && m.len() <= LOOKED_AT);
        yaml && small
            && fs::read_to_string(path)
                .is_ok_and(|text| text.lines().any(|l| l.starts_with("runbook:")))
    };
    entries
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(is_runbook)
        .collect()
}

fn choose(start: &mut StartScreen) -> Result<Option<Open>, Failure> {
    let unusable =
        |e: std::io::Error| Failure::new(USAGE, format!("the terminal cannot be used: {e}"));
    let mut screen = Screen::take().map_err(unusable)?;
    let theme = Theme::from_environment(|name| std::env::var(name).ok());
    loop {
        screen
            .draw(|frame| ui::view_start(start, &theme, frame))
            .map_err(unusable)?;
        while !event::poll(Duration::from_secs(1)).map_err(unusable)? {}
        let Event::Key(key) = event::read().map_err(unusable)? else {
            continue;
        };
        if key.kind != KeyEventKind::Press {
            continue;
        }
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let meant = match key.code {
            KeyCode::Up | KeyCode::Char('k') => StartKey::Move(-1),
            KeyCode::Down | KeyCode::Char('j') => StartKey::Move(1),
            KeyCode::Enter => StartKey::Open,
            KeyCode::Char('c') if ctrl => StartKey::Leave,
            KeyCode::Char('q') | KeyCode::Esc => StartKey::Leave,
            _ => continue,
        };
        if meant == StartKey::Leave {
            return Ok(None);
        }
        if let Some(open) = start.update(&meant) {
            return Ok(Some(open));
        }
    }
}
