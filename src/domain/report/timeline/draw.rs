//! A timeline as SVG: every text escaped, no script, no link, colours by class alone.

use std::fmt::Write as _;

use chrono::DateTime;

use crate::domain::report::html::escaped;
use crate::domain::report::timeline::{Bar, Level, Look, Mark, Row, Timeline};

const WIDTH: f64 = 1_000.0;
/// Where labels end and time begins.
const LEFT: f64 = 250.0;
const RIGHT: f64 = 985.0;
const ROW: f64 = 24.0;
const PANEL: f64 = 54.0;
/// Height and width of a mark with its number.
const LANE: f64 = 18.0;
/// Characters of a label.
const LABEL: usize = 36;
/// Lengths between two ticks of the axis, in seconds.
const TICKS: [i64; 14] = [
    1, 5, 15, 30, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800,
];

struct Scale {
    from: i64,
    span: f64,
}

impl Scale {
    #[expect(clippy::cast_precision_loss, reason = "a place on a picture")]
    fn x(&self, at: i64) -> f64 {
        let share = at.saturating_sub(self.from) as f64 / self.span;
        LEFT + share.clamp(0.0, 1.0) * (RIGHT - LEFT)
    }
}

/// Returns the picture.
#[expect(clippy::cast_precision_loss, reason = "a place on a picture")]
pub fn draw(timeline: &Timeline) -> String {
    let length = timeline.to.saturating_sub(timeline.from).max(1_000);
    let scale = Scale {
        from: timeline.from,
        span: length as f64,
    };
    let mut body = String::new();
    let mut y = 28.0;
    for row in &timeline.rows {
        step(&mut body, &scale, row, y);
        y += ROW;
    }
    y += 8.0;
    if !timeline.alarms.is_empty() {
        label(&mut body, "Alarms", y + 15.0, "head");
        for alarm in &timeline.alarms {
            bar(&mut body, &scale, alarm, y + 5.0, 12.0);
        }
        y += ROW;
    }
    label(&mut body, "Events", y + 15.0, "head");
    let lanes = lanes(&scale, &timeline.marks);
    for ((at, mark), lane) in timeline.marks.iter().enumerate().zip(&lanes) {
        dot(
            &mut body,
            &scale,
            mark,
            at + 1,
            y + 11.0 + *lane as f64 * LANE,
        );
    }
    y += ROW + 6.0 + lanes.iter().max().map_or(0.0, |lane| *lane as f64 * LANE);
    let panels = [
        ("Sessions blocked", &timeline.blocked, "blocked"),
        ("Connections", &timeline.connections, "connections"),
    ];
    for (name, levels, class) in panels
        .into_iter()
        .filter(|(_, levels, _)| !levels.is_empty())
    {
        panel(&mut body, &scale, (name, class), levels, y);
        y += PANEL + 12.0;
    }
    let mut svg = format!(
        "<svg class=\"timeline\" viewBox=\"0 0 {WIDTH} {:.0}\" role=\"img\" aria-label=\"The run along its time\">\n",
        y + 4.0
    );
    axis(&mut svg, &scale, length, y);
    if let Some(end) = timeline
        .window_end
        .filter(|end| (timeline.from..=timeline.to).contains(end))
    {
        let x = scale.x(end);
        let _ = writeln!(
            svg,
            "<g class=\"window\"><line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"20\" y2=\"{y:.1}\"/><title>the window ends</title></g>"
        );
    }
    svg + &body + "</svg>\n"
}

fn axis(svg: &mut String, scale: &Scale, length: i64, bottom: f64) {
    let longest = TICKS.iter().max().copied().unwrap_or(1) * 1_000;
    let step = TICKS.iter().map(|s| s * 1_000).find(|s| length / s <= 8);
    let step = step.unwrap_or(longest.max(length / 8)).max(1);
    let mut at = scale
        .from
        .div_euclid(step)
        .saturating_add(1)
        .saturating_mul(step);
    let end = scale.from.saturating_add(length);
    while at <= end {
        let x = scale.x(at);
        let format = if step < 60_000 { "%H:%M:%S" } else { "%H:%M" };
        let text = DateTime::from_timestamp_millis(at)
            .map_or(String::new(), |t| t.format(format).to_string());
        let _ = writeln!(
            svg,
            "<g class=\"axis\"><line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"20\" y2=\"{bottom:.1}\"/><text x=\"{x:.1}\" y=\"14\">{text}</text></g>"
        );
        at = at.saturating_add(step);
    }
}

fn label(svg: &mut String, text: &str, y: f64, class: &str) {
    let short = shortened(text, LABEL);
    let _ = writeln!(
        svg,
        "<text class=\"label {class}\" x=\"4\" y=\"{y:.1}\">{}<title>{}</title></text>",
        escaped(&short),
        escaped(text)
    );
}

fn shortened(text: &str, room: usize) -> String {
    match text.char_indices().nth(room) {
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
        None => text.to_owned(),
    }
}

