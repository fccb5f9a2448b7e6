//! The step pane: what must be read first, what Enter does, what will happen, and what may be done after a failure.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::acts::refused_now;
use crate::app::checklist::shown;
use crate::app::keys::{Action as Key, BINDINGS, name};
use crate::app::model::{Model, Pane, Tone};
use crate::app::shown::step_moved;
use crate::app::step::{StepView, describe};
use crate::domain::run::state::Stand;
use crate::domain::run::values::lasts;
use crate::domain::runbook::model::{Action, Step};
use crate::domain::sample::rates::number;
use crate::domain::units::clock;
use crate::ui::pane::{Focus, Frame, focus, lines};
use crate::ui::text::{cut, pad, width, wrap_line};
use crate::ui::theme::Theme;
use crate::ui::{call, gauge, markdown};

/// What the pane shows of a step, wrapped to so many cells.
pub struct Content {
    title: String,
    stand: Line<'static>,
    lines: Vec<Line<'static>>,
}

impl Content {
    /// Returns how many rows the pane needs with its frame.
    pub fn height(&self) -> u16 {
        u16::try_from(self.lines.len() + 2).unwrap_or(u16::MAX)
    }
}

/// Returns what the pane shows in `room` cells between its borders.
pub fn content(model: &Model, theme: &Theme, room: u16) -> Content {
    let room = usize::from(room).saturating_sub(4);
    let id = shown(&model.book, &model.run, &model.checklist);
    let Some(step) = id.and_then(|id| model.book.step(id)) else {
        let nothing = Line::styled("this runbook has no steps", theme.quiet);
        return Content {
            title: "Step".to_owned(),
            stand: Line::default(),
            lines: vec![nothing],
        };
    };
    let view = describe(model, step);
    let stand = Line::styled(view.stand.1.clone(), theme.tone(view.stand.0));
    let lines = body(model, theme, step, &view, room);
    Content {
        title: view.title,
        stand,
        lines,
    }
}

/// Whether the shown step is one that prints anything.
pub fn prints(model: &Model) -> bool {
    let id = shown(&model.book, &model.run, &model.checklist);
    let step = id.and_then(|id| model.book.step(id));
    step.is_some_and(|step| match step.action {
        Action::Run(_) | Action::Check(_) | Action::Sql(_) | Action::Http(_) | Action::Use(_) => {
            true
        }
        Action::Confirm(_) | Action::Watch(_) | Action::Decide(_) | Action::Sign(_) => false,
    })
}

/// Draws the step pane; returns by how many rows its text can be moved.
pub fn draw(model: &Model, theme: &Theme, content: Content, area: Rect, buf: &mut Buffer) -> u16 {
    let frame = Frame::new(theme, content.title, focus(model, Pane::Output)).figure(content.stand);
    let room = frame.draw(area, buf);
    let height = usize::from(room.height);
    let total = content.lines.len();
    if total <= height || height < 2 {
        lines(theme, content.lines, room, buf);
        return 0;
    }
    // The last row says how to see the rest.
    let most = total - (height - 1);
    let from = usize::from(step_moved(model)).min(most);
    let mut shown: Vec<Line> = content
        .lines
        .into_iter()
        .skip(from)
        .take(height - 1)
        .collect();
    shown.push(rest(model, theme, from, most - from));
    lines(theme, shown, room, buf);
    u16::try_from(most).unwrap_or(u16::MAX)
}

fn rest(model: &Model, theme: &Theme, above: usize, below: usize) -> Line<'static> {
    let keys = [(below, Key::StepDown), (above, Key::StepUp)];
    let key = |wanted: Key| {
        let found = BINDINGS.iter().find(|b| b.action == wanted);
        found.map_or_else(String::new, |b| name(b.key))
    };
    let first = match focus(model, Pane::Output) {
        Focus::Here => "",
        Focus::Elsewhere => "tab, then ",
    };
    let [up, down] = theme.glyphs.more;
    let said = keys
        .iter()
        .filter(|(rows, _)| *rows > 0)
        .map(|(rows, action)| {
            let (sign, place) = match action {
                Key::StepDown => (down, "below"),
                _ => (up, "above"),
            };
            format!("{sign} {rows} more lines {place}: {first}{}", key(*action))
        });
    Line::styled(said.collect::<Vec<_>>().join("  "), theme.quiet)
}

fn body(
    model: &Model,
    theme: &Theme,
    step: &Step,
    view: &StepView,
    room: usize,
) -> Vec<Line<'static>> {
    let mut lines = first(theme, view, room);
    if let Some(enter) = call::sentence(model) {
        let bar = call::bar(theme, &enter, room);
        // While a dialog asks, only its own bar calls.
        let asked = model.dialog.is_some();
        lines.push(if asked { bar.style(theme.quiet) } else { bar });
    }
    if matches!(model.run.stand(&step.id), Stand::Failed | Stand::InDoubt) && !view.enter.is_empty()
    {
        lines.extend(ways(model, theme, room));
    }
    lines.extend(time_passing(model, theme, step, room));
    separate(&mut lines);
    lines.extend(action(theme, step, view, room));
    for item in &view.items {
        let line = Line::from(vec![
            Span::raw(format!("{} ", theme.glyphs.boxes[1])),
            Span::raw(item.clone()),
        ]);
        lines.extend(wrap_line(&line, room, 2));
    }
    separate(&mut lines);
    lines.extend(facts(theme, view, model.run.stand(&step.id), room));
    if let Some(note) = &view.note {
        separate(&mut lines);
        lines.extend(markdown::lines(note, room, theme));
    }
    lines
}

