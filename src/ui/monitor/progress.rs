//! How far long commands are: index builds, vacuums, copies.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::model::Model;
use crate::domain::sample::model::Progress;
use crate::domain::sample::rates::number;
use crate::domain::units::bytes;
use crate::ui::gauge;
use crate::ui::monitor::Content;
use crate::ui::theme::Theme;

/// Returns how many rows the panel needs; 0: nothing is under way.
pub(super) fn rows(model: &Model) -> u16 {
    let server = model
        .monitor
        .sample
        .as_ref()
        .and_then(|s| s.server.as_ref());
    server.map_or(0, |s| {
        u16::try_from(s.progress.len() * 2).unwrap_or(u16::MAX)
    })
}

/// Returns what the panel says.
pub(super) fn content(model: &Model, theme: &Theme, area: Rect) -> Content {
    let room = usize::from(area.width);
    let server = model
        .monitor
        .sample
        .as_ref()
        .and_then(|s| s.server.as_ref());
    let commands = server.iter().flat_map(|s| &s.progress);
    let lines = commands.flat_map(|p| two_lines(theme, p, room)).collect();
    Content {
        figure: Line::default(),
        lines,
    }
}

fn two_lines(theme: &Theme, progress: &Progress, room: usize) -> [Line<'static>; 2] {
    let on = [&progress.index, &progress.relation]
        .into_iter()
        .find(|n| !n.is_empty());
    let on = on.map_or(String::new(), |n| format!(" {n}"));
    let first = Line::from(vec![
        Span::styled(format!("{} ", progress.pid), theme.quiet),
        Span::raw(format!("{}{on}", progress.command)),
    ]);
    let mut spans = Vec::new();
    if progress.total > 0 {
        let part = number(progress.done) / number(progress.total);
        let bar = gauge::bar(part, (room / 4).clamp(5, 20), theme.glyphs);
        spans.push(Span::styled(bar, theme.active));
        spans.push(Span::raw(format!(" {:>3.0} % ", part * 100.0)));
    }
    spans.push(Span::raw(progress.phase.clone()));
    if progress.total > 0 {
        let text = format!(" {} {}", theme.glyphs.dot, counted(progress));
        spans.push(Span::styled(text, theme.quiet));
    }
    if let Some(pid) = progress.waits_for {
        let text = format!(" {} waits for {pid} to end", theme.glyphs.look);
        spans.push(Span::styled(text, theme.warning));
    }
    [first, Line::from(spans)]
}

fn counted(progress: &Progress) -> String {
    match progress.unit.as_str() {
        "bytes" => format!("{} of {}", bytes(progress.done), bytes(progress.total)),
        unit => format!("{} of {} {unit}", progress.done, progress.total),
    }
}
