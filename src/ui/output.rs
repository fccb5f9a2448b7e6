//! What the shown attempt printed: its last lines, or where the view was scrolled to.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::model::{Model, Pane};
use crate::domain::attempt::OutputDigest;
use crate::domain::units::bytes;
use crate::ui::pane::{Frame, focus, lines};
use crate::ui::text::{head, wrap_line};
use crate::ui::theme::Theme;

/// Draws the output.
pub fn draw(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let output = &model.output;
    let dot = theme.glyphs.dot;
    let (figure, style) = match (output.name.is_empty(), output.above_end) {
        (true, _) => (String::new(), theme.quiet),
        (false, 0) => (format!("following {dot} {}", counted(model)), theme.quiet),
        (false, n) => (
            format!(
                "{} {n} above the end {dot} End follows",
                theme.glyphs.more[0]
            ),
            theme.warning,
        ),
    };
    let title = if output.name.is_empty() {
        "Output".to_owned()
    } else {
        format!("Output {}", output.name)
    };
    let frame =
        Frame::new(theme, title, focus(model, Pane::Output)).figure(Line::styled(figure, style));
    let room = frame.draw(area, buf);
    lines(
        theme,
        shown(
            model,
            theme,
            usize::from(room.width),
            usize::from(room.height),
        ),
        room,
        buf,
    );
}

/// What the supervisor found when the shown attempt had ended.
fn ended(model: &Model) -> Option<&OutputDigest> {
    let path = format!("output/{}.txt", model.output.name);
    let ended = model.run.steps.values().filter_map(|r| r.outcome.as_ref());
    ended.map(|o| &o.output).find(|o| o.path == path)
}

fn lines_said(n: u64) -> String {
    if n == 1 {
        "1 line".to_owned()
    } else {
        format!("{n} lines")
    }
}

/// How many lines were printed: as the supervisor counted them, else as far as they were read here.
fn counted(model: &Model) -> String {
    let output = &model.output;
    match ended(model) {
        Some(ended) => lines_said(ended.lines),
        None if output.skipped > 0 => format!("more than {} lines", output.total),
        None => lines_said(output.total),
    }
}

/// Returns the rows that are in sight, the newest at the bottom; only these are formatted.
fn shown(model: &Model, theme: &Theme, room: usize, height: usize) -> Vec<Line<'static>> {
    let output = &model.output;
    if output.name.is_empty() {
        return vec![Line::styled("nothing was run yet", theme.quiet)];
    }
    let unfinished = output.unfinished().filter(|_| output.above_end == 0);
    let newest = unfinished.as_deref().into_iter();
    let older = output
        .lines
        .iter()
        .rev()
        .skip(output.above_end)
        .map(String::as_str);
    let mut rows: Vec<Line<'static>> = Vec::new();
    for text in newest.chain(older) {
        if rows.len() >= height {
            break;
        }
        let bounded = head(text, room * height);
        let wrapped = wrap_line(&Line::raw(bounded.to_owned()), room, 2);
        rows.extend(wrapped.into_iter().rev());
    }
    rows.truncate(height);
    if rows.is_empty() {
        let said = match ended(model) {
            Some(_) => "it printed nothing",
            None => "it has printed nothing yet",
        };
        return vec![Line::styled(said, theme.quiet)];
    }
    if output.skipped > 0 && rows.len() < height.max(1) {
        rows.push(Line::styled(skipped(theme, output.skipped), theme.quiet));
    }
    rows.reverse();
    rows
}

fn skipped(theme: &Theme, jumped: u64) -> String {
    format!(
        "{} {} were jumped over; the whole output is in its file",
        theme.glyphs.ellipsis,
        bytes(jumped)
    )
}
