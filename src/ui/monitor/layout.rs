//! Which panels stand where at which size.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};

use crate::app::model::Model;
use crate::app::monitor::panel::Panel;
use crate::ui::monitor::{database, draw_panel, draw_strip, grid};
use crate::ui::theme::Theme;

/// Draws the panel that was chosen, below a line with all of them.
pub fn draw_chosen(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let area = draw_strip(model, theme, area, buf);
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

/// The panels that are always in sight where there is room, and the chosen one in the place of Activity.
fn third(model: &Model) -> Panel {
    match model.monitor.panel {
        Panel::Locks | Panel::Connections => Panel::Activity,
        chosen => chosen,
    }
}

/// Commands that are shown beside other panels.
const COMMANDS: usize = 4;

/// Rows of a panel that stands below another for as long as there is something on it.
fn of_progress(model: &Model, theme: &Theme, width: u16) -> u16 {
    let server = model.monitor.picture().server();
    let commands = server.map_or(0, |s| s.progress.len());
    if commands == 0 || model.monitor.panel == Panel::Progress {
        return 0;
    }
    let room = usize::from(width.saturating_sub(4));
    let lines = grid::height(model, theme, Panel::Progress, room, COMMANDS);
    u16::try_from(lines + 2).unwrap_or(u16::MAX)
}

fn of_database(model: &Model) -> u16 {
    if model.monitor.panel == Panel::Database {
        0
    } else {
        database::rows(model) + 2
    }
}

/// Draws the panels one below the other.
pub fn draw_column(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let spare = area.height >= 44;
    let connections = if area.height >= 36 { 9 } else { 6 };
    let [locks, conn, chosen, moving, server] = Layout::vertical([
        Constraint::Fill(3),
        Constraint::Length(connections),
        Constraint::Fill(2),
        Constraint::Length(of_progress(model, theme, area.width)),
        Constraint::Length(if spare { of_database(model) } else { 0 }),
    ])
    .areas(area);
    draw_panel(model, theme, Panel::Locks, locks, buf);
    draw_panel(model, theme, Panel::Connections, conn, buf);
    draw_panel(model, theme, third(model), chosen, buf);
    draw_panel(model, theme, Panel::Progress, moving, buf);
    draw_panel(model, theme, Panel::Database, server, buf);
}

/// Rows that the chosen panel has at least below others.
const CHOSEN: u16 = 7;
/// Columns from which two panels stand side by side.
const BESIDE: u16 = 132;

/// Draws the panels over the whole screen: locks and connections at the left, activity (or the chosen one) and the
/// server at the right.
pub fn draw_grid(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) {
    if area.width < 100 {
        return if area.height >= 30 {
            let area = draw_strip(model, theme, area, buf);
            draw_column(model, theme, area, buf);
        } else {
            draw_chosen(model, theme, area, buf);
        };
    }
    let area = draw_strip(model, theme, area, buf);
    if area.width < BESIDE {
        return draw_stack(model, theme, area, buf);
    }
    let [left, right] =
        Layout::horizontal([Constraint::Percentage(46), Constraint::Fill(1)]).areas(area);
    // What is left below the tree shows more clients.
    let tall = of_tree(model).clamp(left.height * 2 / 5, left.height * 3 / 5);
    let [locks, connections] =
        Layout::vertical([Constraint::Length(tall), Constraint::Fill(1)]).areas(left);
    let [chosen, moving, server] = Layout::vertical([
        Constraint::Fill(1),
        Constraint::Length(of_progress(model, theme, right.width)),
        Constraint::Length(of_database(model)),
    ])
    .areas(right);
    draw_panel(model, theme, Panel::Locks, locks, buf);
    draw_panel(model, theme, Panel::Connections, connections, buf);
    draw_panel(model, theme, third(model), chosen, buf);
    draw_panel(model, theme, Panel::Progress, moving, buf);
    draw_panel(model, theme, Panel::Database, server, buf);
}

/// Draws the panels that have long lines one below the other over the whole width, and the two short ones side by side.
fn draw_stack(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let calm = model.monitor.picture().forest.roots.is_empty();
    let least = if calm { 4 } else { area.height * 3 / 10 };
    let tall = of_tree(model).clamp(least, (area.height * 9 / 20).max(least));
    let tall = if calm { least } else { tall };
    let of_moving = of_progress(model, theme, area.width);
    // The short ones give way first: the line of panels says when they are worth a look.
    let left = area.height.saturating_sub(tall + of_moving + CHOSEN);
    let below = of_database(model).max(6).min(area.height * 3 / 10);
    let [locks, chosen, moving, last] = Layout::vertical([
        Constraint::Length(tall),
        Constraint::Fill(1),
        Constraint::Length(of_moving),
        Constraint::Length(if left < 5 { 0 } else { below.min(left) }),
    ])
    .areas(area);
    let shared = match model.monitor.panel {
        Panel::Database => [Constraint::Fill(1), Constraint::Length(0)],
        _ => [Constraint::Percentage(45), Constraint::Fill(1)],
    };
    let [connections, server] = Layout::horizontal(shared).areas(last);
    draw_panel(model, theme, Panel::Locks, locks, buf);
    draw_panel(model, theme, third(model), chosen, buf);
    draw_panel(model, theme, Panel::Progress, moving, buf);
    draw_panel(model, theme, Panel::Connections, connections, buf);
    draw_panel(model, theme, Panel::Database, server, buf);
}

/// Rows of a tree as tall as it is.
fn of_tree(model: &Model) -> u16 {
    let rows = model.monitor.picture().forest.rows().len() + 6;
    u16::try_from(rows).unwrap_or(u16::MAX)
}
