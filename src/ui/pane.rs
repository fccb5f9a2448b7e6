//! A pane: a frame with a headline at the left and a figure at the right, and lines within.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::border;
use ratatui::text::{Line, Span};
use ratatui::widgets::Block;

use crate::app::model::{Model, Pane};
use crate::ui::text::{fit, is_plain, line_width};
use crate::ui::theme::Theme;

/// Whether a pane has the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// It has.
    Here,
    /// It has not.
    Elsewhere,
}

/// Returns whether `pane` has the keyboard.
pub fn focus(model: &Model, pane: Pane) -> Focus {
    if model.dialog.is_none() && model.focus == pane {
        Focus::Here
    } else {
        Focus::Elsewhere
    }
}

/// A frame with its titles.
#[derive(Debug, Clone)]
pub struct Frame<'a> {
    theme: &'a Theme,
    title: Line<'a>,
    figure: Line<'a>,
    focus: Focus,
}

impl<'a> Frame<'a> {
    /// Returns a frame with a headline.
    pub fn new(theme: &'a Theme, title: impl Into<Line<'a>>, focus: Focus) -> Self {
        Self {
            theme,
            title: title.into(),
            figure: Line::default(),
            focus,
        }
    }

    /// Puts a figure at the right of the headline; it stays where the headline has to give way.
    #[must_use]
    pub fn figure(mut self, figure: impl Into<Line<'a>>) -> Self {
        self.figure = figure.into();
        self
    }

    /// Draws the frame and returns the room within.
    pub fn draw(self, area: Rect, buf: &mut Buffer) -> Rect {
        let area = area.intersection(buf.area);
        let (style, set) = match self.focus {
            Focus::Here => (self.theme.focus, self.theme.glyphs.focus),
            Focus::Elsewhere => (self.theme.frame, self.theme.glyphs.frame),
        };
        let mark = self.theme.glyphs.ellipsis;
        let room = usize::from(area.width).saturating_sub(4);
        let figure = fit(self.figure, room.saturating_sub(2), mark);
        let taken = if line_width(&figure) == 0 {
            0
        } else {
            line_width(&figure) + 3
        };
        let title = fit(self.title, room.saturating_sub(taken), mark);
        border(set, style, area, buf);
        let inner = Block::bordered().inner(area);
        // The frame's own style must not colour the words in it.
        if line_width(&title) > 0 {
            let title = spaced(title, self.theme.strong);
            put_line(&title, inner.x, area.y, inner.width, buf);
        }
        if line_width(&figure) > 0 {
            let figure = spaced(figure, self.theme.plain);
            let taken = u16::try_from(line_width(&figure)).unwrap_or(u16::MAX);
            let from = inner.right().saturating_sub(taken).max(inner.x);
            put_line(
                &figure,
                from,
                area.y,
                inner.right().saturating_sub(from),
                buf,
            );
        }
        // One cell of air at both sides, where there is some.
        if inner.width > 12 {
            Rect {
                x: inner.x + 1,
                width: inner.width - 2,
                ..inner
            }
        } else {
            inner
        }
    }
}

/// ratatui's own block goes through every cell within it too.
fn border(set: border::Set, style: Style, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let (left, right) = (area.left(), area.right() - 1);
    let (top, bottom) = (area.top(), area.bottom() - 1);
    let mut put = |x, y, symbol| {
        buf[(x, y)].set_symbol(symbol).set_style(style);
    };
    for x in left..=right {
        put(x, top, set.horizontal_top);
        put(x, bottom, set.horizontal_bottom);
    }
    for y in top..=bottom {
        put(left, y, set.vertical_left);
        put(right, y, set.vertical_right);
    }
    put(right, bottom, set.bottom_right);
    put(right, top, set.top_right);
    put(left, bottom, set.bottom_left);
    put(left, top, set.top_left);
}

