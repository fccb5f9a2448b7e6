//! The whole screen: which panes there are at this size, and where.

use ratatui::Frame as Screen;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use crate::app::model::{Model, Pane, Purpose, Zoom};
use crate::app::monitor::Link;
use crate::app::shown::Extents;
use crate::ui::text::{fit, line_width};
use crate::ui::theme::{Charset, Theme};
use crate::ui::{alarms, call, checklist, dialog, header, monitor, output, pane, status, step};

/// Columns from which there are three columns of panes.
const WIDE: u16 = 140;
/// Columns from which the checklist and the step stand beside a panel.
const MEDIUM: u16 = 100;
/// The smallest terminal that is drawn on.
const SMALLEST: (u16, u16) = (60, 16);

/// Draws everything that `model` shows.
pub fn view(model: &Model, theme: &Theme, frame: &mut Screen) {
    let _ = view_measured(model, theme, frame);
}

/// Draws everything that `model` shows, and returns how far it can be moved.
pub fn view_measured(model: &Model, theme: &Theme, frame: &mut Screen) -> Extents {
    let area = frame.area();
    let buf = frame.buffer_mut();
    let extents = if too_small(area) {
        draw_too_small(model, theme, area, buf);
        Extents::default()
    } else {
        draw_all(model, theme, area, buf)
    };
    fold_to_ascii(theme, buf);
    extents
}

/// Returns whether there is no room for panes.
pub fn too_small(area: Rect) -> bool {
    area.width < SMALLEST.0 || area.height < SMALLEST.1
}

fn draw_too_small(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let goes_on = match model.purpose {
        Purpose::Drive => "; the run goes on",
        Purpose::Watch | Purpose::Monitor => "",
    };
    let text = format!(
        "too small ({}x{}): {}x{} needed{goes_on}",
        area.width, area.height, SMALLEST.0, SMALLEST.1
    );
    let wrapped = crate::ui::text::wrap(&text, usize::from(area.width));
    pane::lines(
        theme,
        wrapped.into_iter().map(|l| Line::styled(l, theme.warning)),
        area,
        buf,
    );
}

fn draw_all(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) -> Extents {
    let roomy = area.height >= 20;
    let lines = if roomy { 2 } else { 1 };
    let [head, body, foot] = Layout::vertical([
        Constraint::Length(lines),
        Constraint::Fill(1),
        Constraint::Length(lines),
    ])
    .areas(area);
    header::draw(model, theme, head, buf);
    let step = match (model.purpose, model.zoom) {
        (Purpose::Monitor, Zoom::Shared) => {
            monitor::draw_grid(model, theme, body, buf);
            0
        }
        (Purpose::Monitor, Zoom::Full) => {
            monitor::draw_chosen(model, theme, body, buf);
            0
        }
        (Purpose::Drive | Purpose::Watch, Zoom::Full) => draw_focused(model, theme, body, buf),
        (Purpose::Drive | Purpose::Watch, Zoom::Shared) => draw_panes(model, theme, body, buf),
    };
    let mut extents = Extents {
        step,
        ..Extents::default()
    };
    status::draw(model, theme, foot, buf);
    if let Some(open) = &model.dialog {
        // On a small screen the dialog may cover the header, never the line that shows whether it is recorded.
        let above = Rect {
            height: area.height - foot.height,
            ..area
        };
        let room = if roomy { body } else { above };
        (extents.dialog_up, extents.dialog_down) = dialog::draw(open, theme, room, buf);
    }
    extents
}

/// Returns by how many rows the step's text can be moved; so do the functions below.
fn draw_panes(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) -> u16 {
    match area.width {
        MEDIUM.. if matches!(model.monitor.link, Link::None | Link::Unasked { .. }) => {
            // Without a database there is nothing to watch: the room is the step's.
            let [list, step] =
                Layout::horizontal([Constraint::Percentage(36), Constraint::Fill(1)]).areas(area);
            draw_list(model, theme, list, buf);
            draw_step(model, theme, step, buf)
        }
        WIDE.. => {
            let [list, middle, right] = Layout::horizontal([
                Constraint::Percentage(25),
                Constraint::Fill(1),
                Constraint::Percentage(36),
            ])
            .areas(area);
            draw_list(model, theme, list, buf);
            monitor::draw_column(model, theme, right, buf);
            draw_step(model, theme, middle, buf)
        }
        MEDIUM.. => {
            let [left, right] =
                Layout::horizontal([Constraint::Percentage(54), Constraint::Fill(1)]).areas(area);
            let wanted = checklist::height(model).clamp(6, (left.height * 45 / 100).max(6));
            let [list, below] =
                Layout::vertical([Constraint::Length(wanted), Constraint::Fill(1)]).areas(left);
            checklist::draw(model, theme, list, buf);
            let moves = draw_step(model, theme, below, buf);
            let of_alarms = alarms::height(model).min(right.height / 3);
            let [panel, warned] =
                Layout::vertical([Constraint::Fill(1), Constraint::Length(of_alarms)]).areas(right);
            monitor::draw_chosen_and_connections(model, theme, panel, buf);
            if of_alarms > 2 {
                alarms::draw(model, theme, warned, buf);
            }
            moves
        }
        _ => {
            let [tabs, rest] =
                Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(area);
            draw_tabs(model, theme, tabs, buf);
            draw_one(model, theme, rest, buf)
        }
    }
}

