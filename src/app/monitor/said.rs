//! Alarms of lines that a step printed: said in a moment, over when nothing of the kind is said for a while.

use crate::app::message::Effect;
use crate::app::model::Model;
use crate::app::monitor::Monitor;
use crate::app::update::append;
use crate::domain::run::event::Event;

/// Milliseconds without another line after which such an alarm is over.
const OVER_MS: u64 = 60_000;

/// When lines of one kind were printed, on the forward clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    rule: String,
    first_ms: u64,
    last_ms: u64,
}

/// Whether a line of its kind was heard of late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It is worth an alarm.
    Anew,
    /// Its alarm holds still.
    Again,
}

impl Monitor {
    /// Notes that a line of the kind `rule` was printed at `now_ms` of the forward clock.
    pub fn hear(&mut self, rule: &str, now_ms: u64) -> Heard {
        if let Some(said) = self.said.iter_mut().find(|s| s.rule == rule) {
            said.last_ms = now_ms;
            return Heard::Again;
        }
        self.said.push(Said {
            rule: rule.to_owned(),
            first_ms: now_ms,
            last_ms: now_ms,
        });
        Heard::Anew
    }
}

/// Ends the alarms of lines of which nothing was heard for a while; after a resume, those that nobody listened to.
pub fn over(model: &mut Model) -> Vec<Effect> {
    let now = model.now.mono_ms;
    let is_rule = |rule: &str| model.book.monitor.alarms.iter().any(|r| r.text == rule);
    let holding = model.run.holding();
    let of_lines = holding
        .map(|a| &a.raised.rule)
        .filter(|rule| !is_rule(rule));
    let ended = of_lines.filter_map(|rule| {
        let said = model.monitor.said.iter().find(|s| s.rule == *rule);
        let lasted_ms = match said {
            Some(said) if now.saturating_sub(said.last_ms) < OVER_MS => return None,
            Some(said) => said.last_ms - said.first_ms,
            None => 0,
        };
        Some((rule.clone(), lasted_ms))
    });
    let ended: Vec<(String, u64)> = ended.collect();
    model
        .monitor
        .said
        .retain(|s| !ended.iter().any(|(rule, _)| s.rule == *rule));
    let cleared = ended
        .into_iter()
        .map(|(rule, lasted_ms)| Event::AlarmCleared { rule, lasted_ms });
    append(model, cleared.collect())
}
