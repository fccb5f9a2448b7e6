//! What the sessions' processes take of the machine, where the server runs on the monitor's own.

use std::collections::HashMap;

use crate::domain::sample::machine::{Disk, Machine, Taken};
use crate::domain::sample::model::{Sample, Session};
use crate::domain::sample::news::Extra;
use crate::domain::sample::rates::number;
use crate::engine::clock::mono_ms;
use crate::engine::database::postgres::rights::Own;
use crate::engine::machine::{self, Process, Units};

/// Milliseconds between two readings at least: over less a clock tick is a large part.
const EVERY_MS: u64 = 1_900;
/// Milliseconds by which server and system may differ on when a process started.
const NEARLY_MS: u64 = 1_500;

/// What is remembered from look to look.
#[derive(Default)]
pub(super) struct Processes {
    /// Whose children the sessions are; `None`: the server runs elsewhere, or its processes may not be seen.
    server: Option<Server>,
    machine: Option<Machine>,
    known: HashMap<i32, Known>,
    read_ms: u64,
}

#[derive(Clone, Copy)]
struct Server {
    pid: i32,
    units: Units,
    /// Of one session it is as of all: they run as one user.
    tells_disks: bool,
}

/// A session's process as it was last read.
struct Known {
    backend_start: String,
    worked: u64,
    disk: Option<[u64; 2]>,
    at_ms: u64,
    taken: Taken,
}

impl Processes {
    /// Finds out whether this machine is the server's, by the monitor's `own` session there: a process of this number that
    /// started when the session did. Through a tunnel, or from another container, it is none, or a stranger.
    pub fn of(own: &Own) -> Self {
        let server = || {
            if !own.is_near {
                return None;
            }
            let units = Units::read();
            let process = Process::read(own.pid)?;
            let is_one = process.name.contains("postgres") || process.name.contains("postmaster");
            let fits = is_one && started_with(&process, units, own.age_ms, mono_ms());
            fits.then_some(Server {
                pid: process.parent,
                units,
                tells_disks: machine::disk_bytes(own.pid).is_some(),
            })
        };
        Self {
            server: server(),
            ..Self::default()
        }
    }

    /// Tells the machine's state and, where it is `wanted`, what each session takes that may be at work.
    pub fn join(&mut self, sample: &mut Sample, wanted: Extra) {
        let Some(server) = self.server else { return };
        let now_ms = mono_ms();
        if self.machine.is_none() || now_ms.saturating_sub(self.read_ms) >= EVERY_MS {
            self.read_ms = now_ms;
            self.machine = machine::state().map(|state| Machine {
                tells_disks: server.tells_disks,
                ..state
            });
            self.known = match wanted {
                Extra::Asked => self.read(server, &sample.sessions),
                Extra::Unasked => HashMap::new(),
            };
        }
        sample.machine.clone_from(&self.machine);
        for session in &mut sample.sessions {
            let known = self.known.get(&session.pid);
            let same = known.filter(|known| known.backend_start == session.backend_start);
            session.taken = same.map(|known| known.taken.clone());
        }
    }

    fn read(&self, server: Server, sessions: &[Session]) -> HashMap<i32, Known> {
        // Who idles or waits for a lock takes nothing.
        let works = |s: &&Session| s.state != "idle" && s.lock.is_none();
        let at_work = sessions.iter().filter(works);
        at_work
            .filter_map(|s| Some((s.pid, self.known_of(server, s)?)))
            .collect()
    }

    fn known_of(&self, server: Server, session: &Session) -> Option<Known> {
        let (pid, units) = (session.pid, server.units);
        let process = Process::read(pid)?;
        let at_ms = mono_ms();
        if process.parent != server.pid || !started_with(&process, units, session.age_ms?, at_ms) {
            return None;
        }
        let disk = machine::disk_bytes(pid);
        let before = self.known.get(&pid);
        let before = before.filter(|b| b.backend_start == session.backend_start);
        // A second of work in a second is one.
        let a_second = |before: &Known, grown: u64| {
            number(grown) * 1_000.0 / number((at_ms - before.at_ms).max(1))
        };
        let cpu = before.map(|before| {
            let worked = process.worked.saturating_sub(before.worked);
            (a_second(before, worked) / number(units.ticks)).min(1.0)
        });
        let moved = before.and_then(|before| {
            let ([read, written], [read_before, written_before]) = (disk?, before.disk?);
            Some(Disk {
                read: a_second(before, read.saturating_sub(read_before)),
                written: a_second(before, written.saturating_sub(written_before)),
            })
        });
        Some(Known {
            backend_start: session.backend_start.clone(),
            worked: process.worked,
            disk,
            at_ms,
            taken: Taken {
                cpu,
                memory: machine::own_pages(pid).map(|pages| pages * units.page),
                disk: moved,
            },
        })
    }
}

/// Whether a process started when a session did that is so old.
fn started_with(process: &Process, units: Units, age_ms: u64, now_ms: u64) -> bool {
    let started_ms = process.started * 1_000 / units.ticks;
    now_ms.saturating_sub(age_ms).abs_diff(started_ms) <= NEARLY_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_with_the_number_of_a_session_is_not_taken_for_it() {
        // This very process is there, but no server's.
        let pid = i32::try_from(std::process::id()).unwrap();
        let age_ms = 5;
        for is_near in [true, false] {
            let own = Own {
                pid,
                age_ms,
                is_near,
            };
            assert!(Processes::of(&own).server.is_none());
        }
        let process = Process::read(pid).unwrap();
        let units = Units::read();
        let born_ms = process.started * 1_000 / units.ticks;
        assert!(started_with(&process, units, 700, born_ms + 800));
        assert!(!started_with(&process, units, 700, born_ms + 60_000));
    }
}
