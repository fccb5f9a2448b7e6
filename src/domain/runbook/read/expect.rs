//! Expectations, captures, and the rule of an alarm.

use crate::domain::expect::{Expectation, Misread, Test};
use crate::domain::runbook::keys::EXPECT;
use crate::domain::runbook::model::{AlarmAction, AlarmRule, Capture, Level};
use crate::domain::runbook::read::fields::{Fields, is_nothing};
use crate::domain::runbook::read::{LinkTo, Place, Reader, Slot};
use crate::domain::runbook::tree::{Kind, Node};
use crate::domain::runbook::variables::is_value_name;
use crate::domain::sample::rule::parse_rule;

impl Reader<'_> {
    /// Reads what is expected: one text, or a map.
    pub(super) fn expectation(&mut self, node: &Node) -> Option<Expectation> {
        if !matches!(node.kind, Kind::Map(_)) {
            let text = self.value(node)?;
            self.note_uses(node, &text, Slot::Text);
            return self.test_read(node, Expectation::of_one(&text));
        }
        let mut fields = Fields::open(self, node, &EXPECT)?;
        if fields.entries.is_empty() {
            self.error(
                node.at.clone(),
                "the map expects nothing",
                Some("write `value: …`, `exit: …` or the like".into()),
            );
        }
        let mut value =
            |cx: &mut Self, key| fields.read(cx, key, |cx, n| cx.test(n, Test::of_value));
        let (exit, rows) = (value(self, "exit"), value(self, "rows"));
        let (status, one) = (value(self, "status"), value(self, "value"));
        let mut text = |cx: &mut Self, key| fields.read(cx, key, |cx, n| cx.test(n, Test::of_text));
        let (stdout, stderr) = (text(self, "stdout"), text(self, "stderr"));
        let body = text(self, "body");
        let json = fields.take("json").map(|n| self.json_tests(n));
        Some(Expectation {
            exit,
            stdout,
            stderr,
            rows,
            value: one,
            status,
            body,
            json: json.unwrap_or_default(),
        })
    }

    fn test(&mut self, node: &Node, read: fn(&str) -> Result<Test, Misread>) -> Option<Test> {
        let text = self.value(node)?;
        self.note_uses(node, &text, Slot::Text);
        self.test_read(node, read(&text))
    }

    fn test_read<T>(&mut self, node: &Node, read: Result<T, Misread>) -> Option<T> {
        match read {
            Ok(test) => Some(test),
            Err(error) => {
                self.error(node.at.clone(), error.why, Some(error.hint));
                None
            }
        }
    }

    fn json_tests(&mut self, node: &Node) -> std::collections::BTreeMap<String, Test> {
        let mut tests = std::collections::BTreeMap::new();
        for (pointer, at, value) in self.named(node, "a map from JSON pointers to tests") {
            if !pointer.is_empty() && !pointer.starts_with('/') {
                let hint = format!("write `/{}`", pointer.replace('.', "/"));
                self.error(at, "a JSON pointer begins with `/`", Some(hint));
            }
            if let Some(test) = self.test(value, Test::of_value) {
                tests.insert(pointer.to_owned(), test);
            }
        }
        tests
    }

    /// Reads `capture`: a map from names to regular expressions, or the list of names that a script writes itself.
    pub(super) fn captures(&mut self, node: &Node) -> Vec<Capture> {
        let mut captures = Vec::new();
        if matches!(node.kind, Kind::List(_)) {
            for (name, at) in self.texts(node) {
                self.captured_name(&name, &at);
                self.write(name);
            }
            return captures;
        }
        for (name, at, value) in self.named(node, "a map of names and regular expressions") {
            self.captured_name(name, &at);
            if is_nothing(value) {
                let hint = "write a regular expression; names that the script writes to $HOLDPOINT_OUTPUT stand in a list: [name]";
                self.error(
                    at,
                    format!("`{name}` has no regular expression"),
                    Some(hint.into()),
                );
            } else if let Some(pattern) = self.pattern(value) {
                captures.push(Capture {
                    name: name.to_owned(),
                    pattern,
                });
            }
        }
        captures
    }

    fn captured_name(&mut self, name: &str, at: &Place) {
        self.value_name(name, at.clone());
        if let Some(marks) = self.step.and_then(|i| self.marks.get_mut(i)) {
            marks.captures.push((name.to_owned(), at.clone()));
        }
    }

    /// Notes that the step's script gives this name a value.
    pub(super) fn write(&mut self, name: String) {
        if let Some(step) = self.step {
            self.written.push((name, step));
        }
    }

    /// Refuses what cannot be the name of a parameter, a captured value or a target's value.
    pub(super) fn value_name(&mut self, name: &str, at: Place) {
        if is_value_name(name) {
            return;
        }
        let lower = name.to_lowercase().replace(['-', ' ', '.'], "_");
        let hint = if is_value_name(&lower) {
            format!(
                "write `{lower}`: a small letter, then letters, digits and `_` (names in capitals are environment variables)"
            )
        } else {
            "a small letter, then letters, digits and `_`; not a name that holdpoint gives a value itself".into()
        };
        self.error(
            at,
            format!("`{name}` cannot be the name of a value"),
            Some(hint),
        );
    }

    /// Reads `blocked >= 5 for 10s` into a rule.
    pub(super) fn alarm(&mut self, node: &Node) -> Option<AlarmRule> {
        let text = self.text(node)?;
        let text = text.trim();
        let rule = match parse_rule(text) {
            Ok(rule) => rule,
            Err(why) => {
                let hint = "METRIC OPERATOR VALUE [for DURATION], as 'blocked >= 5 for 10s' or 'connections > 85%'";
                self.error(node.at.clone(), why, Some(hint.into()));
                return None;
            }
        };
        self.link(LinkTo::Metric, &rule.metric, node.at.clone());
        Some(AlarmRule {
            text: text.to_owned(),
            metric: rule.metric,
            op: rule.op,
            threshold: rule.threshold,
            hold_for: rule.hold_for,
            level: Level::default(),
            then: AlarmAction::default(),
        })
    }
}
