//! The two lines at the top: what is taken where, how late it is, and how long going back is possible.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::model::{BookFile, Model, Purpose, Recording};
use crate::app::monitor::Link;
use crate::app::step::known;
use crate::domain::run::event::{HoldReason, Mode, Status};
use crate::domain::run::later;
use crate::domain::run::next;
use crate::domain::run::schedule::{Clocks, clocks};
use crate::domain::run::state::Route;
use crate::domain::runbook::model::{Protection, WayBack};
use crate::domain::sample::words::lasting;
use crate::domain::units::clock;
use crate::ui::gauge;
use crate::ui::text::{apart, cut, line_width, to_the_day, width};
use crate::ui::theme::Theme;
use crate::ui::{alarms, pane};

/// Part of the window (or of the time to a deadline) below which it is said aloud.
const SOON_MS: i64 = 10 * 60_000;

/// Draws the header: one line or two, as `area` has room for.
pub fn draw(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let room = usize::from(area.width);
    let mark = theme.glyphs.ellipsis;
    let clocks = clocks(&model.book, &model.run, &known(model), model.now.wall_ms);
    let has_run = model.purpose != Purpose::Monitor;
    let right = if has_run {
        clocks_line(model, theme, &clocks, room)
    } else {
        Line::default()
    };
    let for_title = room.saturating_sub(line_width(&right) + 1);
    let mut lines = vec![apart(
        title_line(model, theme, for_title),
        right,
        room,
        mark,
    )];
    if area.height > 1 {
        let matter = matter(model, theme);
        // What is wrong takes the room of what is as planned.
        let spare = room.saturating_sub(line_width(&matter) + 3);
        let right = if has_run {
            deadlines(model, theme, &clocks, spare.max(room / 3))
        } else {
            Line::default()
        };
        lines.push(apart(matter, right, room, mark));
    }
    pane::lines(theme, lines, area, buf);
}

/// Returns a moment as a clock in UTC.
pub fn time_of_day(ms: i64, format: &str) -> String {
    let at = chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default();
    at.format(format).to_string()
}

/// The title gives way to the target's name, the server's identity to both.
fn title_line(model: &Model, theme: &Theme, room: usize) -> Line<'static> {
    let title = match model.purpose {
        Purpose::Drive => model.book.title.clone(),
        Purpose::Watch => format!("watching: {}", model.book.title),
        Purpose::Monitor => "monitor".to_owned(),
    };
    let mut aim = mode(model, theme);
    aim.extend(target(model, theme));
    let of_aim = line_width(&Line::from(aim.clone()));
    let mut spans = vec![Span::raw(" ")];
    if room >= of_aim + width(&title) + 40 {
        spans.push(Span::styled("holdpoint  ", theme.quiet));
    }
    let taken = line_width(&Line::from(spans.clone()));
    let for_title = room.saturating_sub(taken + of_aim).max(8);
    spans.push(Span::styled(
        cut(&title, for_title, theme.glyphs.ellipsis),
        theme.strong,
    ));
    spans.extend(aim);
    let left = room.saturating_sub(line_width(&Line::from(spans.clone())) + 2);
    spans.extend(identity(model, theme, left));
    Line::from(spans)
}

fn mode(model: &Model, theme: &Theme) -> Vec<Span<'static>> {
    let mut spans = mode_alone(model, theme);
    if !model.run.amendments.is_empty() {
        spans.push(Span::styled(" amended", theme.quiet));
    }
    if model.book_file == BookFile::Edited {
        spans.push(Span::styled(" file edited since", theme.warning));
    }
    spans
}

fn mode_alone(model: &Model, theme: &Theme) -> Vec<Span<'static>> {
    match model.run.opened.mode {
        Mode::Rehearsal => vec![Span::styled(
            " rehearsal, nothing is touched",
            theme.warning,
        )],
        Mode::StepByStep => vec![Span::styled(" step by step", theme.quiet)],
        Mode::Autopilot | Mode::Unattended => Vec::new(),
    }
}

fn target(model: &Model, theme: &Theme) -> Vec<Span<'static>> {
    let name = &model.run.opened.target;
    if name.is_empty() {
        return Vec::new();
    }
    let protected = model
        .book
        .target(name)
        .is_some_and(|t| t.protect == Protection::Protected);
    let style = if protected {
        theme.protected
    } else {
        theme.strong
    };
    let arrow = Span::raw(format!(" {} ", theme.glyphs.arrow));
    vec![
        arrow,
        Span::styled(
            format!(" {} ", cut(&name.to_uppercase(), 24, theme.glyphs.ellipsis)),
            style,
        ),
    ]
}

