//! The monitor panels: which are drawn where, and how old what they show is.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::model::{Model, Pane};
use crate::app::monitor::{Link, Monitor, PANELS, Panel};
use crate::domain::sample::metric::{Grade, graded, metric_named};
use crate::domain::sample::model::{Ours, Session};
use crate::domain::sample::rates::number;
use crate::domain::sample::words::lasting;
use crate::domain::units;
use crate::ui::pane::{Focus, Frame, lines};
use crate::ui::text::wrap;
use crate::ui::theme::Theme;

mod activity;
mod connections;
mod locks;
mod progress;
mod server;
#[cfg(test)]
mod tests;

/// Intervals without a sample after which what is shown is called old.
const PATIENCE: u64 = 3;

/// What one panel shows below its frame.
#[derive(Default)]
struct Content {
    figure: Line<'static>,
    lines: Vec<Line<'static>>,
}

/// How fresh the newest sample is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Freshness {
    /// There is none, and this is why.
    Nothing(String),
    /// It is as it should be.
    Fresh,
    /// The server does not answer.
    Old {
        /// Milliseconds since it did.
        age_ms: u64,
        /// What was said.
        why: String,
    },
}

fn freshness(model: &Model) -> Freshness {
    let monitor = &model.monitor;
    let Some(sample) = &monitor.sample else {
        return Freshness::Nothing(match &monitor.link {
            Link::None => "this run has no database".to_owned(),
            Link::Connecting => "connecting to the database".to_owned(),
            Link::Live => "the first sample is on its way".to_owned(),
            Link::Lost { why } => format!("no answer: {why}"),
        });
    };
    let age_ms = model.now.mono_ms.saturating_sub(monitor.sampled_ms);
    match &monitor.link {
        Link::Lost { why } => Freshness::Old {
            age_ms,
            why: why.clone(),
        },
        Link::None | Link::Connecting | Link::Live
            if age_ms > PATIENCE * sample.interval_ms.max(1_000) =>
        {
            Freshness::Old {
                age_ms,
                why: String::new(),
            }
        }
        Link::None | Link::Connecting | Link::Live => Freshness::Fresh,
    }
}

/// Draws the panel that was chosen.
pub fn draw_chosen(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) {
    draw_panel(model, theme, model.monitor.panel, area, buf);
}

/// Draws the panel that was chosen and, where there is room, the connections below it.
pub fn draw_chosen_and_connections(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let beside = model.monitor.panel != Panel::Connections && area.height >= 24;
    let [chosen, below] = Layout::vertical([
        Constraint::Fill(1),
        Constraint::Length(if beside { 8 } else { 0 }),
    ])
    .areas(area);
    draw_panel(model, theme, model.monitor.panel, chosen, buf);
    if beside {
        draw_panel(model, theme, Panel::Connections, below, buf);
    }
}

/// Draws all panels one below the other.
pub fn draw_column(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let spare = area.height >= 44;
    let progress = progress::rows(model).min(8);
    let connections = if area.height >= 36 { 9 } else { 6 };
    let [locks, conn, activity, moving, server] = Layout::vertical([
        Constraint::Fill(3),
        Constraint::Length(connections),
        Constraint::Fill(2),
        Constraint::Length(if progress == 0 { 0 } else { progress + 2 }),
        Constraint::Length(if spare { server::rows(model) + 2 } else { 0 }),
    ])
    .areas(area);
    draw_panel(model, theme, Panel::Locks, locks, buf);
    draw_panel(model, theme, Panel::Connections, conn, buf);
    draw_panel(model, theme, Panel::Activity, activity, buf);
    draw_beside(model, theme, "Progress", progress::content, moving, buf);
    draw_beside(model, theme, "Server", server::content, server, buf);
}

/// Draws all panels over the whole screen: locks and connections at the left, activity and the server at the right.
pub fn draw_grid(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) {
    if area.width < 100 {
        return if area.height >= 30 {
            draw_column(model, theme, area, buf);
        } else {
            draw_chosen(model, theme, area, buf);
        };
    }
    let [left, right] =
        Layout::horizontal([Constraint::Percentage(46), Constraint::Fill(1)]).areas(area);
    let [locks, connections] =
        Layout::vertical([Constraint::Fill(3), Constraint::Fill(2)]).areas(left);
    let progress = progress::rows(model).min(8);
    let [activity, moving, server] = Layout::vertical([
        Constraint::Fill(1),
        Constraint::Length(if progress == 0 { 0 } else { progress + 2 }),
        Constraint::Length(server::rows(model) + 2),
    ])
    .areas(right);
    draw_panel(model, theme, Panel::Locks, locks, buf);
    draw_panel(model, theme, Panel::Connections, connections, buf);
    draw_panel(model, theme, Panel::Activity, activity, buf);
    draw_beside(model, theme, "Progress", progress::content, moving, buf);
    draw_beside(model, theme, "Server", server::content, server, buf);
}

/// Returns one line about the server for screens that have no room for a panel.
pub fn summary(model: &Model, theme: &Theme) -> Line<'static> {
    match freshness(model) {
        Freshness::Nothing(why) => Line::styled(why, theme.quiet),
        Freshness::Old { age_ms, .. } => Line::styled(
            format!("{} no answer for {}", theme.glyphs.alarm, lasting(age_ms)),
            theme.warning,
        ),
        Freshness::Fresh => {
            let mut line = locks::brief(model, theme);
            let of_line = line.style;
            line.spans
                .iter_mut()
                .for_each(|s| s.style = of_line.patch(s.style));
            line.style = Style::default();
            line.spans
                .push(Span::styled(format!(" {} ", theme.glyphs.dot), theme.quiet));
            line.spans.push(connections::brief(model, theme));
            line
        }
    }
}

