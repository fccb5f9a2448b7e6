//! Sessions, durations and locks in words.

use crate::domain::sample::model::{Ours, Prepared, PreparedIn, Sample, Session};

/// Returns `ms` as people say it: `41 s`, `14 min`, `2 h 5 min`, `3 d`.
pub fn lasting(ms: u64) -> String {
    let s = ms / 1_000;
    match s {
        0..120 => format!("{s} s"),
        120..7_200 => format!("{} min", s / 60),
        7_200..172_800 => format!("{} h {} min", s / 3_600, s / 60 % 60),
        _ => format!("{} d", s / 86_400),
    }
}

/// Returns `statements` from the first one that does something: what tools send before it, in one go with it, only prepares, and
/// comments before it say who sent it.
fn deed(statements: &str) -> &str {
    let mut rest = statements.trim_start();
    loop {
        let after = if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map(|(_, after)| after)
        } else {
            let (first, after) = rest.split_once(';').unzip();
            let word = first.unwrap_or_default().split_whitespace().next();
            let word = word.unwrap_or_default().to_uppercase();
            after.filter(|_| matches!(word.as_str(), "SET" | "BEGIN" | "START" | "RESET"))
        };
        match after.map(str::trim_start) {
            Some(after) if !after.is_empty() => rest = after,
            _ => return rest,
        }
    }
}

/// Who is in a session's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InTheWay {
    /// A session.
    Session(i32),
    /// A prepared transaction.
    Prepared,
}

impl Session {
    /// Returns what it is called: its application, else its user, else what kind it is.
    pub fn name(&self) -> &str {
        [&self.application, &self.user, &self.kind]
            .into_iter()
            .find(|name| !name.is_empty())
            .map_or("a session", String::as_str)
    }

    /// Returns the first words of its statement: `ALTER TABLE invoices`.
    pub fn verb(&self, words: usize) -> String {
        let line = deed(&self.query).split_whitespace().take(words);
        line.collect::<Vec<_>>().join(" ")
    }

    /// Returns whether it holds a transaction open and does nothing.
    pub fn is_idle_in_transaction(&self) -> bool {
        self.state.starts_with("idle in transaction")
    }

    /// Returns the step that it belongs to, probably or certainly.
    pub fn step(&self) -> Option<&crate::domain::runbook::model::StepId> {
        match &self.ours {
            Ours::Step { step, .. } | Ours::Probable { step, .. } => Some(step),
            Ours::Monitor | Ours::No => None,
        }
    }

    /// Returns what it is doing, for one line: `idle in transaction for 14 min`, `waits 41 s`, `runs SELECT for 3 s`.
    pub fn doing(&self) -> String {
        if self.kind == "autovacuum worker" {
            return self.vacuuming();
        }
        if let Some(lock) = &self.lock {
            // Before 14 a plain role is not told how long.
            let known = lock.wait_ms.or(self.query_ms);
            return known.map_or_else(|| "waits".to_owned(), |ms| format!("waits {}", lasting(ms)));
        }
        if self.is_idle_in_transaction() {
            let ms = self.state_ms.unwrap_or_default();
            return format!("{} for {}", self.state, lasting(ms));
        }
        match (self.state.as_str(), self.query_ms) {
            ("active", Some(ms)) if !self.query.is_empty() => {
                format!("runs {} for {}", self.verb(1), lasting(ms))
            }
            ("active", Some(ms)) => format!("active for {}", lasting(ms)),
            ("", _) => "hidden from this role".to_owned(),
            (state, _) => state.to_owned(),
        }
    }

    fn vacuuming(&self) -> String {
        let what = self.query.trim_start_matches("autovacuum: ");
        if what.is_empty() {
            return "autovacuum".to_owned();
        }
        if what.contains("to prevent wraparound") {
            return format!("autovacuum, {what}: it does not give way");
        }
        format!("autovacuum, {what}: it gives way by itself to whoever waits")
    }

    /// Returns it in words: `pid 4711 cron, idle in transaction for 14 min`.
    pub fn words(&self) -> String {
        let name = if self.kind == "autovacuum worker" {
            String::new()
        } else {
            format!(" {}", self.name())
        };
        format!("pid {}{name}, {}", self.pid, self.doing())
    }
}

impl Prepared {
    /// Returns the statements that end it, and where.
    pub fn ending(&self) -> String {
        let gid = self.gid.replace('\'', "''");
        let place = match self.place {
            PreparedIn::Here => "",
            PreparedIn::Elsewhere => " in its own database",
            PreparedIn::Branch => {
                let gid = &self.gid;
                return format!("XA COMMIT {gid} or XA ROLLBACK {gid}");
            }
        };
        format!("COMMIT PREPARED '{gid}' or ROLLBACK PREPARED '{gid}'{place}")
    }

