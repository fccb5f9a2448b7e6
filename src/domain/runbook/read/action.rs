//! What a step does.

use std::collections::BTreeMap;

use crate::domain::runbook::fill::{self, Dialect};
use crate::domain::runbook::keys::{CHOICE, HTTP, METHODS, PROBE, WATCH};
use crate::domain::runbook::model::{
    Access, Action, Agent, Choice, Confirm, Http, Level, Probe, Shell, Signing, Sql, StopSignal,
    Terminal, Watch,
};
use crate::domain::runbook::read::fields::Fields;
use crate::domain::runbook::read::{LinkTo, Reader, Slot};
use crate::domain::runbook::tree::{Kind, Node};
use crate::domain::runbook::variables::{is_name, is_value_name};

impl Reader<'_> {
    /// Reads the step's action; an empty `confirm` stands for one that cannot be read.
    pub(super) fn action(&mut self, fields: &mut Fields<'_>, kind: Option<&str>) -> Action {
        let action = match kind {
            Some("confirm") => self.confirm(fields).map(Action::Confirm),
            Some("run") => self.shell(fields, "run").map(Action::Run),
            Some("check") => self.shell(fields, "check").map(Action::Check),
            Some("sql") => self.sql_step(fields).map(Action::Sql),
            Some("use") => self.use_step(fields),
            Some("http") => fields.read(self, "http", Self::http).map(Action::Http),
            Some("watch") => fields.read(self, "watch", Self::watch).map(Action::Watch),
            Some("decide") => fields
                .take("decide")
                .map(|n| self.decide(n))
                .map(Action::Decide),
            Some("sign") => fields
                .read(self, "sign", Self::role)
                .map(|role| Action::Sign(Signing { role })),
            Some(_) | None => None,
        };
        action.unwrap_or_else(|| Action::Confirm(Confirm::default()))
    }

    fn confirm(&mut self, fields: &mut Fields<'_>) -> Option<Confirm> {
        let text = fields.read(self, "confirm", Self::template);
        let mut items = Vec::new();
        if let Some(node) = fields.take("items") {
            for item in self.list(node, "a list of texts") {
                items.extend(self.template(item));
            }
        }
        Some(Confirm { text: text?, items })
    }

    fn shell(&mut self, fields: &mut Fields<'_>, key: &str) -> Option<Shell> {
        let node = fields.take(key)?;
        let script = self.text(node);
        if let Some(script) = &script {
            for name in written_names(script) {
                self.write(name);
            }
        }
        let shell = fields.read(self, "shell", Self::words).unwrap_or_default();
        let script = match (script, self.fills(fields)) {
            (Some(script), Some(fills)) => {
                let filled = fill::shell(&script, Dialect::of(&shell), &fills);
                Some(self.filled(node, script, filled))
            }
            (script, _) => script,
        };
        let dir = fields.read(self, "in", Self::template);
        let env = fields
            .take("env")
            .map(|n| self.environment(n))
            .unwrap_or_default();
        let interactive = fields.read(self, "interactive", Self::flag) == Some(true);
        let agent = fields.read(self, "agent", Self::flag) == Some(true);
        let stops = [("term", StopSignal::Term), ("int", StopSignal::Int)];
        let stop = fields.read(self, "stop", |cx, n| cx.word(n, &stops));
        if interactive {
            for (name, at) in fields.present(&["background", "capture", "expect", "until", "retry"])
            {
                let message = format!("`{name}` does not go together with `interactive`");
                let hint = "the step has the terminal to itself: nothing of what it prints is seen";
                self.error(at, message, Some(hint.into()));
            }
        }
        Some(Shell {
            script: script?,
            shell,
            dir,
            env,
            terminal: if interactive {
                Terminal::Whole
            } else {
                Terminal::None
            },
            agent: if agent { Agent::Shared } else { Agent::Hidden },
            stop: stop.unwrap_or_default(),
        })
    }

    /// Reads `fill`: placeholders and the parameters that stand for them.
    pub(super) fn fills(&mut self, fields: &mut Fields<'_>) -> Option<Vec<(String, String)>> {
        let node = fields.take("fill")?;
        let mut fills = Vec::new();
        for (placeholder, at, name) in self.values(node, Slot::Text) {
            if is_value_name(&name) {
                self.note_use(&name, at, Slot::Text);
                fills.push((placeholder, name));
            } else {
                let message = format!("`{name}` cannot be the name of a parameter");
                let hint = "write {'<host>': host}, and `host` under `parameters`";
                self.error(at, message, Some(hint.into()));
            }
        }
        Some(fills)
    }

    /// Returns the filled text, or notes why it cannot be filled.
    pub(super) fn filled(
        &mut self,
        node: &Node,
        text: String,
        filled: Result<String, fill::Unfilled>,
    ) -> String {
        match filled {
            Ok(filled) => filled,
            Err(why) => {
                let hint = "write the block anew with a variable, or make it a `confirm`";
                self.error(node.at.clone(), why.to_string(), Some(hint.into()));
                text
            }
        }
    }

    /// Reads the shell and its arguments: words with spaces between.
    fn words(&mut self, node: &Node) -> Option<Vec<String>> {
        let text = self.text(node)?;
        if text.contains(['\'', '"', '\\', '$']) {
            let hint = "write it plainly, as: bash -euo pipefail -c";
            self.error(
                node.at.clone(),
                "quotes and variables mean nothing here",
                Some(hint.into()),
            );
        }
        Some(text.split_whitespace().map(str::to_owned).collect())
    }

    fn environment(&mut self, node: &Node) -> BTreeMap<String, String> {
        let mut env = BTreeMap::new();
        for (name, at, value) in self.values(node, Slot::Text) {
            if !is_name(&name) {
                let hint = "letters, digits and `_`, no digit in front";
                self.error(
                    at,
                    "this cannot be the name of an environment variable",
                    Some(hint.into()),
                );
            }
            env.insert(name, value);
        }
        env
    }

    /// Reads `http`; what it expects is kept until the step asks for it.
    fn http(&mut self, node: &Node) -> Option<Http> {
        if let Kind::Scalar { .. } = node.kind {
            self.error(
                node.at.clone(),
                "a method and an address are expected here",
                Some("write {get: 'https://…'}".into()),
            );
            return None;
        }
        let mut fields = Fields::open(self, node, &HTTP)?;
        let methods = fields.present(METHODS);
        let mut url = None;
        for (method, _) in &methods {
            let read = fields.read(self, method, Self::address);
            url = url.or(read);
        }
        let headers = fields.take("headers").map(|n| self.values(n, Slot::Hidden));
        let headers = headers.unwrap_or_default().into_iter();
        let body = fields.read(self, "body", |cx, n| {
            let text = cx.value(n)?;
            cx.note_uses(n, &text, Slot::Hidden);
            Some(text)
        });
        self.http_expect = fields.read(self, "expect", Self::expectation);
        if methods.len() != 1 {
            let hint = format!("exactly one of: {}", METHODS.join(", "));
            self.error(node.at.clone(), "a request has one method", Some(hint));
            return None;
        }
        Some(Http {
            method: methods[0].0.to_uppercase(),
            url: url?,
            headers: headers.map(|(name, _, value)| (name, value)).collect(),
            body,
        })
    }

    fn address(&mut self, node: &Node) -> Option<String> {
        let text = self.text(node)?;
        self.note_uses(node, &text, Slot::Hidden);
        let known = ["http://", "https://", "${"];
        if !known.iter().any(|start| text.starts_with(start)) {
            let hint = "it begins with http://, https:// or a variable";
            self.error(node.at.clone(), "this is no address", Some(hint.into()));
        }
        Some(text)
    }

    fn watch(&mut self, node: &Node) -> Option<Watch> {
        if let Kind::Scalar { text, .. } = &node.kind {
            let hint = format!("write {{for: {}}}", super::scalar::clip(text));
            self.error(node.at.clone(), "`watch` is a map", Some(hint));
            return None;
        }
        let mut fields = Fields::open(self, node, &WATCH)?;
        let length = fields.read(self, "for", Self::length);
        let levels = [
            ("warning", Some(Level::Warning)),
            ("critical", Some(Level::Critical)),
            ("none", None),
        ];
        let fail_on = fields.read(self, "fail_on", |cx, n| cx.word(n, &levels));
        Some(Watch {
            length: length?,
            fail_on: fail_on.unwrap_or(Some(Level::Critical)),
        })
    }

    fn decide(&mut self, node: &Node) -> Vec<Choice> {
        let mut choices: Vec<Choice> = Vec::new();
        let items = self.list(node, "a list of choices");
        if items.len() == 1 {
            let hint = "add one, or make it a `confirm`";
            self.error(
                node.at.clone(),
                "a decision has two choices at least",
                Some(hint.into()),
            );
        }
        for item in items {
            let Some(mut fields) = Fields::open(self, item, &CHOICE) else {
                continue;
            };
            let title_at = fields.take("choice");
            let title = title_at.and_then(|n| self.template(n));
            let when = fields.read(self, "when", Self::template);
            let go_to = fields.read(self, "go_to", |cx, n| {
                let name = cx.text(n)?;
                cx.link(LinkTo::StepOrPath, &name, n.at.clone());
                Some(name)
            });
            let (Some(title), Some(title_at)) = (title, title_at) else {
                continue;
            };
            if choices.iter().any(|c| c.title == title) {
                self.error(
                    title_at.at.clone(),
                    "this choice stands here for the second time",
                    None,
                );
            }
            choices.push(Choice { title, when, go_to });
        }
        choices
    }

    /// Reads `verify`; a `check` in it takes shell, directory and environment from the step.
    pub(super) fn probe(&mut self, node: &Node, action: &Action) -> Option<Probe> {
        let mut fields = Fields::open(self, node, &PROBE)?;
        let kinds = fields.present(PROBE.one_of);
        let used = self.used(&mut fields);
        let on = fields.read(self, "on", Self::database_name);
        let script = fields.read(self, "check", Self::text);
        let query = fields.read(self, "sql", |cx, n| cx.query_on(n, on.as_deref()));
        let outer = self.http_expect.take();
        let request = fields.read(self, "http", Self::http);
        let inner = std::mem::replace(&mut self.http_expect, outer);
        let expect = fields.read(self, "expect", Self::expectation).or(inner);
        if kinds.len() != 1 {
            let hint = "exactly one of: check, sql, http, use";
            self.error(
                node.at.clone(),
                "`verify` asks one question",
                Some(hint.into()),
            );
            return None;
        }
        if let (Some(request), [(_, at)]) = (&request, kinds.as_slice())
            && !matches!(request.method.as_str(), "GET" | "HEAD")
        {
            let message = "`verify` only looks: its request is a get or a head";
            self.error(at.clone(), message, None);
        }
        if on.is_some() && query.is_none() && used.is_none() {
            self.error(node.at.clone(), "`on` is for `sql` and `use`", None);
        }
        if fields.has("with") && !fields.has("use") {
            self.error(node.at.clone(), "`with` is for `use`", None);
        }
        let check = script.map(|script| Action::Check(shell_like(action, script)));
        let sql = query.map(|text| {
            Action::Sql(Sql {
                text,
                family: self.families.of(on.as_deref()),
                on,
                access: Access::ReadOnly,
                ..Sql::default()
            })
        });
        let used = used.map(Action::Use);
        let action = check.or(sql).or(request.map(Action::Http)).or(used)?;
        Some(Probe { action, expect })
    }
}

