//! The clocks, the contacts and the monitor.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::report::signoff;
use crate::domain::runbook::keys::{ALARM, CONTACT, MONITOR, OWN_VALUE, ROLE, WINDOW, WITNESS};
use crate::domain::runbook::model::{
    Agent, AlarmAction, AlarmRule, Contact, Level, MonitorPlan, OwnValue, Window, Witness,
};
use crate::domain::runbook::read::Reader;
use crate::domain::runbook::read::fields::Fields;
use crate::domain::runbook::read::scalar::clip;
use crate::domain::runbook::tree::{Kind, Node};
use crate::domain::units;

/// The shortest time between two samples.
const FASTEST: Duration = Duration::from_millis(250);

impl Reader<'_> {
    /// Reads `window`.
    pub(super) fn window(&mut self, node: &Node) -> Option<Window> {
        let mut fields = Fields::open(self, node, &WINDOW)?;
        let length = fields.read(self, "length", Self::duration);
        let decide_at = fields.take("decide_by");
        let decide_by = decide_at.and_then(|n| self.offset(n));
        let window = Window {
            length: length?,
            decide_by,
        };
        let seconds = i64::try_from(window.length.as_secs()).unwrap_or(i64::MAX);
        if let (Some(node), Some(decide)) = (decide_at, decide_by)
            && !(0..=seconds).contains(&decide.seconds)
        {
            let end = units::short(window.length);
            let message = "`decide_by` is outside of the window";
            self.error(
                node.at.clone(),
                message,
                Some(format!("the window is from T-0 to T+{end}")),
            );
        }
        Some(window)
    }

    /// Reads `roles`: their names in order, and what their approvals mean where that is said.
    pub(super) fn roles(&mut self, node: &Node) -> (Vec<String>, BTreeMap<String, String>) {
        let mut names: Vec<String> = Vec::new();
        let mut meanings = BTreeMap::new();
        for item in self.list(node, "a list of roles") {
            let (name, means) = if matches!(item.kind, Kind::Map(_)) {
                let Some(mut fields) = Fields::open(self, item, &ROLE) else {
                    continue;
                };
                let name = fields.read(self, "role", Self::text);
                (name, fields.read(self, "means", Self::text))
            } else {
                (self.text(item), None)
            };
            let Some(name) = name else { continue };
            let slug = signoff::slug(&name);
            if slug.is_empty() {
                let hint = "a role signs under its letters and digits: give it some";
                self.error(item.at.clone(), "this cannot be a role", Some(hint.into()));
            } else if let Some(other) = names.iter().find(|n| signoff::slug(n) == slug) {
                let (message, hint) = if *other == name {
                    (format!("`{}` stands twice in this list", clip(&name)), None)
                } else {
                    let hint = "they would sign under one name; rename one".to_owned();
                    (
                        format!("`{}` and `{}` are one role", clip(other), clip(&name)),
                        Some(hint),
                    )
                };
                self.error(item.at.clone(), message, hint);
                continue;
            }
            if let Some(means) = means {
                meanings.insert(name.clone(), means);
            }
            names.push(name);
        }
        (names, meanings)
    }

    /// Reads `witness`.
    pub(super) fn witness(&mut self, node: &Node) -> Option<Witness> {
        let mut fields = Fields::open(self, node, &WITNESS)?;
        let script = fields.read(self, "run", Self::text);
        let timeout = fields.read(self, "timeout", Self::duration);
        let agent = match fields.read(self, "agent", Self::flag) {
            Some(true) => Agent::Shared,
            Some(false) | None => Agent::Hidden,
        };
        Some(Witness {
            script: script?,
            timeout,
            agent,
        })
    }

    /// Reads `contacts`.
    pub(super) fn contacts(&mut self, node: &Node) -> Vec<Contact> {
        let mut contacts = Vec::new();
        for item in self.list(node, "a list of contacts") {
            let Some(mut fields) = Fields::open(self, item, &CONTACT) else {
                continue;
            };
            let role = fields.read(self, "role", Self::text);
            let reach = fields.read(self, "reach", Self::template);
            let purpose = fields.read(self, "for", Self::text);
            if let (Some(role), Some(reach)) = (role, reach) {
                contacts.push(Contact {
                    role,
                    reach,
                    purpose,
                });
            }
        }
        contacts
    }

    /// Reads `monitor`.
    pub(super) fn monitor(&mut self, node: &Node) -> Option<MonitorPlan> {
        let mut fields = Fields::open(self, node, &MONITOR)?;
        let mut plan = MonitorPlan::default();
        if let Some(every) = fields.read(self, "every", Self::interval) {
            plan.every = every;
        }
        if let Some(list) = fields.take("values") {
            for item in self.list(list, "a list of values") {
                plan.values.extend(self.own_value(item));
            }
        }
        if let Some(list) = fields.take("alarms") {
            for item in self.list(list, "a list of alarms") {
                plan.alarms.extend(self.alarm_rule(item));
            }
        }
        Some(plan)
    }

    fn interval(&mut self, node: &Node) -> Option<Duration> {
        let every = self.duration(node)?;
        if every < FASTEST {
            let message = "this is too often: a sample every 250ms is the most";
            self.error(node.at.clone(), message, Some("write 1s".into()));
        }
        Some(every)
    }

    fn own_value(&mut self, node: &Node) -> Option<OwnValue> {
        let mut fields = Fields::open(self, node, &OWN_VALUE)?;
        let name_at = fields.take("name");
        let name = name_at.and_then(|n| self.text(n));
        if let (Some(name), Some(node)) = (&name, name_at) {
            self.value_name(name, node.at.clone());
        }
        let sql = fields.read(self, "sql", Self::query);
        let every = fields.read(self, "every", Self::interval);
        Some(OwnValue {
            name: name?,
            sql: sql?,
            every: every.unwrap_or(Duration::from_secs(5)),
        })
    }

    fn alarm_rule(&mut self, node: &Node) -> Option<AlarmRule> {
        let mut fields = Fields::open(self, node, &ALARM)?;
        let rule = fields.read(self, "when", Self::alarm);
        let levels = [("warning", Level::Warning), ("critical", Level::Critical)];
        let level = fields.read(self, "level", |cx, n| cx.word(n, &levels));
        let actions = [
            ("show", AlarmAction::Show),
            ("hold", AlarmAction::Hold),
            ("cancel", AlarmAction::Cancel),
        ];
        let then = fields.read(self, "then", |cx, n| cx.word(n, &actions));
        let mut rule = rule?;
        rule.level = level.unwrap_or_default();
        rule.then = then.unwrap_or_default();
        Some(rule)
    }
}
