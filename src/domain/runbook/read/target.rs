//! Parameters and targets.

use std::collections::BTreeMap;

use crate::domain::expect::{Test, compare_versions, regex};
use crate::domain::runbook::keys::{IDENTITY, PARAMETER, TARGET};
use crate::domain::runbook::model::{
    Demand, Identity, Op, Parameter, Protection, ServerRole, Target,
};
use crate::domain::runbook::read::fields::{Fields, is_nothing};
use crate::domain::runbook::read::scalar::clip;
use crate::domain::runbook::read::{Reader, Slot};
use crate::domain::runbook::tree::Node;
use crate::domain::runbook::variables::is_name;

impl Reader<'_> {
    /// Reads `parameters`.
    pub(super) fn parameters(&mut self, node: &Node) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        for (name, at, value) in self.named(node, "a map of parameters") {
            self.value_name(name, at);
            let mut parameter = Parameter {
                name: name.to_owned(),
                ..Parameter::default()
            };
            if !is_nothing(value) {
                self.parameter(value, &mut parameter);
            }
            parameters.push(parameter);
        }
        parameters
    }

    fn parameter(&mut self, node: &Node, parameter: &mut Parameter) {
        let Some(mut fields) = Fields::open(self, node, &PARAMETER) else {
            return;
        };
        parameter.ask = fields.read(self, "ask", Self::text);
        parameter.matches = fields.read(self, "matches", Self::pattern);
        if let Some(list) = fields.take("one_of") {
            for item in self.list(list, "a list of values") {
                parameter.one_of.extend(self.value(item));
            }
        }
        let Some(default_at) = fields.take("default") else {
            return;
        };
        let Some(default) = self.value(default_at) else {
            return;
        };
        self.note_uses(default_at, &default, Slot::Text);
        if !default.contains("${")
            && let Err(why) = allowed(parameter, &default)
        {
            self.error(default_at.at.clone(), format!("the default {why}"), None);
        }
        parameter.default = Some(default);
    }

    /// Reads `targets`.
    pub(super) fn targets(&mut self, node: &Node) -> Vec<Target> {
        let mut targets = Vec::new();
        for (name, at, value) in self.named(node, "a map of targets") {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
            if name.is_empty() || !name.chars().all(plain) {
                let hint = "letters, digits, `-`, `_` and `.`: it has to be typed";
                self.error(
                    at,
                    format!("`{}` cannot be the name of a target", clip(name)),
                    Some(hint.into()),
                );
            }
            let mut target = Target {
                name: name.to_owned(),
                ..Target::default()
            };
            if !is_nothing(value) {
                self.target(value, &mut target);
            }
            targets.push(target);
        }
        if targets.is_empty() {
            self.error(
                node.at.clone(),
                "there are no targets here",
                Some("name one, or take the key out".into()),
            );
        }
        targets
    }

    fn target(&mut self, node: &Node, target: &mut Target) {
        let Some(mut fields) = Fields::open(self, node, &TARGET) else {
            return;
        };
        target.database = fields.read(self, "database", |cx, n| {
            let text = cx.text(n)?;
            cx.note_uses(n, &text, Slot::Hidden);
            Some(text)
        });
        if let Some(n) = fields.take("databases") {
            target.databases = self.databases(n);
        }
        if fields.read(self, "protect", Self::flag) == Some(true) {
            target.protect = Protection::Protected;
        }
        if fields.read(self, "reviewed", Self::flag) == Some(true) {
            target.reviewed = Demand::Demanded;
        }
        if let Some(n) = fields.take("must_be") {
            target.must_be = self.identity(n).unwrap_or_default();
            if target.database.is_none() {
                self.error(
                    n.at.clone(),
                    "`must_be` needs a `database` to look at",
                    Some("give the target a `database`".into()),
                );
            }
        }
        if let Some(n) = fields.take("values") {
            for (name, at, value) in self.values(n, Slot::Text) {
                self.value_name(&name, at);
                target.values.insert(name, value);
            }
        }
    }

    fn databases(&mut self, node: &Node) -> BTreeMap<String, String> {
        let mut databases = BTreeMap::new();
        for (name, at, value) in self.values(node, Slot::Hidden) {
            if !is_name(&name) {
                let message = format!("`{}` cannot be the name of a database", clip(&name));
                self.error(at, message, Some("letters, digits and `_`".into()));
            }
            databases.insert(name, value);
        }
        databases
    }

    fn identity(&mut self, node: &Node) -> Option<Identity> {
        let mut fields = Fields::open(self, node, &IDENTITY)?;
        let roles = [
            ("primary", ServerRole::Primary),
            ("standby", ServerRole::Standby),
        ];
        Some(Identity {
            database: fields.read(self, "database", Self::template),
            role: fields.read(self, "role", |cx, n| cx.word(n, &roles)),
            version: fields.read(self, "version", Self::version_test),
            host: fields.read(self, "host", Self::template),
            system_identifier: fields.read(self, "system_identifier", Self::template),
        })
    }

    /// Reads a comparison over a version, as `>= 11`; kept as it is written.
    fn version_test(&mut self, node: &Node) -> Option<String> {
        let text = self.template(node)?;
        let wrong = match Test::of_value(&text) {
            Ok(Test::Compare { with, .. }) => {
                !with.contains("${") && compare_versions(&with, Op::Ge, &with).is_err()
            }
            Ok(Test::Matches { .. } | Test::Contains { .. }) | Err(_) => true,
        };
        if wrong {
            let hint = "write a comparison with a version: '>= 11' or '= 15.4'";
            self.error(
                node.at.clone(),
                format!("`{}` compares no version", clip(&text)),
                Some(hint.into()),
            );
            return None;
        }
        Some(text)
    }
}

/// Says whether a parameter may have this value; the error ends a sentence that begins with what the value is.
pub fn allowed(parameter: &Parameter, value: &str) -> Result<(), String> {
    if !parameter.one_of.is_empty() && !parameter.one_of.iter().any(|v| v == value) {
        let all = parameter.one_of.join(", ");
        return Err(format!("`{}` is none of: {all}", clip(value)));
    }
    if let Some(pattern) = &parameter.matches {
        let whole = format!(r"\A(?:{pattern})\z");
        if regex(&whole).is_ok_and(|regex| !regex.is_match(value)) {
            return Err(format!("`{}` does not match {pattern}", clip(value)));
        }
    }
    Ok(())
}
