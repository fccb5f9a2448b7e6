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
    let lines = names.map(|(name, gap)| with(model, theme, name, gap));
    let fits = lines.iter().find(|line| line_width(line) <= room);
    fits.or(lines.last()).cloned().unwrap_or_default()
}

fn with(model: &Model, theme: &Theme, name: Naming, gap: &str) -> Line<'static> {
    let mut spans = Vec::new();
    for panel in PANELS {
        // Values come from a runbook, and where the migrations are may not have been said.
        let given = model.monitor.migrations.given.is_some();
        let of_book = panel == Panel::Values || (panel == Panel::Migrations && !given);
        if of_book && model.purpose == Purpose::Monitor {
            continue;
        }
        let here = panel == model.monitor.panel;
        let grade = match panel {
            Panel::Migrations => migrations::grade(model),
            _ => worst(model.monitor.picture(), panel),
        };
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