/// Returns a command that runs where the step's own does.
fn shell_like(action: &Action, script: String) -> Shell {
    match action {
        Action::Run(shell) | Action::Check(shell) => Shell {
            script,
            shell: shell.shell.clone(),
            dir: shell.dir.clone(),
            env: shell.env.clone(),
            ..Shell::default()
        },
        Action::Confirm(_)
        | Action::Sql(_)
        | Action::Http(_)
        | Action::Watch(_)
        | Action::Use(_)
        | Action::Decide(_)
        | Action::Sign(_) => Shell {
            script,
            ..Shell::default()
        },
    }
}

/// Returns the names of the `name=value` lines that a script seems to write to `$HOLDPOINT_OUTPUT`.
///
/// Any word before `=` in a script that names the file will do: too many names hurt nobody, too few are a false alarm.
fn written_names(script: &str) -> Vec<String> {
    if !script.contains("HOLDPOINT_OUTPUT") {
        return Vec::new();
    }
    let before: Vec<&str> = script.split('=').collect();
    before[..before.len() - 1]
        .iter()
        .filter_map(|text| {
            let start = text.rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            let name = &text[start.map_or(0, |i| {
                i + text[i..].chars().next().map_or(1, char::len_utf8)
            })..];
            crate::domain::runbook::variables::is_value_name(name).then(|| name.to_owned())
        })
        .collect()
}