/// The server as it says itself, as much of it as fits whole.
fn identity(model: &Model, theme: &Theme, room: usize) -> Option<Span<'static>> {
    let seen = model.run.target.as_ref()?;
    let dot = theme.glyphs.dot;
    let short = format!("  {}@{}", seen.database, seen.address);
    let long = format!("{short} {dot} {} {}", seen.version, seen.role);
    let fits = [long, short].into_iter().find(|text| width(text) <= room)?;
    Some(Span::styled(fits, theme.quiet))
}

/// `T+0:19:04  window 41 min left ▓▓▓▓▓▓░░░░`
fn clocks_line(model: &Model, theme: &Theme, clocks: &Clocks, room: usize) -> Line<'static> {
    let now = model.now.wall_ms;
    let mut spans = vec![Span::styled(t_clock(now - clocks.start), theme.strong)];
    if let Some(end) = clocks.window_end {
        let left = end - now;
        let too_long = clocks.forecast_end.is_some_and(|forecast| forecast > end);
        let style = match left {
            ..0 => theme.danger,
            0..SOON_MS => theme.warning,
            _ if too_long => theme.warning,
            _ => theme.plain,
        };
        let text = match left {
            _ if now < clocks.start => {
                let to_go = lasting((clocks.start - now).unsigned_abs());
                format!("  window opens in {to_go}")
            }
            ..0 => format!(
                "  {} window over by {}",
                theme.glyphs.alarm,
                lasting(left.unsigned_abs())
            ),
            _ => format!("  window {} left", lasting(left.unsigned_abs())),
        };
        spans.push(Span::styled(text, style));
        if room >= 80 {
            let whole = (end - clocks.start).max(1);
            let part = crate::domain::sample::rates::number(
                u64::try_from(now - clocks.start).unwrap_or(0),
            );
            let part = part / crate::domain::sample::rates::number(whole.unsigned_abs());
            spans.push(Span::styled(
                format!(" {}", gauge::bar(part, 10, theme.glyphs)),
                style,
            ));
        }
    }
    spans.push(Span::raw(" "));
    Line::from(spans)
}

fn t_clock(ms: i64) -> String {
    let sign = if ms < 0 { '-' } else { '+' };
    format!(
        "T{sign}{}",
        clock(std::time::Duration::from_millis(ms.unsigned_abs()))
    )
}

/// What matters most at the moment, in one line.
fn matter(model: &Model, theme: &Theme) -> Line<'static> {
    let alarm = theme.glyphs.alarm;
    let said =
        |text: String, style: Style| Line::from(vec![Span::raw(" "), Span::styled(text, style)]);
    if let Recording::Refused { why } = &model.recording {
        return said(
            format!("{alarm} the record cannot be written: {why}"),
            theme.danger,
        );
    }
    if let Some(closed) = model.run.closed.as_ref().filter(|_| model.run.is_over()) {
        let (text, style) = verdict(theme, closed.status);
        return said(format!("the run is closed: {text}"), style);
    }
    if let Some(hold) = &model.run.hold {
        let (why, style) = match hold {
            HoldReason::Operator => ("you asked for it".to_owned(), theme.warning),
            HoldReason::Alarm { rule } => (format!("alarm {rule}"), theme.danger),
            HoldReason::Identity { differs } => (differs.join("; "), theme.danger),
        };
        return said(format!("{alarm} on hold, no step starts: {why}"), style);
    }
    if let Link::Lost { why } = &model.monitor.link {
        let text = format!("{alarm} the database does not answer: {why}");
        return said(text, theme.danger);
    }
    if let Some(text) = model.blocking_line() {
        let waits = model.monitor.sample.as_ref();
        let ours = waits.is_some_and(|s| {
            model.monitor.forest.behind_ours(s) > 0 || model.monitor.forest.way_to_ours(s).is_some()
        });
        let style = if ours { theme.danger } else { theme.warning };
        return said(
            format!("{} {text}", if ours { alarm } else { theme.glyphs.look }),
            style,
        );
    }
    if let Some(retry) = &model.retry {
        let left = retry.due_ms.saturating_sub(model.now.mono_ms);
        return said(
            format!("runs again in {}: {}", lasting(left), retry.reason),
            theme.warning,
        );
    }
    if let Some(span) = alarms::summary(model, theme) {
        return Line::from(vec![Span::raw(" "), span]);
    }
    said(at_hand(model), theme.quiet)
}

