//! What the server says of itself: rates, replication, slots, prepared transactions, the runbook's own values.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::model::Model;
use crate::domain::sample::alarm::size;
use crate::domain::sample::metric::{Grade, grade};
use crate::domain::sample::model::{OwnReading, Sample, Server, SlotUse};
use crate::domain::sample::words::lasting;
use crate::domain::units::bytes;
use crate::ui::gauge;
use crate::ui::monitor::{Content, grade_of};
use crate::ui::text::pad;
use crate::ui::theme::Theme;

/// Cells for a label.
const LABEL: usize = 12;

/// Returns how many rows the panel needs.
pub(super) fn rows(model: &Model) -> u16 {
    let Some(sample) = &model.monitor.sample else {
        return 3;
    };
    let of_server = sample.server.as_ref().map_or(1, |s| {
        let rates = if s.rates.is_some() { 4 } else { 1 };
        rates + s.senders.len() + s.receiver.iter().len() + s.slots.len() + s.prepared.len()
    });
    u16::try_from((of_server + sample.values.len()).min(12)).unwrap_or(12)
}

/// Returns what the panel says.
pub(super) fn content(model: &Model, theme: &Theme, area: Rect) -> Content {
    let room = usize::from(area.width);
    let Some(sample) = &model.monitor.sample else {
        return Content::default();
    };
    let mut lines: Vec<Line> = sample.values.iter().map(|v| own(theme, v)).collect();
    let mut figure = Line::default();
    match &sample.server {
        Some(server) => {
            let role = server.role.map_or(String::new(), |r| r.to_string());
            figure = Line::styled(role, theme.quiet);
            lines.extend(prepared(theme, server));
            lines.extend(replication(theme, sample, server));
            lines.extend(slots(theme, server));
            lines.extend(rates(model, theme, server, room));
            lines.push(deadlocks(theme, sample, server));
        }
        None => lines.push(Line::styled("its counters were not read yet", theme.quiet)),
    }
    Content { figure, lines }
}

fn labelled(theme: &Theme, label: &str, spans: Vec<Span<'static>>) -> Line<'static> {
    let label = Span::styled(pad(label, LABEL, theme.glyphs.ellipsis), theme.quiet);
    Line::from(
        [label, Span::raw(" ")]
            .into_iter()
            .chain(spans)
            .collect::<Vec<_>>(),
    )
}

fn own(theme: &Theme, reading: &OwnReading) -> Line<'static> {
    let value = match (&reading.value, reading.error.as_str()) {
        (Some(value), "") => Span::styled(value.clone(), theme.strong),
        (None, "") => Span::styled(theme.glyphs.nothing, theme.quiet),
        (_, error) => Span::styled(format!("{} {error}", theme.glyphs.look), theme.warning),
    };
    labelled(theme, &reading.name, vec![value])
}

fn rates(model: &Model, theme: &Theme, server: &Server, room: usize) -> Vec<Line<'static>> {
    let Some(rates) = &server.rates else {
        return Vec::new();
    };
    let dot = theme.glyphs.dot;
    let history: Vec<Option<f64>> = model.monitor.history.line("tps").collect();
    let text = format!(
        "{:.0} transactions/s, {:.0} rolled back ",
        rates.tps, rates.rollbacks
    );
    let spark = gauge::spark(
        &history,
        room.saturating_sub(LABEL + 40).min(40),
        None,
        theme.glyphs,
    );
    let hit = rates.hit_ratio.map_or(String::new(), |r| {
        format!(" {dot} {:.1} % from memory", r * 100.0)
    });
    let written = format!(
        "WAL {}/s {dot} temporary files {}/s",
        size(rates.wal_bytes),
        size(rates.temp_bytes)
    );
    vec![
        labelled(
            theme,
            "work",
            vec![Span::raw(text), Span::styled(spark, theme.quiet)],
        ),
        labelled(
            theme,
            "rows",
            vec![Span::raw(format!("{:.0} changed/s{hit}", rates.rows))],
        ),
        labelled(theme, "written", vec![Span::raw(written)]),
    ]
}

fn deadlocks(theme: &Theme, sample: &Sample, server: &Server) -> Line<'static> {
    let (style, sign) = theme.grade(grade("deadlocks", sample));
    let text = format!("{} {sign}", server.deadlocks).trim_end().to_owned();
    let of_size = server.database_bytes.map(bytes);
    let of_size = of_size.map_or(String::new(), |b| {
        format!(" {} database {b}", theme.glyphs.dot)
    });
    labelled(
        theme,
        "deadlocks",
        vec![Span::styled(text, style), Span::raw(of_size)],
    )
}

fn replication(theme: &Theme, sample: &Sample, server: &Server) -> Vec<Line<'static>> {
    let (style, sign) = theme.grade(grade("replication_lag", sample));
    let lag = |behind: Option<u64>, ms: Option<u64>| {
        let behind = behind.map_or(theme.glyphs.nothing.to_owned(), bytes);
        let time = ms.map_or(String::new(), |ms| format!(", {}", lasting(ms)));
        Span::styled(
            format!("{behind} behind{time} {sign}")
                .trim_end()
                .to_owned(),
            style,
        )
    };
    let senders = server.senders.iter().map(|s| {
        let who = Span::styled(
            format!(" {} {} {}", s.application, s.state, s.sync),
            theme.quiet,
        );
        labelled(
            theme,
            "replica",
            vec![lag(s.unreplayed, s.replay_lag_ms), who],
        )
    });
    let receiver = server.receiver.iter().map(|r| {
        let how = Span::styled(format!(" {}, replay {}", r.status, r.pause), theme.quiet);
        labelled(
            theme,
            "replays",
            vec![lag(r.unreplayed, r.replay_age_ms), how],
        )
    });
    senders.chain(receiver).collect()
}

fn slots(theme: &Theme, server: &Server) -> Vec<Line<'static>> {
    let slots = server.slots.iter().map(|slot| {
        let kept = grade_of("slot_retained", slot.retained);
        let (worst, usage) = match slot.usage {
            SlotUse::Active => (kept, "in use"),
            SlotUse::Inactive => (kept.max(Grade::Look), "nobody reads it"),
        };
        let (style, sign) = theme.grade(worst);
        let kept = slot.retained.map_or(theme.glyphs.nothing.to_owned(), bytes);
        let text = format!("{} keeps {kept}, {usage} {sign}", slot.name);
        labelled(
            theme,
            "slot",
            vec![Span::styled(text.trim_end().to_owned(), style)],
        )
    });
    slots.collect()
}

fn prepared(theme: &Theme, server: &Server) -> Vec<Line<'static>> {
    let lines = server.prepared.iter().map(|p| {
        let text = format!("{} {}", theme.glyphs.look, p.words());
        labelled(theme, "prepared", vec![Span::styled(text, theme.warning)])
    });
    lines.collect()
}
