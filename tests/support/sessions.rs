//! Other people's sessions: one that holds locks, and ones that wait for an answer.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use super::story::Story;

/// Long enough for the slowest step on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// A session with an open transaction; it ends when this is dropped.
pub struct Held {
    child: Child,
    _input: ChildStdin,
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A question on its way.
pub struct Question(Child);

impl Question {
    /// Waits for the answer.
    pub fn wait_for_answer(self) -> String {
        let output = self.0.wait_with_output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Story {
    /// Opens a transaction, sends `statement` in it, and leaves it open.
    pub fn hold(&self, statement: &str) -> Held {
        let mut child = self
            .session("reporting")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        writeln!(input, "begin;\n{statement};\nselect 'holds';").unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        assert!(output.lines().any(|line| line.unwrap() == "holds"));
        Held {
            child,
            _input: input,
        }
    }

    /// Asks something to which the answer may be long in coming.
    pub fn ask(&self, query: &str) -> Question {
        let mut session = self.session("web");
        let flag = if self.is_on_maria() { "-e" } else { "-c" };
        session.args([flag, query]).stdin(Stdio::null());
        Question(session.stdout(Stdio::piped()).spawn().unwrap())
    }

    /// Waits until `count` sessions wait for a lock.
    pub fn wait_blocked(&self, count: usize) {
        let query = if self.is_on_maria() {
            "select count(*) from information_schema.processlist where state like 'Waiting for % lock%'"
        } else {
            "select count(*) from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0"
        };
        let begun = Instant::now();
        while self.value(query).parse::<usize>().unwrap() < count {
            assert!(begun.elapsed() < PATIENCE, "{count} were never blocked");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn session(&self, name: &str) -> Command {
        if self.is_on_maria() {
            return self.client("root");
        }
        let mut psql = self.server().psql(&self.database).expect("psql is needed");
        psql.arg("-At").env("PGAPPNAME", name);
        psql
    }
}
