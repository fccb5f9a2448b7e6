//! Texts, numbers, durations and the like. YAML 1.2: `yes` is no truth value, and nothing is guessed.

use crate::domain::expect::regex;
use crate::domain::runbook::model::{Length, Offset};
use crate::domain::runbook::near;
use crate::domain::runbook::read::{Place, Reader, Slot};
use crate::domain::runbook::tree::{Kind, Node, Style};
use crate::domain::runbook::variables;
use crate::domain::units;

/// Words that YAML 1.1 took for truth values, and YAML 1.2 does not.
const OLD_TRUTH: &[&str] = &["yes", "no", "on", "off"];

impl Reader<'_> {
    /// Notes that `node` should have been something else.
    pub fn wrong_kind(&mut self, node: &Node, wanted: &str) {
        let found = match &node.kind {
            Kind::List(_) => "a list".to_owned(),
            Kind::Map(_) => "a map".to_owned(),
            Kind::Scalar { text, .. } if text.is_empty() => "nothing".to_owned(),
            Kind::Scalar { text, .. } => format!("`{}`", clip(text)),
        };
        let braces = self.source.text[node.at.start..].starts_with("{{");
        let hint = match &node.kind {
            Kind::Map(_) if braces => Some("a variable is written `${name}`".into()),
            Kind::Map(_) if wanted.contains("text") => {
                Some("a text with `: ` in it, or that begins with `{`, stands in quotes".into())
            }
            Kind::Map(_) if wanted.contains("list") => Some("begin each with `- `".into()),
            Kind::List(_) if wanted.contains("text") => {
                Some("a text that begins with `[` stands in quotes".into())
            }
            Kind::Scalar { .. } if wanted.contains("list") => {
                Some("begin each with `- `, or write [one, two]".into())
            }
            Kind::Map(_) | Kind::List(_) | Kind::Scalar { .. } => None,
        };
        let message = format!("{wanted} is expected here, not {found}");
        self.error(node.at.clone(), message, hint);
    }

    /// Reads a text; numbers are texts as they are spelled, truth values are not texts.
    pub fn text(&mut self, node: &Node) -> Option<String> {
        let text = self.scalar(node, "a text")?;
        if let Kind::Scalar { style, .. } = &node.kind {
            let bare = *style == Style::Plain;
            let lower = text.to_lowercase();
            if bare && (OLD_TRUTH.contains(&lower.as_str()) || matches!(&*lower, "true" | "false"))
            {
                let hint = format!("say it in words, or put it in quotes: '{text}'");
                self.error(
                    node.at.clone(),
                    format!("a text is expected here, not the bare word `{text}`"),
                    Some(hint),
                );
                return None;
            }
        }
        if text.trim().is_empty() {
            self.error(
                node.at.clone(),
                "the text is empty",
                Some("write one, or take the key out".into()),
            );
            return None;
        }
        Some(text)
    }

    /// Reads a value of one's own: a text, a number, `true` or `false`, as it is spelled.
    pub fn value(&mut self, node: &Node) -> Option<String> {
        let text = self.scalar(node, "a text or number")?;
        let bare = matches!(
            &node.kind,
            Kind::Scalar {
                style: Style::Plain,
                ..
            }
        );
        if bare && OLD_TRUTH.contains(&text.to_lowercase().as_str()) {
            let hint = format!("write true or false, or put it in quotes: '{text}'");
            self.error(
                node.at.clone(),
                format!("the bare word `{text}` means different things to different readers"),
                Some(hint),
            );
            return None;
        }
        Some(text)
    }

    /// Reads a headline: it is the same in every run, so that two logs can be laid side by side.
    pub fn headline(&mut self, node: &Node) -> Option<String> {
        let text = self.text(node)?;
        if let Some(reference) = variables::names(&text).first() {
            let at = self.place_in(node, &text, reference.at.clone());
            let hint = "say it in `note` or `confirm`, where values are put in";
            self.warn(
                at,
                "a headline is shown as it is written: no value is put in",
                Some(hint.into()),
            );
        }
        Some(text)
    }

    /// Reads a text that may hold `${…}`.
    pub fn template(&mut self, node: &Node) -> Option<String> {
        let text = self.text(node)?;
        self.note_uses(node, &text, Slot::Text);
        Some(text)
    }

    fn scalar(&mut self, node: &Node, wanted: &str) -> Option<String> {
        match &node.kind {
            Kind::Scalar { text, style } => {
                if *style == Style::Plain {
                    self.warn_of_comment(node);
                }
                Some(text.clone())
            }
            Kind::List(_) | Kind::Map(_) => {
                self.wrong_kind(node, wanted);
                None
            }
        }
    }

    /// Warns where ` #` cuts a bare text short: `Fix issue #42`.
    fn warn_of_comment(&mut self, node: &Node) {
        let rest = &self.source.text[node.at.end..];
        let rest = rest.split('\n').next().unwrap_or_default();
        let Some(comment) = rest.trim_start().strip_prefix('#') else {
            return;
        };
        if comment.starts_with(|c: char| c.is_alphanumeric()) && !node.at.is_empty() {
            let from = self
                .source
                .text
                .len()
                .min(node.at.end + rest.len() - rest.trim_start().len());
            let hint = "put the text in quotes if `#` belongs to it; a comment begins with `# `";
            self.warn(
                from..from + 1 + comment.len(),
                "the text ends before `#`: the rest is a comment",
                Some(hint.into()),
            );
        }
    }

    /// Reads `true` or `false`.
    pub fn flag(&mut self, node: &Node) -> Option<bool> {
        let Kind::Scalar { text, style } = &node.kind else {
            self.wrong_kind(node, "`true` or `false`");
            return None;
        };
        match (text.as_str(), style) {
            ("true", Style::Plain) => return Some(true),
            ("false", Style::Plain) => return Some(false),
            _ => {}
        }
        let lower = text.to_lowercase();
        let hint = match lower.as_str() {
            "yes" | "on" | "y" | "true" | "1" => Some("write true"),
            "no" | "off" | "n" | "false" | "0" => Some("write false"),
            _ => None,
        };
        let shown = if *style == Style::Plain {
            format!("`{}`", clip(text))
        } else {
            "a text in quotes".into()
        };
        let message = format!("`true` or `false` is expected here, not {shown}");
        self.error(node.at.clone(), message, hint.map(str::to_owned));
        None
    }

    /// Reads a whole number from `least` on.
    pub fn count(&mut self, node: &Node, least: u32) -> Option<u32> {
        let text = self.scalar(node, "a number")?;
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse::<u32>() {
            Ok(n) if digits && n >= least => Some(n),
            Ok(_) | Err(_) => {
                let message = format!(
                    "a whole number from {least} on is expected here, not `{}`",
                    clip(&text)
                );
                self.error(node.at.clone(), message, None);
                None
            }
        }
    }

    /// Reads a duration above zero.
    pub fn duration(&mut self, node: &Node) -> Option<std::time::Duration> {
        let duration = self.duration_or_zero(node)?;
        if duration.is_zero() {
            self.error(
                node.at.clone(),
                "this must be longer than nothing",
                Some("write 15s or 30m".into()),
            );
            return None;
        }
        Some(duration)
    }

    /// Reads a duration.
    pub fn duration_or_zero(&mut self, node: &Node) -> Option<std::time::Duration> {
        let text = self.scalar(node, "a duration")?;
        self.unit(node, units::duration(&text))
    }

    /// Reads a length of time above zero, or the one variable that says it.
    pub fn length(&mut self, node: &Node) -> Option<Length> {
        match self.named_length(node) {
            Ok(named) => named,
            Err(()) => self.duration(node).map(Length::Fixed),
        }
    }

    /// Reads a length of time, or the one variable that says it.
    pub fn length_or_zero(&mut self, node: &Node) -> Option<Length> {
        match self.named_length(node) {
            Ok(named) => named,
            Err(()) => self.duration_or_zero(node).map(Length::Fixed),
        }
    }

    /// Reads `${name}`; the error is a text without a variable.
    fn named_length(&mut self, node: &Node) -> Result<Option<Length>, ()> {
        let Kind::Scalar { text, .. } = &node.kind else {
            return Err(());
        };
        if !text.contains("${") {
            return Err(());
        }
        let alone = |name: &str| text.trim() == format!("${{{name}}}");
        match variables::names(text).as_slice() {
            [one] if alone(one.name) => {
                self.note_uses(node, text, Slot::Length);
                Ok(Some(Length::Named(one.name.to_owned())))
            }
            _ => {
                let hint = "write `${name}` alone, or a length as 15m";
                self.error(
                    node.at.clone(),
                    "a length of time is one variable, with nothing around it",
                    Some(hint.into()),
                );
                Ok(None)
            }
        }
    }

    /// Reads an offset from the planned start.
    pub fn offset(&mut self, node: &Node) -> Option<Offset> {
        let text = self.scalar(node, "an offset as T-30m")?;
        self.unit(node, units::offset(&text))
    }

    fn unit<T>(&mut self, node: &Node, read: Result<T, units::Unreadable>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(error) => {
                self.error(node.at.clone(), error.why, Some(error.hint));
                None
            }
        }
    }

    /// Reads a regular expression.
    pub fn pattern(&mut self, node: &Node) -> Option<String> {
        let text = self.text(node)?;
        match regex(&text) {
            Ok(_) => Some(text),
            Err(why) => {
                let hint = "characters as ( [ { . * + ? that stand for themselves need a backslash";
                let message = format!("the regular expression cannot be read: {why}");
                self.error(node.at.clone(), message, Some(hint.into()));
                None
            }
        }
    }

    /// Reads one of some words.
    pub fn word<T: Copy>(&mut self, node: &Node, words: &[(&'static str, T)]) -> Option<T> {
        let text = self.scalar(node, "a word")?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let names = words.iter().map(|(word, _)| *word);
        let all: Vec<String> = names.clone().map(|w| format!("`{w}`")).collect();
        let hint = near::nearest(&text, names).map(|near| format!("did you mean `{near}`?"));
        let message = format!(
            "{} is expected here, not `{}`",
            all.join(" or "),
            clip(&text)
        );
        self.error(node.at.clone(), message, hint);
        None
    }

    /// Returns the items of a list, one at least.
    pub fn list<'n>(&mut self, node: &'n Node, wanted: &str) -> Vec<&'n Node> {
        match &node.kind {
            Kind::List(items) if items.is_empty() => {
                self.error(
                    node.at.clone(),
                    "the list is empty",
                    Some("write one item, or take the key out".into()),
                );
                Vec::new()
            }
            Kind::List(items) => items.iter().map(AsRef::as_ref).collect(),
            Kind::Map(_) | Kind::Scalar { .. } => {
                self.wrong_kind(node, wanted);
                Vec::new()
            }
        }
    }

    /// Reads a list of texts with their places; doubles are noted.
    pub fn texts(&mut self, node: &Node) -> Vec<(String, Place)> {
        let mut seen = std::collections::HashSet::new();
        let mut texts: Vec<(String, Place)> = Vec::new();
        for item in self.list(node, "a list of texts") {
            let Some(text) = self.text(item) else {
                continue;
            };
            if seen.insert(text.clone()) {
                texts.push((text, item.at.clone()));
            } else {
                self.error(
                    item.at.clone(),
                    format!("`{}` stands twice in this list", clip(&text)),
                    None,
                );
            }
        }
        texts
    }

    /// Reads a map with names of one's own; doubles are noted.
    pub fn named<'n>(&mut self, node: &'n Node, wanted: &str) -> Vec<(&'n str, Place, &'n Node)> {
        let Kind::Map(pairs) = &node.kind else {
            self.wrong_kind(node, wanted);
            return Vec::new();
        };
        let mut seen = std::collections::HashSet::new();
        let mut found = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let Some(name) = self.key_text(key) else {
                continue;
            };
            if seen.insert(name) {
                found.push((name, key.at.clone(), value.as_ref()));
            } else {
                self.double_key(key, name);
            }
        }
        found
    }

    /// Reads a map from names of one's own to values that may hold `${…}`.
    pub fn values(&mut self, node: &Node, into: Slot) -> Vec<(String, Place, String)> {
        let mut values = Vec::new();
        for (name, at, value) in self.named(node, "a map of names and values") {
            if let Some(text) = self.value(value) {
                self.note_uses(value, &text, into);
                values.push((name.to_owned(), at, text));
            }
        }
        values
    }
}

/// Cuts a text for a message.
pub(super) fn clip(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let cut: String = line.chars().take(40).collect();
    if cut.len() < text.trim_end().len() {
        format!("{cut}…")
    } else {
        cut
    }
}
