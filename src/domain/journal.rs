//! The journal's records: an event, when, by whom, and the digest of the record before.
//!
//! The digest is taken over the line's bytes as stored, line end included, so a shell can follow the chain.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use thiserror::Error;

use crate::domain::digest::sha256_hex;
use crate::domain::run::event::Event;

/// The format's name, written into the first record.
pub const FORMAT: &str = "holdpoint-journal/1";

/// `prev` of the first record.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Longest line, in bytes, line end included.
pub const LINE_LIMIT: usize = 64 * 1024;

/// One record: one line of `journal.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Counted from one.
    pub seq: u64,
    /// When, by the wall clock: UTC, `2026-11-20T09:18:31.318Z`.
    pub t: String,
    /// Milliseconds since this segment's process opened the run, on a clock that runs on through a suspend.
    pub mono_ms: u64,
    /// Who drove: an identity as `dana@example.com`, or `holdpoint` for what the program saw by itself.
    pub by: String,
    /// What happened.
    pub event: Event,
}

/// A line as it is written and read: the keys in their fixed order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    prev: &'a str,
    seq: u64,
    #[serde(borrow)]
    t: &'a str,
    mono_ms: u64,
    #[serde(rename = "type", borrow)]
    kind: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    by: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// Why a journal cannot be trusted, or not be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JournalError {
    /// A record does not name the digest of the one before.
    #[error(
        "chain breaks between record {} and record {at}: record {at} says its predecessor hashes to {said}, \
         the predecessor on disk hashes to {found} (record {} was changed, or a record was removed, added or moved here)",
        .at - 1, .at - 1
    )]
    Broken {
        /// The record that names the wrong digest, counted from one.
        at: u64,
        /// What it names.
        said: String,
        /// What it should name.
        found: String,
    },
    /// A line is no record.
    #[error("record {at} cannot be read: {why}")]
    Unreadable {
        /// The line, counted from one.
        at: u64,
        /// Why.
        why: String,
    },
    /// The number is not the line's.
    #[error("record {at} calls itself record {said}")]
    Misnumbered {
        /// The line, counted from one.
        at: u64,
        /// What it says.
        said: u64,
    },
    /// The record is too long.
    #[error("a record of {bytes} bytes is longer than the limit of {LINE_LIMIT} bytes")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

/// A journal that was read and whose chain is whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Journal {
    /// Its records.
    pub entries: Vec<Entry>,
    /// The digest of the last line; [`GENESIS`] of an empty one.
    pub head: String,
    /// Bytes after the last line end: a torn write, or a cut file.
    pub torn: usize,
}

impl Journal {
    /// Returns what the run itself did last: that its head was told to somebody is no part of it.
    pub fn last_of_run(&self) -> Option<&Event> {
        let own = |e: &&Entry| !matches!(e.event, Event::WitnessPosted { .. });
        self.entries.iter().rev().find(own).map(|e| &e.event)
    }
}

impl Entry {
    /// Returns the line, line end included, that stands behind a line whose digest is `prev`.
    ///
    /// # Errors
    /// A line past [`LINE_LIMIT`].
    pub fn encode(&self, prev: &str) -> Result<String, JournalError> {
        let unreadable = |e: serde_json::Error| JournalError::Unreadable {
            at: self.seq,
            why: e.to_string(),
        };
        let (kind, data) = match &self.event {
            Event::Unknown { kind, data } => (kind.clone(), data.clone()),
            known => {
                let mut whole = serde_json::to_value(known).map_err(unreadable)?;
                let kind = whole
                    .get("type")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned();
                let data = whole.get_mut("data").map(Value::take).unwrap_or_default();
                (kind, data)
            }
        };
        let data = RawValue::from_string(data.to_string()).map_err(unreadable)?;
        let line = Line {
            prev,
            seq: self.seq,
            t: &self.t,
            mono_ms: self.mono_ms,
            kind: kind.into(),
            by: self.by.as_str().into(),
            data: &data,
        };
        let mut text = serde_json::to_string(&line).map_err(unreadable)?;
        text.push('\n');
        if text.len() > LINE_LIMIT {
            return Err(JournalError::TooLong { bytes: text.len() });
        }
        Ok(text)
    }

    fn decode(line: &[u8], at: u64, head: &str) -> Result<Self, JournalError> {
        let unreadable = |why: String| JournalError::Unreadable { at, why };
        let text = std::str::from_utf8(line).map_err(|e| unreadable(e.to_string()))?;
        let line: Line = serde_json::from_str(text).map_err(|e| unreadable(e.to_string()))?;
        if line.prev != head {
            return Err(JournalError::Broken {
                at,
                said: line.prev.to_owned(),
                found: head.to_owned(),
            });
        }
        if line.seq != at {
            return Err(JournalError::Misnumbered { at, said: line.seq });
        }
        let event = event_of(&line.kind, line.data).map_err(|e| unreadable(e.to_string()))?;
        Ok(Self {
            seq: line.seq,
            t: line.t.to_owned(),
            mono_ms: line.mono_ms,
            by: line.by.into_owned(),
            event,
        })
    }
}

