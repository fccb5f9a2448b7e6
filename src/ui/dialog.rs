//! A dialog: whatever it asks, it is drawn the same way, and its last line says what Enter does.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use crate::app::dialog::{Dialog, Field, Intent, Need, Part, Tick};
use crate::app::model::Tone;
use crate::ui::call;
use crate::ui::help;
use crate::ui::markdown;
use crate::ui::pane::{Focus, Frame, lines};
use crate::ui::step::tone_sign;
use crate::ui::text::{cut, width, wrap_line};
use crate::ui::theme::Theme;

/// Cells of the widest dialog.
const WIDEST: u16 = 88;
/// Cells of the longest label beside which its hint may stand.
const LABEL: usize = 20;
/// Rows of a dialog's body at most, on screen or not.
const LONGEST: usize = 2_000;

/// The body of a dialog, laid out for a width.
#[derive(Default)]
struct Body {
    lines: Vec<Line<'static>>,
    /// Fields: the row at which each begins, and its rows.
    fields: Vec<(usize, u16)>,
    /// The rows that have the keyboard.
    focus: std::ops::Range<usize>,
}

/// Draws `dialog` in the middle of `area`; returns by how many rows it can be moved up and down.
pub fn draw(dialog: &Dialog, theme: &Theme, area: Rect, buf: &mut Buffer) -> (u16, u16) {
    let outer_width = area
        .width
        .saturating_sub(if area.width > 72 { 8 } else { 0 })
        .min(WIDEST);
    let room = usize::from(outer_width.saturating_sub(4));
    let body = body(dialog, theme, room);
    let foot = foot(dialog, theme, room);
    let wanted = u16::try_from(body.lines.len() + foot.len() + 2).unwrap_or(u16::MAX);
    let outer = centred(area, outer_width, wanted);
    Clear.render(outer, buf);
    let style = theme.tone(dialog.tone);
    let sign = tone_sign(theme, dialog.tone).trim();
    let title = format!("{sign} {}", dialog.title).trim_start().to_owned();
    let title = if dialog.tone == Tone::Plain {
        Line::raw(title)
    } else {
        Line::from(Span::styled(title, style))
    };
    let inner = Frame::new(theme, title, Focus::Here).draw(outer, buf);
    let of_foot = u16::try_from(foot.len()).unwrap_or(0).min(inner.height);
    let above = Rect {
        height: inner.height - of_foot,
        ..inner
    };
    let below = Rect {
        y: inner.y + above.height,
        height: of_foot,
        ..inner
    };
    let moves = draw_body(dialog, theme, body, above, buf);
    lines(theme, foot, below, buf);
    moves
}

fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}

fn body(dialog: &Dialog, theme: &Theme, room: usize) -> Body {
    let mut body = Body::default();
    let has_questions =
        !dialog.boxes.is_empty() || !dialog.choices.is_empty() || !dialog.fields.is_empty();
    if dialog.intent == Intent::Help {
        body.lines = help::lines(theme, room);
        return body;
    }
    if let Intent::Text(text) = &dialog.intent {
        body.lines = markdown::lines(text, room, theme);
        return body;
    }
    sentences(dialog, theme, room, &mut body);
    if !body.lines.is_empty() && has_questions {
        body.lines.push(Line::default());
    }
    boxes(dialog, theme, room, &mut body);
    choices(dialog, theme, room, &mut body);
    for (at, field) in dialog.fields.iter().enumerate() {
        lay_field(dialog, theme, at, field, room, &mut body);
    }
    body
}

/// What the dialog says; what its runbook says to do is markdown.
fn sentences(dialog: &Dialog, theme: &Theme, room: usize, body: &mut Body) {
    let prose = matches!(dialog.intent, Intent::Confirm(_) | Intent::Decide(_));
    let mut text = String::new();
    for (tone, said) in dialog.sentences.iter().take(LONGEST) {
        if prose && *tone == Tone::Plain {
            text.push_str(said);
            text.push('\n');
            continue;
        }
        body.lines
            .extend(markdown::lines(&std::mem::take(&mut text), room, theme));
        body.lines.extend(sentence(theme, *tone, said, room));
    }
    body.lines.extend(markdown::lines(&text, room, theme));
}

/// A sentence in its tone; where it has weight a sign says so too.
fn sentence(theme: &Theme, tone: Tone, text: &str, room: usize) -> Vec<Line<'static>> {
    let style = theme.tone(tone);
    let sign = tone_sign(theme, tone).trim();
    if text.is_empty() {
        return vec![Line::default()];
    }
    let excerpt = tone == Tone::Quiet && text.starts_with("  ");
    if excerpt {
        return vec![Line::styled(cut(text, room, theme.glyphs.ellipsis), style)];
    }
    if sign.is_empty() {
        return wrap_line(&Line::styled(text.to_owned(), style), room, 0);
    }
    wrap_line(&Line::styled(format!("{sign} {text}"), style), room, 2)
}

