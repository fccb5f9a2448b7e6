//! Connections: how many of how many, in which states, and whose.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::model::Model;
use crate::app::monitor::grade_of;
use crate::app::monitor::panel::Panel;
use crate::domain::sample::metric::{Grade, grade};
use crate::domain::sample::model::Sample;
use crate::domain::sample::words::lasting;
use crate::ui::gauge;
use crate::ui::monitor::{Content, grid};
use crate::ui::text::{flow, line_width};
use crate::ui::theme::Theme;

/// Returns `83 of 97`, for the frame.
pub(super) fn figure(model: &Model, theme: &Theme) -> Line<'static> {
    let Some(sample) = model.monitor.picture().sample else {
        return Line::default();
    };
    let (style, sign) = theme.grade(grade("connections", sample));
    let counts = &sample.counts;
    let text = match counts.limit {
        0 => counts.connections.to_string(),
        limit => format!("{} of {limit}", counts.connections),
    };
    Line::styled(format!("{sign} {text}").trim_start().to_owned(), style)
}

/// Returns `83/97`, for screens that have no room for the panel.
pub(super) fn brief(model: &Model, theme: &Theme) -> Span<'static> {
    let line = figure(model, theme);
    let text: String = line
        .spans
        .iter()
        .map(|s| s.content.replace(" of ", "/"))
        .collect();
    Span::styled(text, line.style)
}

/// Returns what the panel says in so much room.
pub(super) fn content(model: &Model, theme: &Theme, area: Rect) -> Content {
    let room = usize::from(area.width);
    let Some(sample) = model.monitor.picture().sample else {
        return Content::default();
    };
    let mut head = vec![gauge_line(model, theme, sample, room)];
    head.extend(flow(states(theme, sample), room));
    let mut content = if usize::from(area.height) >= head.len() + 2 {
        grid::content(model, theme, Panel::Connections, head, Vec::new(), area)
    } else {
        Content {
            figure: Line::default(),
            lines: head,
        }
    };
    content.figure = figure(model, theme);
    content
}

fn gauge_line(model: &Model, theme: &Theme, sample: &Sample, room: usize) -> Line<'static> {
    let counts = &sample.counts;
    let (style, _) = theme.grade(grade("connections", sample));
    let part = f64::from(counts.connections) / f64::from(counts.limit.max(1));
    let left = counts.limit.saturating_sub(counts.connections);
    let mut spans = Vec::new();
    if counts.limit > 0 {
        let bar = gauge::bar(part, (room / 3).clamp(6, 24), theme.glyphs);
        spans.push(Span::styled(bar, style));
        spans.push(Span::styled(format!(" {left} left "), style));
    }
    let taken = line_width(&Line::from(spans.clone()));
    let history: Vec<Option<f64>> = model
        .monitor
        .picture()
        .history
        .line("connections")
        .collect();
    let spark = gauge::spark(&history, room.saturating_sub(taken), None, theme.glyphs);
    spans.push(Span::styled(spark, theme.quiet));
    Line::from(spans)
}

fn states(theme: &Theme, sample: &Sample) -> Vec<Span<'static>> {
    let counts = &sample.counts;
    let idle = sample
        .sessions
        .iter()
        .filter(|s| s.is_idle_in_transaction());
    let longest = idle
        .filter_map(|s| s.state_ms)
        .max()
        .filter(|_| counts.idle_in_transaction > 0);
    let lasted = longest.map_or(String::new(), |ms| format!(" ({})", lasting(ms)));
    let marked = |text: String, grade: Grade| {
        let (style, sign) = theme.grade(grade);
        Span::styled(format!("{text} {sign}").trim_end().to_owned(), style)
    };
    let waiting = if counts.blocked == 0 {
        Grade::Calm
    } else {
        Grade::Look
    };
    let known = counts.active + counts.idle + counts.idle_in_transaction;
    let hidden = counts.connections.saturating_sub(known);
    let hidden = Span::styled(format!("hidden {hidden}"), theme.quiet);
    let hidden = (counts.connections > known).then_some(hidden);
    let shown = vec![
        Span::styled(format!("active {}", counts.active), theme.plain),
        Span::styled(format!("idle {}", counts.idle), theme.quiet),
        marked(
            format!("in xact {}{lasted}", counts.idle_in_transaction),
            grade_of("idle_in_transaction", longest),
        ),
        marked(format!("waiting {}", counts.blocked), waiting),
    ];
    shown.into_iter().chain(hidden).collect()
}