    /// Returns it in words.
    pub fn words(&self) -> String {
        let age = lasting(self.age_ms);
        if self.place == PreparedIn::Branch {
            return format!("prepared XA transaction {}, {age} old", self.gid);
        }
        format!(
            "prepared transaction '{}' of {}, {age} old",
            self.gid, self.owner
        )
    }
}

impl Sample {
    /// Returns the session `pid`, where it is listed.
    pub fn session(&self, pid: i32) -> Option<&Session> {
        self.sessions.iter().find(|s| s.pid == pid)
    }

    /// Returns who is in the way of `session`, where that is known; of those that want the same, the server was asked about the
    /// first, and what stands in their way stands in everybody's.
    pub fn in_the_way(&self, session: &Session) -> Option<InTheWay> {
        let own = |s: &Session| {
            let hard = s.hard.first().map(|b| b.pid);
            let first = hard.or(s.soft)?;
            Some(match first {
                0 => InTheWay::Prepared,
                pid => InTheWay::Session(pid),
            })
        };
        let group = || {
            let wanted = session.lock.as_ref()?.group.as_str();
            let same = |s: &&Session| s.lock.as_ref().is_some_and(|l| l.group == wanted);
            let mut alike = self.sessions.iter().filter(same);
            alike.find_map(own)
        };
        own(session).or_else(group)
    }

    /// Returns the prepared transactions, the oldest first.
    pub fn prepared(&self) -> &[Prepared] {
        self.server.as_ref().map_or(&[], |s| &s.prepared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vacuum_against_wraparound_is_said_not_to_give_way() {
        let vacuum = Session {
            pid: 7,
            kind: "autovacuum worker".into(),
            query: "autovacuum: VACUUM public.big (to prevent wraparound)".into(),
            ..Session::default()
        };
        assert_eq!(
            vacuum.words(),
            "pid 7, autovacuum, VACUUM public.big (to prevent wraparound): it does not give way"
        );
    }

    #[test]
    fn sessions_are_told_by_what_they_do() {
        let told = |state: &str, query: &str| {
            let session = Session {
                pid: 7,
                user: "dep".into(),
                state: state.into(),
                query: query.into(),
                query_ms: Some(3_000),
                state_ms: Some(840_000),
                ..Session::default()
            };
            session.words()
        };
        assert_eq!(
            told("idle in transaction", "x"),
            "pid 7 dep, idle in transaction for 14 min"
        );
        assert_eq!(
            told("active", "select  1"),
            "pid 7 dep, runs select for 3 s"
        );
        assert_eq!(told("", ""), "pid 7 dep, hidden from this role");
    }

    #[test]
    fn what_only_prepares_is_not_what_a_session_does() {
        for (query, verb) in [
            ("alter table t add c int", "alter table"),
            ("SET lock_timeout = '2s'; ALTER TABLE t", "ALTER TABLE"),
            ("/* app:billing */ begin; /* x */ update t set", "update t"),
            ("set x = 1", "set x"),
            ("begin; ", "begin;"),
            ("/* cut off in the mid", "/* cut"),
            ("start transaction;set a=1;;select 1", ";select 1"),
            ("", ""),
        ] {
            let session = Session {
                query: query.into(),
                ..Session::default()
            };
            assert_eq!(session.verb(2), verb, "{query}");
        }
    }

    #[test]
    fn who_is_in_the_way_of_the_first_is_in_the_way_of_all_who_want_the_same() {
        use crate::domain::sample::model::{Blocker, LockWait};
        let waits = |pid, group: &str| Session {
            pid,
            lock: Some(LockWait {
                group: group.into(),
                ..LockWait::default()
            }),
            ..Session::default()
        };
        let by = |pid| Blocker {
            pid,
            ..Blocker::default()
        };
        let first = Session {
            hard: vec![by(7)],
            ..waits(10, "a")
        };
        let queued = Session {
            soft: Some(10),
            ..waits(11, "b")
        };
        let prepared = Session {
            hard: vec![by(0)],
            ..waits(12, "c")
        };
        let sample = Sample {
            sessions: vec![first, queued, prepared, waits(20, "a"), waits(21, "d")],
            ..Sample::default()
        };
        let way = |at: usize| sample.in_the_way(&sample.sessions[at]);
        assert_eq!(way(0), Some(InTheWay::Session(7)));
        assert_eq!(way(1), Some(InTheWay::Session(10)));
        assert_eq!(way(2), Some(InTheWay::Prepared));
        assert_eq!(way(3), Some(InTheWay::Session(7)));
        assert_eq!(way(4), None);
    }

    #[test]
    fn durations_are_calm() {
        let told = [0, 41_000, 119_999, 120_000, 7_500_000, 300_000_000].map(lasting);
        assert_eq!(told, ["0 s", "41 s", "119 s", "2 min", "2 h 5 min", "3 d"]);
    }
}
