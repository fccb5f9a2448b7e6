//! When an alarm is raised, and when it is cleared.

use crate::domain::runbook::model::{AlarmRule, Level};
use crate::domain::sample::blocking::first_blocker;
use crate::domain::sample::history::History;
use crate::domain::sample::metric::{Reading, Unit, measure, metric_named};
use crate::domain::sample::model::Sample;
use crate::domain::sample::rates::whole;
use crate::domain::sample::rule::holds;
use crate::domain::sample::words::lasting;
use crate::domain::units;

/// Milliseconds for which a rule must not hold before its alarm is cleared.
pub const CALM_MS: i64 = 5_000;

/// What is known at the moment of judging.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The newest sample; `None` while the server does not answer.
    pub sample: Option<&'a Sample>,
    /// The samples before.
    pub history: &'a History,
    /// Milliseconds for which the server has not answered; 0 while it does.
    pub unreachable_ms: u64,
}

/// An alarm began or ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlarmChange {
    /// A rule has held long enough.
    Raised {
        /// The rule.
        rule: AlarmRule,
        /// How bad it is.
        level: Level,
        /// What was seen: `blocked 7`.
        seen: String,
        /// Who stands first, where somebody blocks; else empty.
        blocker: String,
    },
    /// It has not held for [`CALM_MS`].
    Cleared {
        /// The rule, as written.
        rule: String,
        /// Milliseconds from the moment it first held to the moment it last did.
        lasted_ms: u64,
    },
}

/// Remembers which rules hold, and since when.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judge {
    memory: Vec<Memory>,
}

#[derive(Debug, Clone, PartialEq)]
struct Memory {
    rule: String,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Calm,
    Holds { since: i64 },
    Raised { since: i64, last: i64 },
}

impl Judge {
    /// Judges `rules` at `now_ms` of a clock that only runs forward; tells what changed.
    pub fn judge(&mut self, rules: &[AlarmRule], seen: Seen, now_ms: i64) -> Vec<AlarmChange> {
        let mut changes = Vec::new();
        for rule in rules {
            let reading = reading(rule, seen);
            let verdict = reading
                .as_ref()
                .and_then(|r| holds(&rule.metric, rule.op, &rule.threshold, r));
            let memory = self.memory_of(&rule.text);
            let before = memory.state;
            memory.state = next(before, verdict, rule, now_ms);
            match (before, memory.state) {
                (State::Calm | State::Holds { .. }, State::Raised { .. }) => {
                    let words = reading.map_or_else(String::new, |r| words(&rule.metric, &r));
                    changes.push(AlarmChange::Raised {
                        rule: rule.clone(),
                        level: rule.level,
                        seen: format!("{} {words}", rule.metric),
                        blocker: seen.sample.and_then(first_blocker).unwrap_or_default(),
                    });
                }
                (State::Raised { since, last }, State::Calm) => {
                    changes.push(AlarmChange::Cleared {
                        rule: rule.text.clone(),
                        lasted_ms: u64::try_from(last - since).unwrap_or_default(),
                    });
                }
                (State::Calm | State::Holds { .. }, State::Calm | State::Holds { .. })
                | (State::Raised { .. }, State::Raised { .. } | State::Holds { .. }) => {}
            }
        }
        changes
    }

    /// Takes up an alarm that is raised since `since_ms`: whoever raised it is gone.
    pub fn take_up(&mut self, rule: &str, since_ms: i64, now_ms: i64) {
        self.memory_of(rule).state = State::Raised {
            since: since_ms,
            last: now_ms,
        };
    }

    /// Returns the rules, as written, whose alarms are raised.
    pub fn raised(&self) -> impl Iterator<Item = &str> {
        let raised = |m: &&Memory| matches!(m.state, State::Raised { .. });
        self.memory.iter().filter(raised).map(|m| m.rule.as_str())
    }

    fn memory_of(&mut self, rule: &str) -> &mut Memory {
        let at = self.memory.iter().position(|m| m.rule == rule);
        let at = at.unwrap_or_else(|| {
            self.memory.push(Memory {
                rule: rule.to_owned(),
                state: State::Calm,
            });
            self.memory.len() - 1
        });
        &mut self.memory[at]
    }
}

fn reading(rule: &AlarmRule, seen: Seen) -> Option<Reading> {
    if rule.metric == "unreachable" {
        let value = crate::domain::sample::rates::number(seen.unreachable_ms);
        return Some(Reading::Number { value, of: None });
    }
    measure(&rule.metric, seen.sample?, seen.history)
}

/// What cannot be measured changes nothing: an alarm neither begins nor ends because the server fell silent.
fn next(before: State, verdict: Option<bool>, rule: &AlarmRule, now: i64) -> State {
    let long_enough = |since: i64| {
        let held = u128::try_from(now - since).unwrap_or_default();
        held >= rule.hold_for.as_millis()
    };
    match (before, verdict) {
        (State::Calm, Some(true)) if long_enough(now) => State::Raised {
            since: now,
            last: now,
        },
        (State::Calm, Some(true)) => State::Holds { since: now },
        (State::Calm | State::Holds { .. }, Some(false) | None) => State::Calm,
        (State::Holds { since }, Some(true)) if long_enough(since) => {
            State::Raised { since, last: now }
        }
        (State::Holds { since }, Some(true)) => State::Holds { since },
        (State::Raised { since, .. }, Some(true)) => State::Raised { since, last: now },
        (State::Raised { last, .. }, Some(false)) if now - last >= CALM_MS => State::Calm,
        (raised @ State::Raised { .. }, Some(false) | None) => raised,
    }
}

