//! The bottom: one line for the operator, the keys that matter here, and whether everything is recorded.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::acts::refused_now;
use crate::app::dialog::Intent;
use crate::app::keys::{Action, BINDINGS, Binding, Scope, name};
use crate::app::model::{Model, Pane, Purpose, Recording};
use crate::domain::units;
use crate::ui::header::time_of_day;
use crate::ui::pane;
use crate::ui::step::tone_sign;
use crate::ui::text::{apart, line_width, width};
use crate::ui::theme::Theme;

/// Keys that stay where there is room for few.
const ALWAYS: [Action; 4] = [
    Action::Proceed,
    Action::NextPane,
    Action::Help,
    Action::Leave,
];

/// Keys that go after all others but these: what stops something.
const DEAR: [Action; 4] = [
    Action::CancelStep,
    Action::Inspect,
    Action::CancelSession,
    Action::TerminateSession,
];

/// Draws the bottom: with two lines the notice stands above the keys, with one it takes their place.
pub fn draw(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let room = usize::from(area.width);
    let mark = theme.glyphs.ellipsis;
    let right = recording(model, theme);
    let for_left = room.saturating_sub(line_width(&right) + 1);
    let notice = notice(model, theme);
    let mut lines = Vec::new();
    if area.height > 1 {
        lines.push(notice.clone().unwrap_or_default());
    }
    let left = match notice {
        Some(notice) if area.height < 2 => notice,
        Some(_) | None => keys(model, theme, for_left),
    };
    lines.push(apart(left, right, room, mark));
    pane::lines(theme, lines, area, buf);
}

fn notice(model: &Model, theme: &Theme) -> Option<Line<'static>> {
    let notice = model.notice.as_ref()?;
    let style = theme.tone(notice.tone);
    let sign = tone_sign(theme, notice.tone);
    Some(Line::from(vec![Span::styled(
        format!(" {sign} {}", notice.text).replacen("   ", " ", 1),
        style,
    )]))
}

/// The keys that matter in this scope; those that would be refused now are greyed.
fn keys(model: &Model, theme: &Theme, room: usize) -> Line<'static> {
    let scope = model.scope();
    if scope == Scope::Dialog {
        return dialog_keys(model, theme, room);
    }
    let reaches = |b: &&Binding| {
        let everywhere = b.scope == Scope::Anywhere && scope.is_open();
        !b.short.is_empty() && (b.scope == scope || everywhere)
    };
    let named = |b: &Binding| Named {
        action: b.action,
        refused: refused_now(model, b.action).is_some(),
        key: name(b.key),
        word: b.short,
    };
    let mut shown: Vec<Named> = BINDINGS.iter().filter(reaches).map(named).collect();
    if model.purpose != Purpose::Drive || model.run.closed.is_some() {
        shown.retain(|b| !b.refused); // it will be refused to the end
    }
    // What would be refused goes first where there is no room, then what stands last in the table.
    while shown.len() > 1 && cells(&shown) > room {
        let of_refused = shown.iter().rposition(|b| {
            b.refused && (b.action == Action::Proceed || !ALWAYS.contains(&b.action))
        });
        let of_others = || {
            let can_go = |b: &Named| !ALWAYS.contains(&b.action) && !DEAR.contains(&b.action);
            shown.iter().rposition(can_go)
        };
        // Who has a session at hand goes to another pane without being told how.
        let acts = shown.iter().any(|b| b.action == Action::CancelSession);
        let panes = |b: &Named| b.action == Action::NextPane && acts;
        let of_panes = || shown.iter().rposition(panes);
        let of_dear = || shown.iter().rposition(|b| DEAR.contains(&b.action));
        let of_rest = || shown.iter().rposition(|b| b.action != Action::Help);
        let Some(at) = of_refused
            .or_else(of_others)
            .or_else(of_panes)
            .or_else(of_dear)
            .or_else(of_rest)
        else {
            break;
        };
        shown.remove(at);
    }
    key_line(theme, shown)
}

