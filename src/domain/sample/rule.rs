//! An alarm rule's text: `blocked >= 5 for 10s`.

use std::time::Duration;

use crate::domain::runbook::model::Op;
use crate::domain::sample::identity::operator;
use crate::domain::sample::metric::{Metric, Reading, Unit, metric_named};
use crate::domain::sample::rates::number as number_of;
use crate::domain::units;

/// A rule's text, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What is measured: a metric's name, or that of an own value.
    pub metric: String,
    /// How it is compared.
    pub op: Op,
    /// What it is compared with, as written.
    pub threshold: String,
    /// How long it must hold.
    pub hold_for: Duration,
}

/// Takes `text` apart: `NAME [OP THRESHOLD] [for DURATION]`. Without a comparison it is `> 0`.
///
/// Whether `NAME` is known is the caller's to check: see [`metric_named`] and the runbook's own values.
///
/// # Errors
/// One sentence: what cannot be read.
pub fn parse_rule(text: &str) -> Result<Rule, String> {
    let text = text.trim();
    let (comparison, hold_for) = match text.rsplit_once(" for ") {
        Some((comparison, held)) => (comparison.trim(), hold_time(held.trim())?),
        None => (text, Duration::ZERO),
    };
    let end = comparison
        .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'))
        .unwrap_or(comparison.len());
    let (name, comparison) = comparison.split_at(end);
    if name.is_empty() {
        return Err("a rule begins with the name of a metric, as `blocked >= 5 for 10s`".into());
    }
    let comparison = comparison.trim();
    let (op, threshold) = match (
        comparison.is_empty(),
        comparison.starts_with(['<', '>', '=', '!']),
    ) {
        (true, _) => (Op::Gt, "0"),
        (false, true) => operator(comparison),
        (false, false) => {
            return Err(format!(
                "`{comparison}` is no comparison: write one of >= <= > < = != after `{name}`"
            ));
        }
    };
    if threshold.is_empty() {
        return Err(format!(
            "nothing stands after `{name} {op}`: write a number or a text"
        ));
    }
    if let Some(metric) = metric_named(name) {
        level(metric, threshold)?;
    }
    Ok(Rule {
        metric: name.to_owned(),
        op,
        threshold: threshold.to_owned(),
        hold_for,
    })
}

fn hold_time(text: &str) -> Result<Duration, String> {
    units::duration(text).map_err(|e| format!("{}: {}", e.why, e.hint))
}

fn plain(text: &str) -> Option<f64> {
    text.trim().replace('_', "").parse().ok()
}

/// Returns why the metric `name`, which one may look for, is none; `None`: there is no more to say.
pub fn unmeasured(name: &str) -> Option<&'static str> {
    let disk = "a database does not tell how much room its disks have: let a background step print it, and give it alarm_on; \
                or watch wal_bytes_per_s, temp_bytes_per_s and slot_retained";
    let host = "a server says nothing of its machine over a connection: let a background step print it, and give it alarm_on";
    match name {
        "disk_free" | "disk" | "disk_used" | "disk_usage" => Some(disk),
        "cpu" | "load" | "load_average" | "memory" | "mem" | "io" | "iowait" => Some(host),
        _ => None,
    }
}

/// A threshold: an amount in the metric's unit, or a percentage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Threshold {
    /// In the metric's unit.
    Amount(f64),
    /// Of what the metric is a share of.
    Percent(f64),
}

/// Reads the threshold `text` of a rule over `metric`.
///
/// # Errors
/// One sentence: what cannot be read.
pub fn level(metric: &Metric, text: &str) -> Result<Threshold, String> {
    let percent = text
        .strip_suffix('%')
        .and_then(plain)
        .map(Threshold::Percent);
    let number = plain(text).map(Threshold::Amount);
    let per_second = text.strip_suffix("/s").unwrap_or(text);
    let (read, example) = match metric.unit {
        Unit::Count => (number, "5"),
        Unit::Share => (number.or(percent), "180 or 85%"),
        Unit::PerSecond => (
            plain(per_second).map(Threshold::Amount).or(percent),
            "100 or 50%",
        ),
        Unit::Duration => {
            let time = units::duration(text)
                .ok()
                .map(|d| d.as_secs_f64() * 1_000.0);
            (time.map(Threshold::Amount).or(zero(number)), "10s")
        }
        Unit::Bytes | Unit::BytesPerSecond => {
            let size = units::size(per_second).ok().map(number_of);
            (size.map(Threshold::Amount).or(zero(number)), "10 GB")
        }
    };
    read.ok_or_else(|| {
        let name = metric.name;
        format!("`{text}` cannot be compared with `{name}`: write it as {example}")
    })
}

