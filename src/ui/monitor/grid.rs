//! A panel as a table: as many columns as there is room for, the cursor's row marked, every unit for people.

use std::borrow::Cow;

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::app::model::Model;
use crate::app::monitor::panel::{Panel, Way};
use crate::app::monitor::table::{self, Kind, Row, Table, Value, Weight, Whose};
use crate::domain::sample::metric::Grade;
use crate::domain::sample::rates::whole;
use crate::domain::units::{bytes, clock};
use crate::ui::gauge;
use crate::ui::monitor::{Content, column_time};
use crate::ui::pane::window;
use crate::ui::table::{Cell, Column, Order, Side, lay_out};
use crate::ui::text::wrap;
use crate::ui::theme::Theme;

/// Returns a table panel in so much room: `head` stands above its rows, `notes` below them.
pub(super) fn content(
    model: &Model,
    theme: &Theme,
    panel: Panel,
    head: Vec<Line<'static>>,
    notes: Vec<Line<'static>>,
    area: Rect,
) -> Content {
    let room = usize::from(area.width);
    let mut lines = head;
    let Some(table) = crate::app::monitor::table(model, panel) else {
        return Content {
            figure: Line::default(),
            lines,
        };
    };
    if table.rows.is_empty() {
        let said = wrap(&table.empty, room);
        lines.extend(said.into_iter().map(|l| Line::styled(l, theme.quiet)));
    } else {
        let height = usize::from(area.height).saturating_sub(lines.len() + notes.len());
        lines.extend(rows(model, theme, panel, &table, room, height));
    }
    lines.extend(notes);
    Content {
        figure: figure(theme, &table),
        lines,
    }
}

/// How many rows of how many, and by what they are sorted.
fn figure(theme: &Theme, table: &Table) -> Line<'static> {
    if table.all == 0 {
        return Line::default();
    }
    let shown = table.rows.len();
    let many = if shown == table.all {
        shown.to_string()
    } else {
        format!("{shown} of {}", table.all)
    };
    let by = table.columns[table.sort].title;
    let text = format!("{many} {} by {by} {}", theme.glyphs.dot, way(theme, table));
    Line::styled(text, theme.quiet)
}

/// The sign of the way in which the rows are sorted: down from the largest or from A, or up.
fn way(theme: &Theme, table: &Table) -> &'static str {
    let [up, down] = theme.glyphs.more;
    match table.way {
        Way::Usual => down,
        Way::Reversed => up,
    }
}

fn rows(
    model: &Model,
    theme: &Theme,
    panel: Panel,
    table: &Table,
    room: usize,
    height: usize,
) -> Vec<Line<'static>> {
    let selected = model.monitor.arranged(panel).selected.as_ref();
    let at = selected.and_then(|key| table.rows.iter().position(|r| r.key == *key));
    let shown = window(table.rows.len(), at.unwrap_or(0), height.saturating_sub(1));
    let from = shown.start;
    let picked: Vec<usize> = (0..table.columns.len())
        .filter(|i| table.columns[*i].from <= room)
        .collect();
    let titles: Vec<String> = picked.iter().map(|i| title(theme, table, *i)).collect();
    let columns: Vec<Column> = picked
        .iter()
        .zip(&titles)
        .map(|(i, title)| column(theme, table, *i, title))
        .collect();
    let graded: Vec<bool> = picked
        .iter()
        .map(|i| {
            let graded = |r: &Row| r.cells[*i].grade != Grade::Calm;
            table.columns[*i].kind == Kind::Amounts && table.rows[shown.clone()].iter().any(graded)
        })
        .collect();
    let cells: Vec<Vec<Cell>> = table.rows[shown]
        .iter()
        .map(|row| {
            let cells = picked.iter().zip(&graded);
            cells
                .map(|(i, graded)| cell(theme, row, *i, &table.columns[*i], *graded))
                .collect()
        })
        .collect();
    let (head, rows) = lay_out(theme, &columns, &cells, room);
    let marked = |(i, row): (usize, Line<'static>)| {
        if at == Some(from + i) {
            row.style(theme.selected)
        } else {
            row
        }
    };
    [head]
        .into_iter()
        .chain(rows.into_iter().enumerate().map(marked))
        .collect()
}

fn title(theme: &Theme, table: &Table, at: usize) -> String {
    let title = table.columns[at].title;
    if at == table.sort {
        format!("{title}{}", way(theme, table))
    } else {
        title.to_owned()
    }
}

fn column<'a>(_: &Theme, table: &Table, at: usize, title: &'a str) -> Column<'a> {
    let column = &table.columns[at];
    Column {
        title,
        most: column.most,
        side: match column.kind {
            Kind::Words => Side::Left,
            Kind::Amounts => Side::Right,
        },
        order: if at == table.sort {
            Order::Sorted
        } else {
            Order::Unsorted
        },
    }
}

