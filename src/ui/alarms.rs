//! Alarms: those that hold, then those that held.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::model::Model;
use crate::domain::run::state::AlarmRecord;
use crate::domain::runbook::model::Level;
use crate::ui::header::time_of_day;
use crate::ui::pane::{Focus, Frame, lines};
use crate::ui::text::{apart, wrap_line};
use crate::ui::theme::Theme;

/// Rows that the pane asks for with its frame; 0: nothing was ever raised, and there are no rules.
pub fn height(model: &Model) -> u16 {
    if model.book.monitor.alarms.is_empty() && model.run.alarms.is_empty() {
        return 0;
    }
    let holding = model.run.holding().count();
    u16::try_from((holding * 3 + (model.run.alarms.len() - holding)).clamp(1, 8) + 2).unwrap_or(10)
}

/// Returns how many alarms hold, as a span; `None`: none does.
pub fn summary(model: &Model, theme: &Theme) -> Option<Span<'static>> {
    let holding: Vec<&AlarmRecord> = model.run.holding().collect();
    let first = holding.first()?;
    let text = match holding.len() {
        1 => format!("{} {}", theme.glyphs.alarm, first.raised.rule),
        n => format!("{} {n} alarms", theme.glyphs.alarm),
    };
    Some(Span::styled(text, theme.danger))
}

/// Draws the alarms, the newest first.
pub fn draw(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let holding = model.run.holding().count();
    let figure = match holding {
        0 => Line::styled("none holds", theme.quiet),
        n => Line::styled(format!("{} {n}", theme.glyphs.alarm), theme.danger),
    };
    let room = Frame::new(theme, "Alarms", Focus::Elsewhere)
        .figure(figure)
        .draw(area, buf);
    let width = usize::from(room.width);
    let past = model
        .run
        .alarms
        .iter()
        .rev()
        .filter(|a| a.cleared_ms.is_some());
    let present = model
        .run
        .alarms
        .iter()
        .rev()
        .filter(|a| a.cleared_ms.is_none());
    let mut rows: Vec<Line> = present
        .flat_map(|a| holding_lines(theme, a, width))
        .collect();
    rows.extend(past.map(|a| past_line(theme, a, width)));
    if rows.is_empty() {
        let rules = model.book.monitor.alarms.len();
        let watched = if rules == 1 {
            "1 rule is watched".to_owned()
        } else {
            format!("{rules} rules are watched")
        };
        rows.push(Line::styled(watched, theme.quiet));
    }
    lines(theme, rows, room, buf);
}

fn holding_lines(theme: &Theme, alarm: &AlarmRecord, room: usize) -> Vec<Line<'static>> {
    let style = match alarm.raised.level {
        Level::Warning => theme.warning,
        Level::Critical => theme.danger,
    };
    let left = Line::styled(
        format!("{} {}", theme.glyphs.alarm, alarm.raised.rule),
        style,
    );
    let left = Line::from(
        left.spans
            .into_iter()
            .map(|s| s.patch_style(style))
            .collect::<Vec<_>>(),
    );
    let when = Line::from(Span::styled(
        time_of_day(alarm.raised_ms, "%H:%M"),
        theme.quiet,
    ));
    let mut lines = vec![apart(left, when, room, theme.glyphs.ellipsis)];
    let seen = [&alarm.raised.seen, &alarm.raised.blocker]
        .into_iter()
        .filter(|s| !s.is_empty());
    let seen = seen.cloned().collect::<Vec<_>>().join("; ");
    let seen = wrap_line(&Line::raw(format!("  {seen}")), room, 0);
    lines.extend(seen.into_iter().take(2));
    lines
}

fn past_line(theme: &Theme, alarm: &AlarmRecord, room: usize) -> Line<'static> {
    let left = Line::from(Span::styled(
        format!("  {}", alarm.raised.rule),
        theme.quiet,
    ));
    let ended = alarm
        .cleared_ms
        .map_or(String::new(), |ms| time_of_day(ms, "%H:%M"));
    let when = format!("{}-{ended}", time_of_day(alarm.raised_ms, "%H:%M"));
    apart(
        left,
        Line::from(Span::styled(when, theme.quiet)),
        room,
        theme.glyphs.ellipsis,
    )
}