/// Returns a reading in the words of its metric's unit: `7`, `41 s`, `83 of 97`, `1.2 GB`.
pub fn words(metric: &str, reading: &Reading) -> String {
    let (value, of) = match reading {
        Reading::Text(text) => return text.clone(),
        Reading::Number { value, of } => (*value, *of),
    };
    let Some(metric) = metric_named(metric) else {
        return value.to_string();
    };
    match (metric.unit, of) {
        (Unit::Count, _) | (Unit::Share, None) => format!("{value:.0}"),
        (Unit::Share, Some(of)) => format!("{value:.0} of {of:.0} ({:.0} %)", value / of * 100.0),
        (Unit::Duration, _) => lasting(whole(value)),
        (Unit::Bytes, _) => size(value),
        (Unit::BytesPerSecond, _) => format!("{}/s", size(value)),
        (Unit::PerSecond, None) => format!("{value:.1}/s"),
        (Unit::PerSecond, Some(of)) => format!("{value:.1}/s (before {of:.1}/s)"),
    }
}

/// Returns bytes as people say them: `1.2 GB`.
pub fn size(bytes: f64) -> String {
    units::bytes(whole(bytes))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::sample::model::Counts;
    use crate::domain::sample::rule::parse_rule;

    fn rule(text: &str) -> AlarmRule {
        let parsed = parse_rule(text).unwrap();
        AlarmRule {
            text: text.into(),
            metric: parsed.metric,
            op: parsed.op,
            threshold: parsed.threshold,
            hold_for: parsed.hold_for,
            level: Level::Critical,
            then: crate::domain::runbook::model::AlarmAction::Show,
        }
    }

    fn blocked(n: u32) -> Sample {
        Sample {
            counts: Counts {
                blocked: n,
                ..Counts::default()
            },
            ..Sample::default()
        }
    }

    /// Judges `rule` over a story of (second, blocked sessions or silence); tells the changes as `+s` and `-s`.
    fn story(rule_text: &str, told: &[(i64, Option<u32>)]) -> Vec<String> {
        let rules = [rule(rule_text)];
        let history = History::default();
        let mut judge = Judge::default();
        let mut changes = Vec::new();
        let mut lost_at = None;
        for (s, n) in told {
            let sample = n.map(blocked);
            lost_at = if n.is_some() {
                None
            } else {
                lost_at.or(Some(*s))
            };
            let seen = Seen {
                sample: sample.as_ref(),
                history: &history,
                unreachable_ms: lost_at.map_or(0, |at| (s - at).unsigned_abs() * 1_000 + 1),
            };
            for change in judge.judge(&rules, seen, s * 1_000) {
                changes.push(match change {
                    AlarmChange::Raised { seen, .. } => format!("+{s} {seen}"),
                    AlarmChange::Cleared { lasted_ms, .. } => format!("-{s} {lasted_ms}"),
                });
            }
        }
        changes
    }

    #[test]
    fn an_alarm_waits_until_its_rule_has_held_long_enough() {
        let told = [
            (0, Some(5)),
            (5, Some(6)),
            (9, Some(6)),
            (10, Some(7)),
            (11, Some(9)),
        ];
        assert_eq!(story("blocked >= 5 for 10s", &told), ["+10 blocked 7"]);
    }

    #[test]
    fn a_moment_of_calm_begins_the_holding_time_again() {
        let told = [(0, Some(5)), (9, Some(4)), (10, Some(5)), (19, Some(5))];
        assert!(story("blocked >= 5 for 10s", &told).is_empty());
    }

    #[test]
    fn an_alarm_that_flutters_is_raised_once() {
        let told: Vec<_> = (0..30)
            .map(|s| (s, Some(if s % 2 == 0 { 5 } else { 4 })))
            .collect();
        assert_eq!(story("blocked >= 5", &told), ["+0 blocked 5"]);
    }

    #[test]
    fn an_alarm_is_cleared_after_some_calm_and_tells_how_long_it_held() {
        let told = [
            (0, Some(5)),
            (7, Some(5)),
            (8, Some(0)),
            (11, Some(0)),
            (12, Some(0)),
        ];
        assert_eq!(story("blocked >= 5", &told), ["+0 blocked 5", "-12 7000"]);
    }

    #[test]
    fn silence_ends_no_alarm() {
        let told = [
            (0, Some(5)),
            (10, None),
            (60, None),
            (61, Some(5)),
            (62, Some(1)),
        ];
        assert_eq!(story("blocked >= 5", &told), ["+0 blocked 5"]);
    }

    #[test]
    fn silence_is_an_alarm_of_its_own() {
        let told = [
            (0, Some(0)),
            (1, None),
            (6, None),
            (11, None),
            (12, Some(0)),
            (17, Some(0)),
        ];
        let raised = story("unreachable for 10s", &told);
        assert_eq!(raised, ["+11 unreachable 10 s", "-17 10000"]);
        assert_eq!(story("unreachable > 30s", &told), Vec::<String>::new());
    }

    #[test]
    fn amounts_are_said_in_their_unit() {
        let number = |value, of| Reading::Number { value, of };
        assert_eq!(
            words("connections", &number(83.0, Some(97.0))),
            "83 of 97 (86 %)"
        );
        assert_eq!(words("longest_wait", &number(41_000.0, None)), "41 s");
        assert_eq!(words("slot_retained", &number(1.2e9, None)), "1.2 GB");
        assert_eq!(words("wal_bytes_per_s", &number(900.0, None)), "900 B/s");
        assert_eq!(rule("blocked > 1 for 2s").hold_for, Duration::from_secs(2));
    }
}