fn boxes(dialog: &Dialog, theme: &Theme, room: usize, body: &mut Body) {
    for (at, tick_box) in dialog.boxes.iter().enumerate() {
        let (sign, style) = match tick_box.tick {
            Tick::Ticked => (theme.glyphs.boxes[0], theme.good),
            Tick::Open => (theme.glyphs.boxes[1], theme.plain),
        };
        let here = dialog.focus == Part::Boxes && dialog.cursor == at;
        let pointer = if here { theme.glyphs.cursor } else { " " };
        let text = Line::from(vec![
            Span::styled(format!("{pointer} "), theme.focus),
            Span::styled(format!("{sign} "), style),
            Span::raw(tick_box.text.clone()),
        ]);
        push_entry(theme, wrap_line(&text, room, 4), here.then_some(at), body);
    }
    if !dialog.boxes.is_empty() && !dialog.fields.is_empty() {
        body.lines.push(Line::default());
    }
}

/// Labels at the left, hints beside them in a column of their own; below a label that is too long for it.
fn choices(dialog: &Dialog, theme: &Theme, room: usize, body: &mut Body) {
    let labels = dialog.choices.iter().map(|c| width(&c.label));
    let column = labels.filter(|w| *w <= LABEL).max().unwrap_or(2) + 4;
    for (at, offer) in dialog.choices.iter().enumerate() {
        let picked = dialog.cursor == at;
        let pointer = if picked { theme.glyphs.cursor } else { " " };
        let (label, hint) = match &offer.refused {
            None => (theme.strong, offer.hint.clone()),
            Some(why) => (theme.quiet, format!("not now: {why}")),
        };
        let head = Line::from(vec![
            Span::styled(format!("{pointer} "), theme.focus),
            Span::styled(offer.label.clone(), label),
        ]);
        let mut entry = wrap_line(&head, room, 2);
        let beside = entry.len() == 1 && width(&offer.label) + 4 <= column;
        let hint = wrap_line(
            &Line::styled(hint, theme.quiet),
            room.saturating_sub(column),
            0,
        );
        for (i, line) in hint.into_iter().filter(|l| !l.spans.is_empty()).enumerate() {
            let taken = if i == 0 && beside {
                width(&offer.label) + 2
            } else {
                0
            };
            let gap = Span::raw(" ".repeat(column - taken));
            let rest: Vec<Span> = [gap].into_iter().chain(line.spans).collect();
            match entry.last_mut().filter(|_| i == 0 && beside) {
                Some(last) => last.spans.extend(rest),
                None => entry.push(Line::from(rest)),
            }
        }
        let here = picked && dialog.focus == Part::Choices;
        push_entry(theme, entry, here.then_some(at), body);
    }
    if !dialog.choices.is_empty() && !dialog.fields.is_empty() {
        body.lines.push(Line::default());
    }
}

/// Pushes a box or a choice; `here` is its place where the cursor stands on it.
fn push_entry(theme: &Theme, mut entry: Vec<Line<'static>>, here: Option<usize>, body: &mut Body) {
    if let Some(at) = here {
        // Of the first one a line in sight is enough: what is said above it is to be read first.
        let rows = if at == 0 { 1 } else { entry.len() };
        body.focus = body.lines.len()..body.lines.len() + rows;
        if let Some(first) = entry.first_mut() {
            first.style = theme.selected;
        }
    }
    body.lines.extend(entry);
}

fn lay_field(
    dialog: &Dialog,
    theme: &Theme,
    at: usize,
    field: &Field,
    room: usize,
    body: &mut Body,
) {
    let here = dialog.focus == Part::Field(at);
    let need = match &field.need {
        Need::Optional => " (may stay empty)",
        Need::Required => "",
        Need::Exactly(_) => " (letter by letter)",
    };
    let said_already = field.label.contains('(');
    let need = if said_already { "" } else { need };
    let begins = body.lines.len();
    let style = if here { theme.strong } else { theme.quiet };
    let label = Line::from(vec![
        Span::styled(field.label.clone(), style),
        Span::styled(need, theme.quiet),
    ]);
    body.lines.extend(wrap_line(&label, room, 0));
    let inner = match field.need {
        Need::Exactly(_) => 1,
        Need::Optional | Need::Required => {
            field.area.lines().len().clamp(if here { 2 } else { 1 }, 6)
        }
    };
    let rows = u16::try_from(inner + 2).unwrap_or(3);
    body.fields.push((body.lines.len(), rows));
    body.lines
        .extend(std::iter::repeat_n(Line::default(), usize::from(rows)));
    if here {
        body.focus = begins..body.lines.len();
    }
}