fn draw_panel(model: &Model, theme: &Theme, panel: Panel, area: Rect, buf: &mut Buffer) {
    let has_keyboard =
        model.dialog.is_none() && model.focus == Pane::Monitor && model.monitor.panel == panel;
    let focus = if has_keyboard {
        Focus::Here
    } else {
        Focus::Elsewhere
    };
    let content = |room: Rect| match panel {
        Panel::Locks => locks::content(model, theme, room),
        Panel::Connections => connections::content(model, theme, room),
        Panel::Activity => activity::content(model, theme, room),
    };
    let number = PANELS
        .iter()
        .position(|p| *p == panel)
        .map_or(0, |at| at + 1);
    draw_framed(
        model,
        theme,
        &format!("{number} {}", name(panel)),
        focus,
        content,
        area,
        buf,
    );
}

fn draw_beside(
    model: &Model,
    theme: &Theme,
    title: &str,
    content: fn(&Model, &Theme, Rect) -> Content,
    area: Rect,
    buf: &mut Buffer,
) {
    if area.height >= 3 {
        draw_framed(
            model,
            theme,
            title,
            Focus::Elsewhere,
            |room| content(model, theme, room),
            area,
            buf,
        );
    }
}

/// Returns a panel's name.
pub fn name(panel: Panel) -> &'static str {
    match panel {
        Panel::Locks => "Locks",
        Panel::Connections => "Connections",
        Panel::Activity => "Activity",
    }
}

fn draw_framed(
    model: &Model,
    theme: &Theme,
    title: &str,
    focus: Focus,
    content: impl FnOnce(Rect) -> Content,
    area: Rect,
    buf: &mut Buffer,
) {
    let inner = |a: Rect| Rect {
        width: a.width.saturating_sub(4),
        height: a.height.saturating_sub(2),
        ..a
    };
    let title = title.to_owned();
    match freshness(model) {
        Freshness::Nothing(why) => {
            let room = Frame::new(theme, title, focus).draw(area, buf);
            let said = wrap(&why, usize::from(room.width));
            lines(
                theme,
                said.into_iter().map(|l| Line::styled(l, theme.quiet)),
                room,
                buf,
            );
        }
        Freshness::Fresh => {
            let content = content(inner(area));
            let room = Frame::new(theme, title, focus)
                .figure(content.figure)
                .draw(area, buf);
            lines(theme, content.lines, room, buf);
        }
        Freshness::Old { age_ms, why } => {
            let age = format!("{} {} old", theme.glyphs.alarm, lasting(age_ms));
            let figure = Line::styled(age, theme.warning);
            let room = Frame::new(theme, title, focus)
                .figure(figure)
                .draw(area, buf);
            let said = if why.is_empty() {
                "the server does not answer".to_owned()
            } else {
                format!("no answer: {why}")
            };
            let said = wrap(&said, usize::from(room.width));
            let taken = u16::try_from(said.len().min(2))
                .unwrap_or(2)
                .min(room.height);
            let said = said
                .into_iter()
                .take(2)
                .map(|l| Line::styled(l, theme.warning));
            lines(
                theme,
                said,
                Rect {
                    height: taken,
                    ..room
                },
                buf,
            );
            let below = Rect {
                y: room.y + taken,
                height: room.height - taken,
                ..room
            };
            lines(theme, content(below).lines, below, buf);
            grey(theme, below, buf);
        }
    }
}

/// What is old is shown without its colours.
fn grey(theme: &Theme, area: Rect, buf: &mut Buffer) {
    buf.set_style(
        area.intersection(buf.area),
        Style::reset().patch(theme.quiet),
    );
}

/// Returns a length of time for a column: `0:42`, `14:02`, `3 d`.
fn column_time(ms: Option<u64>, theme: &Theme) -> String {
    match ms {
        None => theme.glyphs.nothing.to_owned(),
        Some(ms) if ms >= 100 * 3_600_000 => lasting(ms),
        Some(ms) => units::clock(std::time::Duration::from_millis(ms)),
    }
}

/// Grades so many milliseconds (or whatever its unit is) by the thresholds of a metric.
fn grade_of(metric: &str, value: Option<u64>) -> Grade {
    match (metric_named(metric), value) {
        (Some(metric), Some(value)) => graded(metric, number(value)),
        _ => Grade::Calm,
    }
}

/// Returns what a session is called on a panel: our own by its step.
fn session_name(model: &Model, session: &Session) -> String {
    let number = |id| {
        model
            .book
            .step(id)
            .map_or_else(|| "our step".to_owned(), |s| format!("step {}", s.number))
    };
    match &session.ours {
        Ours::Step { step, .. } => number(step),
        Ours::Probable { step, .. } => format!("{}?", number(step)),
        Ours::Monitor => "holdpoint".to_owned(),
        Ours::No => session.name().to_owned(),
    }
}

fn session_style(theme: &Theme, session: &Session) -> Style {
    match session.ours {
        Ours::Step { .. } | Ours::Probable { .. } => theme.ours,
        Ours::Monitor => theme.quiet,
        Ours::No => theme.plain,
    }
}

/// Returns the cursor's place among `pids`, where it is among them.
fn cursor(monitor: &Monitor, pids: &[i32]) -> Option<usize> {
    let selected = monitor.selected?;
    pids.iter().position(|pid| *pid == selected)
}
