//! A command: made ready, started, and seen through.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use tokio::net::unix::pipe;
use tokio::process::{Child, Command};

use crate::domain::attempt::{Assignment, ShellWork, TerminalUse};
use crate::domain::expect::Seen;
use crate::engine::attempt::ending::{Ending, How};
use crate::engine::attempt::files::{self, Files};
use crate::engine::attempt::gate::{self, GATE, Word};
use crate::engine::attempt::job::{Job, JobEnd};
use crate::engine::attempt::launch::this_program;
use crate::engine::attempt::orders::Orders;
use crate::engine::attempt::output::{Output, Stream};
use crate::engine::database::Dsn;
use crate::engine::database::postgres::libpq;

/// Runs a command to its end.
pub async fn run(
    work: &ShellWork,
    assignment: &Assignment,
    files: &Files,
    output: &mut Output,
    orders: &mut Orders,
) -> Ending {
    let ways = ways(work, assignment);
    let started = match start(work, assignment, files, ways) {
        Ok(started) => started,
        Err(why) => return Ending::not_started(why),
    };
    let grace = Duration::from_millis(assignment.grace_ms);
    let job = Job::new(
        started.child,
        started.pipes,
        work.stop,
        work.terminal,
        grace,
    )
    .note(&files.job());
    started.word.give();
    let end = job.see_through(output, orders).await;
    ending(end, ways, output)
}

/// How the output of a command reaches its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ways {
    /// One pipe for both streams: every line in its order.
    One,
    /// A pipe each, because one of them is looked at: their order is that of arrival.
    Two,
    /// None: the step has the terminal.
    Terminal,
}

fn ways(work: &ShellWork, assignment: &Assignment) -> Ways {
    let one_alone = assignment.expect.as_ref().is_some_and(|e| {
        e.stdout.is_some() || e.stderr.is_some() || e.value.is_some() || !e.json.is_empty()
    });
    match work.terminal {
        TerminalUse::Inherited => Ways::Terminal,
        TerminalUse::Captured if one_alone => Ways::Two,
        TerminalUse::Captured => Ways::One,
    }
}

type Pipes = [Option<pipe::Receiver>; 2];

/// A command that was born.
struct Started {
    child: Child,
    pipes: Pipes,
    /// What it waits for.
    word: Word,
}

/// Starts the command; the error is a sentence.
fn start(
    work: &ShellWork,
    assignment: &Assignment,
    files: &Files,
    ways: Ways,
) -> Result<Started, String> {
    let (program, mut command) = command(work, assignment, files)?;
    let no_pipe = |err: io::Error| format!("no pipe can be made: {err}");
    let pipes = connect(&mut command, ways).map_err(no_pipe)?;
    let word = Word::to(&mut command, work.terminal).map_err(no_pipe)?;
    let child = command
        .spawn()
        .map_err(|err| format!("{} cannot be started: {err}", program.display()))?;
    Ok(Started { child, pipes, word })
}

/// Connects the streams; the command keeps the writing ends until it is dropped.
fn connect(command: &mut Command, ways: Ways) -> io::Result<Pipes> {
    let pipe = || {
        let (reader, writer) = io::pipe()?;
        Ok::<_, io::Error>((pipe::Receiver::from_owned_fd(reader.into())?, writer))
    };
    match ways {
        // The terminal's foreground group, of which the supervisor is one, is the one that may read it.
        Ways::Terminal => Ok([None, None]),
        Ways::One => {
            let (reader, writer) = pipe()?;
            command.stderr(writer.try_clone()?).stdout(writer);
            command.process_group(0);
            Ok([Some(reader), None])
        }
        Ways::Two => {
            let ((out, stdout), (err, stderr)) = (pipe()?, pipe()?);
            command.stdout(stdout).stderr(stderr);
            command.process_group(0);
            Ok([Some(out), Some(err)])
        }
    }
}

fn ending(end: JobEnd, ways: Ways, output: &mut Output) -> Ending {
    output.flush();
    let (how, exit) = match (end.stopped, end.status) {
        (Some(stop), _) => (How::Stopped(stop), None),
        (None, Some(status)) => by_itself(status),
        (None, None) => (How::Failed("its exit status was not told".into()), None),
    };
    let (stdout, stderr) = (output.kept(Stream::Out), output.kept(Stream::Err));
    let apart = ways == Ways::Two;
    Ending {
        how,
        seen: Seen {
            exit,
            stdout: apart.then(|| stdout.clone()),
            stderr: apart.then(|| stderr.clone()),
            ..Seen::default()
        },
        texts: vec![stdout, stderr],
        left_behind: end.left_behind,
        ..Ending::default()
    }
}

