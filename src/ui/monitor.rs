//! The monitor panels: how each is drawn in its frame, and how old what it shows is.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::model::{Model, Pane, Purpose, Zoom};
use crate::app::monitor::panel::Panel;
use crate::app::monitor::{Link, Typing, grade_of, lack};
use crate::domain::sample::model::{Ours, Session};
use crate::domain::sample::words::lasting;
use crate::domain::units;
use crate::ui::pane::{Focus, Frame, lines};
use crate::ui::text::wrap;
use crate::ui::theme::Theme;

mod connections;
mod database;
mod grid;
mod layout;
mod locks;
mod strip;
#[cfg(test)]
mod tests;

pub use layout::{draw_chosen, draw_chosen_and_connections, draw_column, draw_grid};

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
    /// The operator has frozen the panels at it.
    Frozen {
        /// Milliseconds since it came.
        age_ms: u64,
    },
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
            Link::Unasked { why } => format!("not asked: {why}"),
            Link::Connecting => "connecting to the database".to_owned(),
            Link::Live => "the first sample is on its way".to_owned(),
            Link::Lost { why } => format!("no answer: {why}"),
        });
    };
    if monitor.frozen.is_some() {
        let since = monitor.picture().sampled_ms;
        return Freshness::Frozen {
            age_ms: model.now.mono_ms.saturating_sub(since),
        };
    }
    let age_ms = model.now.mono_ms.saturating_sub(monitor.sampled_ms);
    match &monitor.link {
        Link::Lost { why } => Freshness::Old {
            age_ms,
            why: why.clone(),
        },
        Link::None | Link::Unasked { .. } | Link::Connecting | Link::Live
            if age_ms > PATIENCE * sample.interval_ms.max(1_000) =>
        {
            Freshness::Old {
                age_ms,
                why: String::new(),
            }
        }
        Link::None | Link::Unasked { .. } | Link::Connecting | Link::Live => Freshness::Fresh,
    }
}

/// Draws the line with all panels; returns what is left below it.
fn draw_strip(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) -> Rect {
    let wanted = model.purpose == Purpose::Monitor || model.zoom == Zoom::Full;
    if model.monitor.sample.is_none() || !wanted {
        return area;
    }
    let [strip, rest] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(area);
    let line = strip::line(model, theme, usize::from(strip.width));
    lines(theme, [line], strip, buf);
    rest
}

/// Returns one line about the server for screens that have no room for a panel.
pub fn summary(model: &Model, theme: &Theme) -> Line<'static> {
    match freshness(model) {
        Freshness::Nothing(why) => Line::styled(why, theme.quiet),
        Freshness::Old { age_ms, .. } => Line::styled(
            format!("{} no answer for {}", theme.glyphs.alarm, lasting(age_ms)),
            theme.warning,
        ),
        Freshness::Fresh | Freshness::Frozen { .. } => {
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
    if area.height < 3 {
        return;
    }
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
        Panel::Database => database::content(model, theme, room),
        Panel::Activity
        | Panel::Progress
        | Panel::Replication
        | Panel::Tables
        | Panel::Statements
        | Panel::Values
        | Panel::Migrations => {
            let notes = notes(model, theme, panel, room);
            let head = head(model, theme, panel, room);
            grid::content(model, theme, panel, head, notes, room)
        }
    };
    let title = title(model, theme, panel, focus);
    draw_framed(model, theme, title, focus, content, area, buf);
}

/// The panel's key and name, and its filter.
fn title(model: &Model, theme: &Theme, panel: Panel, focus: Focus) -> Line<'static> {
    let mut spans = vec![Span::raw(format!("{} {}", panel.digit(), panel.name()))];
    let typing = focus == Focus::Here && model.monitor.typing == Typing::Filter;
    let filter = &model.monitor.arranged(panel).filter;
    if typing || !filter.is_empty() {
        let cursor = if typing { "_" } else { "" };
        let text = format!(" /{filter}{cursor}");
        spans.push(Span::styled(text, theme.active));
    }
    Line::from(spans)
}

/// What is missing: said below the rows, where it would be looked for.
fn notes(model: &Model, theme: &Theme, panel: Panel, area: Rect) -> Vec<Line<'static>> {
    let notes = lack(model, panel);
    let wrapped = notes
        .iter()
        .flat_map(|note| wrap(note, usize::from(area.width)))
        .take(usize::from(area.height / 4));
    wrapped.map(|l| Line::styled(l, theme.quiet)).collect()
}

/// What the rows are, in a line above them.
fn head(model: &Model, theme: &Theme, panel: Panel, area: Rect) -> Vec<Line<'static>> {
    let said = crate::app::monitor::head(model, panel).filter(|_| area.height >= 6);
    let wrapped = said.map_or_else(Vec::new, |text| wrap(&text, usize::from(area.width)));
    let wrapped = wrapped.into_iter().take(2);
    wrapped.map(|l| Line::styled(l, theme.quiet)).collect()
}

fn draw_framed(
    model: &Model,
    theme: &Theme,
    title: Line<'static>,
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
        Freshness::Frozen { age_ms } => {
            let content = content(inner(area));
            let age = format!("{} frozen, {} old", theme.glyphs.look, lasting(age_ms));
            let room = Frame::new(theme, title, focus)
                .figure(Line::styled(age, theme.warning))
                .draw(area, buf);
            lines(theme, content.lines, room, buf);
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
            let room = Frame::new(theme, title, focus)
                .figure(Line::styled(age, theme.warning))
                .draw(area, buf);
            let below = draw_silence(theme, &why, room, buf);
            lines(theme, content(below).lines, below, buf);
            grey(theme, below, buf);
        }
    }
}

/// Says that no answer comes; returns the room below.
fn draw_silence(theme: &Theme, why: &str, room: Rect, buf: &mut Buffer) -> Rect {
    let said = if why.is_empty() {
        "the server does not answer".to_owned()
    } else {
        format!("no answer: {why}")
    };
    let said = wrap(&said, usize::from(room.width));
    let taken = u16::try_from(said.len().min(2))
        .unwrap_or(2)
        .min(room.height);
    let said = said.into_iter().take(2);
    let said = said.map(|l| Line::styled(l, theme.warning));
    let above = Rect {
        height: taken,
        ..room
    };
    lines(theme, said, above, buf);
    Rect {
        y: room.y + taken,
        height: room.height - taken,
        ..room
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

fn session_style(theme: &Theme, session: &Session) -> Style {
    match session.ours {
        Ours::Step { .. } | Ours::Probable { .. } => theme.ours,
        Ours::Monitor => theme.quiet,
        Ours::No => theme.plain,
    }
}
