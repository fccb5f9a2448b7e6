//! Gathering the runs below a directory: each is verified, many at a time.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::domain::audit::{Before, Good, Record, Run, SignedBy, Stand};
use crate::domain::report::signoff::Said;
use crate::domain::run::event::{Event, Opened};
use crate::domain::run::later::{Stage, duties};
use crate::domain::run::state::RunState;
use crate::engine::clock;
use crate::engine::rundir::RunDir;
use crate::engine::seal::bundle::{Bundle, plain};
use crate::engine::seal::verify;
use crate::engine::seal::verify::{
    Chain, Examined, Mark, Question, Roots, Signed, Verdict, VerifyError, Worth, examine,
};

/// Directories below each other that are looked into for runs.
const DEEPEST: usize = 4;

/// What makes a directory a run's: one of them is enough, so that no run hides by losing a file.
const MARKS: [&str; 2] = ["journal.jsonl", "log.md"];

/// Verifies every run below `dir`.
///
/// # Errors
/// `dir` cannot be read, or a list of the verifier lies in a run's own folder.
pub fn gather(dir: &Path, roots: &Roots) -> Result<Vec<Run>, VerifyError> {
    let at = |source| VerifyError::List {
        path: dir.to_owned(),
        source,
    };
    fs::read_dir(dir).map_err(at)?;
    let mut found = Vec::new();
    walk(dir, 0, &mut found);
    let next = AtomicUsize::new(0);
    let runs = Mutex::new(Vec::with_capacity(found.len()));
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers.min(found.len()) {
            scope.spawn(|| {
                while let Some(path) = found.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let run = one(dir, path, roots);
                    if let Ok(mut runs) = runs.lock() {
                        runs.push(run);
                    }
                }
            });
        }
    });
    let runs = runs
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    runs.into_iter().collect()
}

/// Finds the directories of runs. No link is followed, nothing hidden looked into.
fn walk(dir: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    if MARKS.iter().any(|mark| dir.join(mark).exists()) {
        found.push(dir.to_owned());
        return;
    }
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    for entry in entries.flatten().filter(|_| depth < DEEPEST) {
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !is_hidden && entry.file_type().is_ok_and(|t| t.is_dir()) {
            walk(&entry.path(), depth + 1, found);
        }
    }
}

fn one(root: &Path, path: &Path, roots: &Roots) -> Result<Run, VerifyError> {
    let bundle = Bundle::at(path);
    roots.apart_from(&bundle)?;
    let log = plain(&bundle.log).ok();
    let found = examine(roots, &bundle, log.as_deref(), &Question::default());
    let name = bundle.folder().unwrap_or_default();
    let folder = match path.strip_prefix(root) {
        Ok(below) if !below.as_os_str().is_empty() => below.to_string_lossy().into_owned(),
        Ok(_) | Err(_) => name.clone(),
    };
    let mut run = Run {
        folder,
        id: name,
        deviations: found.deviations,
        signed: found.signed.iter().map(signed).collect(),
        record: match found.report.verdict {
            Verdict::Verified => Record::Verified,
            Verdict::Incomplete => Record::Incomplete,
            Verdict::Failed => Record::Failed,
        },
        why: why(&found),
        ..Run::default()
    };
    if let Some(chain) = found.chain {
        run.overdue = overdue(&bundle, &chain);
        tell(&mut run, chain, path);
    }
    Ok(run)
}

/// The first line that is as bad as the verdict.
fn why(found: &Examined) -> String {
    let wanted = match found.report.verdict {
        Verdict::Verified => return String::new(),
        Verdict::Incomplete => Mark::Todo,
        Verdict::Failed => Mark::Fail,
    };
    let line = found.report.lines.iter().find(|l| l.mark == wanted);
    line.map_or(String::new(), |l| format!("{}: {}", l.name, l.text))
}

fn signed(signed: &Signed) -> SignedBy {
    let (role, decision) = match &signed.said {
        Said::SignOff(statement) => (statement.role.clone(), statement.decision.word()),
        Said::Addendum(_) => ("addendum".to_owned(), "ADDED"),
    };
    SignedBy {
        role,
        identity: signed.said.identity().to_owned(),
        decision: decision.to_owned(),
        good: match signed.worth {
            Worth::Good => Good::Yes,
            Worth::Untold => Good::Untold,
            Worth::Bad => Good::No,
        },
    }
}

/// What is left of the later duties and should have been done.
fn overdue(bundle: &Bundle, chain: &Chain) -> Vec<String> {
    let run = RunState::fold(chain.entries());
    let Ok(book) = bundle.book() else {
        return Vec::new();
    };
    if run.closed.is_none() {
        return Vec::new();
    }
    let now = clock::wall_ms();
    let late = duties(&book, &run)
        .into_iter()
        .filter(|d| d.stage(now) == Stage::Overdue);
    late.map(|duty| verify::overdue(&duty)).collect()
}

