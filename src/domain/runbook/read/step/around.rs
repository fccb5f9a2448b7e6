//! What surrounds a step's action: its condition, its failure, its retries, its evidence, what runs beside.

use std::collections::BTreeMap;

use crate::domain::runbook::keys::RETRY;
use crate::domain::runbook::model::{
    Background, BackgroundEnd, Evidence, Length, OnFailure, Retry,
};
use crate::domain::runbook::near;
use crate::domain::runbook::read::fields::Fields;
use crate::domain::runbook::read::{LinkTo, Reader, Wanted};
use crate::domain::runbook::tree::Node;

impl Reader<'_> {
    pub(super) fn condition(&mut self, node: &Node) -> BTreeMap<String, String> {
        let mut condition = BTreeMap::new();
        for (name, at, node) in self.named(node, "a map of parameters and values") {
            let Some(value) = self.value(node) else {
                continue;
            };
            let wanted = Wanted {
                value: value.clone(),
                at: node.at.clone(),
            };
            self.link(LinkTo::Parameter(wanted), name, at);
            condition.insert(name.to_owned(), value);
        }
        condition
    }

    pub(super) fn on_failure(&mut self, node: &Node) -> Option<OnFailure> {
        let text = self.text(node)?;
        match text.as_str() {
            "hold" => return Some(OnFailure::Hold),
            "continue" => return Some(OnFailure::Continue),
            _ => {}
        }
        if let Some(path) = text.strip_prefix("offer ").map(str::trim) {
            self.link(LinkTo::Path, path, node.at.clone());
            return Some(OnFailure::Offer(path.to_owned()));
        }
        let message = format!("`hold`, `continue` or `offer PATH` is expected here, not `{text}`");
        let hint = near::nearest(&text, ["hold", "continue"]);
        let hint = hint.map_or_else(
            || "write `offer` and the name of a rollback path".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        self.error(node.at.clone(), message, Some(hint));
        None
    }

    pub(super) fn retry(&mut self, node: &Node) -> Option<Retry> {
        let mut fields = Fields::open(self, node, &RETRY)?;
        let times = fields.read(self, "times", |cx, n| cx.count(n, 1));
        let wait = fields.read(self, "wait", Self::length_or_zero);
        let only_if = fields.read(self, "only_if", Self::pattern);
        Some(Retry {
            times: times?,
            wait: wait.unwrap_or(Length::Fixed(std::time::Duration::from_secs(5))),
            only_if,
        })
    }

    pub(super) fn evidence(&mut self, fields: &mut Fields, kind: Option<&str>) -> Evidence {
        let by_hand = [
            ("none", Evidence::None),
            ("text", Evidence::Text),
            ("link", Evidence::Link),
            ("file", Evidence::File),
        ];
        let automated = [("none", Evidence::None), ("show", Evidence::Show)];
        let words = if kind == Some("confirm") {
            &by_hand[..]
        } else {
            &automated[..]
        };
        let evidence = fields.read(self, "evidence", |cx, n| cx.word(n, words));
        evidence.unwrap_or_default()
    }

    pub(super) fn background(
        &mut self,
        fields: &mut Fields,
        kind: Option<&str>,
    ) -> Option<Background> {
        if kind != Some("run") {
            return None;
        }
        let ends = [
            ("until end of phase", BackgroundEnd::Phase),
            ("until end of run", BackgroundEnd::Run),
        ];
        let until = fields.read(self, "background", |cx, n| cx.word(n, &ends));
        let alarm_on = fields.read(self, "alarm_on", Self::pattern);
        if alarm_on.is_some() && !fields.has("background") {
            let at = fields.present(&["alarm_on"]).remove(0).1;
            let hint = "say `background: until end of phase` or `until end of run`";
            self.error(at, "`alarm_on` is for background steps", Some(hint.into()));
        }
        Some(Background {
            until: until?,
            alarm_on,
        })
    }
}
