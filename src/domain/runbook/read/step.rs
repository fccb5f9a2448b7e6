//! Steps and groups.

mod around;

use crate::domain::ready;
use crate::domain::runbook::keys::{ACTIONS, GROUP, SESSIONS, STEP};
use crate::domain::runbook::model::{
    Action, Choose, Danger, Evidence, Group, Item, Place, Sessions, Skipping, Start, Step, StepId,
    WayBack,
};
use crate::domain::runbook::read::fields::Fields;
use crate::domain::runbook::read::{LinkTo, Marks, Reader};
use crate::domain::runbook::tree::{Kind, Node};

/// Where steps are counted: `3.2`, `downgrade.1`.
pub(super) struct Counter<'a> {
    pub place: Place,
    pub prefix: &'a str,
    pub count: usize,
}

impl Reader<'_> {
    /// Reads `steps`.
    pub(super) fn items(&mut self, node: &Node, counter: &mut Counter) -> Vec<Item> {
        let mut items = Vec::new();
        for item in self.list(node, "a list of steps") {
            let is_group = matches!(&item.kind, Kind::Map(pairs) if pairs.iter().any(
                |(key, _)| matches!(&key.kind, Kind::Scalar { text, .. } if text == "group")
            ));
            if is_group {
                items.extend(self.group(item, counter).map(Item::Group));
            } else {
                items.extend(self.step(item, counter).map(Item::Step));
            }
        }
        items
    }

    fn group(&mut self, node: &Node, counter: &mut Counter) -> Option<Group> {
        let mut fields = Fields::open(self, node, &GROUP)?;
        let title = fields.read(self, "group", Self::headline);
        let choices = [("all", Choose::All), ("one", Choose::One)];
        let choose = fields.read(self, "choose", |cx, n| cx.word(n, &choices));
        let steps = fields.take("steps");
        let items = steps.map(|n| self.items(n, counter)).unwrap_or_default();
        if let (Some(Choose::One), 1, Some(node)) = (choose, items.len(), steps) {
            self.warn(node.at.clone(), "there is only one to choose", None);
        }
        Some(Group {
            title: title?,
            choose: choose.unwrap_or_default(),
            items,
        })
    }

    /// Reads a step; returns its index. It is kept even when parts of it are wrong, so that others can name it.
    fn step(&mut self, node: &Node, counter: &mut Counter) -> Option<usize> {
        let mut fields = Fields::open(self, node, &STEP)?;
        let index = self.steps.len();
        self.step = Some(index);
        self.marks.push(marks(node, &fields));
        counter.count += 1;
        let kind = self.action_kind(&fields);
        let title = fields.read(self, "step", Self::headline);
        let id = fields.read(self, "id", Self::step_id);
        self.marks[index].id = id;
        let background = self.background(&mut fields, kind);
        let action = self.action(&mut fields, kind);
        let mut step = Step {
            id: StepId::new(""),
            number: format!("{}.{}", counter.prefix, counter.count),
            ordinal: index + 1,
            place: counter.place,
            line: self.source.line(node.at.start),
            title: title.unwrap_or_default(),
            background,
            ..Step::of(action)
        };
        self.common(&mut fields, kind, &mut step);
        if let Some(kind) = kind {
            let what = match step.background {
                Some(_) => "a background step".to_owned(),
                None => format!("a `{kind}` step"),
            };
            fields.close(self, &what, |key| where_it_belongs(key, kind));
        }
        self.steps.push(step);
        self.step = None;
        Some(index)
    }

    /// Returns which action the step has; none and two are noted.
    fn action_kind(&mut self, fields: &Fields) -> Option<&'static str> {
        let found = fields.present(ACTIONS);
        match found.as_slice() {
            [] => {
                let hint = format!("give it one of: {}", ACTIONS.join(", "));
                self.error(fields.at.clone(), "the step has no action", Some(hint));
                None
            }
            [(one, _)] => Some(one),
            [(first, _), more @ ..] => {
                for (name, at) in more {
                    let message = format!("the step has two actions: `{first}` and `{name}`");
                    let hint = "make two steps of it: a step has exactly one action";
                    self.error(at.clone(), message, Some(hint.into()));
                }
                None
            }
        }
    }

    fn step_id(&mut self, node: &Node) -> Option<String> {
        let id = self.text(node)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if id.len() > 40 || !id.chars().all(plain) {
            let hint = "letters, digits, `-` and `_`, at most 40 of them";
            self.error(
                node.at.clone(),
                "this cannot be the id of a step",
                Some(hint.into()),
            );
            return None;
        }
        Some(id)
    }

    /// Reads what every step may have.
    fn common(&mut self, fields: &mut Fields, kind: Option<&str>, step: &mut Step) {
        let works = !matches!(kind, Some("confirm" | "decide" | "sign" | "watch"));
        step.note = fields.read(self, "note", Self::template);
        step.takes = fields.read(self, "takes", Self::length);
        step.not_before = fields.read(self, "not_before", Self::offset);
        step.role = match &step.action {
            Action::Sign(signing) => Some(signing.role.clone()),
            _ => fields.read(self, "role", Self::role),
        };
        if let Some(node) = fields.take("only") {
            for (name, at) in self.texts(node) {
                self.link(LinkTo::Target, &name, at);
                step.only.push(name);
            }
        }
        step.condition = fields
            .take("if")
            .map(|n| self.condition(n))
            .unwrap_or_default();
        if fields.read(self, "critical", Self::flag) == Some(true) {
            step.skipping = Skipping::Forbidden;
        }
        if fields.read(self, "point_of_no_return", Self::flag) == Some(true) {
            step.way_back = WayBack::Closed;
        }
        step.undoes = fields.read(self, "undoes", |cx, n| {
            let id = cx.text(n)?;
            cx.link(LinkTo::Step, &id, n.at.clone());
            Some(StepId::new(id))
        });
        self.nature(fields, kind, step);
        if works {
            self.work(fields, kind, step);
        }
    }

    /// Reads what depends on whether a person or a program does it.
    fn nature(&mut self, fields: &mut Fields, kind: Option<&str>, step: &mut Step) {
        let automated = !matches!(kind, Some("confirm" | "decide" | "sign"));
        if !matches!(kind, Some("decide" | "sign")) {
            let written = fields.has("evidence");
            step.evidence = self.evidence(fields, kind);
            if !written && shows(&step.action) {
                step.evidence = Evidence::Show;
            }
        }
        if !matches!(kind, Some("decide" | "sign" | "watch" | "check" | "use")) {
            let dangers = [("none", Danger::None), ("high", Danger::High)];
            let danger = fields.read(self, "danger", |cx, n| cx.word(n, &dangers));
            step.danger = danger.unwrap_or_default();
        }
        if automated {
            step.on_failure = fields
                .read(self, "on_failure", Self::on_failure)
                .unwrap_or_default();
            if fields.read(self, "manual", Self::flag) == Some(true) {
                step.start = Start::ByHand;
            }
        }
    }

    /// Reads what only a step with a supervisor may have.
    fn work(&mut self, fields: &mut Fields, kind: Option<&str>, step: &mut Step) {
        step.timeout = fields.read(self, "timeout", Self::length);
        if step.background.is_none() {
            step.retry = fields.read(self, "retry", Self::retry);
            step.until = fields.read(self, "until", Self::length);
            if let Some(expect) = fields.read(self, "expect", Self::expectation) {
                if step.expect.is_some() {
                    let at = self.marks[step.ordinal - 1].value("expect");
                    self.error(
                        at,
                        "`expect` stands in `http` and in the step",
                        Some("keep one of them".into()),
                    );
                }
                step.expect = Some(expect);
            }
            step.capture = fields
                .take("capture")
                .map(|n| self.captures(n))
                .unwrap_or_default();
            if !matches!(kind, Some("check" | "use")) {
                step.verify = fields.read(self, "verify", |cx, n| cx.probe(n, &step.action));
            }
        }
        step.sessions = fields.read(self, "sessions", |cx, n| {
            let mut fields = Fields::open(cx, n, &SESSIONS)?;
            Some(Sessions {
                user: fields.read(cx, "user", Self::template),
                application: fields.read(cx, "application", Self::template),
            })
        });
        if let Some(expect) = self.http_expect.take() {
            step.expect.get_or_insert(expect);
        }
    }

    pub(super) fn role(&mut self, node: &Node) -> Option<String> {
        let role = self.text(node)?;
        self.link(LinkTo::Role, &role, node.at.clone());
        Some(role)
    }
}