/// How much of its time a running watch has seen.
fn time_passing(model: &Model, theme: &Theme, step: &Step, room: usize) -> Option<Line<'static>> {
    let Action::Watch(watch) = &step.action else {
        return None;
    };
    if *model.run.stand(&step.id) != Stand::Running {
        return None;
    }
    let gone = model.running_ms(&step.id);
    let length = lasts(&model.book, &model.run, &watch.length)?;
    let whole = u64::try_from(length.as_millis()).unwrap_or(u64::MAX).max(1);
    let bar = gauge::bar(number(gone) / number(whole), room.min(40), theme.glyphs);
    let left = clock(std::time::Duration::from_millis(whole.saturating_sub(gone)));
    let left = Span::raw(format!(" {left} to go"));
    Some(Line::from(vec![Span::styled(bar, theme.active), left]))
}

/// An empty line between two parts, where there is a part before.
fn separate(lines: &mut Vec<Line<'static>>) {
    if lines.last().is_some_and(|l| !l.spans.is_empty()) {
        lines.push(Line::default());
    }
}

/// What must be read first, each with a sign of its weight.
fn first(theme: &Theme, view: &StepView, room: usize) -> Vec<Line<'static>> {
    let wrapped = view
        .first
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .flat_map(|(tone, text)| {
            let style = theme.tone(*tone);
            let sign = tone_sign(theme, *tone);
            wrap_line(
                &Line::from(vec![
                    Span::styled(format!("{sign} "), style),
                    Span::styled(text.clone(), style),
                ]),
                room,
                2,
            )
        });
    wrapped.collect()
}

/// Returns the sign that goes with a tone: never colour alone.
pub fn tone_sign(theme: &Theme, tone: Tone) -> &'static str {
    match tone {
        Tone::Plain | Tone::Quiet => " ",
        Tone::Active => theme.glyphs.marks.waits,
        Tone::Good => theme.glyphs.marks.done,
        Tone::Warning => theme.glyphs.look,
        Tone::Danger => theme.glyphs.alarm,
    }
}

/// After a failure: what may be done, with its keys.
fn ways(model: &Model, theme: &Theme, room: usize) -> Vec<Line<'static>> {
    let ways = [
        (Key::Proceed, "retry it, and every other choice"),
        (Key::Verify, "ask whether it took effect all the same"),
        (Key::Rollback, "roll back: choose a way"),
        (Key::Skip, "go on without it, with a reason"),
        (Key::Note, "write something into the record"),
        (Key::NextPane, "look at its output, at the database"),
        (Key::Leave, "leave: the run waits for you"),
    ];
    let drawn = ways.into_iter().filter_map(|(action, words)| {
        let binding = BINDINGS.iter().find(|b| b.action == action)?;
        let key = pad(&name(binding.key), 5, theme.glyphs.ellipsis);
        let line = match refused_now(model, action) {
            None => Line::from(vec![
                Span::styled(format!("  {key} "), theme.key),
                Span::raw(words),
            ]),
            // A question that nobody wrote is nothing that could be done.
            Some(_) if action == Key::Verify => return None,
            // Why it cannot be done says what it is, too.
            Some(why) => Line::styled(format!("  {key} {why}"), theme.quiet),
        };
        Some(Line::from(cut_spans(theme, line, room)))
    });
    drawn.collect()
}

fn cut_spans<'a>(theme: &Theme, line: Line<'a>, room: usize) -> Vec<Span<'a>> {
    let style = line.style;
    let spans = crate::ui::text::fit(line, room, theme.glyphs.ellipsis).spans;
    spans
        .into_iter()
        .map(|s| Span::styled(s.content, style.patch(s.style)))
        .collect()
}

/// What is done: an instruction as prose, anything that is run as it is written.
fn action(theme: &Theme, step: &Step, view: &StepView, room: usize) -> Vec<Line<'static>> {
    match step.action {
        Action::Confirm(_) | Action::Watch(_) | Action::Decide(_) | Action::Sign(_) => {
            return markdown::lines(&view.action.join("\n"), room, theme);
        }
        Action::Run(_) | Action::Check(_) | Action::Sql(_) | Action::Http(_) | Action::Use(_) => {}
    }
    let gutter = theme.glyphs.tree[2];
    let wrapped = view
        .action
        .iter()
        .flat_map(|line| wrap_line(&Line::raw(line.clone()), room.saturating_sub(2), 2));
    wrapped
        .map(|mut line| {
            line.spans.insert(0, Span::styled(gutter, theme.active));
            line
        })
        .collect()
}

fn facts(theme: &Theme, view: &StepView, stand: &Stand, room: usize) -> Vec<Line<'static>> {
    let of_labels = view
        .facts
        .iter()
        .map(|(label, _)| width(label))
        .max()
        .unwrap_or(0)
        .min(room / 3);
    let wrapped = view.facts.iter().flat_map(|(label, text)| {
        // What was to be weighed before the start is told quietly after it.
        let style = match (label.as_str(), stand) {
            ("danger" | "point of no return", Stand::Waiting) => theme.danger,
            ("critical", Stand::Waiting) => theme.warning,
            _ => theme.plain,
        };
        let label = Span::styled(
            pad(&cut(label, of_labels, theme.glyphs.ellipsis), of_labels, ""),
            theme.quiet,
        );
        let rest = room.saturating_sub(of_labels + 2);
        let text = wrap_line(&Line::styled(text.clone(), style), rest, 0);
        text.into_iter().enumerate().map(move |(i, line)| {
            let head = if i == 0 {
                label.clone()
            } else {
                Span::raw(" ".repeat(of_labels))
            };
            Line::from(
                [head, Span::raw("  ")]
                    .into_iter()
                    .chain(line.spans)
                    .collect::<Vec<_>>(),
            )
        })
    });
    wrapped.collect()
}
