//! Starts a supervisor, or asks one to stop.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::domain::attempt::Assignment;
use crate::engine::attempt::error::AttemptError;
use crate::engine::attempt::files::{self, Files, Holder, Lock};
use crate::engine::attempt::process;
use crate::engine::attempt::state::{AttemptState, state};

/// How long the processes of a supervisor that is gone may take to end.
const ORPHAN_GRACE: Duration = Duration::from_secs(10);

/// The hidden subcommand of this program that is a supervisor.
pub const SUBCOMMAND: &str = "__attempt";

/// Starts attempt `name` of the run in `run_dir`, in a process of its own that outlives this one.
///
/// `env` (secrets, connection strings) is added to the inherited environment and written nowhere. From the return on
/// the attempt is [`AttemptState::Starting`] or further. A name that was used before is refused.
pub fn launch(
    run_dir: &Path,
    name: &str,
    assignment: &Assignment,
    env: &[(String, String)],
) -> Result<(), AttemptError> {
    launch_with(&this_program()?, run_dir, name, assignment, env)
}

/// As [`launch`], by the supervisor of another copy of this program.
pub fn launch_with(
    program: &Path,
    run_dir: &Path,
    name: &str,
    assignment: &Assignment,
    env: &[(String, String)],
) -> Result<(), AttemptError> {
    let (files, lock) = claim(run_dir, name, assignment)?;
    let mut child = command(program, &files, name, env)
        .stdin(Stdio::from(lock))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(AttemptError::Spawn)?;
    // Somebody must take its exit status, or it stays as a zombie.
    thread::spawn(move || child.wait());
    Ok(())
}

/// Runs attempt `name` with this process's terminal, and waits until it has ended.
///
/// The terminal must be free: in its usual mode, nobody else reading it, and interrupts (`Ctrl-C`) ignored by the caller.
pub fn launch_interactive(
    run_dir: &Path,
    name: &str,
    assignment: &Assignment,
    env: &[(String, String)],
) -> Result<AttemptState, AttemptError> {
    launch_interactive_with(&this_program()?, run_dir, name, assignment, env)
}

/// As [`launch_interactive`], by the supervisor of another copy of this program.
pub fn launch_interactive_with(
    program: &Path,
    run_dir: &Path,
    name: &str,
    assignment: &Assignment,
    env: &[(String, String)],
) -> Result<AttemptState, AttemptError> {
    let (files, lock) = claim(run_dir, name, assignment)?;
    // Standard error carries the lock; the supervisor makes it the terminal's again.
    let mut child = command(program, &files, name, env)
        .stderr(Stdio::from(lock))
        .spawn()
        .map_err(AttemptError::Spawn)?;
    child.wait().map_err(AttemptError::Spawn)?;
    Ok(state(run_dir, name))
}

/// What came of asking an attempt to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Its supervisor was told, and will report.
    Supervisor,
    /// Its supervisor is gone: what it had left running was ended. What became of it, as a sentence.
    Orphans(String),
}

/// Asks attempt `name` to stop; asking twice is asking once. It has stopped when its state says so. What a supervisor
/// left that is gone is ended here, which may take some seconds.
pub fn cancel(run_dir: &Path, name: &str) -> Result<Asked, AttemptError> {
    let files = named(run_dir, name)?;
    if !run_dir.is_dir() {
        return cancel_out_of_reach(run_dir, name).map(|()| Asked::Supervisor);
    }
    match state(run_dir, name) {
        AttemptState::Starting | AttemptState::Running { .. } => {}
        AttemptState::Lost { .. } => return Ok(Asked::Orphans(end_orphans(&files))),
        AttemptState::NotStarted | AttemptState::Ended(_) => {
            return Err(AttemptError::NotRunning(name.to_owned()));
        }
    }
    let asked = files::private_file(&files.cancel());
    if let Lock::Held(Some(Holder { pid, start, .. })) = files.ask_lock() {
        let supervisor = process::Id { pid, start };
        match asked {
            // Only to be quick: the supervisor looks for the file by itself.
            Ok(_) => drop(supervisor.signal(Signal::USR1)),
            // A disk that takes no file must not keep harm going.
            Err(_) if supervisor.signal(Signal::TERM).is_ok() => return Ok(Asked::Supervisor),
            Err(_) => {}
        }
    }
    asked
        .map(|_| Asked::Supervisor)
        .map_err(AttemptError::file(files.cancel(), "written"))
}

/// Ends what a supervisor that is gone left running: first with a word, then without.
fn end_orphans(files: &Files) -> String {
    let Some(job) = process::read_job(&files.job()).filter(process::Id::is_alive) else {
        return "its supervisor is gone, and its process does not run any more".into();
    };
    let mut family = process::below(job.pid);
    family.extend(process::look(job.pid));
    let alive = || family.iter().any(|p| p.id.is_alive());
    for (signal, patience) in [
        (Signal::TERM, ORPHAN_GRACE),
        (Signal::KILL, Duration::from_secs(2)),
    ] {
        for member in &family {
            member.id.signal(signal).ok();
        }
        let begun = std::time::Instant::now();
        while alive() && begun.elapsed() < patience {
            thread::sleep(Duration::from_millis(30));
        }
    }
    let left: Vec<String> = family
        .iter()
        .filter(|p| p.id.is_alive())
        .map(|p| p.id.pid.to_string())
        .collect();
    match left.as_slice() {
        [] => format!(
            "its supervisor is gone; its process {} went on without it and was ended",
            job.pid
        ),
        left => format!(
            "its supervisor is gone; of what it left, process {} could not be ended",
            left.join(", ")
        ),
    }
}