/// Nothing is nothing in every unit.
fn zero(number: Option<Threshold>) -> Option<Threshold> {
    number.filter(|n| *n == Threshold::Amount(0.0))
}

/// Returns whether `seen op threshold` holds; `None` where they cannot be compared.
pub fn holds(name: &str, op: Op, threshold: &str, seen: &Reading) -> Option<bool> {
    let compare = |left: f64, right: f64| match op {
        Op::Eq => (left - right).abs() < f64::EPSILON,
        Op::Ne => (left - right).abs() >= f64::EPSILON,
        Op::Lt => left < right,
        Op::Le => left <= right,
        Op::Gt => left > right,
        Op::Ge => left >= right,
    };
    match (seen, metric_named(name)) {
        (Reading::Number { value, of }, Some(metric)) => match level(metric, threshold).ok()? {
            Threshold::Amount(right) => Some(compare(*value, right)),
            Threshold::Percent(right) => of.map(|of| compare(value * 100.0, right * of)),
        },
        (Reading::Number { value, .. }, None) => match threshold.parse() {
            Ok(right) => Some(compare(*value, right)),
            Err(_) => text_holds(op, &value.to_string(), threshold),
        },
        (Reading::Text(text), _) => text_holds(op, text, threshold),
    }
}

fn text_holds(op: Op, text: &str, threshold: &str) -> Option<bool> {
    match op {
        Op::Eq => Some(text == threshold),
        Op::Ne => Some(text != threshold),
        Op::Lt | Op::Le | Op::Gt | Op::Ge => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> (String, Op, String, u64) {
        let r = parse_rule(text).unwrap();
        (r.metric, r.op, r.threshold, r.hold_for.as_secs())
    }

    #[test]
    fn a_rule_is_taken_apart() {
        let is = |m: &str, op, t: &str, s| (m.to_owned(), op, t.to_owned(), s);
        assert_eq!(rule("blocked >= 5 for 10s"), is("blocked", Op::Ge, "5", 10));
        assert_eq!(
            rule("connections>85% for 1m"),
            is("connections", Op::Gt, "85%", 60)
        );
        assert_eq!(
            rule("longest_wait > 5s"),
            is("longest_wait", Op::Gt, "5s", 0)
        );
        assert_eq!(
            rule("unreachable for 10s"),
            is("unreachable", Op::Gt, "0", 10)
        );
        assert_eq!(rule("revision != 4f1c"), is("revision", Op::Ne, "4f1c", 0));
        assert_eq!(rule("tps < 50% for 30s"), is("tps", Op::Lt, "50%", 30));
        assert_eq!(
            rule("slot_retained > 10 GB"),
            is("slot_retained", Op::Gt, "10 GB", 0)
        );
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        for (text, said) in [
            ("", "begins with the name"),
            (">= 5", "begins with the name"),
            ("blocked ~ 5", "no comparison"),
            ("blocked >=", "nothing stands after `blocked >=`"),
            ("blocked >= 5 for ever", "`ever`"),
            ("blocked >= many", "cannot be compared with `blocked`"),
            ("blocked >= 5%", "cannot be compared with `blocked`"),
            ("longest_wait > 5", "write it as 10s"),
            ("slot_retained > 5s", "write it as 10 GB"),
        ] {
            let why = parse_rule(text).unwrap_err();
            assert!(why.contains(said), "{text}: {why}");
        }
    }

    #[test]
    fn a_percentage_is_of_the_whole() {
        let seen = |value, of| Reading::Number { value, of };
        let holds = |op, with, seen| holds("connections", op, with, &seen);
        assert_eq!(holds(Op::Gt, "85%", seen(86.0, Some(100.0))), Some(true));
        assert_eq!(holds(Op::Gt, "85%", seen(85.0, Some(100.0))), Some(false));
        assert_eq!(holds(Op::Gt, "85%", seen(85.0, None)), None);
        assert_eq!(holds(Op::Gt, "85", seen(86.0, None)), Some(true));
    }

    #[test]
    fn own_values_compare_as_numbers_or_as_text() {
        let number = Reading::Number {
            value: 7.0,
            of: None,
        };
        let text = Reading::Text("4f1c".into());
        assert_eq!(holds("rows", Op::Ge, "7", &number), Some(true));
        assert_eq!(holds("revision", Op::Ne, "4f1c", &text), Some(false));
        assert_eq!(holds("revision", Op::Gt, "4f1c", &text), None);
    }
}
