//! The supervisor: does one attempt, writes down everything, and tells how it ended.

use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::process::{getpid, set_child_subreaper, setsid};

use crate::domain::attempt::{Assignment, Ended, Outcome};
use crate::domain::redact::Redactor;
use crate::engine::attempt::conclusion::{concluded, outcome};
use crate::engine::attempt::files::{self, Files, Holder};
use crate::engine::attempt::learning::Learning;
use crate::engine::attempt::orders::{Interrupts, Orders, Signals};
use crate::engine::attempt::output::Output;
use crate::engine::attempt::process;
use crate::engine::attempt::report::Report;
use crate::engine::attempt::secrets::redactor;
use crate::engine::attempt::sweep::{self, Sessions};
use crate::engine::attempt::tries::attempt;
use crate::engine::clock;

/// The hidden subcommand: supervises attempt `name` of the run in `run_dir`, and returns the exit status.
///
/// It works only as [`launch`](super::launch) starts it, with the attempt's lock as an open file; anybody else gets 2.
pub fn supervise(run_dir: &Path, name: &str) -> u8 {
    let Some(files) = Files::new(run_dir, name) else {
        return 2;
    };
    let Some((lock, interrupts)) = inherited_lock(&files) else {
        return 2;
    };
    if detach(interrupts).is_err() {
        return 1;
    }
    let Ok(report) = Report::reserve(&files) else {
        return 1; // Nothing was done, and the free lock will say so.
    };
    let begun_ms = clock::mono_ms(); // through a suspend too
    let mut outcome = done(&files, &lock, interrupts);
    outcome.duration_ms = clock::mono_ms().saturating_sub(begun_ms);
    // The lock is held until the report is there.
    let written = report.write(&outcome);
    drop(lock);
    u8::from(written.is_err())
}

/// Finds the attempt's lock among the standard streams: held by us, and used by nobody before.
fn inherited_lock(files: &Files) -> Option<(File, Interrupts)> {
    let on_disk = fs::metadata(files.lock()).ok()?;
    let (stdin, stderr) = (io::stdin(), io::stderr());
    let streams = [
        (stdin.as_fd(), Interrupts::Stop),
        (stderr.as_fd(), Interrupts::Pass),
    ];
    for (stream, interrupts) in streams {
        let mut file = File::from(stream.try_clone_to_owned().ok()?);
        let same = file
            .metadata()
            .is_ok_and(|m| m.dev() == on_disk.dev() && m.ino() == on_disk.ino());
        if !same {
            continue;
        }
        file.try_lock().ok()?;
        let unused = files::read_holder(&mut file).ok()?.is_none() && !files.exit().exists();
        return unused.then_some((file, interrupts));
    }
    None
}

/// Leaves the launcher's session, unless the step needs its terminal, and lets go of the lock's standard stream.
fn detach(interrupts: Interrupts) -> io::Result<()> {
    match interrupts {
        Interrupts::Stop => {
            setsid()?;
            rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
        }
        Interrupts::Pass => rustix::stdio::dup2_stderr(io::stdout())?,
    }
    set_child_subreaper(Some(getpid()))?;
    Ok(())
}

fn done(files: &Files, lock: &File, interrupts: Interrupts) -> Outcome {
    let not_started = |why: String| outcome(files, Ended::NotStarted, why);
    let assignment = match assignment(files) {
        Ok(assignment) => assignment,
        Err(why) => return not_started(why),
    };
    let redactor = redactor(&assignment);
    let output = match Output::create(files, &redactor, assignment.output_cap) {
        Ok(mut output) => {
            output.learn(Learning::of(&assignment));
            output
        }
        Err(err) => {
            return not_started(format!(
                "{} cannot be written: {err}",
                files.output().display()
            ));
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(worked(
            files,
            lock,
            interrupts,
            &assignment,
            &redactor,
            output,
        )),
        Err(err) => not_started(format!("the supervisor cannot run: {err}")),
    }
}

/// Reads what is to be done; the error is a sentence.
fn assignment(files: &Files) -> Result<Assignment, String> {
    let path = files.action();
    let json =
        fs::read(&path).map_err(|err| format!("{} cannot be read: {err}", path.display()))?;
    serde_json::from_slice(&json)
        .map_err(|err| format!("{} cannot be understood: {err}", path.display()))
}

async fn worked(
    files: &Files,
    lock: &File,
    interrupts: Interrupts,
    assignment: &Assignment,
    redactor: &Redactor,
    mut output: Output,
) -> Outcome {
    if let Some(why) = sweep::still_at_work(files, assignment).await {
        return outcome(files, Ended::NotStarted, why);
    }
    let begun = Signals::take().and_then(|signals| sign(lock).map(|()| signals));
    let signals = match begun {
        Ok(signals) => signals,
        Err(err) => {
            return outcome(
                files,
                Ended::NotStarted,
                format!("the supervisor cannot run: {err}"),
            );
        }
    };
    let timeout = assignment.timeout_ms.map(Duration::from_millis);
    let mut orders = Orders::listen(signals, files.cancel(), interrupts, timeout);
    sweep::note_tool(files, assignment).await;
    let mut judged = attempt(assignment, files, &mut output, &mut orders).await;
    if judged.stopped.is_some() {
        match sweep::sessions(files, assignment).await {
            Some(Sessions::Gone(said)) => judged.verdict.add(&said),
            Some(Sessions::Unsure(said)) => judged.left_behind.push(said),
            None => {}
        }
    }
    fs::remove_file(files.values()).ok();
    concluded(files, assignment, redactor, judged, output)
}

/// Names this process in the lock. From here on the step may run, and the disk knows it.
fn sign(mut lock: &File) -> io::Result<()> {
    let own =
        process::Id::own().ok_or_else(|| io::Error::other("/proc does not show this process"))?;
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let holder = Holder {
        pid: own.pid,
        start: own.start,
        boot: process::boot_id(),
        since_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
    };
    lock.seek(SeekFrom::Start(0))?;
    lock.set_len(0)?;
    lock.write_all(&serde_json::to_vec(&holder)?)?;
    lock.sync_all()
}