/// Whether the log shows what it brought although nobody asks for it: nothing judges it, or it is a comparison.
fn shows(action: &Action) -> bool {
    match action {
        Action::Use(used) => {
            let shown = |check: &ready::Check| check.rows == ready::Rows::Shown;
            used.compare.is_some() || ready::find(&used.check).is_some_and(shown)
        }
        _ => false,
    }
}

/// Returns where a step and its keys stand.
fn marks(node: &Node, fields: &Fields) -> Marks {
    let entries = fields.entries.iter();
    Marks {
        at: node.at.clone(),
        keys: entries
            .map(|e| (e.name, e.key_at.clone(), e.value.at.clone()))
            .collect(),
        ..Marks::default()
    }
}

/// Returns the hint for a key that does not go together with the step's action.
fn where_it_belongs(key: &str, kind: &str) -> Option<String> {
    let by_hand = matches!(kind, "confirm" | "decide" | "sign");
    let home = match key {
        "items" => "`confirm`",
        "fill" => "`run`, `check` and `sql`",
        "shell" | "in" | "env" | "interactive" | "agent" | "stop" => "`run` and `check`",
        "background" | "alarm_on" => "`run`",
        "on" => "`sql` and `use`",
        "with" | "compare" => "`use`",
        "lock_timeout" | "statement_timeout" | "transaction" | "read_only" => "`sql`",
        "timeout" if by_hand => {
            return Some("a question to a person never answers itself; `takes` warns".into());
        }
        "verify" if kind == "use" => {
            return Some("a ready check only looks: run it again".into());
        }
        "danger" if kind == "use" => {
            return Some("a ready check only looks: take it out".into());
        }
        "verify" if kind == "check" => return Some("a check only looks: run it again".into()),
        "danger" if kind == "check" => {
            return Some("a check only looks; use `run` for what changes something".into());
        }
        "manual" if by_hand => return Some("a person does it in any case: take it out".into()),
        "capture" | "expect" | "retry" | "until" | "verify" if kind == "run" => {
            return Some("a background step has no end to judge: take it out".into());
        }
        "capture" | "expect" | "retry" | "timeout" | "sessions" => {
            "`run`, `check`, `sql`, `http` and `use`"
        }
        "until" => "`check`, `sql`, `http` and `use`",
        "verify" => "`run`, `sql` and `http`",
        _ => return None,
    };
    Some(format!("it belongs to steps with {home}"))
}