/// Draws the pane that has the keyboard; what Enter does is said below the checklist, where the step is not in sight.
fn draw_one(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) -> u16 {
    let in_sight = model.focus != Pane::Checklist || model.dialog.is_some();
    let enter = call::sentence(model).filter(|_| !in_sight);
    let of_bar = u16::from(enter.is_some());
    let [pane, bar] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(of_bar)]).areas(area);
    let moves = draw_focused(model, theme, pane, buf);
    let bar_line = enter.map(|enter| call::bar(theme, &enter, usize::from(bar.width)));
    pane::lines(theme, bar_line, bar, buf);
    moves
}

/// Draws the pane that has the keyboard.
fn draw_focused(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) -> u16 {
    match model.focus {
        Pane::Checklist => draw_list(model, theme, area, buf),
        Pane::Output => return draw_step(model, theme, area, buf),
        Pane::Monitor => monitor::draw_chosen(model, theme, area, buf),
    }
    0
}

/// Draws the checklist with the alarms below it.
fn draw_list(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let wanted = if area.height >= 18 {
        alarms::height(model).min(area.height / 3)
    } else {
        0
    };
    let [list, warned] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(wanted)]).areas(area);
    checklist::draw(model, theme, list, buf);
    if wanted > 2 {
        alarms::draw(model, theme, warned, buf);
    }
}

/// Draws the step, and below it the output where there is any.
fn draw_step(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) -> u16 {
    let content = step::content(model, theme, area.width);
    let has_output = !model.output.name.is_empty() && area.height >= 10 && step::prints(model);
    let most = if has_output && model.zoom == Zoom::Full {
        area.height.saturating_sub(6)
    } else if has_output {
        (area.height * 3 / 5).max(5)
    } else {
        area.height
    };
    let of_step = if has_output {
        content.height().min(most)
    } else {
        area.height
    };
    let [above, below] =
        Layout::vertical([Constraint::Length(of_step), Constraint::Fill(1)]).areas(area);
    let moves = step::draw(model, theme, content, above, buf);
    if has_output {
        output::draw(model, theme, below, buf);
    }
    moves
}

/// Where there is room for one pane: each of the three in a word or two, the shown one marked.
fn draw_tabs(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let step = crate::app::checklist::shown(&model.book, &model.run, &model.checklist);
    let (sign, style) = step.map_or((" ", theme.quiet), |id| {
        theme.mark(crate::app::checklist::mark(&model.book, &model.run, id))
    });
    let title = step
        .and_then(|id| model.book.step(id))
        .map_or("", |s| s.title.as_str());
    let tabs = [
        (
            Pane::Checklist,
            Line::raw(format!("Checklist {}", checklist::summary(model))),
        ),
        (
            Pane::Output,
            Line::from(vec![
                Span::styled(format!("{sign} "), style),
                Span::raw(title.to_owned()),
            ]),
        ),
        (Pane::Monitor, monitor::summary(model, theme)),
    ];
    let room = usize::from(area.width);
    // The server's figures stay whole where that leaves the step's title some room.
    let of_monitor = line_width(&tabs[2].1).min(28);
    let of_list = line_width(&tabs[0].1).min(18);
    let of_step = room.saturating_sub(of_monitor + of_list + 6);
    let rooms = [of_list, of_step, of_monitor];
    let mut spans = Vec::new();
    for ((tab, text), room) in tabs.into_iter().zip(rooms) {
        let text = fit(text, room, theme.glyphs.ellipsis);
        let here = tab == model.focus;
        spans.push(Span::styled(if here { "[" } else { " " }, theme.focus));
        spans.extend(text.spans.into_iter().map(|s| {
            let style = text.style.patch(s.style);
            Span::styled(
                s.content,
                if here {
                    style.patch(theme.strong)
                } else {
                    style
                },
            )
        }));
        spans.push(Span::styled(if here { "]" } else { " " }, theme.focus));
    }
    pane::lines(theme, [Line::from(spans)], area, buf);
}

/// Where the terminal shows ASCII only, nothing else may reach it: names and statements come from outside.
pub fn fold_to_ascii(theme: &Theme, buf: &mut Buffer) {
    if theme.glyphs.charset == Charset::Unicode {
        return;
    }
    for cell in &mut buf.content {
        if !cell.symbol().is_ascii() {
            let folded = match cell.symbol() {
                "…" | "·" => ".",
                "–" | "—" => "-",
                "“" | "”" => "\"",
                "‘" | "’" => "'",
                "→" => ">",
                "◇" | "○" => "o",
                _ => "?",
            };
            cell.set_symbol(folded);
        }
    }
}
