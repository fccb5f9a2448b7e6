//! Tables: columns as wide as what stands in them, numbers at the right; words in the last column take the rest.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::ui::text::{cut, pad, pad_left, width};
use crate::ui::theme::Theme;

/// Cells that the last column has at least, where its words need them and others can give way.
const LAST: usize = 12;
/// Cells of words that give way no further.
const NARROWEST: usize = 10;

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column<'a> {
    /// Its headline.
    pub title: &'a str,
    /// Cells at most.
    pub most: usize,
    /// Where its cells stand.
    pub side: Side,
    /// Whether the table is sorted by it.
    pub order: Order,
}

/// Where a column's cells stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Words, at the left.
    Left,
    /// Numbers and times, at the right.
    Right,
}

/// Whether a table is sorted by a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// It is.
    Sorted,
    /// It is not.
    Unsorted,
}

/// One cell: its text and style.
pub type Cell = (String, Style);

/// Returns the headline and the rows of a table in lines of `room` cells.
pub fn lay_out(
    theme: &Theme,
    columns: &[Column],
    rows: &[Vec<Cell>],
    room: usize,
) -> (Line<'static>, Vec<Line<'static>>) {
    let widths = widths(columns, rows, room);
    let heads = columns.iter().map(|c| {
        let style = match c.order {
            Order::Sorted => theme.strong,
            Order::Unsorted => theme.quiet,
        };
        (c.title.to_owned(), style)
    });
    let head = row_line(theme, columns, &widths, &heads.collect::<Vec<_>>());
    let rows = rows
        .iter()
        .map(|row| row_line(theme, columns, &widths, row))
        .collect();
    (head, rows)
}

/// Returns whether everything fits into lines of `room` cells without being cut.
pub fn fits(columns: &[Column], rows: &[Vec<Cell>], room: usize) -> bool {
    let gaps = columns.len().saturating_sub(1);
    natural(columns, rows).iter().sum::<usize>() + gaps <= room
}

/// As wide as what stands in each column, within its bounds.
fn natural(columns: &[Column], rows: &[Vec<Cell>]) -> Vec<usize> {
    let of = |at: usize, column: &Column| {
        let cells = rows
            .iter()
            .filter_map(|row| row.get(at))
            .map(|(text, _)| width(text));
        cells
            .chain([width(column.title)])
            .max()
            .unwrap_or(0)
            .min(column.most)
    };
    columns
        .iter()
        .enumerate()
        .map(|(at, c)| of(at, c))
        .collect()
}

fn widths(columns: &[Column], rows: &[Vec<Cell>], room: usize) -> Vec<usize> {
    let mut widths = natural(columns, rows);
    let gaps = columns.len().saturating_sub(1);
    if let Some((last, before)) = widths.split_last_mut() {
        let free = room.saturating_sub(gaps);
        shrink(before, columns, free.saturating_sub((*last).min(LAST)));
        let left = free.saturating_sub(before.iter().sum());
        *last = match columns.last().map(|c| c.side) {
            // A number at the far edge is read in the wrong row.
            Some(Side::Right) => left.min(*last),
            Some(Side::Left) | None => left,
        };
    }
    widths
}

/// Lets the widest words give way, one cell at a time, until all fit into `room`; numbers are shown whole or not at all.
fn shrink(widths: &mut [usize], columns: &[Column], room: usize) {
    while widths.iter().sum::<usize>() > room {
        let words = widths.iter_mut().zip(columns);
        let words = words.filter(|(width, c)| c.side == Side::Left && **width > NARROWEST);
        match words.max_by_key(|(width, _)| **width) {
            Some((width, _)) => *width -= 1,
            None => return,
        }
    }
}

fn row_line(theme: &Theme, columns: &[Column], widths: &[usize], cells: &[Cell]) -> Line<'static> {
    let mark = theme.glyphs.ellipsis;
    let mut spans = Vec::new();
    let last = columns.len().saturating_sub(1);
    for (at, ((column, room), (text, style))) in columns.iter().zip(widths).zip(cells).enumerate() {
        if at > 0 {
            spans.push(Span::raw(" "));
        }
        let text = match column.side {
            Side::Left if at == last => cut(text, *room, mark),
            Side::Left => pad(text, *room, mark),
            Side::Right => pad_left(text, *room, mark),
        };
        spans.push(Span::styled(text, *style));
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_left_numbers_right_and_the_last_column_takes_the_rest() {
        let theme = Theme::default();
        let cell = |text: &str| (text.to_owned(), Style::default());
        let column = |title, most, side| Column {
            title,
            most,
            side,
            order: Order::Unsorted,
        };
        let columns = [
            column("pid", 6, Side::Right),
            column("name", 6, Side::Left),
            column("statement", 99, Side::Left),
        ];
        let rows = vec![
            vec![
                cell("7"),
                cell("a very long name"),
                cell("select something long"),
            ],
            vec![cell("4711"), cell("漢字"), cell("commit")],
        ];
        let (head, rows) = lay_out(&theme, &columns, &rows, 24);
        let text: Vec<String> = [head]
            .iter()
            .chain(&rows)
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            text,
            [
                " pid name   statement",
                "   7 a ver… select some…",
                "4711 漢字   commit"
            ]
        );
    }
}
