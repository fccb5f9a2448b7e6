//! Ready checks: known by name, with arguments of their kinds.

use std::collections::BTreeMap;

use crate::domain::ready::{self, Check};
use crate::domain::runbook::model::{Action, Earlier, StepId, Use};
use crate::domain::runbook::read::fields::Fields;
use crate::domain::runbook::read::{Place, Reader, Slot};
use crate::domain::runbook::tree::{Kind, Node};

impl Reader<'_> {
    /// Reads the keys of a `use` step.
    pub(super) fn use_step(&mut self, fields: &mut Fields<'_>) -> Option<Action> {
        let mut used = self.used(fields)?;
        used.compare = fields.read(self, "compare", |cx, node| {
            let text = cx.text(node)?;
            let check = ready::find(&used.check)?;
            if check.comparison.is_none() {
                let message = format!("{} has nothing that could be compared", check.name);
                let hint = "`holdpoint checks NAME` says of each what it is for";
                cx.error(node.at.clone(), message, Some(hint.into()));
                return None;
            }
            if text == "before" {
                return Some(Earlier::First);
            }
            Some(Earlier::Step(StepId::new(text)))
        });
        Some(Action::Use(used))
    }

    /// Reads `use`, `with` and `on`.
    pub(super) fn used(&mut self, fields: &mut Fields<'_>) -> Option<Use> {
        let node = fields.take("use")?;
        let with_at = fields.present(&["with"]).pop().map(|(_, at)| at);
        let with = fields.take("with").map(|n| self.arguments(n));
        let with = with.unwrap_or_default();
        let on = if fields.table.get("on").is_some() {
            fields.read(self, "on", Self::database_name)
        } else {
            None
        };
        let name = self.text(node)?;
        let Some(check) = ready::find(&name) else {
            let message = format!("there is no ready check `{name}`");
            self.error(node.at.clone(), message, Some(ready::hint(&name)));
            return None;
        };
        if let Some(why) = self.families.contradicts(on.as_deref(), check.family) {
            let message = format!("`{name}` is for {}", check.family);
            self.error(node.at.clone(), message, Some(why));
        }
        self.judge_arguments(check, &with, &with_at.unwrap_or_else(|| node.at.clone()));
        Some(Use {
            check: name,
            with: with
                .into_iter()
                .map(|(name, (value, _))| (name, value))
                .collect(),
            on,
            compare: None,
        })
    }

    /// Reads arguments: texts, or lists of texts, which become one with commas between.
    fn arguments(&mut self, node: &Node) -> BTreeMap<String, (String, Place)> {
        let mut read = BTreeMap::new();
        for (name, at, value) in self.named(node, "a map of arguments") {
            let text = if matches!(value.kind, Kind::List(_)) {
                let items = self.list(value, "a list of texts");
                let texts: Vec<String> =
                    items.into_iter().filter_map(|n| self.argument(n)).collect();
                Some(texts.join(", "))
            } else {
                self.argument(value)
            };
            if let Some(text) = text {
                read.insert(name.to_owned(), (text, at));
            }
        }
        read
    }

    fn argument(&mut self, node: &Node) -> Option<String> {
        let text = self.value(node)?;
        self.note_uses(node, &text, Slot::Text);
        Some(text)
    }

    fn judge_arguments(
        &mut self,
        check: &Check,
        with: &BTreeMap<String, (String, Place)>,
        at: &Place,
    ) {
        let given = with
            .iter()
            .map(|(name, (value, _))| (name.clone(), value.clone()));
        for fault in ready::faults(check, &given.collect()) {
            let place = with.get(&fault.name).map_or(at, |(_, place)| place);
            let hint = Some(fault.hint).filter(|hint| !hint.is_empty());
            self.error(place.clone(), fault.said, hint);
        }
    }
}
