//! Sessions at work, one row each.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::app::model::Model;
use crate::app::monitor::SortBy;
use crate::domain::sample::metric::Grade;
use crate::domain::sample::model::Session;
use crate::ui::monitor::{Content, column_time, cursor, grade_of, session_name, session_style};
use crate::ui::pane::window;
use crate::ui::table::{Cell, Column, Order, lay_out};
use crate::ui::text::wrap;
use crate::ui::theme::Theme;

/// Returns what the panel says in so much room.
pub(super) fn content(model: &Model, theme: &Theme, area: Rect) -> Content {
    let room = usize::from(area.width);
    let sessions = model.monitor.activity();
    let figure = Line::styled(
        format!("by {}", order_words(model.monitor.sort)),
        theme.quiet,
    );
    let notes = notes(model, theme, room, area.height);
    if sessions.is_empty() {
        let calm = Line::styled(
            "nobody works, waits or holds a transaction open",
            theme.quiet,
        );
        return Content {
            figure,
            lines: [calm].into_iter().chain(notes).collect(),
        };
    }
    let pids: Vec<i32> = sessions.iter().map(|s| s.pid).collect();
    let at = cursor(&model.monitor, &pids);
    let height = usize::from(area.height).saturating_sub(1 + notes.len());
    let shown = window(sessions.len(), at.unwrap_or(0), height);
    let from = shown.start;
    let columns = columns(model.monitor.sort, room);
    let row = |s: &&Session| {
        columns
            .iter()
            .map(|c| cell(model, theme, s, c.title))
            .collect()
    };
    let rows: Vec<Vec<Cell>> = sessions[shown].iter().map(row).collect();
    let (head, rows) = lay_out(theme, &columns, &rows, room);
    let marked = |(i, row): (usize, Line<'static>)| {
        if at == Some(from + i) {
            row.style(theme.selected)
        } else {
            row
        }
    };
    let rows = rows.into_iter().enumerate().map(marked);
    Content {
        figure,
        lines: [head].into_iter().chain(rows).chain(notes).collect(),
    }
}

/// What this role may not see: said where it would be looked for.
fn notes(model: &Model, theme: &Theme, room: usize, height: u16) -> Vec<Line<'static>> {
    let notes = model.monitor.sample.iter().flat_map(|s| &s.notes);
    let wrapped = notes
        .flat_map(|note| wrap(note, room))
        .take(usize::from(height / 4));
    wrapped.map(|l| Line::styled(l, theme.quiet)).collect()
}

fn order_words(sort: SortBy) -> &'static str {
    match sort {
        SortBy::Duration => "statement time",
        SortBy::Transaction => "transaction time",
        SortBy::Wait => "lock wait",
        SortBy::User => "user",
        SortBy::Pid => "pid",
    }
}

fn columns(sort: SortBy, room: usize) -> Vec<Column> {
    let mut columns = vec![Column::numbers("pid", 7)];
    if room >= 84 {
        columns.push(Column::words("user", 10));
    }
    columns.push(Column::words(
        "application",
        if room >= 60 { 16 } else { 12 },
    ));
    if room >= 110 {
        columns.push(Column::words("database", 10));
        columns.push(Column::words("client", 15));
    }
    columns.push(Column::words("doing", if room >= 60 { 18 } else { 9 }));
    if room >= 50 {
        columns.push(Column::numbers("xact", 8));
    }
    columns.push(Column::numbers("for", 8));
    columns.push(Column::words("statement", usize::MAX));
    let sorted = match sort {
        SortBy::Duration => "for",
        SortBy::Transaction => "xact",
        SortBy::Wait => "doing",
        SortBy::User => "user",
        SortBy::Pid => "pid",
    };
    for column in columns.iter_mut().filter(|c| c.title == sorted) {
        column.order = Order::Sorted;
    }
    columns
}

fn cell(model: &Model, theme: &Theme, session: &Session, column: &str) -> Cell {
    let base = session_style(theme, session);
    match column {
        "pid" => (session.pid.to_string(), base),
        "user" => (session.user.clone(), base),
        "application" => {
            let ours = if session.step().is_some() {
                theme.glyphs.ours
            } else {
                ""
            };
            (
                format!("{} {ours}", session_name(model, session))
                    .trim_end()
                    .to_owned(),
                base,
            )
        }
        "database" => (session.database.clone(), theme.quiet),
        "client" => (session.client.clone(), theme.quiet),
        "doing" => doing(theme, session),
        "xact" => {
            let (style, _) = theme.grade(grade_of("longest_transaction", session.xact_ms));
            (column_time(session.xact_ms, theme), style)
        }
        "for" => (
            column_time(session.query_ms.or(session.state_ms), theme),
            base,
        ),
        _ if session.query.is_empty() => (session.doing(), theme.quiet),
        _ => (session.query.clone(), base),
    }
}

/// What a session does: what it waits for, else its state. What is bad carries its mark.
fn doing(theme: &Theme, session: &Session) -> Cell {
    let marked = |text: &str, grade: Grade| -> Cell {
        let (style, sign) = theme.grade(grade);
        let style = if grade == Grade::Calm {
            Style::default()
        } else {
            style
        };
        (format!("{text} {sign}").trim_end().to_owned(), style)
    };
    if let Some(lock) = &session.lock {
        return marked("Lock", grade_of("longest_wait", lock.wait_ms));
    }
    if session.is_idle_in_transaction() {
        return marked("in xact", grade_of("idle_in_transaction", session.state_ms));
    }
    match &session.wait {
        Some(wait) if wait.kind == "Lock" => marked("Lock", Grade::Look),
        Some(wait) => (format!("{}:{}", wait.kind, wait.event), theme.quiet),
        None if session.state.is_empty() => ("hidden".to_owned(), theme.quiet),
        None => (session.state.clone(), theme.quiet),
    }
}
