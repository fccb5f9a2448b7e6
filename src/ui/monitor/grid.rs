//! A panel as a table: as many columns as there is room for, the cursor's row marked, every unit for people.

use std::borrow::Cow;

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::model::Model;
use crate::app::monitor::panel::{Panel, Way};
use crate::app::monitor::table::{self, Kind, Last, Row, Table, Value, Weight, Whose};
use crate::domain::sample::metric::Grade;
use crate::domain::sample::rates::whole;
use crate::domain::units::{bytes, clock};
use crate::ui::gauge;
use crate::ui::monitor::{Content, column_time};
use crate::ui::pane::window;
use crate::ui::table::{Cell, Column, Order, Side, fits, lay_out};
use crate::ui::text::{cut, width, wrap};
use crate::ui::theme::Theme;

/// What stands before a last column that is below its row.
const BELOW: &str = "      ";

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
    let hint = crate::app::monitor::hint(model, panel);
    let hint = hint.filter(|text| lines.len() < usize::from(area.height) && width(text) <= room);
    lines.extend(hint.map(|text| Line::styled(text, theme.quiet)));
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

/// The cells of a table that are shown in so much room, and how they are laid out.
struct Laid<'a> {
    columns: Vec<Column<'a>>,
    cells: Vec<Vec<Cell>>,
    /// What stands below each row; empty: nothing does.
    below: Vec<Cell>,
}

impl Laid<'_> {
    /// Lines that a row takes.
    fn lines(&self) -> usize {
        if self.below.is_empty() { 1 } else { 2 }
    }
}

/// Lays out `rows` of `table`: where they do not fit, and must be read whole, the last column stands below its row.
fn laid<'a>(
    theme: &Theme,
    table: &Table,
    rows: &[Row],
    titles: &'a [String],
    room: usize,
) -> Laid<'a> {
    // What the rows are sorted by is seen at every width.
    let shown = |i: &usize| table.columns[*i].from <= room || *i == table.sort;
    let picked: Vec<usize> = (0..table.columns.len()).filter(shown).collect();
    let graded = |i: usize| {
        let graded = |r: &Row| r.cells[i].grade != Grade::Calm;
        table.columns[i].kind == Kind::Amounts && rows.iter().any(graded)
    };
    let of_column = |i: &usize| -> Vec<Cell> {
        let (column, aligned) = (&table.columns[*i], graded(*i));
        let cells = rows.iter();
        cells
            .map(|row| cell(theme, row, *i, column, aligned))
            .collect()
    };
    let by_column: Vec<Vec<Cell>> = picked.iter().map(of_column).collect();
    let row = |at: usize| by_column.iter().map(|c| c[at].clone()).collect();
    let mut laid = Laid {
        columns: picked
            .iter()
            .map(|i| column(table, *i, &titles[*i]))
            .collect(),
        cells: (0..rows.len()).map(row).collect(),
        below: Vec::new(),
    };
    if table.last == Last::Below && !fits(&laid.columns, &laid.cells, room) {
        laid.columns.pop();
        laid.below = laid.cells.iter_mut().filter_map(Vec::pop).collect();
        if !fits(&laid.columns, &laid.cells, room) {
            unbar(rows, &picked, &mut laid.cells);
        }
    }
    laid
}

/// Bars give way to what names a row: the percentage says the same.
fn unbar(rows: &[Row], picked: &[usize], cells: &mut [Vec<Cell>]) {
    for (row, cells) in rows.iter().zip(cells) {
        for (i, (text, _)) in picked.iter().zip(cells) {
            if let Value::Bar(part) = row.cells[*i].value {
                *text = done(part);
            }
        }
    }
}

fn titles(theme: &Theme, table: &Table) -> Vec<String> {
    let all = 0..table.columns.len();
    all.map(|i| title(theme, table, i)).collect()
}

/// Returns how many lines a table panel takes to show at most `rows` of its rows in so much room.
pub(super) fn height(
    model: &Model,
    theme: &Theme,
    panel: Panel,
    room: usize,
    rows: usize,
) -> usize {
    let Some(table) = crate::app::monitor::table(model, panel) else {
        return 0;
    };
    let titles = titles(theme, &table);
    let shown = &table.rows[..table.rows.len().min(rows)];
    1 + shown.len() * laid(theme, &table, shown, &titles, room).lines()
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
    let titles = titles(theme, table);
    let height = height.saturating_sub(1);
    let window = |lines: usize| {
        let rows = (height / lines).max(1);
        window(table.rows.len(), at.unwrap_or(0), rows)
    };
    let mut shown = window(1);
    let mut picked = laid(theme, table, &table.rows[shown.clone()], &titles, room);
    if picked.lines() > 1 {
        shown = window(picked.lines());
        picked = laid(theme, table, &table.rows[shown.clone()], &titles, room);
    }
    let (head, rows) = lay_out(theme, &picked.columns, &picked.cells, room);
    let mut lines = vec![head];
    for (i, row) in rows.into_iter().enumerate() {
        let below = picked.below.get(i).map(|cell| below(theme, cell, room));
        let of_row = [row].into_iter().chain(below);
        lines.extend(of_row.map(|line| {
            if at == Some(shown.start + i) {
                line.style(theme.selected)
            } else {
                line
            }
        }));
    }
    lines.truncate(height + 1);
    lines
}

/// The last column on a line of its own.
fn below(theme: &Theme, (text, style): &Cell, room: usize) -> Line<'static> {
    let text = cut(
        text,
        room.saturating_sub(BELOW.len()),
        theme.glyphs.ellipsis,
    );
    Line::from(vec![Span::raw(BELOW), Span::styled(text, *style)])
}

fn title(theme: &Theme, table: &Table, at: usize) -> String {
    let title = table.columns[at].title;
    if at == table.sort {
        format!("{title}{}", way(theme, table))
    } else {
        title.to_owned()
    }
}

fn column<'a>(table: &Table, at: usize, title: &'a str) -> Column<'a> {
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
        Value::Flow(n) => match whole(*n) {
            0 => "0".to_owned(),
            n => format!("{}/s", bytes(n)),
        },
        Value::Part(part) => percent(*part),
        Value::Bar(part) => {
            let bar = gauge::bar(*part, most.saturating_sub(6).clamp(2, 10), theme.glyphs);
            format!("{bar} {:>5}", done(*part))
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

/// What is not quite done is not rounded up to it.
fn done(part: f64) -> String {
    percent(if part < 1.0 { part.min(0.99) } else { part })
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
pub(super) fn count(n: u64) -> String {
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
            (Value::Flow(1_250_000.0), "1.3 MB/s"),
            (Value::Flow(0.0), "0"),
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
