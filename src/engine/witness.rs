//! Witnesses: a command that passes a journal's head on to where the operator cannot take it back.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::domain::tame;
use crate::engine::seal::{Desk, Scratch};

/// How long a witness may take, where nobody says.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Characters of an answer that are kept.
const ANSWER: usize = 500;

/// Bytes of an answer that are read.
const READ: u64 = 4_096;

/// A command that passes heads on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sink {
    /// What it is called in the record: `runbook`, `config`.
    pub name: String,
    /// The program and its arguments.
    pub words: Vec<String>,
    /// Where it runs.
    pub dir: PathBuf,
    /// After what time it is stopped.
    pub limit: Duration,
    /// Whether it may speak to the operator's ssh-agent.
    pub agent: Agent,
}

/// Whether a witness may use the operator's ssh-agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agent {
    /// `SSH_AUTH_SOCK` is taken away from it: it could sign as the operator.
    Hidden,
    /// It is shared: `git push` over ssh needs it.
    Shared,
}

/// Returns the operator's own witness: an executable file called `witness` in holdpoint's configuration directory.
pub fn own(desk: &Desk) -> Option<Sink> {
    let path = desk.config.join("witness");
    let about = fs::metadata(&path).ok()?;
    let executable = about.is_file() && about.permissions().mode() & 0o111 != 0;
    executable.then(|| Sink {
        name: "config".to_owned(),
        words: vec![path.display().to_string()],
        dir: desk.config.clone(),
        limit: PATIENCE,
        agent: Agent::Shared,
    })
}

/// Gives `text` to the sink on its standard input; returns its answer.
///
/// # Errors
/// Why it is not to be believed that the head was posted, in words.
pub fn post(sink: &Sink, run_dir: &Path, text: &str) -> Result<String, String> {
    try_post(sink, run_dir, text).map_err(|e| e.to_string())
}

fn try_post(sink: &Sink, run_dir: &Path, text: &str) -> io::Result<String> {
    // Files and not pipes: whatever the command leaves running holds nobody up.
    let scratch = Scratch::new().map_err(io::Error::other)?;
    let [said, complained] = ["said", "complained"].map(|name| scratch.path().join(name));
    let head = scratch
        .write("head", text.as_bytes())
        .map_err(io::Error::other)?;
    let Some((program, arguments)) = sink.words.split_first() else {
        return Err(io::Error::other("it names no command"));
    };
    let mut command = Command::new(program);
    command.args(arguments).current_dir(&sink.dir);
    command.env("HOLDPOINT_RUN_DIR", run_dir);
    if sink.agent == Agent::Hidden {
        command.env_remove("SSH_AUTH_SOCK");
    }
    command.stdin(File::open(&head)?);
    command.stdout(File::create(&said)?);
    command.stderr(File::create(&complained)?);
    let ended = wait(command.process_group(0).spawn()?, sink.limit)?;
    let answer = |path: &Path| {
        let mut bytes = Vec::new();
        let read = File::open(path).map(|f| f.take(READ).read_to_end(&mut bytes));
        let line = tame::line(read.map_or(&[][..], |_| bytes.trim_ascii()));
        line.chars().take(ANSWER).collect::<String>()
    };
    if ended.success() {
        return Ok(answer(&said));
    }
    let why = [answer(&complained), answer(&said)]
        .into_iter()
        .find(|t| !t.is_empty());
    let why = why.map_or(String::new(), |why| format!(": {why}"));
    Err(io::Error::other(format!("{ended}{why}")))
}

fn wait(mut child: Child, limit: Duration) -> io::Result<ExitStatus> {
    let end = Instant::now() + limit;
    let ended = loop {
        if let Some(ended) = child.try_wait()? {
            break Ok(ended);
        }
        if Instant::now() >= end {
            let seconds = limit.as_secs_f64();
            break Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("no answer within {seconds} s: it was stopped"),
            ));
        }
        thread::sleep(Duration::from_millis(20));
    };
    // Whatever is left of it goes with it.
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    if ended.is_err() {
        let _ = child.wait();
    }
    ended
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sink(script: &str, limit: Duration) -> Sink {
        Sink {
            name: "runbook".into(),
            words: ["sh", "-c", script].map(ToOwned::to_owned).to_vec(),
            dir: std::env::temp_dir(),
            limit,
            agent: Agent::Hidden,
        }
    }

    fn posted(script: &str, limit: Duration) -> Result<String, String> {
        let begun = Instant::now();
        let answer = post(
            &sink(script, limit),
            Path::new("/run"),
            "holdpoint-head r 1 ab\n",
        );
        // Whoever waited for what the script leaves behind would wait for a minute.
        assert!(begun.elapsed() < Duration::from_secs(30), "{answer:?}");
        answer
    }

    #[test]
    fn the_head_stands_on_standard_input_and_the_answer_is_tamed() {
        let script = "read a b c d; printf 'ok %s %s %s\\033[2J ' $b $d $HOLDPOINT_RUN_DIR; test -z \"$SSH_AUTH_SOCK\"";
        assert_eq!(posted(script, PATIENCE).unwrap(), "ok r ab /run\\e[2J");
    }

    #[test]
    fn a_witness_that_fails_hangs_or_leaves_something_behind_holds_nobody_up() {
        let refused = posted("echo no route >&2; exit 7", PATIENCE).unwrap_err();
        assert!(
            refused.contains('7') && refused.contains("no route"),
            "{refused}"
        );
        let limit = Duration::from_millis(200);
        assert!(
            posted("sleep 60 & sleep 60", limit)
                .unwrap_err()
                .contains("no answer within 0.2 s")
        );
        assert_eq!(posted("sleep 60 & echo done", PATIENCE).unwrap(), "done");
        assert!(
            posted("exec 3</dev/zero; head -c 9000000 /dev/zero", PATIENCE)
                .unwrap()
                .chars()
                .count()
                <= ANSWER
        );
    }
}