fn tell(run: &mut Run, chain: Chain, path: &Path) {
    let entries = &chain.journal.entries;
    if let Some(opened) = chain.opened() {
        let Opened {
            run: id,
            change,
            title,
            target,
            prev_run,
            ..
        } = opened;
        run.id.clone_from(id);
        run.change.clone_from(change);
        run.title.clone_from(title);
        run.target.clone_from(target);
        run.before = prev_run.clone().map(|(run, head)| Before { run, head });
        run.opened = entries.first().map_or(String::new(), |e| e.t.clone());
    }
    run.operator = entries
        .iter()
        .rev()
        .find_map(|e| match &e.event {
            Event::Operator(operator) => Some(operator.identity.clone()),
            _ => None,
        })
        .unwrap_or_default();
    run.stand = match chain.journal.last_of_run() {
        Some(Event::RunClosed(closed)) => Stand::Closed(closed.status),
        Some(_) => {
            let dir = RunDir {
                path: path.to_owned(),
            };
            dir.driver().map_or(Stand::Open, |driver| {
                Stand::UnderWay(format!(
                    "{}, pid {} on {}",
                    driver.user, driver.pid, driver.host
                ))
            })
        }
        None => Stand::Open,
    };
    run.heads = chain.heads;
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::domain::audit::Audit;
    use crate::engine::seal::bundle::Closing;
    use crate::engine::seal::fixture::{Place, RUN, events, journal};

    /// Puts a run of this id, that names the run before it, into a ledger; returns its head.
    fn put(ledger: &Path, id: &str, before: Option<(String, String)>, closed: Closing) -> String {
        let dir = ledger.join(id);
        fs::create_dir_all(dir.join("output")).unwrap();
        let place = Place::new();
        for name in ["runbook.yaml", "output/01.1.txt"] {
            fs::copy(place.bundle.dir.join(name), dir.join(name)).unwrap();
        }
        let mut events = events();
        if let Event::RunOpened(opened) = &mut events[0] {
            opened.run = id.into();
            opened.change = format!("CHG-{id}");
            opened.prev_run = before;
        }
        if matches!(closed, Closing::Open) {
            events.pop();
        }
        let text = journal(&events);
        fs::write(dir.join("journal.jsonl"), &text).unwrap();
        Chain::read(&Bundle::at(&dir)).unwrap().journal.head
    }

    #[test]
    fn a_ledger_is_gathered_whole_and_its_gaps_are_seen() {
        let place = Place::new();
        let trust = place.signed();
        let ledger = place.path("ledger");
        fs::create_dir_all(ledger.join("2026")).unwrap();
        let signed = ledger.join("2026").join(RUN);
        fs::rename(&place.bundle.dir, &signed).unwrap();
        let head = Chain::read(&Bundle::at(&signed)).unwrap().journal.head;
        let before = (RUN.to_owned(), head);
        let head = put(&ledger, "second", Some(before), Closing::Closed);
        put(
            &ledger,
            "third",
            Some(("second".into(), head)),
            Closing::Open,
        );
        put(
            &ledger,
            "fifth",
            Some(("fourth".into(), "ab".into())),
            Closing::Closed,
        );
        fs::create_dir_all(ledger.join("empty")).unwrap();
        fs::create_dir_all(ledger.join("torn")).unwrap();
        fs::write(ledger.join("torn/journal.jsonl"), "{}\n").unwrap();
        symlink("/", ledger.join("root")).unwrap();

        let question = Question {
            trust: Some(trust),
            ..Question::default()
        };
        let roots = Roots::find(&place.desk, &question).unwrap();
        let audit = Audit::of(gather(&ledger, &roots).unwrap(), None);
        assert_eq!(audit.runs.len(), 5);
        let run = |id: &str| audit.runs.iter().find(|r| r.id == id).unwrap();
        let first = run(RUN);
        assert_eq!(first.record, Record::Verified, "{}", first.why);
        assert_eq!(first.folder, format!("2026/{}", first.id));
        assert_eq!((first.signed.len(), first.deviations), (2, Some(0)));
        assert_eq!(run("second").change, "CHG-second");
        assert_eq!(run("third").stand, Stand::Open);
        assert_eq!(run("torn").stand, Stand::Unreadable);
        let kinds: Vec<_> = audit
            .findings
            .iter()
            .map(|f| (f.kind, f.run.as_str()))
            .collect();
        assert_eq!(
            kinds,
            [
                ("missing", "fourth"),
                ("failed", "torn"),
                ("incomplete", "fifth"),
                ("incomplete", "second"),
                ("unknown", "third"),
            ]
        );
    }
}
