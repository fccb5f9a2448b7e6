//! How single things moved: a replica, a slot, an own value; for growth and sparklines.

use std::collections::{BTreeMap, VecDeque};

use crate::domain::sample::model::{Sample, Sender, Server, Slot};
use crate::domain::sample::rates::number;

/// Points kept of each thing.
const POINTS: usize = 120;
/// Milliseconds after which a thing that is not seen any more is forgotten.
const FORGOTTEN_MS: i64 = 300_000;

/// What was seen of single things, by their names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tracks {
    tracks: BTreeMap<String, Track>,
    of_server_ms: i64,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Track {
    first: Option<f64>,
    points: VecDeque<(i64, f64)>,
}

/// Returns the name of the bytes that a replica has yet to replay.
pub fn of_sender(sender: &Sender) -> String {
    format!("behind {} {}", sender.pid, sender.application)
}

/// Returns the name of the log that a slot keeps.
pub fn of_slot(slot: &Slot) -> String {
    format!("slot {}", slot.name)
}

/// Returns the name of an own value.
pub fn of_value(name: &str) -> String {
    format!("value {name}")
}

/// The database's size.
pub const SIZE: &str = "size";
/// What a standby has yet to replay.
pub const RECEIVER: &str = "receiver";

impl Tracks {
    /// Takes a sample in.
    pub fn see(&mut self, sample: &Sample) {
        for own in &sample.values {
            let value = own.value.as_deref().and_then(|v| v.trim().parse().ok());
            if let Some(value) = value {
                self.note(of_value(&own.name), sample.at_ms, value);
            }
        }
        if let Some(server) = &sample.server
            && server.at_ms != self.of_server_ms
        {
            self.of_server_ms = server.at_ms;
            self.see_server(server);
        }
        let old = sample.at_ms - FORGOTTEN_MS;
        self.tracks
            .retain(|_, t| t.points.back().is_some_and(|(at, _)| *at >= old));
    }

    fn see_server(&mut self, server: &Server) {
        let at = server.at_ms;
        for sender in &server.senders {
            let Some(behind) = sender.unreplayed else {
                continue;
            };
            self.note(of_sender(sender), at, number(behind));
        }
        for slot in &server.slots {
            if let Some(kept) = slot.retained {
                self.note(of_slot(slot), at, number(kept));
            }
        }
        let behind = server.receiver.as_ref().and_then(|r| r.unreplayed);
        if let Some(behind) = behind {
            self.note(RECEIVER.to_owned(), at, number(behind));
        }
        if let Some(bytes) = server.database_bytes {
            self.note(SIZE.to_owned(), at, number(bytes));
        }
    }

    /// Notes that `name` was `value` at `at_ms` of the server's clock.
    pub fn note(&mut self, name: String, at_ms: i64, value: f64) {
        let track = self.tracks.entry(name).or_default();
        track.first.get_or_insert(value);
        if track.points.len() == POINTS {
            track.points.pop_front();
        }
        track.points.push_back((at_ms, value));
    }

    /// Returns by how much `name` grew a second during the last `ms` milliseconds; `None`: too little was seen.
    pub fn speed(&self, name: &str, ms: i64) -> Option<f64> {
        let points = &self.tracks.get(name)?.points;
        let (now, last) = *points.back()?;
        let (then, first) = *points.iter().find(|(at, _)| *at >= now - ms)?;
        let seconds = number(u64::try_from(now - then).ok()?) / 1_000.0;
        (seconds > 0.0).then(|| (last - first) / seconds)
    }

    /// Returns by how much `name` has grown since it was first seen.
    pub fn growth(&self, name: &str) -> Option<f64> {
        let track = self.tracks.get(name)?;
        let (_, last) = *track.points.back()?;
        Some(last - track.first?)
    }

    /// Returns the last values of `name`, the oldest first.
    pub fn line(&self, name: &str) -> Vec<Option<f64>> {
        let points = self.tracks.get(name).map(|t| &t.points);
        points
            .into_iter()
            .flatten()
            .map(|(_, v)| Some(*v))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(points: &[(i64, f64)]) -> Tracks {
        let mut tracks = Tracks::default();
        for (at, value) in points {
            tracks.note("x".into(), *at, *value);
        }
        tracks
    }

    #[test]
    fn speed_is_of_the_last_moments_and_growth_of_all() {
        let tracks = told(&[(0, 100.0), (50_000, 200.0), (60_000, 400.0)]);
        assert_eq!(tracks.speed("x", 10_000), Some(20.0));
        assert_eq!(tracks.growth("x"), Some(300.0));
        assert_eq!(told(&[(5, 1.0)]).speed("x", 10_000), None);
    }

    #[test]
    fn what_has_gone_is_forgotten() {
        let mut tracks = told(&[(0, 1.0)]);
        tracks.see(&Sample {
            at_ms: FORGOTTEN_MS + 1,
            ..Sample::default()
        });
        assert_eq!(tracks.line("x"), []);
    }
}