fn verdict(theme: &Theme, status: Status) -> (&'static str, Style) {
    let style = match status {
        Status::Success => theme.good,
        Status::RolledBack | Status::Aborted => theme.warning,
        Status::Partial => theme.danger,
    };
    (status.word(), style)
}

fn at_hand(model: &Model) -> String {
    if model.purpose == Purpose::Monitor {
        return String::new();
    }
    let step = next::current(&model.book, &model.run).and_then(|id| model.book.step(id));
    let later = model.run.route == Route::Later;
    match step {
        Some(s) if later => format!("later duties: at {} {}", s.number, s.title),
        Some(s) => format!("at {} {}", s.number, s.title),
        None if later => "later duties: nothing more is to be done now".to_owned(),
        None => "every step is settled".to_owned(),
    }
}

/// How late it is, until when going back fits, when to decide; what is near is said aloud.
fn deadlines(model: &Model, theme: &Theme, clocks: &Clocks, room: usize) -> Line<'static> {
    if model.run.closed.is_some() {
        return duty(model, theme);
    }
    let now = model.now.wall_ms;
    let mut parts = Vec::new();
    if let Some(late) = clocks.late_ms {
        parts.push(lateness(theme, late));
    }
    if no_way_back(model) {
        parts.push(Span::styled("past the point of no return", theme.warning));
    } else if let Some(by) = clocks.rollback_by {
        parts.push(deadline(
            theme,
            "going back fits until",
            "too late to go back within the window",
            by,
            now,
        ));
    }
    if let Some(by) = clocks.decide_by {
        parts.push(deadline(
            theme,
            "decide by",
            "the time to decide has passed",
            by,
            now,
        ));
    }
    if let Some(end) = clocks.forecast_end {
        parts.push(Span::styled(
            format!("ends about {}", time_of_day(end, "%H:%MZ")),
            theme.quiet,
        ));
    }
    let mut line = Line::default();
    for part in parts {
        let taken = line_width(&line);
        if taken > 0 && taken + 3 + part.width() > room {
            break;
        }
        if taken > 0 {
            line.spans
                .push(Span::styled(format!(" {} ", theme.glyphs.dot), theme.quiet));
        }
        line.spans.push(part);
    }
    line.spans.push(Span::raw(" "));
    line
}

/// Until when the later duty at hand is due, once the run was taken up for it.
fn duty(model: &Model, theme: &Theme) -> Line<'static> {
    if model.run.is_over() {
        return Line::default();
    }
    let all = later::duties(&model.book, &model.run);
    let Some(first) = later::first_due(&all) else {
        return Line::default();
    };
    let now = model.now.wall_ms;
    let left = lasting(to_the_day((first.due_ms - now).unsigned_abs()));
    let span = if first.stage(now) == later::Stage::Overdue {
        let text = format!(
            "{} “{}” is overdue by {left} ",
            theme.glyphs.alarm, first.title
        );
        Span::styled(text, theme.danger)
    } else {
        Span::styled(format!("“{}” is due in {left} ", first.title), theme.plain)
    };
    Line::from(span)
}

fn lateness(theme: &Theme, late_ms: i64) -> Span<'static> {
    let by = lasting(late_ms.unsigned_abs());
    match late_ms {
        ..-60_000 => Span::styled(format!("{by} early"), theme.quiet),
        -60_000..60_000 => Span::styled("on time", theme.good),
        _ => Span::styled(format!("{} {by} late", theme.glyphs.look), theme.warning),
    }
}

fn deadline(theme: &Theme, ahead: &str, passed: &str, by: i64, now: i64) -> Span<'static> {
    let left = by - now;
    match left {
        ..0 => Span::styled(format!("{} {passed}", theme.glyphs.alarm), theme.danger),
        0..SOON_MS => {
            let text = format!(
                "{} {ahead} {} (in {})",
                theme.glyphs.look,
                time_of_day(by, "%H:%MZ"),
                lasting(left.unsigned_abs())
            );
            Span::styled(text, theme.warning)
        }
        _ => Span::styled(
            format!("{ahead} {}", time_of_day(by, "%H:%MZ")),
            theme.plain,
        ),
    }
}

fn no_way_back(model: &Model) -> bool {
    let closed = |s: &&crate::domain::runbook::model::Step| s.way_back == WayBack::Closed;
    model
        .book
        .steps
        .iter()
        .filter(closed)
        .any(|s| model.run.was_started(&s.id))
}