/// Whose directory is out of reach (unmounted, moved) still has a supervisor, which is found by what it was told.
fn cancel_out_of_reach(run_dir: &Path, name: &str) -> Result<(), AttemptError> {
    let told = [
        SUBCOMMAND.as_bytes(),
        run_dir.as_os_str().as_bytes(),
        name.as_bytes(),
    ];
    let asked = process::with_arguments(&told).map(|supervisor| supervisor.signal(Signal::TERM));
    match asked {
        Some(Ok(())) => Ok(()),
        Some(Err(_)) | None => Err(AttemptError::NotRunning(name.to_owned())),
    }
}

fn named(run_dir: &Path, name: &str) -> Result<Files, AttemptError> {
    Files::new(run_dir, name).ok_or_else(|| AttemptError::Name(name.to_owned()))
}

/// `/proc/self/exe` is this very program even after its file was replaced by a newer one.
pub(super) fn this_program() -> Result<PathBuf, AttemptError> {
    let own = Path::new("/proc/self/exe");
    if own.exists() {
        return Ok(own.to_owned());
    }
    std::env::current_exe().map_err(AttemptError::Spawn)
}

fn command(program: &Path, files: &Files, name: &str, env: &[(String, String)]) -> Command {
    let mut command = Command::new(program);
    command.arg0("holdpoint");
    command.arg(SUBCOMMAND).arg(files.run_dir()).arg(name);
    command.envs(env.iter().map(|(name, value)| (name, value)));
    command
}

/// Takes the lock for good and writes the assignment; refuses a name under which anybody has begun to work.
fn claim(
    run_dir: &Path,
    name: &str,
    assignment: &Assignment,
) -> Result<(Files, File), AttemptError> {
    let run_dir = std::path::absolute(run_dir).map_err(AttemptError::file(run_dir, "found"))?;
    let files = named(&run_dir, name)?;
    no_earlier_one(&run_dir, name)?;
    files
        .make_dirs()
        .map_err(AttemptError::file(files.dir(), "made"))?;
    let locked = |err| AttemptError::file(files.lock(), "locked")(err);
    let mut lock = files.open_lock().map_err(locked)?;
    // Asked before the lock: a supervisor that has reported may hold it for another moment.
    if files.exit().exists() {
        return Err(AttemptError::StartedBefore(name.to_owned()));
    }
    if take(&mut lock).map_err(locked)? == Taken::ByAnother {
        return Err(AttemptError::Running(name.to_owned()));
    }
    let begun = files::read_holder(&mut lock).map_err(locked)?.is_some();
    if begun || files.exit().exists() {
        return Err(AttemptError::StartedBefore(name.to_owned()));
    }
    fs::remove_file(files.cancel()).ok();
    let json = serde_json::to_vec_pretty(assignment)
        .map_err(|err| AttemptError::file(files.action(), "written")(err.into()))?;
    files::write_whole(&files.action(), &json)
        .map_err(AttemptError::file(files.action(), "written"))?;
    Ok((files, lock))
}

/// Refuses while an earlier attempt at the same step is at work, with its supervisor or orphaned: two at once is doing
/// it twice.
fn no_earlier_one(run_dir: &Path, name: &str) -> Result<(), AttemptError> {
    let Some((step, Ok(number))) = name
        .rsplit_once('.')
        .map(|(step, number)| (step, number.parse::<u32>()))
    else {
        return Ok(());
    };
    for earlier in (1..number).map(|n| format!("{step}.{n}")) {
        let files = named(run_dir, &earlier)?;
        if let AttemptState::Running { .. } | AttemptState::Starting = state(run_dir, &earlier) {
            return Err(AttemptError::Running(earlier));
        }
        if let Some(job) = process::read_job(&files.job()).filter(process::Id::is_alive) {
            let (name, pid) = (earlier, job.pid);
            return Err(AttemptError::Orphaned { name, pid });
        }
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    ByUs,
    ByAnother,
}

/// Who only asks for the state holds the lock for a moment: one refusal proves nothing, unless a supervisor has signed.
fn take(lock: &mut File) -> io::Result<Taken> {
    for _ in 0..50 {
        match lock.try_lock() {
            Ok(()) => return Ok(Taken::ByUs),
            Err(TryLockError::WouldBlock) if files::read_holder(lock)?.is_some() => break,
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(20)),
            Err(TryLockError::Error(err)) => return Err(err),
        }
    }
    Ok(Taken::ByAnother)
}