fn step(svg: &mut String, scale: &Scale, row: &Row, y: f64) {
    let _ = writeln!(svg, "<g class=\"step\">");
    label(svg, &row.label, y + 15.0, "");
    if let Some((from, to)) = row.planned {
        let (x, width) = stretch(scale, from, to);
        let _ = writeln!(
            svg,
            "<rect class=\"planned\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"4\"><title>planned</title></rect>",
            y + 17.0
        );
    }
    for one in &row.bars {
        bar(svg, scale, one, y + 4.0, 11.0);
    }
    if let Some(last) = row.bars.iter().max_by_key(|bar| bar.to) {
        word(svg, scale, last, y + 13.5);
    }
    svg.push_str("</g>\n");
}

/// The word stands behind its bar, or before it where there is no room.
fn word(svg: &mut String, scale: &Scale, bar: &Bar, y: f64) {
    let (from, to) = (scale.x(bar.from), scale.x(bar.to));
    let (x, side) = if to < RIGHT - 110.0 {
        (to + 6.0, "behind")
    } else {
        (from - 6.0, "before")
    };
    let word = shortened(&bar.word, 18);
    let _ = writeln!(
        svg,
        "<text class=\"word {side}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
        escaped(&word)
    );
}

fn bar(svg: &mut String, scale: &Scale, bar: &Bar, y: f64, height: f64) {
    let (x, width) = stretch(scale, bar.from, bar.to);
    let look = match bar.look {
        Look::Done => "done",
        Look::Warned => "warned",
        Look::Failed => "failed",
        Look::Open => "open",
        Look::Person => "person",
        Look::Skipped => "skipped",
    };
    let _ = writeln!(
        svg,
        "<rect class=\"bar {look}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"><title>{}</title></rect>",
        escaped(&bar.told)
    );
}

/// Returns where a stretch begins and how wide it is: what took a moment is seen too.
fn stretch(scale: &Scale, from: i64, to: i64) -> (f64, f64) {
    let (x, end) = (scale.x(from), scale.x(to));
    (x.min(RIGHT - 2.5), (end - x).max(2.5))
}

/// Marks that would lie upon each other lie below each other.
fn lanes(scale: &Scale, marks: &[Mark]) -> Vec<usize> {
    let mut ends: Vec<f64> = Vec::new();
    let mut lane = |mark: &Mark| {
        let x = scale.x(mark.at);
        let free = ends.iter().position(|end| *end <= x).unwrap_or(ends.len());
        if free == ends.len() {
            ends.push(x);
        }
        ends[free] = x + LANE;
        free
    };
    marks.iter().map(&mut lane).collect()
}

fn dot(svg: &mut String, scale: &Scale, mark: &Mark, number: usize, y: f64) {
    let x = scale.x(mark.at);
    let _ = writeln!(
        svg,
        "<g class=\"mark {}\"><line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"20\" y2=\"{y:.1}\"/><circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"8\"/>\
         <text x=\"{x:.1}\" y=\"{:.1}\">{number}</text><title>{} {}</title></g>",
        mark.sort.word(),
        y + 3.5,
        escaped(&mark.clock),
        escaped(&mark.text)
    );
}

#[expect(clippy::cast_precision_loss, reason = "a place on a picture")]
fn panel(svg: &mut String, scale: &Scale, (name, class): (&str, &str), levels: &[Level], y: f64) {
    let top = levels.iter().map(|l| l.value).max().unwrap_or(0);
    let bottom = y + PANEL;
    label(svg, name, y + 16.0, "head");
    label(svg, &format!("at most {top}"), y + 32.0, "quiet");
    let _ = writeln!(
        svg,
        "<g class=\"panel {class}\"><line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{bottom:.1}\" y2=\"{bottom:.1}\"/>"
    );
    for (x, width, value) in columns(scale, levels) {
        let height = (value as f64 / top.max(1) as f64 * PANEL).max(1.0);
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"><title>{value}</title></rect>",
            bottom - height
        );
    }
    svg.push_str("</g>\n");
}

/// The highest value in each column of the picture, equal neighbours as one: `(x, width, value)`.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "columns of a picture"
)]
fn columns(scale: &Scale, levels: &[Level]) -> Vec<(f64, f64, u64)> {
    let mut highest = vec![0_u64; (RIGHT - LEFT) as usize + 1];
    for level in levels {
        let (x, width) = stretch(scale, level.from, level.to);
        let first = (x - LEFT) as usize;
        let last = (x - LEFT + width).ceil() as usize;
        let end = last.min(highest.len());
        for column in highest.get_mut(first..end).unwrap_or_default() {
            *column = level.value.max(*column);
        }
    }
    let mut columns: Vec<(f64, f64, u64)> = Vec::new();
    for (at, value) in highest.into_iter().enumerate() {
        match columns.last_mut() {
            Some((_, width, before)) if *before == value => *width += 1.0,
            Some(_) | None => columns.push((LEFT + at as f64, 1.0, value)),
        }
    }
    columns.retain(|(_, _, value)| *value > 0);
    columns
}
