//! Events without secrets, as they go into the journal.

use serde_json::Value;

use crate::domain::redact::Redactor;
use crate::domain::run::event::Event;

/// Where free text stands: what people, programs and servers say. Names and digests hold the run together and stay.
pub(super) const FREE: [&str; 22] = [
    "actual",
    "answer",
    "blocker",
    "changes",
    "command",
    "detail",
    "error",
    "expected",
    "how",
    "left_behind",
    "query",
    "reason",
    "receipt",
    "remark",
    "result",
    "seen",
    "sql",
    "summary",
    "text",
    "values",
    "when",
    "why",
];

/// Returns `event` with the secrets that `redactor` knows blotted out of every free text in it.
#[must_use]
pub fn cleaned(event: &Event, redactor: &Redactor) -> Event {
    let Ok(mut value) = serde_json::to_value(event) else {
        return event.clone();
    };
    clean(&mut value, Text::Bound, redactor);
    serde_json::from_value(value).unwrap_or_else(|_| event.clone())
}

/// Whether a text may be changed.
#[derive(Clone, Copy)]
enum Text {
    Free,
    Bound,
}

fn clean(value: &mut Value, text: Text, redactor: &Redactor) {
    match (value, text) {
        (Value::String(said), Text::Free) => *said = redactor.redact_text(said),
        (Value::Array(items), _) => {
            for item in items {
                clean(item, text, redactor);
            }
        }
        (Value::Object(fields), _) => {
            for (key, field) in fields {
                let free = matches!(text, Text::Free) || FREE.contains(&key.as_str());
                let text = if free { Text::Free } else { Text::Bound };
                clean(field, text, redactor);
            }
        }
        (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_), _) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attempt::Ended;
    use crate::domain::run::event::{BackendAct, BackendActed};
    use crate::domain::run::fixture::{confirmed, failure, finished, started};

    #[test]
    fn what_was_typed_and_said_loses_its_secrets_and_names_stay() {
        let redactor = Redactor::new(["rotate-passwords"]);
        let event = Event::BackendActed(BackendActed {
            query: "alter role app password 'geheim77'".into(),
            reason: "key rotate-passwords is known".into(),
            application: "rotate-passwords".into(),
            act: BackendAct::Cancel,
            pid: 7,
            backend_start: String::new(),
            user: String::new(),
            xact_ms: None,
        });
        let Event::BackendActed(clean) = cleaned(&event, &redactor) else {
            panic!("another event")
        };
        assert_eq!(clean.query, "alter role app password '[redacted]'");
        assert_eq!(clean.reason, "key [redacted] is known");
        assert_eq!(clean.application, "rotate-passwords");
    }

    #[test]
    fn an_event_without_secrets_is_left_as_it_is() {
        let redactor = Redactor::new::<&str>([]);
        let events = [
            started("a", 1),
            finished("a", 1, failure()),
            finished("b", 2, Ended::Passed),
            confirmed("c"),
            Event::Released,
        ];
        for event in events {
            assert_eq!(cleaned(&event, &redactor), event);
        }
    }
}
