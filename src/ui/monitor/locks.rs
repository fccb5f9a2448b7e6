//! Who waits for whom: root blockers first, our own step marked, waiters of one kind folded.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::model::Model;
use crate::app::monitor::panel::Panel;
use crate::domain::sample::Sample;
use crate::ui::gauge;
use crate::ui::monitor::{Content, column_time};
use crate::ui::pane::window;
use crate::ui::text::{cut, pad, pad_left, width, wrap};
use crate::ui::theme::Theme;

mod tree;

use tree::{Row, rows};

/// Cells before a time and for its mark.
const BESIDE_TIME: usize = 3;
/// Cells from which statements are shown: less says nothing.
const STATEMENT: usize = 24;

/// Returns how many wait, for the frame.
pub(super) fn figure(model: &Model, theme: &Theme) -> Line<'static> {
    let picture = model.monitor.picture();
    let waiting = picture.forest.waiting;
    let behind = picture.sample.map_or(0, |s| picture.forest.behind_ours(s));
    match (waiting, behind) {
        (0, _) => Line::styled("nobody waits", theme.quiet),
        (n, 0) => Line::styled(format!("{n} waiting"), theme.warning),
        (n, behind) => {
            let text = format!("{} {n} waiting, {behind} behind us", theme.glyphs.alarm);
            Line::styled(text, theme.danger)
        }
    }
}

/// Returns the worst in a few words, for screens that have no room for the panel.
pub(super) fn brief(model: &Model, theme: &Theme) -> Line<'static> {
    let picture = model.monitor.picture();
    match picture.sample.map_or(0, |s| picture.forest.behind_ours(s)) {
        0 => figure(model, theme),
        n => Line::styled(
            format!("{} {n} behind us", theme.glyphs.alarm),
            theme.danger,
        ),
    }
}

/// Returns what the panel says in so much room.
pub(super) fn content(model: &Model, theme: &Theme, area: Rect) -> Content {
    let room = usize::from(area.width);
    let Some(sample) = model.monitor.picture().sample else {
        return Content::default();
    };
    let rows = rows(model, theme, sample);
    let spare = usize::from(area.height).saturating_sub(rows.len());
    let mut lines = sentence(model, theme, sample, room, spare.clamp(1, 3));
    if rows.is_empty() {
        lines.extend(calm(model, theme, room));
    }
    let selected = model.monitor.arranged(Panel::Locks).selected.as_ref();
    let at = selected.and_then(|key| rows.iter().position(|r| r.key == *key));
    let height = usize::from(area.height).saturating_sub(lines.len());
    let shown = window(rows.len(), at.unwrap_or(0), height);
    let of_names = rows
        .iter()
        .map(|r| width(&r.trunk) + width(&r.name.0))
        .max()
        .unwrap_or(0);
    let of_names = of_names.min((room * 2 / 5).max(room.min(16)));
    let widths = Widths::of(theme, &rows, of_names, room);
    for (i, row) in rows.iter().enumerate().take(shown.end).skip(shown.start) {
        let line = row_line(theme, row, &widths);
        lines.push(if Some(i) == at {
            line.style(theme.selected)
        } else {
            line
        });
    }
    Content {
        figure: figure(model, theme),
        lines,
    }
}

/// The queue in one sentence of at most so many lines, as long as anybody waits.
fn sentence(
    model: &Model,
    theme: &Theme,
    sample: &Sample,
    room: usize,
    most: usize,
) -> Vec<Line<'static>> {
    let Some(text) = model.blocking_shown() else {
        return Vec::new();
    };
    let forest = model.monitor.picture().forest;
    let ours = forest.behind_ours(sample) > 0 || forest.way_to_ours(sample).is_some();
    let style = if ours { theme.danger } else { theme.warning };
    let mut wrapped = wrap(&text, room);
    if wrapped.len() > most {
        let rest = wrapped.split_off(most - 1).join(" ");
        wrapped.push(cut(&rest, room, theme.glyphs.ellipsis));
    }
    wrapped
        .into_iter()
        .map(|l| Line::styled(l, style))
        .collect()
}

fn calm(model: &Model, theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let picture = model.monitor.picture();
    let line: Vec<Option<f64>> = picture.history.line("blocked").collect();
    let said = if picture.forest.roots.is_empty() {
        "nobody waits for a lock"
    } else {
        "no row of the tree passes the filter: esc clears it"
    };
    let mut lines = vec![Line::styled(said, theme.quiet)];
    if line.iter().flatten().any(|n| *n > 0.0) {
        let spark = gauge::spark(&line, room.saturating_sub(9).min(60), None, theme.glyphs);
        lines.push(Line::from(vec![
            Span::styled("before   ", theme.quiet),
            Span::raw(spark),
        ]));
    }
    lines
}

/// Cells for the parts of a row.
struct Widths {
    names: usize,
    says: usize,
    time: usize,
    /// 0: there is no room for statements.
    statements: usize,
}

impl Widths {
    fn of(theme: &Theme, rows: &[Row], names: usize, room: usize) -> Self {
        let times = rows.iter().map(|r| width(&column_time(r.ms, theme)));
        let time = times.max().unwrap_or(0);
        let free = room.saturating_sub(names + time + BESIDE_TIME + 1);
        let says = rows.iter().map(|r| width(&r.says.0)).max().unwrap_or(0);
        let longest = rows.iter().map(|r| width(&r.statement)).max().unwrap_or(0);
        let left = free.saturating_sub(says + 2);
        if left < STATEMENT || longest == 0 {
            return Self {
                names,
                says: free,
                time,
                statements: 0,
            };
        }
        Self {
            names,
            says: free - left,
            time,
            statements: left,
        }
    }
}

fn row_line(theme: &Theme, row: &Row, widths: &Widths) -> Line<'static> {
    let mark = theme.glyphs.ellipsis;
    let (style, sign) = theme.grade(row.grade);
    let of_trunk = width(&row.trunk).min(widths.names.saturating_sub(8));
    let trunk = cut(&row.trunk, of_trunk, mark);
    let name = pad(&row.name.0, widths.names.saturating_sub(of_trunk), mark);
    let says = pad(&row.says.0, widths.says, mark);
    let statement = pad(&row.statement, widths.statements, mark);
    let time = pad_left(&column_time(row.ms, theme), widths.time + 1, mark);
    Line::from(vec![
        Span::styled(trunk, theme.quiet),
        Span::styled(name, row.name.1),
        Span::raw(" "),
        Span::styled(says, row.says.1),
        Span::styled(statement, theme.quiet),
        Span::styled(time, style),
        Span::styled(format!(" {sign}"), style),
    ])
}
