//! The start screen: runs to be taken up again, the runbooks at hand, the demonstration.

use ratatui::Frame as Screen;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use crate::app::start::{Open, Opening, StartScreen};
use crate::ui::call;
use crate::ui::pane::{self, Focus, Frame, window};
use crate::ui::screen::{fold_to_ascii, too_small};
use crate::ui::text::{apart, cut_front};
use crate::ui::theme::Theme;

/// Draws the start screen.
pub fn view_start(start: &StartScreen, theme: &Theme, frame: &mut Screen) {
    let area = frame.area();
    let buf = frame.buffer_mut();
    if too_small(area) {
        let text = Line::raw("this terminal is too small: 60 columns and 16 rows are needed");
        pane::lines(theme, [text], area, buf);
    } else {
        let [head, body, foot] = Layout::vertical([
            Constraint::Length(2),
            Constraint::Fill(1),
            Constraint::Length(2),
        ])
        .areas(area);
        let name = Span::styled(" holdpoint", theme.strong);
        let what = Span::styled(
            "  takes a database migration through its window",
            theme.quiet,
        );
        pane::lines(theme, [Line::from(vec![name, what])], head, buf);
        let inner = Frame::new(theme, "What is to be opened", Focus::Here).draw(body, buf);
        draw_list(start, theme, inner, buf);
        let notice = Line::styled(format!(" {}", start.notice), theme.warning);
        let keys = Line::from(vec![
            Span::styled(" enter", theme.key),
            Span::raw(" opens it "),
            Span::styled(format!("{} ", theme.glyphs.dot), theme.quiet),
            Span::styled("up, down", theme.key),
            Span::raw(" move "),
            Span::styled(format!("{} ", theme.glyphs.dot), theme.quiet),
            Span::styled("q", theme.key),
            Span::raw(" leave"),
        ]);
        pane::lines(theme, [notice, keys], foot, buf);
    }
    fold_to_ascii(theme, buf);
}

fn kind(open: &Open) -> &'static str {
    match open {
        Open::Run(_) => "Runs that can go on",
        Open::Follow(_) => "Runs that somebody drives",
        Open::Runbook(_) => "Runbooks",
        Open::Checklist(_) => "Checklists in markdown",
        Open::Demo => "To try it out",
    }
}

fn draw_list(start: &StartScreen, theme: &Theme, area: Rect, buf: &mut ratatui::buffer::Buffer) {
    let room = usize::from(area.width);
    let mut rows: Vec<Line> = Vec::new();
    let mut at = 0;
    let mut before = "";
    for (i, opening) in start.openings.iter().enumerate() {
        let kind = kind(&opening.open);
        if kind != before {
            if !rows.is_empty() {
                rows.push(Line::default());
            }
            rows.push(Line::styled(kind, theme.quiet));
            before = kind;
        }
        if i == start.cursor {
            at = rows.len();
        }
        rows.push(row(theme, opening, i == start.cursor, room));
    }
    if rows.is_empty() {
        rows.push(Line::raw(
            "There is no runbook here. Go to where one lies, or name it:",
        ));
        rows.push(Line::styled("  holdpoint run FILE", theme.strong));
        return pane::lines(theme, rows, area, buf);
    }
    let [list, bar] = Layout::vertical([Constraint::Fill(1), Constraint::Length(2)]).areas(area);
    let seen = window(rows.len(), at, usize::from(list.height));
    pane::lines(
        theme,
        rows.into_iter().take(seen.end).skip(seen.start),
        list,
        buf,
    );
    let chosen = start
        .openings
        .get(start.cursor)
        .map_or("", |o| match o.open {
            Open::Run(_) => "Enter takes this run up where it stands",
            Open::Follow(_) => "Enter follows it, read-only: somebody else drives it",
            Open::Runbook(_) => "Enter opens this runbook; nothing is started yet",
            Open::Checklist(_) => {
                "Enter imports this checklist and shows its account; nothing is started or written yet"
            }
            Open::Demo => "Enter starts a throw-away database and walks through a migration on it",
        });
    pane::lines(
        theme,
        [Line::default(), call::bar(theme, chosen, room)],
        bar,
        buf,
    );
}

fn row(theme: &Theme, opening: &Opening, here: bool, room: usize) -> Line<'static> {
    let pointer = if here { theme.glyphs.cursor } else { " " };
    let left = Line::from(vec![
        Span::styled(format!("{pointer} "), theme.focus),
        Span::styled(opening.title.clone(), theme.strong),
    ]);
    let detail = cut_front(&opening.detail, room / 2, theme.glyphs.ellipsis);
    let line = apart(
        left,
        Line::from(Span::styled(detail, theme.quiet)),
        room,
        theme.glyphs.ellipsis,
    );
    if here {
        line.style(theme.selected)
    } else {
        line
    }
}