/// A cell's text, with its sign where it is bad: never colour alone. Among graded amounts the calm ones keep a blank,
/// so that all stand one below the other.
fn cell(theme: &Theme, row: &Row, at: usize, column: &table::Column, aligned: bool) -> Cell {
    let cell = &row.cells[at];
    let text = text(theme, &cell.value, column.most);
    let (of_grade, sign) = theme.grade(cell.grade);
    let base = match (row.whose, cell.weight) {
        (_, Weight::Quiet) | (Whose::Monitor, _) => theme.quiet,
        (Whose::Ours, Weight::Plain) => theme.ours,
        (Whose::Stranger, Weight::Plain) => Style::default(),
    };
    let style = if cell.grade == Grade::Calm {
        base
    } else {
        of_grade
    };
    let text = match (cell.grade, column.kind) {
        (Grade::Calm, Kind::Amounts) if aligned => format!("{text} "),
        (Grade::Calm, _) => text.into_owned(),
        (_, Kind::Amounts) => format!("{text}{sign}"),
        (_, Kind::Words) => format!("{text} {sign}"),
    };
    let marked = row.whose == Whose::Ours && column.title == "application";
    let text = if marked {
        format!("{text} {}", theme.glyphs.ours)
    } else {
        text
    };
    (text, style)
}

fn text<'a>(theme: &Theme, value: &'a Value, most: usize) -> Cow<'a, str> {
    let owned = match value {
        Value::Text(text) => return Cow::Borrowed(text),
        Value::Number(n) => n.to_string(),
        Value::Count(n) => count(*n),
        Value::Time(ms) => column_time(Some(*ms), theme),
        Value::Span(ms) => span(*ms),
        Value::Bytes(n) => bytes(*n),
        Value::Grown(n) => signed(*n, ""),
        Value::PerSecond(n) => per_second(*n),
        Value::BytesPerSecond(n) => signed(*n, "/s"),
        Value::Part(part) => percent(*part),
        Value::Bar(part) => {
            let bar = gauge::bar(*part, most.saturating_sub(6).clamp(2, 10), theme.glyphs);
            // What is not quite done is not rounded up to it.
            let part = if *part < 1.0 { part.min(0.99) } else { *part };
            format!("{bar} {:>5}", percent(part))
        }
        Value::Line(line) => gauge::spark(line, most, None, theme.glyphs),
        Value::Nothing => theme.glyphs.nothing.to_owned(),
    };
    Cow::Owned(owned)
}

/// From parts of a millisecond to hours: `0.04 ms`, `312 ms`, `4.2 s`, `12:04`.
fn span(ms: f64) -> String {
    match ms {
        ..1.0 => format!("{ms:.2} ms"),
        ..10.0 => format!("{ms:.1} ms"),
        ..1_000.0 => format!("{ms:.0} ms"),
        ..100_000.0 => format!("{:.1} s", ms / 1_000.0),
        _ => clock(std::time::Duration::from_millis(whole(ms))),
    }
}

fn percent(part: f64) -> String {
    match part {
        // What has begun or is not quite all is not rounded away.
        0.0001..0.01 => "<1 %".to_owned(),
        0.99001..0.9995 => format!("{:.1} %", part * 100.0),
        _ => format!("{:.0} %", part * 100.0),
    }
}

/// Exact while it can be read at a glance: `41200`, `1.2 M`.
fn count(n: u64) -> String {
    match n {
        0..100_000 => n.to_string(),
        _ => bytes(n)
            .replace("kB", "k")
            .replace('B', "")
            .replace('G', "bn"),
    }
}

fn per_second(n: f64) -> String {
    match n.abs() {
        0.0..10.0 => format!("{n:.1}/s"),
        _ if n < 0.0 => format!("-{}/s", count(whole(-n))),
        _ => format!("{}/s", count(whole(n))),
    }
}

fn signed(n: f64, unit: &str) -> String {
    let sign = if n < 0.0 { "-" } else { "+" };
    match whole(n.abs()) {
        0 => format!("0 B{unit}"),
        n => format!("{sign}{}{unit}", bytes(n)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_can_be_read_at_a_glance() {
        let said = |value: Value| text(&Theme::default(), &value, 16).into_owned();
        for (value, words) in [
            (Value::Count(41_200), "41200"),
            (Value::Count(1_240_000), "1.2 M"),
            (Value::Count(3_500_000_000), "3.5 bn"),
            (Value::PerSecond(0.25), "0.2/s"),
            (Value::PerSecond(1_250.0), "1250/s"),
            (Value::PerSecond(-12.0), "-12/s"),
            (Value::BytesPerSecond(1_250_000.0), "+1.3 MB/s"),
            (Value::BytesPerSecond(-2_000.0), "-2 kB/s"),
            (Value::Grown(0.0), "0 B"),
            (Value::Bar(0.34), "▓▓▓░░░░░░░  34 %"),
            (Value::Bar(0.003), "▓░░░░░░░░░  <1 %"),
            (Value::Part(0.996), "99.6 %"),
            (Value::Part(1.0), "100 %"),
            (Value::Time(62_000), "1:02"),
            (Value::Span(0.037), "0.04 ms"),
            (Value::Span(4_210.0), "4.2 s"),
            (Value::Span(724_000.0), "12:04"),
            (Value::Nothing, "–"),
        ] {
            assert_eq!(said(value), words);
        }
    }
}
