//! What clears a sandbox up: its owner, a watchdog when the owner dies, the next sandbox when both did.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::engine::sandbox::SandboxError;
use crate::engine::sandbox::account::Account;

/// How the sandboxes of one family of servers are told and ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Breed {
    /// How their directories begin; the owner's pid, the owner's start time and a number follow.
    prefix: &'static str,
    /// The file below the directory whose first line is the server's pid.
    pid_file: &'static str,
    /// Ends the server at once: nothing in it is worth a checkpoint.
    pub(super) signal: Signal,
    /// The same for a shell.
    signal_word: &'static str,
}

/// PostgreSQL's.
pub(super) const POSTGRES: Breed = Breed {
    prefix: "holdpoint-pg-",
    pid_file: "data/postmaster.pid",
    signal: Signal::QUIT,
    signal_word: "QUIT",
};

/// MySQL's and MariaDB's, for which an immediate shutdown is none but this.
pub(super) const MYSQL: Breed = Breed {
    prefix: "holdpoint-my-",
    pid_file: "data/server.pid",
    signal: Signal::KILL,
    signal_word: "KILL",
};

impl Breed {
    /// Returns the file whose first line is the pid of the server at `dir`.
    pub(super) fn pid_file(self, dir: &Path) -> PathBuf {
        dir.join(self.pid_file)
    }

    /// Makes a private directory for `account` below `parent`, after clearing up what dead owners left there.
    pub(super) fn directory(
        self,
        parent: &Path,
        account: &Account,
    ) -> Result<PathBuf, SandboxError> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        self.sweep(parent);
        let dir = self.name(parent, NUMBER.fetch_add(1, Ordering::Relaxed));
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&dir)
            .map_err(SandboxError::file(&dir))?;
        account.own(&dir)?;
        Ok(dir)
    }

    fn name(self, parent: &Path, number: u32) -> PathBuf {
        let (prefix, pid) = (self.prefix, std::process::id());
        parent.join(format!("{prefix}{pid}-{}-{number}", started(pid)))
    }

    /// Starts a small shell that clears `dir` up when this process dies in any way: it waits for the end of its input.
    pub(super) fn watchdog(self, dir: &Path) -> Result<Child, SandboxError> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", WATCHDOG, "holdpoint-sandbox"])
            .arg(dir)
            .args([self.pid_file, self.signal_word]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.current_dir("/").process_group(0);
        command.spawn().map_err(|source| SandboxError::Program {
            program: "/bin/sh".into(),
            account: "you".into(),
            source,
        })
    }

    /// Ends `server`, removes `dir`, and lets the watchdog go.
    pub(super) fn end(self, dir: &Path, server: Option<Child>, watchdog: Option<Child>) {
        if let Some(mut server) = server {
            // Its own number: nobody else can have it before it was waited for.
            if let Some(pid) = i32::try_from(server.id()).ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, self.signal);
            }
            let _ = server.wait();
        }
        self.remove(dir);
        if let Some(mut watchdog) = watchdog {
            drop(watchdog.stdin.take());
            let _ = watchdog.wait();
        }
    }

    /// Stops and removes every sandbox below `parent` whose owner is gone.
    fn sweep(self, parent: &Path) {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let Some((pid, start)) = name.to_str().and_then(|name| self.owner(name)) else {
                continue;
            };
            if !is_alive(pid, start) && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.remove(&entry.path());
            }
        }
    }

    /// Ends the server of the sandbox at `dir`, if one runs, and removes the directory.
    fn remove(self, dir: &Path) {
        if let Some(pid) = self.server_pid(dir) {
            let _ = kill_process(pid, self.signal);
            for _ in 0..200 {
                if test_kill_process(pid).is_err() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        let _ = fs::remove_dir_all(dir);
    }

    /// Returns the pid of the server that runs on `dir`: never that of another process which inherited the number.
    fn server_pid(self, dir: &Path) -> Option<Pid> {
        let data = dir.join("data");
        let file = fs::read_to_string(self.pid_file(dir)).ok()?;
        let pid: i32 = file.lines().next()?.trim().parse().ok()?;
        let command = command_line(pid)?;
        if !command.contains(data.to_str()?) {
            return None;
        }
        Pid::from_raw(pid)
    }

    /// Reads the owner's pid and start time from a directory's name.
    fn owner(self, name: &str) -> Option<(u32, u64)> {
        let mut parts = name.strip_prefix(self.prefix)?.split('-');
        let pid = parts.next()?.parse().ok()?;
        let start = parts.next()?.parse().ok()?;
        Some((pid, start))
    }
}

/// Waits for the owner's end of the pipe to close; then ends the server whose pid stands in `$1/$2` with signal `$3` and
/// removes `$1`.
const WATCHDOG: &str = r#"
trap '' HUP INT TERM
cat >/dev/null
pid=$(head -n 1 "$1/$2" 2>/dev/null) || pid=
if [ -n "$pid" ] && { [ ! -r "/proc/$pid/cmdline" ] || grep -q -- "$1" "/proc/$pid/cmdline"; }; then
  kill -"$3" "$pid" 2>/dev/null
  n=0
  while kill -0 "$pid" 2>/dev/null && [ $n -lt 50 ]; do sleep 0.1; n=$((n + 1)); done
fi
rm -rf -- "$1"
"#;

fn command_line(pid: i32) -> Option<String> {
    if let Ok(bytes) = fs::read(format!("/proc/{pid}/cmdline")) {
        return Some(String::from_utf8_lossy(&bytes).into_owned());
    }
    let output = std::process::Command::new("ps")
        .args(["-o", "command=", "-p", &pid.to_string()])
        .output()
        .ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn is_alive(pid: u32, start: u64) -> bool {
    let known = i32::try_from(pid).ok().and_then(Pid::from_raw);
    match known {
        // EPERM means that it lives and is somebody else's.
        Some(known) => {
            !matches!(test_kill_process(known), Err(rustix::io::Errno::SRCH))
                && started(pid) == start
        }
        None => false,
    }
}

/// Returns when `pid` started, in clock ticks after the boot (proc(5), field 22); 0 where that is not told.
fn started(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The second field is a name in parentheses that may hold anything.
    stat.rsplit_once(')')
        .and_then(|(_, rest)| rest.split_whitespace().nth(19))
        .and_then(|ticks| ticks.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sandbox_of_a_dead_owner_goes_and_that_of_a_living_one_stays() {
        let parent = tempfile::tempdir().unwrap();
        let mine = POSTGRES.name(parent.path(), 1);
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let dead = parent
            .path()
            .join(format!("holdpoint-pg-{}-1-1", child.id()));
        child.wait().unwrap();
        let strange = parent.path().join("holdpoint-pg-notes");
        for dir in [&mine, &dead, &strange] {
            fs::create_dir(dir).unwrap();
        }
        POSTGRES.sweep(parent.path());
        assert!(mine.is_dir() && strange.is_dir() && !dead.exists());
    }

    #[test]
    fn a_number_that_another_process_inherited_is_not_the_owner() {
        let me = std::process::id();
        assert!(is_alive(me, started(me)));
        assert!(started(me) == 0 || !is_alive(me, started(me) + 1));
    }

    #[test]
    fn a_pid_file_that_names_another_process_harms_nobody() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("data")).unwrap();
        let me = std::process::id();
        fs::write(dir.path().join("data/postmaster.pid"), format!("{me}\n")).unwrap();
        assert_eq!(POSTGRES.server_pid(dir.path()), None);
    }
}
