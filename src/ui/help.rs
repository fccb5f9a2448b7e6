//! The help: the key table, printed, so that it cannot be out of date.

use ratatui::text::{Line, Span};

use crate::app::keys::{BINDINGS, Scope, name};
use crate::ui::text::{pad_left, wrap_line};
use crate::ui::theme::Theme;

/// Every part of the screen in which keys work, with its headline.
const SCOPES: [(Scope, &str); 6] = [
    (Scope::Anywhere, "Everywhere"),
    (Scope::Checklist, "In the checklist"),
    (Scope::Output, "In the step and its output"),
    (Scope::Monitor, "In the monitor"),
    (Scope::Filter, "While a filter is typed"),
    (Scope::Dialog, "In a dialog"),
];

/// Returns every key and what it does, in lines of `room` cells.
pub fn lines(theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (scope, title) in SCOPES {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::styled(title, theme.strong));
        for (keys, help) in rows(scope) {
            let key = Span::styled(pad_left(&keys, 11, theme.glyphs.ellipsis), theme.key);
            let indent = "  ";
            let first = Line::from(vec![key, Span::raw(indent), Span::raw(help)]);
            lines.extend(wrap_line(&first, room, 0).into_iter().take(2));
        }
    }
    lines
}

/// Returns the rows of a scope; keys that do the same share one.
fn rows(scope: Scope) -> Vec<(String, String)> {
    let mut rows: Vec<(String, String)> = Vec::new();
    for binding in BINDINGS
        .iter()
        .filter(|b| b.scope == scope && !b.help.is_empty())
    {
        let key = name(binding.key);
        match rows.iter_mut().find(|(_, help)| help == binding.help) {
            Some((keys, _)) => *keys = format!("{keys}, {key}"),
            None => rows.push((key, binding.help.to_owned())),
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_table_is_in_the_help() {
        let text: Vec<String> = lines(&Theme::default(), 80)
            .iter()
            .map(ToString::to_string)
            .collect();
        let text = text.join("\n");
        for binding in BINDINGS.iter().filter(|b| !b.help.is_empty()) {
            assert!(text.contains(binding.help), "{}", binding.help);
            assert!(text.contains(&name(binding.key)), "{}", name(binding.key));
        }
    }
}