/// A key that is named at the bottom.
struct Named {
    action: Action,
    /// Whether it would be refused now.
    refused: bool,
    key: String,
    word: &'static str,
}

/// Cells between two keys: a dot with a blank at both sides.
const BETWEEN: usize = 3;

/// Returns the cells that [`key_line`] takes.
fn cells(shown: &[Named]) -> usize {
    let each = shown.iter().map(|b| width(&b.key) + 1 + width(b.word));
    1 + each.sum::<usize>() + BETWEEN * shown.len().saturating_sub(1)
}

fn key_line(theme: &Theme, shown: Vec<Named>) -> Line<'static> {
    let mut spans = vec![Span::raw(" ")];
    for (i, named) in shown.into_iter().enumerate() {
        if i > 0 {
            spans.push(Span::styled(format!(" {} ", theme.glyphs.dot), theme.quiet));
        }
        let (key, word) = if named.refused {
            (theme.quiet, theme.quiet)
        } else {
            (theme.key, theme.plain)
        };
        spans.push(Span::styled(named.key, key));
        spans.push(Span::styled(format!(" {}", named.word), word));
    }
    Line::from(spans)
}

fn dialog_keys(model: &Model, theme: &Theme, room: usize) -> Line<'static> {
    let asks = model.dialog.as_ref().is_some_and(|d| !d.enter.is_empty());
    let session = model
        .dialog
        .as_ref()
        .is_some_and(|d| matches!(d.intent, Intent::Session(_)));
    let words = if asks {
        vec![
            (Action::Dismiss, "shuts it, nothing happens"),
            (Action::NextPart, "next part"),
            (Action::Answer, "does what the bar says"),
        ]
    } else {
        let mut words = vec![
            (Action::Dismiss, "shuts it"),
            (Action::PageDown, "page down"),
            (Action::PageUp, "page up"),
        ];
        if session {
            words.insert(1, (Action::CancelSession, "cancels its statement"));
            words.insert(2, (Action::TerminateSession, "ends it"));
        }
        words
    };
    let mut line = Line::from(Span::raw(" "));
    for (at, (action, word)) in words.into_iter().enumerate() {
        let found = BINDINGS
            .iter()
            .find(|b| b.scope == Scope::Dialog && b.action == action);
        let Some(key) = found.map(|b| name(b.key)) else {
            continue;
        };
        let dot = if at > 0 {
            format!(" {} ", theme.glyphs.dot)
        } else {
            String::new()
        };
        if line_width(&line) + width(&dot) + width(&key) + 1 + width(word) > room {
            break;
        }
        line.spans.push(Span::styled(dot, theme.quiet));
        line.spans.push(Span::styled(key, theme.key));
        line.spans.push(Span::raw(format!(" {word}")));
    }
    line
}

fn recording(model: &Model, theme: &Theme) -> Line<'static> {
    let signs = theme.glyphs;
    let clock = Span::raw(format!(" {} ", time_of_day(model.now.wall_ms, "%H:%M:%SZ")));
    let pace = Span::styled(pace(model), theme.quiet);
    let state = match (&model.recording, model.purpose) {
        (_, Purpose::Monitor) => Span::raw(""),
        (_, Purpose::Watch) => Span::styled("watching", theme.quiet),
        (Recording::Saved, Purpose::Drive) => {
            Span::styled(format!("recording {}", signs.saved), theme.good)
        }
        (Recording::Saving, Purpose::Drive) => {
            Span::styled(format!("saving {}", signs.saving), theme.active)
        }
        (Recording::Refused { .. }, Purpose::Drive) => {
            Span::styled(format!("NOT RECORDED {}", signs.alarm), theme.danger)
        }
    };
    Line::from(vec![pace, state, clock])
}

/// How often the server is asked, where the keyboard is at what it says.
fn pace(model: &Model) -> String {
    match (&model.monitor.sample, model.focus) {
        (Some(sample), Pane::Monitor) => {
            let every = std::time::Duration::from_millis(sample.interval_ms);
            format!("every {}  ", units::words(every))
        }
        _ => String::new(),
    }
}