fn by_itself(status: ExitStatus) -> (How, Option<i32>) {
    match (status.code(), status.signal()) {
        (Some(code), _) => (How::Exited(code), Some(code)),
        (None, Some(signal)) => (How::Signalled(signal), None),
        (None, None) => (How::Failed(status.to_string()), None),
    }
}

/// Makes the command ready, behind its gate; the error is a sentence.
fn command(
    work: &ShellWork,
    assignment: &Assignment,
    files: &Files,
) -> Result<(PathBuf, Command), String> {
    let dir = Path::new(&work.dir);
    match fs::metadata(dir) {
        Ok(meta) if meta.is_dir() => {}
        Ok(_) => {
            return Err(format!(
                "the working directory {} is no directory",
                dir.display()
            ));
        }
        Err(err) => {
            return Err(format!(
                "the working directory {} cannot be used: {err}",
                dir.display()
            ));
        }
    }
    files::private_file(&files.values())
        .map_err(|err| format!("{} cannot be written: {err}", files.values().display()))?;
    let (program, arguments) = shell(work)?;
    there(&program, dir, &path(work))
        .map_err(|err| format!("{} cannot be started: {err}", program.display()))?;
    let mut command = Command::new(this_program().map_err(|err| err.to_string())?);
    command.arg0("holdpoint").arg(GATE);
    command.arg(gate::told(work.terminal)).arg(&program);
    command.args(arguments).arg(&work.script).current_dir(dir);
    for name in &work.unset {
        command.env_remove(name);
    }
    command.env("PGAPPNAME", &assignment.app_name);
    if let Some((name, url)) = target_url(assignment) {
        command.env(name, libpq::address(&url));
        if let Ok(Dsn::MySql(dsn)) = Dsn::read(&url) {
            command.envs(dsn.environment());
        }
    }
    command.env(
        "HOLDPOINT_RUN",
        files.run_dir().file_name().unwrap_or_default(),
    );
    command.env("HOLDPOINT_STEP", assignment.step.as_str());
    command.env("HOLDPOINT_ATTEMPT", assignment.attempt.to_string());
    command.env("HOLDPOINT_OUTPUT", files.values());
    command.envs(&work.env);
    Ok((program, command))
}

/// Returns the variable that holds the address of the target's database, and the address.
fn target_url(assignment: &Assignment) -> Option<(&str, String)> {
    let name = assignment.url_env.as_deref()?;
    Some((name, env::var(name).ok()?))
}

/// Returns where programs are looked for.
fn path(work: &ShellWork) -> OsString {
    let own = work.env.get("PATH").map(Into::into);
    own.or_else(|| env::var_os("PATH")).unwrap_or_default()
}

/// Says why `program` could not be started from `dir`, as the system would: behind the gate it is too late for that.
fn there(program: &Path, dir: &Path, path: &OsStr) -> io::Result<()> {
    if program.components().count() > 1 || program.is_absolute() {
        return fs::metadata(dir.join(program)).map(drop);
    }
    if env::split_paths(path).any(|place| place.join(program).is_file()) {
        return Ok(());
    }
    Err(io::Error::from_raw_os_error(
        rustix::io::Errno::NOENT.raw_os_error(),
    ))
}

/// Returns the shell and its arguments, all but the script.
fn shell(work: &ShellWork) -> Result<(PathBuf, Vec<String>), String> {
    if let Some((program, arguments)) = work.shell.split_first() {
        return Ok((PathBuf::from(program), arguments.to_vec()));
    }
    let path = path(work);
    let found = |name: &str| {
        env::split_paths(&path)
            .map(|dir| dir.join(name))
            .find(|file| {
                fs::metadata(file).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
            })
    };
    let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
    if let Some(bash) = found("bash") {
        return Ok((bash, words(&["-euo", "pipefail", "-c"])));
    }
    if let Some(sh) = found("sh") {
        return Ok((sh, words(&["-eu", "-c"])));
    }
    Err("neither bash nor sh is on the PATH: name a shell in the step".into())
}
