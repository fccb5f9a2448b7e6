//! One line with every panel: its key, its name, and a sign where something on it is bad.

use ratatui::text::{Line, Span};

use crate::app::model::{Model, Purpose};
use crate::app::monitor::grades::worst;
use crate::app::monitor::migrations;
use crate::app::monitor::panel::{PANELS, Panel};
use crate::domain::sample::metric::Grade;
use crate::ui::text::line_width;
use crate::ui::theme::Theme;

/// How panels are named.
type Naming = fn(Panel) -> &'static str;

/// Returns the line in `room` cells; names are shortened where they do not fit.
pub(super) fn line(model: &Model, theme: &Theme, room: usize) -> Line<'static> {
    let names: [(Naming, &str); 4] = [
        (Panel::name, " "),
        (Panel::short, " "),
        (Panel::shortest, " "),
        (Panel::shortest, ""),
    ];
    let panels = graded(model);
    let mut line = Line::default();
    for (name, gap) in names {
        line = with(model, theme, &panels, name, gap);
        if line_width(&line) <= room {
            break;
        }
    }
    line
}

/// The panels that there are here, and how bad what stands on them is.
fn graded(model: &Model) -> Vec<(Panel, Grade)> {
    // Values come from a runbook, and where the migrations are may not have been said.
    let given = model.monitor.migrations.given.is_some();
    let of_book = |panel| panel == Panel::Values || (panel == Panel::Migrations && !given);
    let there = |panel: &Panel| model.purpose != Purpose::Monitor || !of_book(*panel);
    let grade = |panel| match panel {
        Panel::Migrations => migrations::grade(model),
        _ => worst(model.monitor.picture(), panel),
    };
    let panels = PANELS.into_iter().filter(there);
    panels.map(|panel| (panel, grade(panel))).collect()
}

fn with(
    model: &Model,
    theme: &Theme,
    panels: &[(Panel, Grade)],
    name: Naming,
    gap: &str,
) -> Line<'static> {
    let mut spans = Vec::new();
    for (panel, grade) in panels.iter().copied() {
        let here = panel == model.monitor.panel;
        let (style, sign) = theme.grade(grade);
        let [open, shut] = if here { ["[", "]"] } else { [" ", " "] };
        let text = format!("{}{gap}{}", panel.digit(), name(panel));
        spans.push(Span::styled(open, theme.focus));
        spans.push(Span::styled(
            text,
            if here { theme.strong } else { theme.plain },
        ));
        if grade != Grade::Calm {
            spans.push(Span::styled(format!(" {sign}"), style));
        }
        spans.push(Span::styled(shut, theme.focus));
    }
    Line::from(spans)
}