/// Draws as much of the body as there is room for.
fn draw_body(
    dialog: &Dialog,
    theme: &Theme,
    body: Body,
    area: Rect,
    buf: &mut Buffer,
) -> (u16, u16) {
    let total = body.lines.len();
    let height = usize::from(area.height);
    let most = total.saturating_sub(height);
    let stands = stands_at(dialog, &body, height);
    let from = stands
        .saturating_add_signed(isize::from(dialog.scroll))
        .min(most);
    if body.fields.is_empty() {
        lines(theme, body.lines.into_iter().skip(from), area, buf);
        more(theme, from, most, area, buf);
        return moves(stands, most);
    }
    let whole = Rect::new(0, 0, area.width, u16::try_from(total).unwrap_or(u16::MAX));
    let mut canvas = Buffer::empty(whole);
    lines(theme, body.lines, whole, &mut canvas);
    for ((row, rows), (at, field)) in body.fields.iter().zip(dialog.fields.iter().enumerate()) {
        let y = u16::try_from(*row).unwrap_or(u16::MAX);
        let room = Rect::new(0, y, area.width, *rows).intersection(whole);
        let focus = if dialog.focus == Part::Field(at) {
            Focus::Here
        } else {
            Focus::Elsewhere
        };
        draw_field(theme, field, focus, room, &mut canvas);
    }
    for row in area.rows().take(total.saturating_sub(from)) {
        let source = u16::try_from(from).unwrap_or(u16::MAX) + (row.y - area.y);
        for x in 0..row.width {
            buf[(row.x + x, row.y)] = canvas[(x, source)].clone();
        }
    }
    more(theme, from, most, area, buf);
    moves(stands, most)
}

/// By how many rows a view that stands at `stands` can be moved up and down.
fn moves(stands: usize, most: usize) -> (u16, u16) {
    let rows = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    (rows(stands), rows(most.saturating_sub(stands)))
}

/// A dialog is read from its top; once a key was typed, what has the keyboard is in sight.
fn stands_at(dialog: &Dialog, body: &Body, height: usize) -> usize {
    if dialog.typed_ms.is_none() || body.focus.is_empty() {
        return 0;
    }
    let lowest = body.focus.end.saturating_sub(height);
    lowest.min(body.focus.start)
}

/// Says at the right edge that there is more above or below.
fn more(theme: &Theme, from: usize, most: usize, area: Rect, buf: &mut Buffer) {
    let [up, down] = theme.glyphs.more;
    if area.height == 0 || area.width == 0 {
        return;
    }
    if from > 0 {
        buf[(area.right() - 1, area.y)]
            .set_symbol(up)
            .set_style(theme.active);
    }
    if from < most {
        buf[(area.right() - 1, area.bottom() - 1)]
            .set_symbol(down)
            .set_style(theme.active);
    }
}

fn draw_field(theme: &Theme, field: &Field, focus: Focus, area: Rect, buf: &mut Buffer) {
    let inner = Frame::new(theme, "", focus).draw(area, buf);
    let mut text = field.area.clone();
    text.set_style(theme.plain);
    text.set_cursor_line_style(theme.plain);
    text.set_cursor_style(match focus {
        Focus::Here => theme.selected,
        Focus::Elsewhere => theme.plain,
    });
    if inner.width > 0 && inner.height > 0 {
        (&text).render(inner, buf);
    }
}

/// What is wrong with the answer so far, what Enter does, and how to get out.
fn foot(dialog: &Dialog, theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let mut foot = vec![Line::default()];
    if let Some(problem) = &dialog.problem {
        let text = format!("{} {problem}", theme.glyphs.alarm);
        foot.extend(
            wrap_line(&Line::styled(text, theme.danger), room, 2)
                .into_iter()
                .take(3),
        );
    }
    if dialog.enter.is_empty() {
        foot.push(Line::styled("esc shuts this", theme.quiet));
        return foot;
    }
    let enter = match dialog.choices.get(dialog.cursor) {
        None => dialog.enter.clone(),
        Some(c) => {
            let whole = format!("{}: {}", dialog.enter, c.label);
            let fits = width(&whole) + 4 <= room;
            if fits {
                whole
            } else {
                format!("Enter: {}", c.label)
            }
        }
    };
    let bar = call::bar(theme, &enter, room);
    foot.push(match dialog.tone {
        Tone::Danger => bar.style(theme.protected),
        Tone::Plain | Tone::Quiet | Tone::Active | Tone::Good | Tone::Warning => bar,
    });
    foot
}