/// An event of a type that this version does not know is kept as it is: never skipped, never guessed.
fn event_of(kind: &str, data: &RawValue) -> Result<Event, serde_json::Error> {
    let tagged = match data.get() {
        "null" => format!("{{\"type\":{}}}", Value::from(kind)),
        data => format!("{{\"type\":{},\"data\":{data}}}", Value::from(kind)),
    };
    match serde_json::from_str(&tagged) {
        Err(e) if e.to_string().starts_with("unknown variant") => Ok(Event::Unknown {
            kind: kind.to_owned(),
            data: serde_json::from_str(data.get())?,
        }),
        other => other,
    }
}

impl Journal {
    /// Reads a journal's bytes and checks its chain. Nothing after the first fault is interpreted.
    ///
    /// # Errors
    /// The first line that is no record, or that breaks the chain.
    pub fn read(bytes: &[u8]) -> Result<Self, JournalError> {
        Self::read_on(bytes, GENESIS, 0)
    }

    /// Reads what stands behind record `seq`, whose digest is `head`.
    ///
    /// # Errors
    /// The first line that is no record, or that breaks the chain.
    pub fn read_on(bytes: &[u8], head: &str, seq: u64) -> Result<Self, JournalError> {
        let mut journal = Self {
            head: head.to_owned(),
            ..Self::default()
        };
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|b| *b == b'\n') {
            let (line, after) = rest.split_at(end + 1);
            let at = seq + journal.entries.len() as u64 + 1;
            journal
                .entries
                .push(Entry::decode(&line[..end], at, &journal.head)?);
            journal.head = sha256_hex(line);
            rest = after;
        }
        journal.torn = rest.len();
        Ok(journal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: u64, event: Event) -> Entry {
        Entry {
            seq,
            t: "2026-11-20T09:18:31.318Z".into(),
            mono_ms: 7,
            by: "dana \"x\"".into(),
            event,
        }
    }

    fn journal(events: Vec<Event>) -> String {
        let mut text = String::new();
        let mut head = GENESIS.to_owned();
        for (i, event) in events.into_iter().enumerate() {
            let line = entry(i as u64 + 1, event).encode(&head).unwrap();
            head = sha256_hex(line.as_bytes());
            text.push_str(&line);
        }
        text
    }

    #[test]
    fn what_is_written_is_read_again() {
        let events = vec![Event::Released, Event::TargetLost { why: "a\nb".into() }];
        let read = Journal::read(journal(events.clone()).as_bytes()).unwrap();
        assert_eq!(
            read.entries
                .iter()
                .map(|e| e.event.clone())
                .collect::<Vec<_>>(),
            events
        );
        assert_eq!(read.torn, 0);
    }

    #[test]
    fn keys_stand_in_their_order() {
        let line = entry(1, Event::TargetLost { why: "x".into() })
            .encode(GENESIS)
            .unwrap();
        let keys = ["prev", "seq", "t", "mono_ms", "type", "by", "data"]
            .map(|k| line.find(&format!("\"{k}\":")).unwrap());
        assert!(keys.is_sorted());
    }

    #[test]
    fn an_unknown_event_is_kept() {
        let data = serde_json::json!({"a": [1]});
        let text = journal(vec![Event::Unknown {
            kind: "moon.rose".into(),
            data,
        }]);
        let read = Journal::read(text.as_bytes()).unwrap();
        assert!(
            matches!(&read.entries[0].event, Event::Unknown { kind, .. } if kind == "moon.rose")
        );
        assert_eq!(read.entries[0].encode(GENESIS).unwrap(), text);
    }

    #[test]
    fn a_removed_record_breaks_the_chain() {
        let text = journal(vec![Event::Released; 3]);
        let cut: String = text
            .lines()
            .enumerate()
            .filter(|(i, _)| *i != 1)
            .map(|(_, l)| format!("{l}\n"))
            .collect();
        assert!(matches!(
            Journal::read(cut.as_bytes()),
            Err(JournalError::Broken { at: 2, .. })
        ));
    }

    #[test]
    fn a_duplicate_key_is_refused() {
        let line = entry(1, Event::Released).encode(GENESIS).unwrap().replacen(
            "\"seq\":1",
            "\"seq\":1,\"seq\":1",
            1,
        );
        assert!(matches!(
            Journal::read(line.as_bytes()),
            Err(JournalError::Unreadable { at: 1, .. })
        ));
    }

    #[test]
    fn a_torn_tail_is_counted_and_not_read() {
        let text = journal(vec![Event::Released; 2]);
        let read = Journal::read(&text.as_bytes()[..text.len() - 3]).unwrap();
        assert_eq!(read.entries.len(), 1);
        assert!(read.torn > 0);
    }
}
