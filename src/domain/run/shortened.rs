//! A fact that is too long for a record, cut to one that is not: what has happened is always recorded.

use serde_json::Value;

use crate::domain::journal::LINE_LIMIT;
use crate::domain::run::cleaned::FREE;
use crate::domain::run::event::Event;

/// Bytes of a record that are not its data: digest, number, times, type, and who.
const AROUND: usize = 2 * 1024;
/// Bytes that one text may keep: tried one after the other until the whole fits.
const KEPT: [usize; 5] = [8 * 1024, 2 * 1024, 512, 128, 32];

/// Returns `event` with its long texts cut, each saying how much is missing, so that it fits into a record; `None`: it
/// is a person's word or wish, which is refused and never cut, or cannot be made to fit.
pub fn shortened(event: &Event) -> Option<Event> {
    if !happened(event) {
        return None;
    }
    let whole = serde_json::to_value(event).ok()?;
    let cut = KEPT.iter().find_map(|kept| {
        let mut value = whole.clone();
        shorten(&mut value, Text::Bound, *kept);
        (value.to_string().len() + AROUND <= LINE_LIMIT).then_some(value)
    })?;
    serde_json::from_value(cut).ok()
}

/// Whether an event tells what has happened, or in one line what is about to be run: its whole text is kept elsewhere.
fn happened(event: &Event) -> bool {
    matches!(
        event,
        Event::StepStarted(_)
            | Event::StepFinished(_)
            | Event::StepInterrupted { .. }
            | Event::StepVerified { .. }
            | Event::AlarmRaised(_)
            | Event::BackendResult { .. }
            | Event::ManualSqlResult { .. }
            | Event::TargetLost { .. }
            | Event::Target(_)
            | Event::Held { .. }
            | Event::RunLeft { .. }
            | Event::CancelAsked { .. }
            | Event::RunbookAmended(_)
    )
}

/// Whether a text may be changed.
#[derive(Clone, Copy)]
enum Text {
    Free,
    Bound,
}

fn shorten(value: &mut Value, text: Text, kept: usize) {
    match (value, text) {
        (Value::String(said), Text::Free) => *said = cut(said, kept),
        (Value::Array(items), _) => {
            let most = (kept / 64).max(2);
            if matches!(text, Text::Free) && items.len() > most {
                let more = items.len() - most;
                items.truncate(most);
                items.push(Value::from(format!("… and {more} more, left out here")));
            }
            for item in items {
                shorten(item, text, kept);
            }
        }
        (Value::Object(fields), _) => {
            if let Some(Value::Object(values)) = fields.get_mut("values") {
                // Half a value is another value: it is kept whole or not at all.
                values.retain(|_, value| value.to_string().len() <= kept);
            }
            for (key, field) in fields.iter_mut().filter(|(key, _)| *key != "values") {
                let free = matches!(text, Text::Free) || FREE.contains(&key.as_str());
                shorten(field, if free { Text::Free } else { Text::Bound }, kept);
            }
        }
        (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_), _) => {}
    }
}

/// Returns `text` without its middle where it is longer than `kept` bytes in a record, and says so.
fn cut(text: &str, kept: usize) -> String {
    let written = Value::from(text).to_string().len();
    if written <= kept + 64 {
        return text.to_owned();
    }
    // What is escaped takes up to six bytes for one.
    let share = (kept * text.len() / written) / 2;
    let head = text.floor_char_boundary(share);
    let tail = text.ceil_char_boundary(text.len() - share);
    format!(
        "{} … [{} bytes left out of the record] … {}",
        &text[..head],
        tail - head,
        &text[tail..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attempt::Ended;
    use crate::domain::journal::{Entry, GENESIS};
    use crate::domain::run::event::{Finished, NoteKind, Peaks};
    use crate::domain::run::fixture::outcome;
    use crate::domain::runbook::model::StepId;

    fn fits(event: &Event) -> bool {
        let entry = Entry {
            seq: u64::MAX,
            t: "2026-11-20T09:18:31.318Z".into(),
            mono_ms: u64::MAX,
            by: "dana@example.com".into(),
            event: event.clone(),
        };
        entry.encode(GENESIS).is_ok()
    }

    #[test]
    fn the_end_of_a_step_is_recorded_however_much_there_is_to_say_of_it() {
        for (text, lines) in [("x", 1), ("\u{1}", 1), ("漢", 1), ("some left\n", 5_000)] {
            let mut outcome = outcome(Ended::Passed);
            outcome.summary = text.repeat(200_000 / text.len());
            outcome.left_behind = vec![text.repeat(100); lines];
            outcome.values.insert("long".into(), "\u{1}".repeat(16_000));
            outcome.values.insert("release".into(), "v12".into());
            let finished = Finished {
                step: StepId::new("a"),
                attempt: 1,
                outcome,
                peaks: Peaks::default(),
            };
            let event = Event::StepFinished(finished);
            assert!(!fits(&event));
            let short = shortened(&event).unwrap();
            assert!(fits(&short));
            let Event::StepFinished(end) = short else {
                panic!("another event")
            };
            assert_eq!((end.step.as_str(), end.attempt), ("a", 1));
            assert!(end.outcome.summary.contains("bytes left out of the record"));
            assert_eq!(end.outcome.ended, Ended::Passed);
            assert_eq!(
                end.outcome.values.get("release").map(String::as_str),
                Some("v12")
            );
            assert!(!end.outcome.values.contains_key("long"));
        }
    }

    #[test]
    fn what_a_person_says_is_never_cut() {
        let note = Event::Note {
            kind: NoteKind::Remark,
            text: "x".repeat(100_000),
            step: None,
        };
        assert_eq!(shortened(&note), None);
    }

    #[test]
    fn a_short_fact_stays_as_it_is() {
        let lost = Event::TargetLost { why: "gone".into() };
        assert_eq!(shortened(&lost), Some(lost));
    }
}
