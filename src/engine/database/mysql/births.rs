//! Since when sessions are there, and since when they wait: the server does not tell, two looks do.

use std::collections::{HashMap, VecDeque};

use crate::domain::sample::model::Session;

/// Looks remembered at most; older ones are thinned.
const LOOKS: usize = 512;
/// Milliseconds by which two looks may differ on when the same statement began: the clock is read before the list is.
const NEARLY: u64 = 50;

/// What earlier looks tell of sessions.
#[derive(Debug, Default)]
pub(super) struct Births {
    /// When a look was made, and the largest number that any session had then. Numbers only grow.
    looks: VecDeque<(i64, i64)>,
    /// Since when a session waits for what.
    waits: HashMap<i32, (String, i64)>,
    /// When a session began what it does.
    began: HashMap<i32, i64>,
}

impl Births {
    /// Takes in that the largest number of any session is `largest` at `at_ms` of the server's clock.
    pub fn see(&mut self, at_ms: i64, largest: i64) {
        if self
            .looks
            .back()
            .is_some_and(|(_, known)| largest <= *known)
        {
            return; // nobody came, or the newest have gone
        }
        if self.looks.len() == LOOKS {
            let mut at = 0;
            self.looks.retain(|_| {
                at += 1;
                at % 2 == 1
            });
        }
        self.looks.push_back((at_ms, largest));
    }

    /// Returns the least age in milliseconds that the session `pid` can have by what was seen; `None`: it was there before
    /// the first look.
    ///
    /// Of the time between two looks the later one is taken: what began with a step must not seem older than it.
    pub fn age_ms(&self, pid: i32, now_ms: i64) -> Option<u64> {
        let pid = i64::from(pid);
        let (_, before) = self.looks.front()?;
        if pid <= *before {
            return None;
        }
        let seen = self.looks.iter().find(|(_, largest)| *largest >= pid);
        let since = seen.map_or(now_ms, |(at, _)| *at);
        Some(u64::try_from(now_ms - since).unwrap_or_default())
    }

    /// Counts from what an earlier look told of the same statements: those that began within a millisecond would change
    /// places from look to look.
    pub fn steady(&mut self, sessions: &mut [Session], now_ms: i64) {
        let mut began = HashMap::new();
        for session in sessions {
            let Some(ms) = session.state_ms else { continue };
            let seen = now_ms.saturating_sub_unsigned(ms);
            let known = self.began.get(&session.pid).copied();
            let since = known.filter(|known| known.abs_diff(seen) <= NEARLY);
            let since = since.unwrap_or(seen);
            began.insert(session.pid, since);
            let ms = u64::try_from(now_ms - since).unwrap_or_default();
            session.state_ms = Some(ms);
            session.query_ms = session.query_ms.map(|_| ms);
        }
        self.began = began;
    }

    /// Returns for how long each of `waiting` (session, what for, milliseconds at most) has waited at `now_ms`, where the
    /// last look was at `last_ms`.
    pub fn waited(
        &mut self,
        waiting: &[(i32, String, u64)],
        now_ms: i64,
        last_ms: Option<i64>,
    ) -> HashMap<i32, u64> {
        let mut waits = HashMap::new();
        let mut waited = HashMap::new();
        for (pid, what, most) in waiting {
            let began = now_ms.saturating_sub_unsigned(*most);
            let known = self.waits.get(pid).filter(|(was, _)| was == what);
            let since = known.map_or_else(
                || last_ms.map_or(began, |last| last.max(began)),
                |(_, since)| (*since).max(began),
            );
            waited.insert(*pid, u64::try_from(now_ms - since).unwrap_or_default());
            waits.insert(*pid, (what.clone(), since));
        }
        self.waits = waits;
        waited
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_as_old_as_the_look_that_could_first_have_seen_it() {
        let mut births = Births::default();
        births.see(1_000, 10);
        births.see(2_000, 12);
        births.see(3_000, 12);
        assert_eq!(births.age_ms(10, 5_000), None);
        assert_eq!(births.age_ms(11, 5_000), Some(3_000));
        assert_eq!(births.age_ms(13, 5_000), Some(0));
    }

    #[test]
    fn a_statement_began_when_it_was_first_seen_to_have() {
        let mut births = Births::default();
        let mut ages = |now_ms, ms: [u64; 2]| {
            let session = |(pid, ms)| Session {
                pid,
                query_ms: Some(ms),
                state_ms: Some(ms),
                ..Session::default()
            };
            let mut sessions: Vec<Session> = (1..).zip(ms).map(session).collect();
            births.steady(&mut sessions, now_ms);
            sessions
                .iter()
                .filter_map(|s| s.query_ms)
                .collect::<Vec<_>>()
        };
        assert_eq!(ages(10_000, [500, 501]), [500, 501]);
        // The next look rounds the other way, and reads its clock a little earlier.
        assert_eq!(ages(11_000, [1_503, 1_502]), [1_500, 1_501]);
        assert_eq!(ages(12_000, [3, 2_502]), [3, 2_501], "a new statement");
    }

    #[test]
    fn a_wait_begins_after_the_last_look_that_did_not_see_it() {
        let mut births = Births::default();
        let waits = |what: &str, most| vec![(7, what.to_owned(), most)];
        let waited = births.waited(&waits("a", 9_000), 10_000, None);
        assert_eq!(waited[&7], 9_000);
        let waited = births.waited(&waits("b", 10_000), 11_000, Some(10_000));
        assert_eq!(waited[&7], 1_000);
        let waited = births.waited(&waits("b", 12_000), 13_000, Some(12_000));
        assert_eq!(waited[&7], 3_000);
    }
}
