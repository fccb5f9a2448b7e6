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
        let line = self.query.split_whitespace().take(words);
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
    fn durations_are_calm() {
        let told = [0, 41_000, 119_999, 120_000, 7_500_000, 300_000_000].map(lasting);
        assert_eq!(told, ["0 s", "41 s", "119 s", "2 min", "2 h 5 min", "3 d"]);
    }
}