/// Puts a space at both sides of a title; its spans without a style take `base`, and nothing takes the frame's.
fn spaced(line: Line<'_>, base: Style) -> Line<'_> {
    let reset = Style::reset();
    let of_line = line.style;
    let mut spans = vec![Span::styled(" ", reset)];
    spans.extend(line.spans.into_iter().map(|span| {
        let own = of_line.patch(span.style);
        let style = reset.patch(if own == Style::default() { base } else { own });
        Span::styled(span.content, style)
    }));
    spans.push(Span::styled(" ", reset));
    Line::from(spans)
}

/// Draws as many of `lines` as there is room for, each cut to the width.
pub fn lines<'a>(
    theme: &Theme,
    lines: impl IntoIterator<Item = Line<'a>>,
    area: Rect,
    buf: &mut Buffer,
) {
    let area = area.intersection(buf.area);
    for (row, line) in area.rows().zip(lines) {
        let style = line.style;
        let fitted = fit(line, usize::from(area.width), theme.glyphs.ellipsis);
        put_line(&fitted, row.x, row.y, row.width, buf);
        if style == theme.selected {
            // The cursor's row is one bar: what its words mean is told by their signs.
            buf.set_style(row, Style::reset().patch(style));
        } else if style != Style::default() {
            buf.set_style(row, style);
        }
    }
}

/// Draws `line` into at most `room` cells from `x` on. Nearly all text is plain, a cell for each byte: that need not be taken
/// apart into graphemes.
fn put_line(line: &Line, x: u16, y: u16, room: u16, buf: &mut Buffer) {
    let end = buf.area.right().min(x.saturating_add(room));
    let mut x = x;
    for span in &line.spans {
        let style = line.style.patch(span.style);
        let left = end.saturating_sub(x);
        if !is_plain(&span.content) {
            (x, _) = buf.set_stringn(x, y, &span.content, usize::from(left), style);
            continue;
        }
        for (x, symbol) in (x..end).zip(span.content.chars()) {
            buf[(x, y)].set_char(symbol).set_style(style);
        }
        x = end.min(x.saturating_add(u16::try_from(span.content.len()).unwrap_or(u16::MAX)));
    }
}

/// Returns which rows of `all` are shown in `room`, so that `at` is among them with what surrounds it.
pub fn window(all: usize, at: usize, room: usize) -> std::ops::Range<usize> {
    if all <= room {
        return 0..all;
    }
    let before = room / 3;
    let from = at.saturating_sub(before).min(all - room);
    from..from + room
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Returns the rows of a buffer as text.
    pub fn rows(buf: &Buffer) -> Vec<String> {
        let width = usize::from(buf.area.width).max(1);
        buf.content.chunks(width).map(row).collect()
    }

    // What stands in the cells behind a wide character is not drawn.
    fn row(cells: &[ratatui::buffer::Cell]) -> String {
        let mut text = String::new();
        let mut hidden = 0;
        for cell in cells {
            if hidden > 0 {
                hidden -= 1;
                continue;
            }
            text.push_str(cell.symbol());
            hidden = crate::ui::text::width(cell.symbol()).saturating_sub(1);
        }
        text
    }

    /// Draws with `draw` into so many cells and returns the rows as text.
    pub fn drawn(width: u16, height: u16, draw: impl FnOnce(Rect, &mut Buffer)) -> Vec<String> {
        let area = Rect::new(0, 0, width, height);
        let mut buf = Buffer::empty(area);
        draw(area, &mut buf);
        rows(&buf)
    }

    #[test]
    fn the_pane_with_the_keyboard_has_another_frame_and_not_only_another_colour() {
        let theme = Theme::default();
        let frame = |focus| {
            drawn(18, 3, |a, b| {
                Frame::new(&theme, "Checklist", focus)
                    .figure("3/9")
                    .draw(a, b);
            })
        };
        assert_eq!(
            frame(Focus::Elsewhere),
            [
                "┌ Checkli… ─ 3/9 ┐",
                "│                │",
                "└────────────────┘"
            ]
        );
        assert_eq!(
            frame(Focus::Here),
            [
                "┏ Checkli… ━ 3/9 ┓",
                "┃                ┃",
                "┗━━━━━━━━━━━━━━━━┛"
            ]
        );
    }

    #[test]
    fn the_window_keeps_the_row_in_sight() {
        assert_eq!(window(5, 4, 9), 0..5);
        assert_eq!(window(20, 0, 6), 0..6);
        assert_eq!(window(20, 10, 6), 8..14);
        assert_eq!(window(20, 19, 6), 14..20);
        assert_eq!(window(3, 2, 0), 2..2);
    }
}
